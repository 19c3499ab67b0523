#include "daemon/tokenizer/merge_table.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <string>
#include <string_view>

#include "daemon/tokenizer/byte_alphabet.h"

namespace understory::tokenizer {
namespace {

constexpr char kMergesKey[] = "tokenizer.ggml.merges";
constexpr std::size_t kMinSlots = 64;
constexpr int kByteValues = 256;

std::uint64_t pair_of(std::uint32_t left, std::uint32_t right) {
  return std::uint64_t{left} << 32 | right;
}

// Multiplying by an odd constant and folding spreads neighbouring ids over the table.
std::size_t spread(std::uint64_t pair) {
  const std::uint64_t mixed = (pair ^ (pair >> 31)) * 0x9e3779b97f4a7c15u;
  return mixed ^ (mixed >> 29);
}

Error bad(std::string message) {
  return {ErrorCode::kBadModel, std::move(message)};
}

}  // namespace

MergeTable::MergeTable(const Vocabulary& vocabulary) {
  for (int byte = 0; byte < kByteValues; ++byte) {
    const std::string_view stand_in = byte_to_stand_in(static_cast<std::uint8_t>(byte));
    byte_symbols_.push_back(symbol(vocabulary, stand_in));
  }
}

Result<MergeTable> MergeTable::read(const gguf::Metadata& metadata, const Vocabulary& vocabulary) {
  const std::vector<std::string>* merges = metadata.find_strings(kMergesKey);
  if (!merges) return bad(std::string(kMergesKey) + " is missing or not an array of strings");
  if (merges->size() > std::numeric_limits<std::int32_t>::max() - vocabulary.size()) {
    return bad(std::string(kMergesKey) + " has too many elements");
  }
  MergeTable table(vocabulary);
  table.slots_.resize(std::bit_ceil(std::max(2 * merges->size(), kMinSlots)));
  std::string joined;
  for (std::uint32_t rank = 0; rank < merges->size(); ++rank) {
    const std::string_view merge = (*merges)[rank];
    const std::size_t space = merge.find(' ', 1);
    if (space == merge.npos || space + 1 == merge.size()) {
      return bad(std::string(kMergesKey) + " element " + std::to_string(rank) +
                 " is not two texts");
    }
    const std::string_view left = merge.substr(0, space);
    const std::string_view right = merge.substr(space + 1);
    const std::uint64_t pair =
        pair_of(table.symbol(vocabulary, left), table.symbol(vocabulary, right));
    Slot& slot = table.slots_[table.slot_of(pair)];
    if (slot.pair != kEmpty) continue;  // the first of equal merges counts
    joined.assign(left).append(right);
    slot = {pair, {rank, table.symbol(vocabulary, joined)}};
  }
  return table;
}

std::uint32_t MergeTable::symbol(const Vocabulary& vocabulary, std::string_view text) {
  if (const auto id = vocabulary.find(text)) return *id;
  if (const auto number = other_index_.find(other_texts_, text)) {
    return vocabulary.size() + *number;
  }
  other_texts_.add(text);
  const auto number = static_cast<std::uint32_t>(other_texts_.size() - 1);
  other_index_.insert(other_texts_, number);
  return vocabulary.size() + number;
}

std::size_t MergeTable::slot_of(std::uint64_t pair) const {
  std::size_t i = spread(pair) & (slots_.size() - 1);
  while (slots_[i].pair != kEmpty && slots_[i].pair != pair) i = (i + 1) & (slots_.size() - 1);
  return i;
}

std::optional<MergeTable::Merge> MergeTable::find(std::uint32_t left, std::uint32_t right) const {
  const Slot& slot = slots_[slot_of(pair_of(left, right))];
  if (slot.pair == kEmpty) return std::nullopt;
  return slot.merge;
}

}  // namespace understory::tokenizer
