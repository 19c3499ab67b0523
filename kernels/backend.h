// The compute layer's face: handles to device data, the ops a forward pass is written in, and
// programs, which are recorded once and run many times.
//
// A forward pass is a function that calls Ops one line after another. Backend::record() turns
// it into a Program; what changes from step to step (token ids, positions, block tables) is
// written into Indices and Tensors before Backend::run(). Two backends implement this face:
// kernels/vulkan, and the scalar reference under tests/support.
//
// Threads: a backend is used by one thread at a time (the engine's).
// Shapes are [rows, cols], row-major. Activations are f32, the KV cache is f16.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "kernels/dtype.h"

namespace understory::kernels {

/// Device memory owned by a handle; each backend derives its own. Freed with the last handle,
/// which must go before its backend does.
class Storage {
 public:
  virtual ~Storage() = default;
};

/// Weights [rows, cols] of any DType, read-only. `y = W x` maps cols inputs to rows outputs.
struct Matrix {
  std::shared_ptr<Storage> storage;
  DType type = DType::kF32;
  std::uint32_t rows = 0;
  std::uint32_t cols = 0;
  explicit operator bool() const { return storage != nullptr; }
};

/// A read-only f32 parameter [size]: norm weights and biases.
struct Vector {
  std::shared_ptr<Storage> storage;
  std::uint32_t size = 0;
  explicit operator bool() const { return storage != nullptr; }
};

/// f32 activations [max_rows, cols]; an op uses the first n_rows rows.
struct Tensor {
  std::shared_ptr<Storage> storage;
  std::uint32_t max_rows = 0;
  std::uint32_t cols = 0;
  explicit operator bool() const { return storage != nullptr; }
};

/// u32 values [size]: token ids, positions, slots, block tables, top-k ids.
struct Indices {
  std::shared_ptr<Storage> storage;
  std::uint32_t size = 0;
};

/// f16 keys and values of every layer in blocks of block_size positions. A slot is
/// block * block_size + offset and addresses one position's K and V in every layer.
struct KvCache {
  std::shared_ptr<Storage> storage;
  std::uint32_t n_layers = 0;
  std::uint32_t n_kv_heads = 0;
  std::uint32_t head_dim = 0;
  std::uint32_t block_size = 0;
  std::uint32_t n_blocks = 0;
};

/// Bytes that a KvCache of this shape takes on the device.
inline std::size_t kv_cache_bytes(std::uint32_t n_layers, std::uint32_t n_kv_heads,
                                  std::uint32_t head_dim, std::uint32_t block_size,
                                  std::uint32_t n_blocks) {
  return std::size_t{2} * 2 * n_layers * n_kv_heads * head_dim * block_size * n_blocks;
}

enum class Activation { kSilu, kGelu };  // kGelu: the tanh approximation, as Gemma uses

/// What a matmul does with its result `acc` [n_rows, W.rows], in this order.
struct Epilogue {
  Vector bias;                     // acc += bias
  std::optional<Activation> gate;  // acc = activation(gate_input) * acc  (SwiGLU, GEGLU)
  Tensor gate_input;               // [n_rows, W.rows], with `gate`; absent: pairs
  bool accumulate = false;         // out += acc instead of out = acc (residual)

  /// With `gate` but no gate_input W's rows come in pairs, and the result is half as wide:
  /// acc[i] = activation(acc[2i]) * acc[2i+1].
  bool pairs() const { return gate && !gate_input; }
};

/// Outputs that one matmul may have.
inline constexpr std::size_t kMaxMatmulOuts = 3;

/// RMSNorm of whole rows: weight.size columns.
struct Norm {
  Vector weight;
  float eps = 0;
};

/// Which elements of a head RoPE rotates together.
enum class RopePairing {
  kInterleaved,  // (0,1), (2,3) ...: ggml NORM, llama
  kHalves,       // (i, i + rope_dim/2): ggml NEOX, gemma
};

struct AttentionParams {
  std::uint32_t n_heads = 0;         // query heads; a multiple of the cache's n_kv_heads
  float scale = 0;                   // multiplies q.k
  std::uint32_t sliding_window = 0;  // attend to the last this many positions; 0: all
  float softcap = 0;                 // scores = softcap * tanh(scores / softcap); 0: off
};

/// The rows of a step: one entry per row, written before each run.
struct RowInputs {
  Indices positions;     // [max_rows] position of the row in its sequence, from 0
  Indices slots;         // [max_rows] cache slot that receives the row's K and V
  Indices sequences;     // [max_rows] which block table the row reads
  Indices block_tables;  // [max_sequences, blocks_per_sequence] block numbers, row-major
  std::uint32_t blocks_per_sequence = 0;
};

/// Largest k of Ops::top_k.
inline constexpr std::uint32_t kMaxTopK = 256;

/// The ops. Calls record; nothing runs until Backend::run. Each op sees what earlier ones
/// wrote. `out` may be `in` only where said. Shape errors are programmer errors (assert).
class Ops {
 public:
  virtual ~Ops() = default;

  /// out[r, :] = table[tokens[r], :] * scale, dequantized. table [vocab, cols].
  virtual void embed(const Matrix& table, const Indices& tokens, const Tensor& out,
                     std::uint32_t n_rows, float scale) = 0;

  /// RMSNorm over groups of weight.size columns (a whole row, or each head of it):
  /// out = in / sqrt(mean(in^2) + eps) * weight. in.cols is a multiple of weight.size.
  /// out may be in. With accumulate: out += that.
  virtual void rms_norm(const Tensor& in, const Vector& weight, const Tensor& out,
                        std::uint32_t n_rows, float eps, bool accumulate = false) = 0;

  /// acc[r, o] = sum over c of W[o, c] * in[r, c], then the epilogue into out [n_rows, W.rows].
  void matmul(const Matrix& w, const Tensor& in, const Tensor& out, std::uint32_t n_rows,
              const Epilogue& epilogue = {}) {
    matmul_into(w, in, std::span(&out, 1), n_rows, epilogue);
  }
  /// The same for stacked matrices: W's first outs[0].cols rows go to outs[0], the next to
  /// outs[1] ... At most kMaxMatmulOuts; several take a bias, but neither gate nor accumulate.
  virtual void matmul_into(const Matrix& w, const Tensor& in, std::span<const Tensor> outs,
                           std::uint32_t n_rows, const Epilogue& epilogue) = 0;

  /// matmul_into of what rms_norm(in, norm) gives, as one op where the backend can. `normed`
  /// [max_rows, in.cols] is scratch.
  virtual void norm_matmul_into(const Tensor& in, const Norm& norm, const Tensor& normed,
                                const Matrix& w, std::span<const Tensor> outs, std::uint32_t n_rows,
                                const Epilogue& epilogue) {
    rms_norm(in, norm.weight, normed, n_rows, norm.eps);
    matmul_into(w, normed, outs, n_rows, epilogue);
  }

  /// RoPE on q [n_rows, n_heads*head_dim] in place and on k [n_rows, n_kv_heads*head_dim],
  /// then k and v go to the cache's `layer` at slots[r]; k itself is left undefined.
  /// cos_sin [n_rows, rope_dim]: cos and sin interleaved per pair, computed on the host for
  /// each row's position; head elements from rope_dim on are not rotated.
  virtual void rope_store(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& cos_sin,
                          RopePairing pairing, const KvCache& cache, std::uint32_t layer,
                          const Indices& slots, std::uint32_t n_rows) = 0;

  /// out[r, head, :] = softmax over positions j <= positions[r] (and inside the window) of
  /// (q[r, head] . K[j]) applied to V[j]; K and V of row r are found through
  /// block_tables[sequences[r]]. Query head h reads KV head h / (n_heads / n_kv_heads).
  virtual void attention(const Tensor& q, const KvCache& cache, std::uint32_t layer,
                         const RowInputs& rows, const Tensor& out, std::uint32_t n_rows,
                         const AttentionParams& params) = 0;

  /// out[i, :] = in[rows[i], :] for i < n_rows.
  virtual void gather_rows(const Tensor& in, const Indices& rows, const Tensor& out,
                           std::uint32_t n_rows) = 0;

  /// For each row of in [n_rows, cols]: the k largest values with their columns, in any
  /// order, and log(sum(exp(row))). ids [n_rows, k], values [n_rows, k], logsumexp [n_rows, 1].
  /// k <= min(kMaxTopK, cols). Ties at the edge go to the lower column.
  virtual void top_k(const Tensor& in, std::uint32_t k, const Indices& ids, const Tensor& values,
                     const Tensor& logsumexp, std::uint32_t n_rows) = 0;
};

/// A recorded sequence of ops. Keeps what it uses alive.
class Program {
 public:
  virtual ~Program() = default;
};

enum class DeviceKind { kDiscrete, kIntegrated, kVirtual, kCpuDriver, kReference };

struct DeviceInfo {
  std::string name;         // "NVIDIA GeForce RTX 3060"
  std::string driver;       // "Mesa 25.2.4 (LLVM 19.1.7)"
  std::string api_version;  // "1.3.230"
  DeviceKind kind = DeviceKind::kReference;
  std::uint32_t subgroup_size = 1;
  std::size_t memory_bytes = 0;       // of the heap that holds weights
  std::size_t free_memory_bytes = 0;  // best estimate now
  std::string kernel_family;          // "lanes" or "subgroup"
};

class Backend {
 public:
  virtual ~Backend() = default;

  virtual const DeviceInfo& info() const = 0;

  /// Rows that one step should hold at most: small on slow devices, so that a prefill chunk
  /// does not hold up a cancellation.
  virtual std::uint32_t preferred_chunk_rows() const = 0;

  /// Copies rows * row_bytes(type, cols) bytes in GGUF layout to the device, repacked as its
  /// kernels want them.
  virtual Result<Matrix> upload_matrix(DType type, std::uint32_t rows, std::uint32_t cols,
                                       std::span<const std::byte> data) = 0;
  virtual Result<Vector> upload_vector(std::span<const float> data) = 0;
  virtual Result<Tensor> create_tensor(std::uint32_t max_rows, std::uint32_t cols) = 0;
  virtual Result<Indices> create_indices(std::uint32_t size) = 0;
  virtual Result<KvCache> create_kv_cache(std::uint32_t n_layers, std::uint32_t n_kv_heads,
                                          std::uint32_t head_dim, std::uint32_t block_size,
                                          std::uint32_t n_blocks) = 0;

  /// Runs `body` once to record its ops.
  virtual Result<std::unique_ptr<Program>> record(const std::function<void(Ops&)>& body) = 0;

  /// Runs a program to its end; kUnavailable where the device was lost.
  virtual Status run(Program& program) = 0;

  /// Host access between runs. Offsets count elements (f32, u32); the range must fit.
  virtual void write(const Tensor& to, std::span<const float> from, std::size_t offset = 0) = 0;
  virtual void write(const Indices& to, std::span<const std::uint32_t> from,
                     std::size_t offset = 0) = 0;
  virtual void read(const Tensor& from, std::span<float> to, std::size_t offset = 0) = 0;
  virtual void read(const Indices& from, std::span<std::uint32_t> to, std::size_t offset = 0) = 0;

  struct BlockCopy {
    std::uint32_t from = 0;
    std::uint32_t to = 0;
  };
  /// Copies whole KV blocks in every layer (copy on write).
  virtual Status copy_blocks(const KvCache& cache, std::span<const BlockCopy> copies) = 0;

  /// Bytes of device memory held by live handles.
  virtual std::size_t allocated_bytes() const = 0;
};

}  // namespace understory::kernels
