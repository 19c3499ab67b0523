#include "tui/app/keymap.h"

#include <algorithm>
#include <sstream>

namespace understory::tui {

Keymap::Keymap(const Settings& settings, std::string& problem) {
  const auto complain = [&](const std::string& what) {
    if (problem.empty()) problem = "tui.toml: keys." + what;
  };
  for (const auto& [id, names] : settings.keys) {
    const bool is_known = std::any_of(commands().begin(), commands().end(),
                                      [&](const Command& c) { return c.id == id; });
    if (!is_known) complain(id + " is no command; F1 lists them");
  }
  const auto bind = [&](const Command& command, const std::string& name) {
    const std::optional<Key> key = parse_key(name);
    if (!key) return complain(std::string(command.id) + ": there is no key \"" + name + "\"");
    commands_[*key] = &command;
    keys_[command.id].push_back(*key);
  };
  for (const Command& command : commands()) {
    if (settings.keys.count(std::string(command.id)) != 0) continue;
    std::istringstream names{std::string(command.keys)};
    for (std::string name; names >> name;) bind(command, name);
  }
  // Chosen keys win over defaults of other commands.
  for (const Command& command : commands()) {
    const auto chosen = settings.keys.find(std::string(command.id));
    if (chosen == settings.keys.end()) continue;
    for (const std::string& name : chosen->second) bind(command, name);
  }
}

const Command* Keymap::find(const Key& key) const {
  const auto at = commands_.find(key);
  return at == commands_.end() ? nullptr : at->second;
}

std::string Keymap::names_of(const Command& command) const {
  std::string names;
  const auto at = keys_.find(command.id);
  if (at == keys_.end()) return names;
  for (const Key& key : at->second) {
    const Command* bound = find(key);
    if (bound == nullptr || bound->id != command.id) continue;  // taken by another
    names += (names.empty() ? "" : ", ") + name_of(key);
  }
  return names;
}

}  // namespace understory::tui
