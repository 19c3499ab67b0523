#include "tests/unit/tokenizer/slow_tokenizers.h"

#include <cctype>
#include <cstdio>

#include "daemon/tokenizer/byte_alphabet.h"

namespace understory::test {
namespace {

using Strings = std::vector<std::string>;

// 'L'etter, 'N'umber, white 'S'pace or 'O'ther.
char kind_of(const std::string& character) {
  if (character == "\xc3\xa9" || character == "\xe4\xb8\xad") return 'L';
  const auto byte = static_cast<unsigned char>(character[0]);
  if (byte >= 0x80) return 'O';
  if (std::isalpha(byte)) return 'L';
  if (std::isdigit(byte)) return 'N';
  return std::isspace(byte) ? 'S' : 'O';
}

Strings characters_of(const std::string& text) {
  Strings characters;
  for (std::size_t i = 0; i < text.size(); i += characters.back().size()) {
    const bool e = text.compare(i, 2, "\xc3\xa9") == 0;
    const bool middle = text.compare(i, 3, "\xe4\xb8\xad") == 0;
    characters.push_back(text.substr(i, e ? 2 : middle ? 3 : 1));
  }
  return characters;
}

struct Reader {
  Strings characters;
  std::size_t at = 0;

  char kind(std::size_t i) const { return i < characters.size() ? kind_of(characters[i]) : 'E'; }

  std::size_t run_end(std::size_t i) const {
    const char wanted = kind(i);
    while (wanted != 'E' && kind(i) == wanted) ++i;
    return i;
  }

  // 's 't 'm 'd 're 've 'll
  std::size_t contraction_end() const {
    if (characters[at] != "'") return at;
    const std::string one = at + 1 < characters.size() ? characters[at + 1] : "";
    const std::string two = one + (at + 2 < characters.size() ? characters[at + 2] : "");
    for (const char* tail : {"s", "t", "m", "d"}) {
      if (one == tail) return at + 2;
    }
    for (const char* tail : {"re", "ve", "ll"}) {
      if (two == tail) return at + 3;
    }
    return at;
  }

  std::size_t word_end() const {
    if (const std::size_t end = contraction_end(); end > at) return end;
    const std::size_t start = characters[at] == " " ? at + 1 : at;
    if (kind(start) != 'S' && kind(start) != 'E') return run_end(start);
    const std::size_t end = run_end(at);
    return end - at > 1 && end < characters.size() ? end - 1 : end;
  }
};

}  // namespace

Strings slow_gpt2_words(const std::string& text) {
  Reader reader{characters_of(text)};
  Strings words;
  while (reader.at < reader.characters.size()) {
    const std::size_t end = reader.word_end();
    words.emplace_back();
    for (; reader.at < end; ++reader.at) words.back() += reader.characters[reader.at];
  }
  return words;
}

Strings slow_merge(const std::string& word, const std::vector<std::string>& merges) {
  Strings symbols;
  for (const char byte : word) {
    symbols.emplace_back(tokenizer::byte_to_stand_in(static_cast<std::uint8_t>(byte)));
  }
  for (bool merged = true; merged;) {
    merged = false;
    for (std::size_t rank = 0; rank < merges.size() && !merged; ++rank) {
      for (std::size_t i = 0; i + 1 < symbols.size() && !merged; ++i) {
        if (symbols[i] + " " + symbols[i + 1] != merges[rank]) continue;
        symbols[i] += symbols[i + 1];
        symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(i) + 1);
        merged = true;
      }
    }
  }
  return symbols;
}

Strings slow_sentencepiece(const std::string& text, const std::vector<Token>& tokens) {
  const auto find = [&](const std::string& wanted) -> const Token* {
    for (const Token& token : tokens) {
      if (token.text == wanted) return &token;
    }
    return nullptr;
  };
  Strings symbols;
  for (const std::string& character : characters_of(text)) {
    symbols.push_back(character == " " ? "\xe2\x96\x81" : character);
  }
  while (true) {
    const Token* best = nullptr;
    std::size_t at = 0;
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
      const Token* token = find(symbols[i] + symbols[i + 1]);
      if (!token || (best && token->score <= best->score)) continue;
      best = token;
      at = i;
    }
    if (!best) break;
    symbols[at] = best->text;
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  }
  Strings result;
  for (const std::string& symbol : symbols) {
    if (find(symbol)) {
      result.push_back(symbol);
      continue;
    }
    for (const char byte : symbol) {
      char name[7];
      std::snprintf(name, sizeof name, "<0x%02X>", static_cast<unsigned char>(byte));
      result.emplace_back(name);
    }
  }
  return result;
}

}  // namespace understory::test
