#include "daemon/preset_config.h"

#include <limits>
#include <set>

#include "daemon/requests/presets.h"
#include "protocol/fields.h"

namespace understory::daemon {
namespace {

// Each returns what the value must be where it is not.
const char* take(const toml::node& node, float& out) {
  const auto value = node.value<double>();
  if (!node.is_number() || !value) return "a number";
  out = static_cast<float>(*value);
  return nullptr;
}

const char* take(const toml::node& node, std::uint32_t& out) {
  const auto value = node.value_exact<std::int64_t>();
  if (!value || *value < 0 || *value > std::numeric_limits<std::uint32_t>::max())
    return "a whole number from 0 to 4294967295";
  out = static_cast<std::uint32_t>(*value);
  return nullptr;
}

const char* take(const toml::node& node, bool& out) {
  const auto value = node.value_exact<bool>();
  if (!value) return "true or false";
  out = *value;
  return nullptr;
}

const char* take(const toml::node& node, std::string& out) {
  const auto value = node.value_exact<std::string>();
  if (!value) return "a string";
  out = *value;
  return nullptr;
}

const char* take(const toml::node& node, protocol::LogitBias& out);

template <class T>
const char* take(const toml::node& node, std::vector<T>& out) {
  const toml::array* array = node.as_array();
  if (array == nullptr) return "an array";
  for (const toml::node& item : *array)
    if (take(item, out.emplace_back()) != nullptr) return "an array whose items fit";
  return nullptr;
}

/// Visitor of visit_fields(): fills a message from a table, and remembers what is wrong first.
class TableReader {
 public:
  explicit TableReader(const toml::table& table) : table_(table) {}

  template <class T>
  void operator()(std::string_view key, std::optional<T>& member) {
    read(key, [&](const toml::node& node) { return take(node, member.emplace()); });
  }
  template <class T>
  void required(std::string_view key, T& member) {
    const bool found = read(key, [&](const toml::node& node) { return take(node, member); });
    if (!found && problem_.empty()) fail(table_, "'" + std::string(key) + "' is missing");
  }

  /// Empty where all is well: no value is wrong and the table has no other keys.
  std::string problem() {
    for (const auto& [key, node] : table_)
      if (problem_.empty() && !known_.contains(std::string(key.str())))
        fail(node, "there is no setting '" + std::string(key.str()) + "'");
    return problem_;
  }
  const toml::source_region& where() const { return where_; }

 private:
  template <class Take>
  bool read(std::string_view key, Take&& take_value) {
    known_.insert(std::string(key));
    const toml::node* node = table_.get(key);
    if (node == nullptr) return false;
    const char* expected = take_value(*node);
    if (expected != nullptr && problem_.empty())
      fail(*node, "'" + std::string(key) + "' must be " + expected);
    return true;
  }
  void fail(const toml::node& node, std::string what) {
    problem_ = std::move(what);
    where_ = node.source();
  }

  const toml::table& table_;
  std::set<std::string> known_;
  std::string problem_;
  toml::source_region where_;
};

const char* take(const toml::node& node, protocol::LogitBias& out) {
  const char* const expected = "a table {id or text, bias}";
  const toml::table* table = node.as_table();
  if (table == nullptr) return expected;
  TableReader reader(*table);
  protocol::visit_fields(reader, out);
  return reader.problem().empty() ? nullptr : expected;
}

}  // namespace

Status read_presets(const toml::node& node, const ConfigErrorAt& error_at,
                    std::map<std::string, protocol::SamplerKeys>& presets) {
  const toml::table* tables = node.as_table();
  if (tables == nullptr) return error_at(node.source(), "'presets' must be tables [presets.NAME]");
  for (const auto& [key, value] : *tables) {
    const std::string name(key.str());
    const toml::table* table = value.as_table();
    if (table == nullptr)
      return error_at(value.source(),
                      "preset '" + name + "' must be a table [presets." + name + "]");
    protocol::SamplerKeys keys;
    TableReader reader(*table);
    protocol::visit_fields(reader, keys);
    if (const std::string problem = reader.problem(); !problem.empty())
      return error_at(reader.where(), "preset '" + name + "': " + problem);
    engine::SamplerParams params;
    requests::apply(keys, params);
    if (const Status valid = engine::validate(params); !valid)
      return error_at(table->source(), "preset '" + name + "': " + valid.error().message);
    presets[name] = std::move(keys);
  }
  return {};
}

}  // namespace understory::daemon
