#include "daemon/model_discovery.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>
#include <system_error>

namespace understory::daemon {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBundled[] = {"understory-10m.gguf", "understory-3m.gguf"};

std::optional<fs::path> data_home() {
  const char* data = std::getenv("XDG_DATA_HOME");
  if (data != nullptr && data[0] == '/') return fs::path(data);
  const char* home = std::getenv("HOME");
  if (home != nullptr && home[0] == '/') return fs::path(home) / ".local/share";
  return std::nullopt;
}

std::optional<fs::path> first_gguf(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".gguf") found.push_back(it->path());
  }
  if (found.empty()) return std::nullopt;
  return *std::min_element(found.begin(), found.end());
}

}  // namespace

std::vector<fs::path> model_folders() {
  std::vector<fs::path> folders;
  if (const auto data = data_home()) folders.push_back(*data / "understory/models");
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    folders.push_back(program.parent_path().parent_path() / "share/understory/models");
  }
  folders.emplace_back(UNDERSTORY_SOURCE_MODELS);
  return folders;
}

Result<fs::path> discover_model(const std::vector<fs::path>& folders) {
  std::string looked;
  for (const fs::path& folder : folders) {
    std::error_code error;
    for (const char* name : kBundled) {
      if (fs::is_regular_file(folder / name, error)) return folder / name;
    }
    if (const auto any = first_gguf(folder)) return *any;
    looked += (looked.empty() ? "" : ", ") + folder.string();
  }
  return Error{ErrorCode::kNotFound, "no model was found in " + looked +
                                         "; name one with --model FILE or in " +
                                         "config.toml (model = \"...\")"};
}

}  // namespace understory::daemon
