#include "cli/lorebook_file.h"

#include <nlohmann/json.hpp>

#include "cli/input.h"

namespace understory::cli {

Result<std::vector<protocol::LorebookEntry>> read_lorebook(const std::string& path) {
  const Result<std::string> text = read_file(path);
  if (!text) return text.error();
  std::vector<protocol::LorebookEntry> lorebook;
  try {
    for (const auto& entry : nlohmann::json::parse(*text).get<std::vector<nlohmann::json>>())
      lorebook.push_back(
          {entry.at("keys").get<std::vector<std::string>>(), entry.at("text").get<std::string>()});
  } catch (const nlohmann::json::exception& e) {
    return Error{ErrorCode::kInvalidArgument,
                 "'" + path +
                     "' is not a lorebook, which is a JSON array of {\"keys\": [texts], "
                     "\"text\": text}: " +
                     e.what()};
  }
  return lorebook;
}

}  // namespace understory::cli
