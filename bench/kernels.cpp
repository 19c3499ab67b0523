// Times each op on a device at the shapes of a 135M llama model (576 wide, 30 layers, 9 heads,
// 3 KV heads, vocabulary 49152), one row and a prefill chunk, and prints what a whole step would
// be made of. CPU time counts every thread of the process, so that a busy machine matters less.
//
//   bench_kernels [--device NAME] [--type Q8_0] [--rows N] [--context N]
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "kernels/backend.h"
#include "kernels/vulkan/vulkan_backend.h"

namespace {

using namespace understory;
using namespace understory::kernels;

constexpr std::uint32_t kDim = 576, kFfn = 1536, kHeads = 9, kKvHeads = 3, kHeadDim = 64;
constexpr std::uint32_t kLayers = 30, kVocab = 49152, kBlock = 16;
constexpr std::uint32_t kRepeats = 20;

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return t.tv_sec + t.tv_usec * 1e-6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

class Bench {
 public:
  explicit Bench(std::unique_ptr<Backend> backend) : backend_(std::move(backend)) {}

  Backend& backend() { return *backend_; }

  Matrix matrix(DType type, std::uint32_t rows, std::uint32_t cols) {
    std::mt19937 random(1);
    std::vector<std::byte> bytes(rows * row_bytes(type, cols));
    for (std::byte& b : bytes) b = static_cast<std::byte>(random() & 0x3f);
    return backend_->upload_matrix(type, rows, cols, bytes).value_or_throw();
  }
  Tensor tensor(std::uint32_t rows, std::uint32_t cols) {
    return backend_->create_tensor(rows, cols).value_or_throw();
  }

  /// Milliseconds of one run of `body`, the least of several; prints wall and CPU time.
  double time(const std::string& name, double n_per_step, double macs,
              const std::function<void(Ops&)>& body) {
    auto program = backend_
                       ->record([&](Ops& ops) {
                         for (std::uint32_t i = 0; i < kRepeats; ++i) body(ops);
                       })
                       .value_or_throw();
    double wall = 1e9, cpu = 1e9;
    for (int i = 0; i < 6; ++i) {
      const double wall_from = wall_seconds(), cpu_from = cpu_seconds();
      backend_->run(*program).value_or_throw();
      wall = std::min(wall, (wall_seconds() - wall_from) / kRepeats);
      cpu = std::min(cpu, (cpu_seconds() - cpu_from) / kRepeats);
    }
    std::printf("%-24s %9.1f us wall %9.1f us cpu", name.c_str(), wall * 1e6, cpu * 1e6);
    if (macs > 0) std::printf("  %7.2f GMAC/s", macs / wall / 1e9);
    std::printf("   %6.2f ms a step\n", wall * n_per_step * 1e3);
    return wall * n_per_step * 1e3;
  }

 private:
  std::unique_ptr<Backend> backend_;
};

DType type_named(const std::string& name) {
  for (const DType type :
       {DType::kF32, DType::kF16, DType::kBF16, DType::kQ4_0, DType::kQ4_1, DType::kQ5_0,
        DType::kQ5_1, DType::kQ8_0, DType::kQ4_K, DType::kQ5_K, DType::kQ6_K})
    if (traits(type).name == name) return type;
  throw CLI::ValidationError("--type", "unknown tensor type " + name);
}

void run(Bench& bench, DType type, std::uint32_t n_rows, std::uint32_t context) {
  Backend& backend = bench.backend();
  const Tensor x = bench.tensor(n_rows, kDim), y = bench.tensor(n_rows, kDim);
  const Tensor q = bench.tensor(n_rows, kHeads * kHeadDim);
  const Tensor k = bench.tensor(n_rows, kKvHeads * kHeadDim);
  const Tensor v = bench.tensor(n_rows, kKvHeads * kHeadDim);
  const Tensor hidden = bench.tensor(n_rows, kFfn), gate = bench.tensor(n_rows, kFfn);
  const Tensor logits = bench.tensor(n_rows, kVocab);
  const Tensor cos_sin = bench.tensor(n_rows, kHeadDim);
  const Vector norm = backend.upload_vector(std::vector<float>(kDim, 1.0f)).value_or_throw();

  const std::uint32_t n_blocks = (context + n_rows + kBlock - 1) / kBlock;
  const KvCache cache =
      backend.create_kv_cache(1, kKvHeads, kHeadDim, kBlock, n_blocks).value_or_throw();
  RowInputs rows{backend.create_indices(n_rows).value_or_throw(),
                 backend.create_indices(n_rows).value_or_throw(),
                 backend.create_indices(n_rows).value_or_throw(),
                 backend.create_indices(n_blocks).value_or_throw(), n_blocks};
  std::vector<std::uint32_t> positions(n_rows), zeros(n_rows), blocks(n_blocks);
  for (std::uint32_t i = 0; i < n_rows; ++i) positions[i] = context + i;
  for (std::uint32_t i = 0; i < n_blocks; ++i) blocks[i] = i;
  backend.write(rows.positions, positions);
  backend.write(rows.slots, positions);
  backend.write(rows.sequences, zeros);
  backend.write(rows.block_tables, blocks);
  const Indices tokens = backend.create_indices(n_rows).value_or_throw();
  constexpr std::uint32_t kTop = 256;
  const Indices ids = backend.create_indices(kTop).value_or_throw();
  const Tensor values = bench.tensor(1, kTop), sums = bench.tensor(1, 1);

  const Matrix square = bench.matrix(type, kDim, kDim);
  const Matrix kv = bench.matrix(type, kKvHeads * kHeadDim, kDim);
  const Matrix up = bench.matrix(type, kFfn, kDim);
  const DType down_type = kFfn % traits(type).block_len == 0 ? type : DType::kQ8_0;
  const Matrix down = bench.matrix(down_type, kDim, kFfn);
  const Matrix head = bench.matrix(type, kVocab, kDim);

  const auto macs = [&](const Matrix& w) { return double(w.rows) * w.cols * n_rows; };
  double step = 0;
  step += bench.time("embed", 1, 0, [&](Ops& o) { o.embed(head, tokens, x, n_rows, 1); });
  step += bench.time("rms_norm", 2 * kLayers + 1, 0,
                     [&](Ops& o) { o.rms_norm(x, norm, y, n_rows, 1e-5f); });
  step += bench.time("matmul 576x576", 2 * kLayers, macs(square),
                     [&](Ops& o) { o.matmul(square, x, q, n_rows); });
  step += bench.time("matmul 192x576", 2 * kLayers, macs(kv),
                     [&](Ops& o) { o.matmul(kv, x, k, n_rows); });
  step += bench.time("matmul 1536x576", kLayers, macs(up),
                     [&](Ops& o) { o.matmul(up, x, gate, n_rows); });
  Epilogue swiglu;
  swiglu.gate = Activation::kSilu;
  swiglu.gate_input = gate;
  step += bench.time("matmul 1536x576 swiglu", kLayers, macs(up),
                     [&](Ops& o) { o.matmul(up, x, hidden, n_rows, swiglu); });
  Epilogue residual;
  residual.accumulate = true;
  step += bench.time("matmul 576x1536 residual", kLayers, macs(down),
                     [&](Ops& o) { o.matmul(down, hidden, y, n_rows, residual); });
  step += bench.time("rope_store", kLayers, 0, [&](Ops& o) {
    o.rope_store(q, k, v, cos_sin, RopePairing::kInterleaved, cache, 0, rows.slots, n_rows);
  });
  AttentionParams attention;
  attention.n_heads = kHeads;
  attention.scale = 0.125f;
  step += bench.time("attention at " + std::to_string(context), kLayers, 0,
                     [&](Ops& o) { o.attention(q, cache, 0, rows, y, n_rows, attention); });
  double head_macs = double(kVocab) * kDim;
  step += bench.time("matmul 49152x576, 1 row", 1, head_macs,
                     [&](Ops& o) { o.matmul(head, x, logits, 1); });
  step += bench.time("top_k 256 of 49152", 1, 0,
                     [&](Ops& o) { o.top_k(logits, kTop, ids, values, sums, 1); });
  std::printf("sum %.1f ms a step of %u rows: %.1f tokens/s\n", step, n_rows, n_rows / step * 1e3);
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app{"Times the kernels at the shapes of a 135M model"};
  VulkanOptions options;
  std::string type = "Q8_0";
  std::uint32_t n_rows = 1, context = 128;
  app.add_option("--device", options.device, "Index or part of the name");
  app.add_option("--type", type, "Tensor type of the matrices");
  app.add_option("--rows", n_rows, "Rows of the step")->check(CLI::Range(1, 512));
  app.add_option("--context", context, "Positions before the step")->check(CLI::Range(0, 8192));
  CLI11_PARSE(app, argc, argv);
  Bench bench(open_vulkan_backend(options).value_or_throw());
  std::printf("%s, %s, %s kernels, %s\n", bench.backend().info().name.c_str(),
              bench.backend().info().driver.c_str(), bench.backend().info().kernel_family.c_str(),
              type.c_str());
  run(bench, type_named(type), n_rows, context);
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "bench_kernels: %s\n", e.what());
  return 1;
}
