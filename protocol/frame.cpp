#include "protocol/frame.h"

#include <algorithm>

namespace understory::protocol {
namespace {

enum class Kind { kScalar, kBody, kArray, kMap, kReserved };

// What a value's first byte says: bytes of the head (with its length field) and the meaning of
// that field.
struct Shape {
  Kind kind;
  std::size_t head_bytes;    // the whole value of a scalar
  std::size_t length_bytes;  // size of the length field; 0: `length` is in the first byte
  std::size_t length;        // children, body bytes, or what a body has on top (ext type)
};

Shape shape_of(std::uint8_t byte) {
  if (byte <= 0x7f || byte >= 0xe0) return {Kind::kScalar, 1, 0, 0};
  if (byte <= 0x8f) return {Kind::kMap, 1, 0, static_cast<std::size_t>(byte & 0x0f)};
  if (byte <= 0x9f) return {Kind::kArray, 1, 0, static_cast<std::size_t>(byte & 0x0f)};
  if (byte <= 0xbf) return {Kind::kBody, 1, 0, static_cast<std::size_t>(byte & 0x1f)};
  switch (byte) {
    case 0xc0:
    case 0xc2:
    case 0xc3:
      return {Kind::kScalar, 1, 0, 0};
    case 0xc4:
    case 0xd9:
      return {Kind::kBody, 2, 1, 0};
    case 0xc5:
    case 0xda:
      return {Kind::kBody, 3, 2, 0};
    case 0xc6:
    case 0xdb:
      return {Kind::kBody, 5, 4, 0};
    case 0xc7:
      return {Kind::kBody, 2, 1, 1};
    case 0xc8:
      return {Kind::kBody, 3, 2, 1};
    case 0xc9:
      return {Kind::kBody, 5, 4, 1};
    case 0xca:
      return {Kind::kScalar, 5, 0, 0};
    case 0xcb:
      return {Kind::kScalar, 9, 0, 0};
    case 0xcc:
    case 0xd0:
      return {Kind::kScalar, 2, 0, 0};
    case 0xcd:
    case 0xd1:
      return {Kind::kScalar, 3, 0, 0};
    case 0xce:
    case 0xd2:
      return {Kind::kScalar, 5, 0, 0};
    case 0xcf:
    case 0xd3:
      return {Kind::kScalar, 9, 0, 0};
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
      return {Kind::kBody, 1, 0, (std::size_t{1} << (byte - 0xd4)) + 1};
    case 0xdc:
      return {Kind::kArray, 3, 2, 0};
    case 0xdd:
      return {Kind::kArray, 5, 4, 0};
    case 0xde:
      return {Kind::kMap, 3, 2, 0};
    case 0xdf:
      return {Kind::kMap, 5, 4, 0};
    default:
      return {Kind::kReserved, 1, 0, 0};
  }
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (char c : bytes) value = value << 8 | static_cast<std::uint8_t>(c);
  return value;
}

Error protocol_error(std::string message) {
  return {ErrorCode::kProtocol, std::move(message)};
}

}  // namespace

void FrameSplitter::append(std::string_view bytes) {
  if (start_ > 0) {
    buffer_.erase(0, start_);
    at_ -= start_;
    start_ = 0;
  }
  buffer_.append(bytes);
}

Result<std::optional<std::string_view>> FrameSplitter::next() {
  Result<bool> whole = scan();
  if (!whole) return whole.error();
  if (!*whole) return std::optional<std::string_view>();
  const std::string_view frame = std::string_view(buffer_).substr(start_, at_ - start_);
  start_ = at_;
  n_values_ = 0;
  return std::optional(frame);
}

// True where a whole value ends at at_. Goes on from where the last call stopped.
Result<bool> FrameSplitter::scan() {
  while (at_ < buffer_.size() || in_body_) {
    if (in_body_) {
      const std::size_t step = std::min(skip_bytes_, buffer_.size() - at_);
      at_ += step;
      skip_bytes_ -= step;
      if (skip_bytes_ > 0) return false;
      in_body_ = false;
      close_value();
    } else {
      const Shape shape = shape_of(static_cast<std::uint8_t>(buffer_[at_]));
      if (shape.kind == Kind::kReserved) {
        return protocol_error("the byte 0xc1 is not MessagePack");
      }
      if (buffer_.size() - at_ < shape.head_bytes) return false;
      const std::size_t length =
          shape.length + big_endian(std::string_view(buffer_).substr(at_ + 1, shape.length_bytes));
      at_ += shape.head_bytes;
      if (++n_values_ > limits_.max_values) {
        return protocol_error("a message may hold at most " + std::to_string(limits_.max_values) +
                              " values");
      }
      const std::size_t body = shape.kind == Kind::kBody ? length : 0;
      if (at_ - start_ + body > limits_.max_bytes) {
        return protocol_error("a message may have at most " + std::to_string(limits_.max_bytes) +
                              " bytes");
      }
      if (shape.kind == Kind::kBody) {
        in_body_ = true;
        skip_bytes_ = length;
        continue;
      }
      if (shape.kind == Kind::kScalar) {
        close_value();
      } else if (Status s = open_container(shape.kind == Kind::kMap ? 2 * length : length); !s) {
        return s.error();
      }
    }
    if (depth_ == 0) return true;
  }
  return false;
}

Status FrameSplitter::open_container(std::size_t n_children) {
  if (depth_ == kMaxNesting) {
    return protocol_error("arrays and maps may nest at most " + std::to_string(kMaxNesting) +
                          " deep");
  }
  // Each child takes a byte at least, so a count beyond the limits lies.
  if (n_children > limits_.max_values - n_values_) {
    return protocol_error("a message may hold at most " + std::to_string(limits_.max_values) +
                          " values");
  }
  remaining_[depth_++] = n_children;
  if (n_children == 0) {
    --depth_;
    close_value();
  }
  return {};
}

void FrameSplitter::close_value() {
  while (depth_ > 0 && --remaining_[depth_ - 1] == 0) --depth_;
}

std::optional<std::uint32_t> FrameSplitter::pending_request_id() const {
  const std::string_view bytes = std::string_view(buffer_).substr(start_);
  if (bytes.size() < 3 || bytes[0] != '\x94' || bytes[1] != '\x00') return std::nullopt;
  const auto first = static_cast<std::uint8_t>(bytes[2]);
  if (first <= 0x7f) return first;
  if (first < 0xcc || first > 0xce) return std::nullopt;
  const std::size_t n_bytes = std::size_t{1} << (first - 0xcc);
  if (bytes.size() < 3 + n_bytes) return std::nullopt;
  return static_cast<std::uint32_t>(big_endian(bytes.substr(3, n_bytes)));
}

}  // namespace understory::protocol
