#include "protocol/params_json.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <type_traits>
#include <vector>

#include "protocol/fields.h"
#include "protocol/present_fields.h"
#include "protocol/utf8.h"

namespace understory::protocol {
namespace {

using Json = nlohmann::json;

constexpr const char* kBytes = "bytes";  // {"bytes": [..]}: a text that is not UTF-8

template <class T>
Json write(const T& value);

class Writer : public PresentFields<Writer> {
 public:
  template <class T>
  void put(std::string_view key, const T& value) {
    out_[std::string(key)] = write(value);
  }
  Json take() { return std::move(out_); }

 private:
  Json out_ = Json::object();
};

template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};

template <class T>
Json write(const T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    if (is_valid_utf8(value)) return value;
    return {{kBytes, std::vector<unsigned char>(value.begin(), value.end())}};
  } else if constexpr (std::is_arithmetic_v<T>) {
    return value;
  } else if constexpr (IsVector<T>::value) {
    Json out = Json::array();
    for (const auto& item : value) out.push_back(write(item));
    return out;
  } else {
    Writer writer;
    visit_fields(writer, value);
    return writer.take();
  }
}

// Throws Json::exception where a type does not fit.
template <class T>
void read(const Json& in, T& value);

class Reader {
 public:
  explicit Reader(const Json& in) : in_(in) {}
  template <class T>
  void operator()(std::string_view key, T& value) {
    const auto found = in_.find(std::string(key));
    if (found != in_.end() && !found->is_null()) read(*found, value);
  }
  template <class T>
  void operator()(std::string_view key, std::optional<T>& value) {
    const auto found = in_.find(std::string(key));
    if (found != in_.end() && !found->is_null()) read(*found, value.emplace());
  }
  template <class T>
  void required(std::string_view key, T& value) {
    (*this)(key, value);
  }
  template <class T>
  void unless_empty(std::string_view key, T& value) {
    (*this)(key, value);
  }

 private:
  const Json& in_;
};

template <class T>
void read(const Json& in, T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    if (in.is_object()) {
      const auto bytes = in.at(kBytes).template get<std::vector<unsigned char>>();
      value.assign(bytes.begin(), bytes.end());
    } else {
      value = in.get<std::string>();
    }
  } else if constexpr (std::is_arithmetic_v<T>) {
    value = in.get<T>();
  } else if constexpr (IsVector<T>::value) {
    value.clear();
    for (const Json& item : in) read(item, value.emplace_back());
  } else {
    Reader reader(in);
    visit_fields(reader, value);
  }
}

}  // namespace

std::string params_to_json(const CompleteParams& params, const SamplerKeys* preset) {
  Json out = preset == nullptr ? Json::object() : write(*preset);
  out.update(write(params));
  for (const char* key : {"prefix", "n", "seed", "document", "stream"}) out.erase(key);
  if (preset != nullptr) out.erase("preset");
  return out.dump();
}

Result<CompleteParams> params_from_json(std::string_view json) {
  try {
    CompleteParams params;
    const Json in = Json::parse(json);
    read(in.is_object() ? in : throw std::invalid_argument("not an object"), params);
    return params;
  } catch (const std::exception& e) {
    return Error{ErrorCode::kInvalidArgument,
                 std::string("the node's params cannot be read: ") + e.what()};
  }
}

}  // namespace understory::protocol
