#include "tui/app/settings.h"

#include <cstdlib>
#include <optional>
#include <set>
#include <string_view>

#include <toml++/toml.h>

namespace understory::tui {
namespace fs = std::filesystem;
namespace {

/// Takes keys out of a table; what is left at the end is unknown.
class Reader {
 public:
  Reader(toml::table* table, std::string name, std::string& problem)
      : table_(table), name_(std::move(name)), problem_(problem) {}

  void take(std::string_view key, bool& value) {
    if (const toml::node* node = find(key)) {
      if (const auto got = node->value_exact<bool>()) {
        value = *got;
      } else {
        complain(key, "must be true or false");
      }
    }
  }
  void take(std::string_view key, int& value, int low, int high) {
    if (const toml::node* node = find(key)) {
      const auto got = node->value_exact<std::int64_t>();
      if (got && *got >= low && *got <= high) {
        value = static_cast<int>(*got);
      } else {
        complain(key, "must be a whole number from " + std::to_string(low) + " to " +
                          std::to_string(high));
      }
    }
  }
  void take(std::string_view key, double& value, double high) {
    if (const toml::node* node = find(key)) {
      const auto got = node->value<double>();
      if (got && *got >= 0 && *got <= high) {
        value = *got;
      } else {
        complain(key, "must be a number from 0");
      }
    }
  }
  void take(std::string_view key, std::string& value) {
    if (const toml::node* node = find(key)) {
      if (const auto got = node->value_exact<std::string>()) {
        value = *got;
      } else {
        complain(key, "must be a text in quotation marks");
      }
    }
  }
  template <class Enum>
  void take(std::string_view key, Enum& value, const std::map<std::string, Enum>& names) {
    std::string name;
    take(key, name);
    if (name.empty()) return;
    const auto at = names.find(name);
    if (at != names.end()) {
      value = at->second;
    } else {
      complain(key, "does not know \"" + name + "\"");
    }
  }
  void finish() {
    if (table_ == nullptr) return;
    for (const auto& [key, node] : *table_) {
      if (taken_.count(std::string(key.str())) == 0) complain(key.str(), "is no setting");
    }
  }

 private:
  const toml::node* find(std::string_view key) {
    taken_.insert(std::string(key));
    return table_ == nullptr ? nullptr : table_->get(key);
  }
  void complain(std::string_view key, const std::string& what) {
    if (problem_.empty()) problem_ = "tui.toml: " + name_ + "." + std::string(key) + " " + what;
  }

  toml::table* table_;
  std::string name_;
  std::string& problem_;
  std::set<std::string> taken_;
};

void read_keys(toml::table* table, Settings& settings) {
  if (table == nullptr) return;
  for (const auto& [id, node] : *table) {
    std::vector<std::string> names;
    bool is_good = true;
    if (const auto one = node.value<std::string>()) {
      if (!one->empty()) names.push_back(*one);
    } else if (const toml::array* several = node.as_array()) {
      for (const toml::node& entry : *several) {
        const auto name = entry.value<std::string>();
        is_good = is_good && name.has_value();
        if (name) names.push_back(*name);
      }
    } else {
      is_good = false;
    }
    if (is_good) {
      settings.keys[std::string(id.str())] = names;
    } else if (settings.problem.empty()) {
      settings.problem =
          "tui.toml: keys." + std::string(id.str()) + " must be a key or a list of keys";
    }
  }
}

}  // namespace

fs::path default_settings_path() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  if (config != nullptr && *config == '/') return fs::path(config) / "understory/tui.toml";
  const char* home = std::getenv("HOME");
  return fs::path(home != nullptr ? home : "/") / ".config/understory/tui.toml";
}

Settings load_settings(const fs::path& path) {
  Settings s;
  std::error_code error;
  if (!fs::exists(path, error)) return s;
  toml::table file;
  try {
    file = toml::parse_file(path.string());
  } catch (const toml::parse_error& failure) {
    s.problem = "tui.toml, line " + std::to_string(failure.source().begin.line) + ": " +
                std::string(failure.description());
    return s;
  }
  Reader editor(file["editor"].as_table(), "editor", s.problem);
  editor.take("measure", s.measure, 10, 400);
  editor.take("typewriter", s.typewriter);
  editor.take("focus", s.focus,
              std::map<std::string, FocusMode>{{"off", FocusMode::kOff},
                                               {"paragraph", FocusMode::kParagraph},
                                               {"sentence", FocusMode::kSentence}});
  editor.take("smart_quotes", s.smart_quotes);
  editor.take("smart_dashes", s.smart_dashes);
  editor.take("spelling", s.spelling);
  editor.take("autosave_s", s.autosave_s, 0, 86'400);
  editor.take("backup", s.backup);
  editor.take("daily_goal", s.daily_goal, 0, 1'000'000);
  editor.take("mouse", s.mouse);
  editor.take("theme", s.theme,
              std::map<std::string, ThemeChoice>{{"auto", ThemeChoice::kAuto},
                                                 {"dark", ThemeChoice::kDark},
                                                 {"light", ThemeChoice::kLight}});
  editor.finish();
  Reader suggest(file["suggest"].as_table(), "suggest", s.problem);
  suggest.take("on", s.suggests);
  suggest.take("max_tokens", s.max_tokens, 1, 1000);
  suggest.take("until", s.until);
  suggest.take("alternatives", s.alternatives, 2, 16);
  suggest.take("temperature", s.temperature, 100);
  suggest.take("min_p", s.min_p, 1);
  suggest.take("start_daemon", s.start_daemon);
  suggest.finish();
  read_keys(file["keys"].as_table(), s);
  for (const auto& [key, node] : file) {
    const std::string_view name = key.str();
    if (name != "editor" && name != "suggest" && name != "keys" && s.problem.empty()) {
      s.problem = "tui.toml: there is no section [" + std::string(name) + "]";
    }
  }
  return s;
}

}  // namespace understory::tui
