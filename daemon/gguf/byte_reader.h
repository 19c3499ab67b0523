// Reads little-endian values from bounds-checked bytes. The first read past the end fails the
// reader for good: later reads give zeros, so callers check ok() once per record.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace understory::gguf {

static_assert(std::endian::native == std::endian::little, "GGUF is read as it lies in memory");

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  std::size_t position() const { return position_; }
  std::size_t remaining() const { return bytes_.size() - position_; }

  template <class T>
  T read() {
    T value{};
    if (const std::byte* from = take(sizeof(T))) std::memcpy(&value, from, sizeof(T));
    return value;
  }

  /// A u64 length and that many bytes; a view into the input. Fails where the string is longer
  /// than `max_bytes`.
  std::string_view read_string(std::size_t max_bytes) {
    const auto length = read<std::uint64_t>();
    if (length > max_bytes) ok_ = false;
    const std::byte* from = ok_ ? take(length) : nullptr;
    return from ? std::string_view(reinterpret_cast<const char*>(from), length)
                : std::string_view();
  }

  /// The next `size` bytes, or null past the end.
  const std::byte* take(std::uint64_t size) {
    if (!ok_ || size > remaining()) {
      ok_ = false;
      return nullptr;
    }
    const std::byte* from = bytes_.data() + position_;
    position_ += size;
    return from;
  }

 private:
  std::span<const std::byte> bytes_;
  std::size_t position_ = 0;
  bool ok_ = true;
};

}  // namespace understory::gguf
