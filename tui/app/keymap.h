// Which key does what: one table of commands, which dispatches keys and fills the help page.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tui/app/settings.h"
#include "tui/input/key.h"

namespace understory::tui {

class Workspace;

struct Command {
  std::string_view id;     // in tui.toml
  std::string_view keys;   // by default, separated by spaces
  std::string_view group;  // heading on the help page
  std::string_view help;
  void (*run)(Workspace&);
};

/// All commands, in the order of the help page.
const std::vector<Command>& commands();

class Keymap {
 public:
  /// The defaults, changed by the settings; `problem` gets what makes no sense there.
  Keymap(const Settings& settings, std::string& problem);

  const Command* find(const Key& key) const;
  /// The names of a command's keys: "Ctrl-S, F12".
  std::string names_of(const Command& command) const;

 private:
  struct KeyOrder {
    bool operator()(const Key& a, const Key& b) const {
      return a.code != b.code ? a.code < b.code : a.modifiers < b.modifiers;
    }
  };
  std::map<Key, const Command*, KeyOrder> commands_;
  std::map<std::string_view, std::vector<Key>> keys_;
};

}  // namespace understory::tui
