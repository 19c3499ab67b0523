#include "tui/ghost/suggestion.h"

#include <algorithm>

#include "tui/text/boundaries.h"

namespace understory::tui {

void Suggestion::begin(std::size_t offset) {
  clear();
  is_open_ = true;
  offset_ = offset;
}

void Suggestion::clear() {
  is_open_ = false;
  typed_.clear();
  alternatives_.clear();
  current_ = 0;
}

std::size_t Suggestion::expect(std::size_t n) {
  const std::size_t first = alternatives_.size();
  alternatives_.resize(first + n);
  return first;
}

void Suggestion::append(std::size_t alternative, std::string_view text) {
  if (alternative < alternatives_.size()) alternatives_[alternative] += text;
}

void Suggestion::finish(std::size_t alternative, std::string text) {
  if (alternative < alternatives_.size()) alternatives_[alternative] = std::move(text);
}

void Suggestion::settle() {
  std::vector<std::string> kept;
  std::size_t current = 0;
  for (std::size_t i = 0; i < alternatives_.size(); ++i) {
    const std::string& text = alternatives_[i];
    const bool is_double = std::find(kept.begin(), kept.end(), text) != kept.end();
    if (i == current_) current = kept.size();
    if (!text.empty() && !is_double) kept.push_back(text);
  }
  alternatives_ = std::move(kept);
  current_ = alternatives_.empty() ? 0 : std::min(current, alternatives_.size() - 1);
  if (!alternatives_.empty() && !agrees(current_)) go(1);
}

/// An alternative that is still coming may be shorter than what was typed.
bool Suggestion::agrees(std::size_t alternative) const {
  const std::string& text = alternatives_[alternative];
  const std::size_t n = std::min(text.size(), typed_.size());
  return text.compare(0, n, typed_, 0, n) == 0;
}

std::string_view Suggestion::shown() const {
  if (!is_open_ || current_ >= alternatives_.size() || !agrees(current_)) return {};
  const std::string_view text = alternatives_[current_];
  return text.size() > typed_.size() ? text.substr(typed_.size()) : std::string_view{};
}

std::string_view Suggestion::whole() const {
  return current_ < alternatives_.size() ? std::string_view(alternatives_[current_])
                                         : std::string_view{};
}

std::size_t Suggestion::n_alternatives() const {
  std::size_t n = 0;
  for (std::size_t i = 0; i < alternatives_.size(); ++i) {
    n += agrees(i) && alternatives_[i].size() > typed_.size() ? 1 : 0;
  }
  return n;
}

std::size_t Suggestion::position() const {
  std::size_t n = 0;
  for (std::size_t i = 0; i <= current_ && i < alternatives_.size(); ++i) {
    n += agrees(i) && alternatives_[i].size() > typed_.size() ? 1 : 0;
  }
  return n;
}

void Suggestion::go(int by) {
  const std::size_t n = alternatives_.size();
  const std::size_t step = by > 0 ? 1 : n - 1;
  for (std::size_t i = 0; i < n; ++i) {
    current_ = (current_ + step) % n;
    if (agrees(current_) && alternatives_[current_].size() > typed_.size()) return;
  }
}

std::string Suggestion::settle_typed() {
  std::string typed = std::move(typed_);
  const std::string shown(current_ < alternatives_.size() ? alternatives_[current_] : "");
  std::erase_if(alternatives_, [&](const std::string& text) {
    return text.size() <= typed.size() || text.compare(0, typed.size(), typed) != 0;
  });
  const auto at = std::find(alternatives_.begin(), alternatives_.end(), shown);
  current_ = at == alternatives_.end() ? 0 : static_cast<std::size_t>(at - alternatives_.begin());
  for (std::string& text : alternatives_) text.erase(0, typed.size());
  offset_ += typed.size();
  typed_.clear();
  return typed;
}

bool Suggestion::type(std::string_view bytes) {
  if (!is_open_) return false;
  typed_ += bytes;
  if (current_ < alternatives_.size() && agrees(current_)) return true;
  for (std::size_t i = 0; i < alternatives_.size(); ++i) {
    if (agrees(i) && alternatives_[i].size() >= typed_.size()) {
      current_ = i;
      return true;
    }
  }
  clear();
  return false;
}

bool Suggestion::erase(std::size_t n_bytes) {
  if (!is_open_ || n_bytes > typed_.size()) {
    clear();
    return false;
  }
  typed_.resize(typed_.size() - n_bytes);
  return true;
}

std::string Suggestion::take(std::size_t length) {
  std::string out(shown().substr(0, length));
  typed_ += out;
  return out;
}

std::string Suggestion::take_word() {
  return take(first_word_length(shown()));
}
std::string Suggestion::take_sentence() {
  return take(first_sentence_length(shown()));
}
std::string Suggestion::take_all() {
  return take(shown().size());
}

}  // namespace understory::tui
