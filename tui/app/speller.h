// Spelling through hunspell. Looking words up happens in a thread: is_misspelt() answers from what
// is known already and never waits.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace understory::tui {

class Speller {
 public:
  /// kNotFound where there is no such dictionary, with how to get it. `personal`: a file of words,
  /// one a line; made at the first add_word().
  static Result<std::unique_ptr<Speller>> open(const std::string& dictionary,
                                               const std::filesystem::path& personal);
  ~Speller();

  /// Readable when new answers are there; take_news() silences it.
  int fd() const;
  void take_news();

  /// False also where it is not known yet.
  bool is_misspelt(std::string_view word);
  /// Waits for hunspell: some tenths of a second for odd words.
  std::vector<std::string> suggestions(std::string_view word);
  /// For good, into the personal dictionary.
  Status add_word(std::string_view word);
  /// Until the app ends.
  void ignore_word(std::string_view word);

 private:
  Speller();
  struct State;
  std::unique_ptr<State> state_;
};

std::filesystem::path default_personal_dictionary();

}  // namespace understory::tui
