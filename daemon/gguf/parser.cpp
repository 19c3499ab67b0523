#include "daemon/gguf/parser.h"

#include <algorithm>
#include <bit>
#include <string>
#include <unordered_set>

#include "daemon/gguf/byte_reader.h"
#include "daemon/gguf/errors.h"
#include "daemon/gguf/value_reader.h"

namespace understory::gguf {
namespace {

using kernels::DType;

constexpr std::uint32_t kMagic = 0x46554747;  // "GGUF"
constexpr std::uint32_t kDefaultAlignment = 32;
constexpr std::size_t kMaxKeyBytes = 65535;
constexpr std::size_t kMaxTensorNameBytes = 256;
// The least that a record can take, to check counts before anything is reserved.
constexpr std::size_t kMinKeyValueBytes = 8 + 1 + 4 + 1;
constexpr std::size_t kMinTensorInfoBytes = 8 + 1 + 4 + 8 + 4 + 8;

class Parser {
 public:
  explicit Parser(std::span<const std::byte> bytes) : bytes_(bytes), reader_(bytes) {}

  Result<Parsed> run() {
    for (const auto step : {&Parser::header, &Parser::key_values, &Parser::alignment,
                            &Parser::tensor_infos, &Parser::tensor_data, &Parser::overlaps}) {
      if (Status status = (this->*step)(); !status) return status.error();
    }
    return std::move(out_);
  }

 private:
  Status header();
  Status key_values();
  Status key_value();
  Status alignment();
  Status tensor_infos();
  Status tensor_info();
  Status tensor_data();
  Status overlaps();

  std::span<const std::byte> bytes_;
  ByteReader reader_;
  Parsed out_;
  std::uint64_t n_tensors_ = 0;
  std::uint64_t n_key_values_ = 0;
  std::uint64_t alignment_ = kDefaultAlignment;
  std::vector<std::uint64_t> offsets_;     // of each tensor in the data section
  std::vector<std::uint64_t> size_bytes_;  // of each tensor
  std::unordered_set<std::string> tensor_names_;
};

Status Parser::header() {
  const auto magic = reader_.read<std::uint32_t>();
  if (!reader_.ok() || magic != kMagic) return bad("this is not a GGUF file");
  out_.version = reader_.read<std::uint32_t>();
  n_tensors_ = reader_.read<std::uint64_t>();
  n_key_values_ = reader_.read<std::uint64_t>();
  if (!reader_.ok()) return ends_inside(reader_, "the header");
  if (out_.version != 0 && (out_.version & 0xffff) == 0) {
    return Error{ErrorCode::kUnsupported,
                 "this GGUF file is big-endian; only little-endian "
                 "files can be read"};
  }
  if (out_.version < 2 || out_.version > 3) {
    return Error{ErrorCode::kUnsupported, "GGUF version " + std::to_string(out_.version) +
                                              " is not supported; versions 2 and 3 are"};
  }
  if (n_key_values_ > reader_.remaining() / kMinKeyValueBytes) {
    return bad("the header claims " + std::to_string(n_key_values_) +
               " metadata keys, more than the file can hold");
  }
  if (n_tensors_ > reader_.remaining() / kMinTensorInfoBytes) {
    return bad("the header claims " + std::to_string(n_tensors_) +
               " tensors, more than the file can hold");
  }
  return {};
}

Status Parser::key_values() {
  for (std::uint64_t i = 0; i < n_key_values_; ++i) {
    if (Status status = key_value(); !status) return status;
  }
  return {};
}

Status Parser::key_value() {
  const std::string key(reader_.read_string(kMaxKeyBytes));
  if (!reader_.ok()) return ends_inside(reader_, "a metadata key");
  if (key.empty()) return bad("a metadata key is empty");
  const std::string what = "the value of metadata key " + printable(key);
  if (out_.metadata.find(key)) return bad("metadata key " + printable(key) + " appears twice");

  Result<Value> parsed = read_value(reader_, what);
  if (!parsed) return parsed.error();
  out_.metadata.set(key, std::move(*parsed));
  return {};
}

Status Parser::alignment() {
  constexpr std::string_view kKey = "general.alignment";
  if (!out_.metadata.find(kKey)) return {};
  const Result<std::uint32_t> stored = out_.metadata.require_u32(kKey);
  if (!stored) return stored.error();
  // The format asks for a multiple of 8; a power of two makes rounding up exact.
  if (*stored < 8 || !std::has_single_bit(*stored)) {
    return bad("general.alignment is " + std::to_string(*stored) +
               "; it must be a power of two of at least 8");
  }
  alignment_ = *stored;
  return {};
}

Status Parser::tensor_infos() {
  out_.tensors.reserve(n_tensors_);
  offsets_.reserve(n_tensors_);
  size_bytes_.reserve(n_tensors_);
  for (std::uint64_t i = 0; i < n_tensors_; ++i) {
    if (Status status = tensor_info(); !status) return status;
  }
  return {};
}

Status Parser::tensor_info() {
  TensorInfo info;
  info.name = reader_.read_string(kMaxTensorNameBytes);
  info.n_dims = reader_.read<std::uint32_t>();
  if (!reader_.ok()) return ends_inside(reader_, "a tensor's description");
  const std::string what = "tensor " + printable(info.name);
  if (info.name.empty()) return bad("a tensor has no name");
  if (!tensor_names_.insert(info.name).second) return bad(what + " appears twice");
  if (info.n_dims < 1 || info.n_dims > info.dims.size()) {
    return bad(what + " has " + std::to_string(info.n_dims) + " dimensions; 1 to 4 are possible");
  }

  std::uint64_t n_elements = 1;
  for (std::uint32_t d = 0; d < info.n_dims; ++d) {
    info.dims[d] = reader_.read<std::uint64_t>();
    if (reader_.ok() && info.dims[d] == 0) return bad(what + " has a dimension of 0");
    if (__builtin_mul_overflow(n_elements, info.dims[d], &n_elements)) {
      return bad(what + " has dimensions whose product overflows");
    }
  }
  const auto type = reader_.read<std::uint32_t>();
  const auto offset = reader_.read<std::uint64_t>();
  if (!reader_.ok()) return ends_inside(reader_, "the description of " + what);

  if (!kernels::is_supported(type)) {
    const std::string_view name = kernels::ggml_type_name(type);
    return Error{ErrorCode::kUnsupported,
                 what + " has type " + (name.empty() ? std::to_string(type) : std::string(name)) +
                     ", which is not supported; use a Q4_0, Q4_K, Q6_K or Q8_0 file"};
  }
  info.type = static_cast<DType>(type);
  const kernels::DTypeTraits& traits = kernels::traits(info.type);
  if (info.cols() % traits.block_len != 0) {
    return bad(what + " has rows of " + std::to_string(info.cols()) + " weights; " +
               std::string(traits.name) + " needs a multiple of " +
               std::to_string(traits.block_len));
  }
  std::uint64_t size_bytes = 0;
  if (__builtin_mul_overflow(n_elements / traits.block_len, std::uint64_t{traits.block_bytes},
                             &size_bytes)) {
    return bad(what + " has dimensions whose product overflows");
  }
  if (offset % alignment_ != 0) {
    return bad(what + " lies at offset " + std::to_string(offset) +
               ", which is not a multiple of the alignment " + std::to_string(alignment_));
  }
  out_.tensors.push_back(std::move(info));
  offsets_.push_back(offset);
  size_bytes_.push_back(size_bytes);
  return {};
}

Status Parser::tensor_data() {
  if (out_.tensors.empty()) return {};
  const std::uint64_t start = (reader_.position() + alignment_ - 1) / alignment_ * alignment_;
  const std::uint64_t data_bytes = start <= bytes_.size() ? bytes_.size() - start : 0;
  for (std::size_t i = 0; i < out_.tensors.size(); ++i) {
    const std::uint64_t offset = offsets_[i];
    const std::uint64_t size = size_bytes_[i];
    if (offset > data_bytes || size > data_bytes - offset) {
      return bad("tensor " + printable(out_.tensors[i].name) + " needs " + std::to_string(size) +
                 " bytes at offset " + std::to_string(offset) + ", but the file has only " +
                 std::to_string(data_bytes) + " bytes of tensor data: it is truncated or damaged");
    }
    out_.tensors[i].data = bytes_.subspan(start + offset, size);
  }
  return {};
}

Status Parser::overlaps() {
  std::vector<const TensorInfo*> by_place;
  by_place.reserve(out_.tensors.size());
  for (const TensorInfo& info : out_.tensors) by_place.push_back(&info);
  std::sort(by_place.begin(), by_place.end(), [](const TensorInfo* a, const TensorInfo* b) {
    return a->data.data() < b->data.data();
  });
  for (std::size_t i = 1; i < by_place.size(); ++i) {
    const TensorInfo& before = *by_place[i - 1];
    if (before.data.data() + before.data.size() > by_place[i]->data.data()) {
      return bad("tensors " + printable(before.name) + " and " + printable(by_place[i]->name) +
                 " overlap in the file");
    }
  }
  return {};
}

}  // namespace

Result<Parsed> parse_bytes(std::span<const std::byte> bytes) {
  return Parser(bytes).run();
}

}  // namespace understory::gguf
