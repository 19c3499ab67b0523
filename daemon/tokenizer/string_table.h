// Many short strings in one block of memory, and an index from string to number.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understory::tokenizer {

/// Strings numbered in the order in which they were added.
class StringTable {
 public:
  void add(std::string_view text) {
    bytes_ += text;
    ends_.push_back(bytes_.size());
  }
  std::string_view operator[](std::size_t i) const {
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(bytes_).substr(begin, ends_[i] - begin);
  }
  std::size_t size() const { return ends_.size(); }

 private:
  std::string bytes_;
  std::vector<std::size_t> ends_;
};

/// Finds a StringTable's strings by hash; open addressing.
class StringIndex {
 public:
  void reserve(std::size_t n);

  /// The number of the table's string with that text.
  std::optional<std::uint32_t> find(const StringTable& table, std::string_view text) const;

  /// Adds string `number` of the table; false where its text is there already.
  bool insert(const StringTable& table, std::uint32_t number);

 private:
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t number = kEmpty;
  };
  static constexpr std::uint32_t kEmpty = 0xffffffff;

  std::size_t slot_of(const StringTable& table, std::string_view text, std::uint32_t hash) const;

  std::vector<Slot> slots_;  // a power of two, at most half full
  std::size_t n_used_ = 0;
};

}  // namespace understory::tokenizer
