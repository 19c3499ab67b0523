#include "daemon/tokenizer/string_table.h"

#include <algorithm>
#include <bit>
#include <functional>

namespace understory::tokenizer {
namespace {

constexpr std::size_t kMinSlots = 64;

std::uint32_t hash_of(std::string_view text) {
  const std::uint64_t hash = std::hash<std::string_view>{}(text);
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

}  // namespace

void StringIndex::reserve(std::size_t n) {
  const std::size_t wanted = std::bit_ceil(std::max(2 * n, kMinSlots));
  if (wanted <= slots_.size()) return;
  std::vector<Slot> old(wanted);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.number == kEmpty) continue;
    std::size_t i = slot.hash & (slots_.size() - 1);
    while (slots_[i].number != kEmpty) i = (i + 1) & (slots_.size() - 1);
    slots_[i] = slot;
  }
}

std::size_t StringIndex::slot_of(const StringTable& table, std::string_view text,
                                 std::uint32_t hash) const {
  std::size_t i = hash & (slots_.size() - 1);
  while (slots_[i].number != kEmpty &&
         (slots_[i].hash != hash || table[slots_[i].number] != text)) {
    i = (i + 1) & (slots_.size() - 1);
  }
  return i;
}

std::optional<std::uint32_t> StringIndex::find(const StringTable& table,
                                               std::string_view text) const {
  if (slots_.empty()) return std::nullopt;
  const Slot& slot = slots_[slot_of(table, text, hash_of(text))];
  if (slot.number == kEmpty) return std::nullopt;
  return slot.number;
}

bool StringIndex::insert(const StringTable& table, std::uint32_t number) {
  reserve(n_used_ + 1);
  const std::uint32_t hash = hash_of(table[number]);
  Slot& slot = slots_[slot_of(table, table[number], hash)];
  if (slot.number != kEmpty) return false;
  slot = {hash, number};
  ++n_used_;
  return true;
}

}  // namespace understory::tokenizer
