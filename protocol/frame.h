// Cuts a byte stream into MessagePack values, one a frame, without building any: sizes, counts
// and nesting are checked before memory is spent on them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace understory::protocol {

inline constexpr std::size_t kMaxNesting = 32;  // arrays and maps inside each other

struct FrameLimits {
  std::size_t max_bytes;
  std::size_t max_values;  // of any kind, containers and map keys included
};

/// What a client may send and what the daemon may answer.
inline constexpr FrameLimits kRequestLimits{std::size_t{4} << 20, std::size_t{1} << 20};
inline constexpr FrameLimits kAnswerLimits{std::size_t{64} << 20, std::size_t{16} << 20};

/// Not thread-safe. After an error the stream cannot be resumed.
class FrameSplitter {
 public:
  explicit FrameSplitter(FrameLimits limits) : limits_(limits) {}

  void append(std::string_view bytes);

  /// The next whole frame, nullopt where more bytes are needed, or kProtocol. The view lasts
  /// until the next call of a non-const member.
  Result<std::optional<std::string_view>> next();

  /// The id of the request that the unfinished (or broken) frame at hand is, where its head
  /// [0, id, ... has arrived.
  std::optional<std::uint32_t> pending_request_id() const;

 private:
  Result<bool> scan();
  Status open_container(std::size_t n_children);
  void close_value();

  FrameLimits limits_;
  std::string buffer_;
  std::size_t start_ = 0;  // of the frame at hand
  std::size_t at_ = 0;     // next byte to look at
  std::size_t n_values_ = 0;
  std::size_t skip_bytes_ = 0;  // of a string's body, not looked at yet
  bool in_body_ = false;
  std::size_t depth_ = 0;
  std::array<std::size_t, kMaxNesting> remaining_{};  // values still to come, per open container
};

}  // namespace understory::protocol
