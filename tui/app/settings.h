// What the writer chose: $XDG_CONFIG_HOME/understory/tui.toml.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace understory::tui {

enum class FocusMode { kOff, kParagraph, kSentence };
enum class ThemeChoice { kAuto, kDark, kLight };

struct Settings {
  // [editor]
  int measure = 72;
  bool typewriter = false;
  FocusMode focus = FocusMode::kOff;
  bool smart_quotes = false;
  bool smart_dashes = false;
  std::string spelling = "en_US";  // a hunspell dictionary; "off"
  int autosave_s = 0;              // 0: only when asked
  bool backup = true;
  int daily_goal = 500;  // words; 0: none
  bool mouse = true;
  ThemeChoice theme = ThemeChoice::kAuto;

  // [suggest]
  bool suggests = true;
  int max_tokens = 40;
  std::string until = "paragraph";
  int alternatives = 5;
  double temperature = 1.0;
  double min_p = 0.05;
  bool start_daemon = true;

  /// [keys]: command id to key names; each replaces that command's own keys.
  std::map<std::string, std::vector<std::string>> keys;

  /// What was wrong in the file, in a sentence; the rest of it is used.
  std::string problem;
};

/// Defaults where there is no file.
Settings load_settings(const std::filesystem::path& path);
std::filesystem::path default_settings_path();

}  // namespace understory::tui
