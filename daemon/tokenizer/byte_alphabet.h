// GPT-2's byte alphabet: every byte value has a printable stand-in character, so that the
// vocabulary and the merges of a byte-level tokenizer can be written as text. Printable Latin-1
// bytes stand for themselves; the others take U+0100 onwards, in byte order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace understory::tokenizer {

/// The stand-in, UTF-8 encoded: one or two bytes. The view is valid for the program's life.
std::string_view byte_to_stand_in(std::uint8_t byte);

/// Appends the stand-ins of all bytes.
void append_stand_ins(std::string_view bytes, std::string& out);

/// The bytes that a token's text stands for. A character outside the alphabet stays as it is.
std::string stand_ins_to_bytes(std::string_view text);

}  // namespace understory::tokenizer
