// Which fields of a message are written: a visitor of visit_fields() for everything that writes
// messages.
#pragma once

#include <optional>
#include <string_view>

namespace understory::protocol {

/// Calls Writer::put(key, value) for each field that is written: an absent optional and an empty
/// list that may be left out are not.
template <class Writer>
class PresentFields {
 public:
  template <class T>
  void operator()(std::string_view key, const T& value) {
    static_cast<Writer*>(this)->put(key, value);
  }
  template <class T>
  void operator()(std::string_view key, const std::optional<T>& value) {
    if (value) (*this)(key, *value);
  }
  template <class T>
  void required(std::string_view key, const T& value) {
    (*this)(key, value);
  }
  template <class T>
  void unless_empty(std::string_view key, const T& list) {
    if (!list.empty()) (*this)(key, list);
  }
};

}  // namespace understory::protocol
