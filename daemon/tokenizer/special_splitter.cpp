#include "daemon/tokenizer/special_splitter.h"

#include <algorithm>
#include <cctype>
#include <numeric>

namespace understory::tokenizer {
namespace {

std::string_view without_leading_space(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) {
    text.remove_prefix(1);
  }
  return text;
}

}  // namespace

SpecialSplitter::SpecialSplitter(const Vocabulary& vocabulary) : vocabulary_(vocabulary) {
  for (TokenId id = 0; id < vocabulary.size(); ++id) {
    if (!vocabulary.has(id, kControl | kUserDefined | kUnknown)) continue;
    if (vocabulary.text(id).empty()) continue;
    by_length_.push_back(id);
    ++n_starting_[static_cast<unsigned char>(vocabulary.text(id)[0])];
  }
  // Not a stable sort: among tokens of one length the order decides which of two overlapping
  // ones is matched, and it has to be the order that llama.cpp's sort gives.
  std::sort(by_length_.begin(), by_length_.end(), [&](TokenId a, TokenId b) {
    return vocabulary.text(a).size() > vocabulary.text(b).size();
  });
  by_text_.resize(by_length_.size());
  std::iota(by_text_.begin(), by_text_.end(), std::size_t{0});
  std::sort(by_text_.begin(), by_text_.end(), [&](std::size_t a, std::size_t b) {
    return vocabulary.text(by_length_[a]) < vocabulary.text(by_length_[b]);
  });
}

std::vector<Fragment> SpecialSplitter::split(std::string_view text, bool parse_special) const {
  if (text.empty()) return {};
  Fragments fragments{{text, std::nullopt}};
  for (const std::size_t i : occurring(text, parse_special)) cut_out(by_length_[i], fragments);
  return fragments;
}

// One pass finds the few tokens that occur at all; only those are cut out one by one.
std::vector<std::size_t> SpecialSplitter::occurring(std::string_view text,
                                                    bool parse_special) const {
  std::vector<bool> marks(by_length_.size(), false);
  auto n_unmarked = n_starting_;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::size_t& n = n_unmarked[static_cast<unsigned char>(text[i])];
    if (n > 0) n -= mark_at(text.substr(i), marks);
  }
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < marks.size(); ++i) {
    const std::uint8_t ignored = parse_special ? 0 : kControl | kUnknown;
    if (marks[i] && !vocabulary_.has(by_length_[i], ignored)) found.push_back(i);
  }
  return found;
}

/// Marks the tokens that the text starts with: narrows the sorted texts down byte by byte.
/// Returns how many of them were not marked before.
std::size_t SpecialSplitter::mark_at(std::string_view text, std::vector<bool>& marks) const {
  std::size_t n_new = 0;
  auto first = by_text_.begin();
  auto last = by_text_.end();
  for (std::size_t depth = 0; depth < text.size(); ++depth) {
    const auto byte_at_depth = [&](std::size_t i) {
      return static_cast<unsigned char>(vocabulary_.text(by_length_[i])[depth]);
    };
    const auto wanted = static_cast<unsigned char>(text[depth]);
    first =
        std::partition_point(first, last, [&](std::size_t i) { return byte_at_depth(i) < wanted; });
    last = std::partition_point(first, last,
                                [&](std::size_t i) { return byte_at_depth(i) == wanted; });
    if (first == last) break;
    if (vocabulary_.text(by_length_[*first]).size() == depth + 1) {
      n_new += marks[*first] ? 0 : 1;
      marks[*first++] = true;
    }
    if (first == last) break;
  }
  return n_new;
}

void SpecialSplitter::cut_out(TokenId id, Fragments& fragments) const {
  const std::string_view token = vocabulary_.text(id);
  Fragments result;
  result.reserve(fragments.size());
  for (const Fragment& fragment : fragments) {
    if (fragment.token) {
      result.push_back(fragment);
      continue;
    }
    std::string_view rest = fragment.text;
    for (std::size_t at = rest.find(token); at != rest.npos; at = rest.find(token)) {
      if (at > 0) result.push_back({rest.substr(0, at), std::nullopt});
      result.push_back({{}, id});
      rest.remove_prefix(at + token.size());
      if (vocabulary_.has(id, kStripRight)) rest = without_leading_space(rest);
    }
    if (!rest.empty()) result.push_back({rest, std::nullopt});
  }
  fragments = std::move(result);
}

}  // namespace understory::tokenizer
