#include "daemon/engine/characters.h"

#include <utf8proc.h>

namespace understory::engine {
namespace {

bool valid(char32_t c) {
  return c <= 0x10FFFF && !(c >= 0xD800 && c <= 0xDFFF);
}

utf8proc_category_t category(char32_t c) {
  return valid(c) ? utf8proc_category(static_cast<utf8proc_int32_t>(c)) : UTF8PROC_CATEGORY_CN;
}

}  // namespace

bool is_space(char32_t c) {
  if (c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85) return true;
  if (c < 0x80) return false;
  const auto kind = category(c);
  return kind == UTF8PROC_CATEGORY_ZS || kind == UTF8PROC_CATEGORY_ZL ||
         kind == UTF8PROC_CATEGORY_ZP;
}

bool is_closer(char32_t c) {
  if (c == '"' || c == '\'' || c == '*' || c == '_') return true;  // the last two: Markdown
  if (c == 0x201D || c == 0x2019 || c == 0xBB || c == 0x203A) return true;
  return category(c) == UTF8PROC_CATEGORY_PE || category(c) == UTF8PROC_CATEGORY_PF;
}

bool is_terminator(char32_t c) {
  return c == '.' || c == '!' || c == '?' || c == 0x2026 || c == 0x203D || c == 0x2047 ||
         c == 0x2048 || c == 0x2049;
}

bool is_cjk_terminator(char32_t c) {
  return c == 0x3002 || c == 0xFF01 || c == 0xFF1F || c == 0xFF61;
}

bool is_cjk_letter(char32_t c) {
  return (c >= 0x3041 && c <= 0x30FF && c != 0x30FB) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0x20000 && c <= 0x3FFFF);
}

bool is_cjk_punctuation(char32_t c) {
  return (c >= 0x3001 && c <= 0x3003) || (c >= 0x3009 && c <= 0x3011) || c == 0x30FB ||
         (c >= 0xFF00 && c <= 0xFF0F) || c == 0xFF1A || c == 0xFF1B || c == 0xFF1F || c == 0xFF61 ||
         c == 0xFF64;
}

bool is_unspaced_letter(char32_t c) {
  const bool hangul = c >= 0xAC00 && c <= 0xD7A3;  // particles follow at once
  const bool thai_lao = (c >= 0x0E00 && c <= 0x0EFF);
  const bool burmese_khmer = (c >= 0x1000 && c <= 0x109F) || (c >= 0x1780 && c <= 0x17FF);
  return is_cjk_letter(c) || hangul || thai_lao || burmese_khmer;
}

bool is_joining_dash(char32_t c) {
  return c == 0x2013 || c == 0x2014 || c == 0x2015;
}

bool is_lower(char32_t c) {
  return category(c) == UTF8PROC_CATEGORY_LL;
}

bool is_upper(char32_t c) {
  return category(c) == UTF8PROC_CATEGORY_LU || category(c) == UTF8PROC_CATEGORY_LT;
}

bool is_letter(char32_t c) {
  const auto kind = category(c);
  return kind >= UTF8PROC_CATEGORY_LU && kind <= UTF8PROC_CATEGORY_ME;
}

bool is_alphanumeric(char32_t c) {
  const auto kind = category(c);
  return is_letter(c) || (kind >= UTF8PROC_CATEGORY_ND && kind <= UTF8PROC_CATEGORY_NO);
}

bool is_word_character(char32_t c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '\'' || c == 0x2019;
}

char32_t to_lower(char32_t c) {
  return valid(c) ? static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))) : c;
}

}  // namespace understory::engine
