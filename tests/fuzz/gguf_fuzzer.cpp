// A model file of any bytes: the reader, the tokenizers and the model loader answer with a value
// or an error. What loads is also run: one step, and some text through the tokenizer.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "daemon/gguf/gguf.h"
#include "daemon/model/model.h"
#include "daemon/tokenizer/tokenizer.h"
#include "tests/support/reference_backend.h"

using namespace understory;

namespace {

// The reference backend is slow, and a step over a large model finds nothing that a small one
// does not.
constexpr std::uint64_t kMaxParametersToRun = 1u << 16;

void check(bool holds) {
  if (!holds) std::abort();
}

void read_metadata(const gguf::Metadata& metadata) {
  for (const auto& [key, value] : metadata.values()) {
    (void)metadata.get_u32(key);
    (void)metadata.get_f32(key);
    (void)metadata.get_bool(key);
    (void)metadata.get_string(key);
    (void)metadata.find_strings(key);
    (void)metadata.find_floats(key);
    (void)metadata.find_integers(key);
  }
}

void read_tensors(const gguf::File& file, const std::uint8_t* data, std::size_t size) {
  for (const gguf::TensorInfo& tensor : file.tensors()) {
    check(file.find_tensor(tensor.name) == &tensor);
    const auto* begin = reinterpret_cast<const std::uint8_t*>(tensor.data.data());
    check(begin >= data && begin + tensor.data.size() <= data + size);
    check(tensor.data.size() == tensor.rows() * kernels::row_bytes(tensor.type, tensor.cols()));
  }
}

void read_tokenizer(const gguf::Metadata& metadata) {
  const auto loaded = tokenizer::Tokenizer::from_gguf(metadata);
  if (!loaded.ok()) return;
  const tokenizer::Tokenizer& tokenizer = **loaded;
  const std::string text =
      "Once upon a time, \xE2\x80\x9Cthere\xE2\x80\x9D\n\n  was 1 \xFF\x80 end";
  for (const bool special : {false, true}) {
    for (const auto id : tokenizer.encode(text, {.add_bos = true, .parse_special = special})) {
      check(id < tokenizer.vocab_size());
      (void)tokenizer.piece(id);
    }
  }
  for (std::uint32_t id = 0; id < std::min(tokenizer.vocab_size(), 300u); ++id) {
    (void)tokenizer.piece(id);
    (void)tokenizer.is_end_of_generation(id);
  }
}

void run_model(const gguf::File& file) {
  std::uint64_t n_parameters = 0;
  for (const gguf::TensorInfo& tensor : file.tensors()) {
    n_parameters += tensor.rows() * tensor.cols();
  }
  if (n_parameters > kMaxParametersToRun) return;
  const auto loaded = model::Model::load(file, test::make_reference_backend(),
                                         {.context = 64, .max_sequences = 1, .max_rows = 2});
  if (!loaded.ok()) return;
  model::Model& model = **loaded;
  const std::uint32_t block = 0;
  const std::span<const std::uint32_t> table(&block, 1);
  const model::BatchRow row{model.info().vocab_size - 1, 0, 0, true};
  check(model.forward({std::span(&row, 1), std::span(&table, 1)}).ok());
  for (const auto& candidate : model.top(0, 5).candidates) {
    check(candidate.token < model.info().vocab_size);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = gguf::File::parse(std::as_bytes(std::span(data, size)));
  if (!file.ok()) {
    check(!file.error().message.empty());
    return 0;
  }
  read_metadata(file->metadata());
  read_tensors(*file, data, size);
  read_tokenizer(file->metadata());
  run_model(*file);
  return 0;
}
