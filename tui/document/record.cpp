#include "tui/document/record.h"

#include <array>
#include <cstring>

namespace understory::tui {
namespace {

constexpr std::size_t kHeadBytes = 8;

void put_u32(std::string& out, std::uint32_t v) {
  for (int i = 0; i < 4; ++i) out += static_cast<char>(v >> (8 * i));
}

std::uint32_t get_u32(std::string_view in) {
  std::uint32_t v = 0;
  for (int i = 0; i < 4; ++i) {
    v |= static_cast<std::uint32_t>(static_cast<unsigned char>(in[static_cast<std::size_t>(i)]))
         << (8 * i);
  }
  return v;
}

void put(std::string& out, std::uint64_t v) {
  for (; v >= 0x80; v >>= 7) out += static_cast<char>(v | 0x80);
  out += static_cast<char>(v);
}

void put(std::string& out, const std::string& text) {
  put(out, static_cast<std::uint64_t>(text.size()));
  out += text;
}

/// Reads fields; `ok` turns false where they end too early, and stays so.
struct Fields {
  std::string_view in;
  bool ok = true;

  std::uint64_t number() {
    std::uint64_t v = 0;
    for (int shift = 0; shift < 64 && !in.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(in.front());
      in.remove_prefix(1);
      v |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return v;
    }
    ok = false;
    return 0;
  }
  std::string text() {
    const std::uint64_t n = number();
    if (!ok || n > in.size()) return ok = false, std::string();
    std::string out(in.substr(0, n));
    in.remove_prefix(n);
    return out;
  }
};

struct Encoder {
  std::string& out;
  void operator()(const EditRecord& r) const {
    put(out, static_cast<std::uint64_t>(r.joins));
    put(out, static_cast<std::uint64_t>(r.time_ms));
    put(out, r.caret_before);
    put(out, r.caret_after);
    put(out, static_cast<std::uint64_t>(r.edit.offset));
    put(out, r.edit.removed);
    put(out, r.edit.inserted);
  }
  void operator()(const MoveRecord& r) const { put(out, r.state); }
  void operator()(const SavedRecord& r) const {
    put(out, r.state);
    put(out, r.hash);
    put(out, r.size_bytes);
  }
  void operator()(const BaseRecord& r) const {
    put(out, r.state);
    put(out, r.hash);
  }
  void operator()(const WordsRecord& r) const {
    put(out, static_cast<std::uint64_t>(r.time_ms));
    put(out, r.words);
  }
  void operator()(const CaretRecord& r) const { put(out, r.caret); }
};

std::optional<Record> decode(std::size_t kind, Fields& f) {
  switch (kind) {
    case 0: {
      EditRecord r;
      r.joins = f.number() != 0;
      r.time_ms = static_cast<std::int64_t>(f.number());
      r.caret_before = f.number();
      r.caret_after = f.number();
      r.edit.offset = f.number();
      r.edit.removed = f.text();
      r.edit.inserted = f.text();
      return r;
    }
    case 1:
      return MoveRecord{f.number()};
    case 2: {
      SavedRecord r;
      r.state = f.number();
      r.hash = f.number();
      r.size_bytes = f.number();
      return r;
    }
    case 3: {
      BaseRecord r;
      r.state = f.number();
      r.hash = f.number();
      return r;
    }
    case 4: {
      WordsRecord r;
      r.time_ms = static_cast<std::int64_t>(f.number());
      r.words = f.number();
      return r;
    }
    case 5:
      return CaretRecord{f.number()};
    default:
      return std::nullopt;
  }
}

}  // namespace

std::uint32_t crc32(std::string_view bytes) {
  static const std::array<std::uint32_t, 256> table = [] {
    std::array<std::uint32_t, 256> t{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t c = i;
      for (int k = 0; k < 8; ++k) c = (c & 1) != 0 ? 0xEDB88320U ^ (c >> 1) : c >> 1;
      t[i] = c;
    }
    return t;
  }();
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char byte : bytes) {
    crc = table[(crc ^ static_cast<unsigned char>(byte)) & 0xFF] ^ (crc >> 8);
  }
  return ~crc;
}

std::string encode(const Record& record) {
  std::string payload(1, static_cast<char>(record.index()));
  std::visit(Encoder{payload}, record);
  std::string out;
  put_u32(out, static_cast<std::uint32_t>(payload.size()));
  put_u32(out, crc32(payload));
  return out + payload;
}

std::optional<ParsedRecord> parse_record(std::string_view bytes) {
  if (bytes.size() <= kHeadBytes) return std::nullopt;
  const std::size_t length = get_u32(bytes);
  if (length == 0 || length > bytes.size() - kHeadBytes) return std::nullopt;
  const std::string_view payload = bytes.substr(kHeadBytes, length);
  if (crc32(payload) != get_u32(bytes.substr(4))) return std::nullopt;
  Fields fields{payload.substr(1)};
  std::optional<Record> record = decode(static_cast<unsigned char>(payload[0]), fields);
  if (!record || !fields.ok) return std::nullopt;
  return ParsedRecord{*std::move(record), kHeadBytes + length};
}

}  // namespace understory::tui
