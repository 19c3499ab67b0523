#include "daemon/tokenizer/byte_alphabet.h"

#include <array>

#include "daemon/tokenizer/utf8.h"

namespace understory::tokenizer {
namespace {

constexpr int kByteValues = 256;
// Bytes without a printable Latin-1 character: controls, space, DEL to U+00A0, soft hyphen.
constexpr int kShiftedBytes = 33 + 34 + 1;
constexpr char32_t kFirstShifted = 0x100;

constexpr bool stands_for_itself(int byte) {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xff && byte != 0xad);
}

struct StandIn {
  std::array<char, 2> utf8{};
  std::uint8_t length = 0;
};

constexpr StandIn encode(char32_t character) {
  if (character < 0x80) return {{static_cast<char>(character), 0}, 1};
  return {
      {static_cast<char>(0xc0 | (character >> 6)), static_cast<char>(0x80 | (character & 0x3f))},
      2};
}

struct Alphabet {
  std::array<StandIn, kByteValues> stand_in{};
  std::array<std::uint8_t, kShiftedBytes> shifted_byte{};  // by character - kFirstShifted
};

constexpr Alphabet make_alphabet() {
  Alphabet alphabet;
  int shifted = 0;
  for (int byte = 0; byte < kByteValues; ++byte) {
    char32_t character = byte;
    if (!stands_for_itself(byte)) {
      alphabet.shifted_byte[shifted] = static_cast<std::uint8_t>(byte);
      character = kFirstShifted + shifted++;
    }
    alphabet.stand_in[byte] = encode(character);
  }
  return alphabet;
}

constexpr Alphabet kAlphabet = make_alphabet();

}  // namespace

std::string_view byte_to_stand_in(std::uint8_t byte) {
  const StandIn& stand_in = kAlphabet.stand_in[byte];
  return {stand_in.utf8.data(), stand_in.length};
}

void append_stand_ins(std::string_view bytes, std::string& out) {
  for (const char byte : bytes) out += byte_to_stand_in(static_cast<std::uint8_t>(byte));
}

std::string stand_ins_to_bytes(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = valid_length(text.substr(i));
    const auto lead = static_cast<std::uint8_t>(text[i]);
    char32_t character = lead;
    if (length == 2)
      character = (lead & 0x1f) << 6 | (static_cast<std::uint8_t>(text[i + 1]) & 0x3f);
    if (length == 2 && character < kFirstShifted &&
        stands_for_itself(static_cast<int>(character))) {
      bytes += static_cast<char>(character);
    } else if (length == 2 && character >= kFirstShifted &&
               character < kFirstShifted + kShiftedBytes) {
      bytes += static_cast<char>(kAlphabet.shifted_byte[character - kFirstShifted]);
    } else {
      bytes += text.substr(i, length == 0 ? 1 : length);
    }
    i += length == 0 ? 1 : length;
  }
  return bytes;
}

}  // namespace understory::tokenizer
