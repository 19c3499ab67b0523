// Turns a stream of token pieces, which may split characters, into whole UTF-8 characters.
#pragma once

#include <string>
#include <string_view>

namespace understory::engine {

class Utf8Stream {
 public:
  /// The characters that `bytes` completed. The beginning of a character is held back until it
  /// is whole or known not to become one; bytes that belong to no character pass as they are.
  std::string push(std::string_view bytes);

  /// What is still held, so that nothing is lost at the end.
  std::string flush();

 private:
  std::string held_;
};

}  // namespace understory::engine
