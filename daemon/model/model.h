// A loaded model: weights on a device and the forward pass over a batch of rows.
//
// One forward path: a batch is a list of rows (token, position, sequence). Prefill chunks and
// decode rows of many sequences mix freely; attention takes each row's own block table.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "daemon/gguf/gguf.h"
#include "kernels/backend.h"

namespace understory::model {

/// Positions in one KV cache block.
inline constexpr std::uint32_t kBlockSize = 16;

struct ModelInfo {
  std::string name;          // general.name, or the file's name
  std::string architecture;  // "llama", "gemma3"
  std::string file_type;     // the commonest matrix type, by bytes: "Q8_0"
  std::uint64_t n_parameters = 0;
  std::uint64_t weight_bytes = 0;  // as stored in the file
  std::uint32_t n_layers = 0;
  std::uint32_t dim = 0;
  std::uint32_t n_heads = 0;
  std::uint32_t n_kv_heads = 0;
  std::uint32_t head_dim = 0;
  std::uint32_t vocab_size = 0;
  std::uint32_t trained_context = 0;  // positions the model was trained for
};

struct ModelOptions {
  std::uint32_t context = 0;         // positions a sequence may have, at most what the model was
                                     // trained for; 0: min(trained, 4096)
  std::uint32_t max_sequences = 32;  // sequences in one batch
  std::uint32_t max_rows = 0;        // rows in one batch; 0: the backend's preferred chunk
                                     // beside a row for each sequence
  std::size_t kv_cache_bytes = 0;    // at least one context's; 0: four contexts (more
                                     // where they are small, up to 64 MiB), or a quarter of free
                                     // device memory where that is less
};

/// `fraction` in [0, 1]; called on the loading thread.
using LoadProgress = std::function<void(float fraction)>;

struct BatchRow {
  std::uint32_t token = 0;
  std::uint32_t position = 0;  // < context
  std::uint32_t sequence = 0;  // index into Batch::block_tables
  bool wants_logits = false;
};

/// Rows of one sequence are in rising order of position. A row reads the cached positions below
/// its own, so they must have been in this or an earlier batch.
struct Batch {
  std::span<const BatchRow> rows;
  /// For each sequence its cache blocks: position p is in blocks[p / kBlockSize].
  std::span<const std::span<const std::uint32_t>> block_tables;
};

struct Candidate {
  std::uint32_t token = 0;
  float logit = 0;
};

/// The likeliest next tokens after one row.
struct TopLogits {
  std::vector<Candidate> candidates;  // highest logit first; at most kernels::kMaxTopK
  float logsumexp = 0;                // over the whole vocabulary: logprob = logit - logsumexp
};

/// One thread at a time (the engine's).
class Model {
 public:
  /// kBadModel, kUnsupported (architecture or tensor, named), kOutOfMemory. The file may be
  /// closed afterwards.
  static Result<std::unique_ptr<Model>> load(const gguf::File& file,
                                             std::shared_ptr<kernels::Backend> backend,
                                             const ModelOptions& options,
                                             const LoadProgress& progress = {});
  virtual ~Model() = default;

  virtual const ModelInfo& info() const = 0;
  virtual std::uint32_t context() const = 0;
  virtual std::uint32_t max_rows() const = 0;
  virtual std::uint32_t max_sequences() const = 0;
  /// Rows of one batch that may want logits: fewer than max_rows() where the vocabulary is large.
  virtual std::uint32_t max_logit_rows() const { return max_rows(); }
  virtual std::uint32_t n_cache_blocks() const = 0;
  virtual const kernels::DeviceInfo& device() const = 0;
  virtual std::size_t device_bytes() const = 0;

  /// Runs the batch. Rows with wants_logits get results 0, 1, ... in row order, readable until
  /// the next forward(). Errors: kUnavailable (device lost), kInvalidArgument (the batch breaks
  /// one of the limits above).
  virtual Status forward(const Batch& batch) = 0;

  /// The top k of result i; k <= kernels::kMaxTopK. Ties: the lower token first. No candidates
  /// where the device was lost; the next forward() says so.
  virtual TopLogits top(std::uint32_t i, std::uint32_t k) = 0;

  /// All logits of result i into out [vocab_size]. Slower on a GPU: reads them all back.
  virtual void logits(std::uint32_t i, std::span<float> out) = 0;

  /// Copies whole cache blocks (copy on write).
  virtual Status copy_blocks(std::span<const kernels::Backend::BlockCopy> copies) = 0;
};

}  // namespace understory::model
