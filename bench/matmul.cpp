// Times the matrix kernels on a device: each shape of a 135M llama model by type and row count,
// and a whole step of its matrix products, recorded once and replayed.
//
//   bench_matmul [--device D] [--family lanes|subgroup] [--types Q8_0,Q4_K] [--rows 1,8,32]
//
// Prints billions of multiply-adds a second by the clock, and by the processor time of this
// process over its cores (what a CPU driver would reach on an idle machine).
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "kernels/vulkan/vulkan_backend.h"

namespace understory::bench {
namespace {

using namespace kernels;

constexpr double kMinSeconds = 0.3;  // of a measurement, in processor time
constexpr int kMaxRuns = 400;
constexpr std::uint32_t kLayers = 30;

struct Shape {
  std::uint32_t rows;
  std::uint32_t cols;
};
constexpr Shape kShapes[] = {{576, 576}, {192, 576}, {1536, 576}, {576, 1536}, {49152, 576}};

struct Options {
  VulkanOptions vulkan;
  std::vector<DType> types{DType::kQ8_0};
  std::vector<std::uint32_t> rows{1, 8, 32};
  bool shapes = true;
  bool steps = true;
};

double processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Timing {
  double clock_s = 0;      // the median run
  double processor_s = 0;  // mean of a run, over all cores
};

template <class T>
T check(Result<T> result) {
  return std::move(result).value_or_throw();
}

Timing time_program(Backend& backend, Program& program) {
  using Clock = std::chrono::steady_clock;
  backend.run(program).value_or_throw();
  std::vector<double> runs;
  const double start = processor_seconds();
  double spent = 0;
  while (spent < kMinSeconds && runs.size() < kMaxRuns) {
    const auto before = Clock::now();
    backend.run(program).value_or_throw();
    runs.push_back(std::chrono::duration<double>(Clock::now() - before).count());
    spent = processor_seconds() - start;
  }
  std::nth_element(runs.begin(), runs.begin() + runs.size() / 2, runs.end());
  const double cores = std::max(1u, std::thread::hardware_concurrency());
  return {runs[runs.size() / 2], spent / static_cast<double>(runs.size()) / cores};
}

Matrix make_matrix(Backend& backend, DType type, Shape shape) {
  const std::vector<std::byte> bytes(shape.rows * row_bytes(type, shape.cols), std::byte{0x21});
  return check(backend.upload_matrix(type, shape.rows, shape.cols, bytes));
}

void print(const std::string& what, std::uint32_t n_rows, double macs, double bytes,
           const Timing& timing) {
  std::printf("%-22s %4u rows %9.3f ms %7.2f GMAC/s %6.2f GB/s | processor %9.3f ms %7.2f GMAC/s\n",
              what.c_str(), n_rows, timing.clock_s * 1e3, macs * n_rows / timing.clock_s * 1e-9,
              bytes / timing.clock_s * 1e-9, timing.processor_s * 1e3,
              macs * n_rows / timing.processor_s * 1e-9);
  std::fflush(stdout);
}

void bench_shape(Backend& backend, DType type, Shape shape, std::uint32_t n_rows) {
  const Matrix w = make_matrix(backend, type, shape);
  const Tensor in = check(backend.create_tensor(n_rows, shape.cols));
  const Tensor out = check(backend.create_tensor(n_rows, shape.rows));
  const auto program = check(backend.record([&](Ops& ops) { ops.matmul(w, in, out, n_rows); }));
  const double macs = static_cast<double>(shape.rows) * shape.cols;
  print(std::string(traits(type).name) + " " + std::to_string(shape.rows) + "x" +
            std::to_string(shape.cols),
        n_rows, macs, static_cast<double>(shape.rows * row_bytes(type, shape.cols)),
        time_program(backend, *program));
}

struct Layer {
  Matrix q, k, v, o, gate, up, down;
};

// The matrix products of a step, with the barriers that a forward pass has.
void bench_step(Backend& backend, DType type, std::uint32_t n_rows) {
  std::vector<Layer> layers;
  const auto matrix = [&](std::uint32_t rows, std::uint32_t cols) {
    // Down projections of K-quants need whole super-blocks; dim 576 has none.
    const std::uint32_t block = traits(type).block_len;
    return make_matrix(backend, type, {rows, (cols + block - 1) / block * block});
  };
  for (std::uint32_t i = 0; i < kLayers; ++i) {
    layers.push_back({matrix(576, 576), matrix(192, 576), matrix(192, 576), matrix(576, 576),
                      matrix(1536, 576), matrix(1536, 576), matrix(576, 1536)});
  }
  const Matrix head = matrix(49152, 576);
  const std::uint32_t dim = head.cols;
  const Tensor x = check(backend.create_tensor(n_rows, dim));
  const Tensor q = check(backend.create_tensor(n_rows, dim));
  const Tensor kv = check(backend.create_tensor(n_rows, dim));
  const Tensor vv = check(backend.create_tensor(n_rows, dim));
  const Tensor gate = check(backend.create_tensor(n_rows, 1536));
  const Tensor up = check(backend.create_tensor(n_rows, 1536));
  const Tensor logits = check(backend.create_tensor(1, head.rows));
  const auto program = check(backend.record([&](Ops& ops) {
    for (const Layer& layer : layers) {
      ops.matmul(layer.q, x, q, n_rows);
      ops.matmul(layer.k, x, kv, n_rows);
      ops.matmul(layer.v, x, vv, n_rows);
      ops.matmul(layer.o, q, x, n_rows,
                 {.bias = {}, .gate = {}, .gate_input = {}, .accumulate = true});
      ops.matmul(layer.gate, x, gate, n_rows);
      ops.matmul(layer.up, x, up, n_rows,
                 {.bias = {}, .gate = Activation::kSilu, .gate_input = gate, .accumulate = false});
      ops.matmul(layer.down, up, x, n_rows,
                 {.bias = {}, .gate = {}, .gate_input = {}, .accumulate = true});
    }
    ops.matmul(head, x, logits, 1);
  }));
  double macs = 0;
  double bytes = static_cast<double>(head.rows * row_bytes(type, head.cols));
  for (const Matrix& m : {layers[0].q, layers[0].k, layers[0].v, layers[0].o, layers[0].gate,
                          layers[0].up, layers[0].down}) {
    macs += static_cast<double>(kLayers) * m.rows * m.cols;
    bytes += static_cast<double>(kLayers * m.rows * row_bytes(type, m.cols));
  }
  macs += static_cast<double>(head.rows) * head.cols / n_rows;
  const Timing timing = time_program(backend, *program);
  print(std::string(traits(type).name) + " step", n_rows, macs, bytes, timing);
  std::printf("%-22s %4u rows %9.1f tok/s | processor %9.1f tok/s\n", "", n_rows,
              n_rows / timing.clock_s, n_rows / timing.processor_s);
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> items;
  std::istringstream stream(list);
  for (std::string item; std::getline(stream, item, ',');) items.push_back(item);
  return items;
}

DType type_named(const std::string& name) {
  for (std::uint32_t type = 0; type < 40; ++type) {
    if (is_supported(type) && name == traits(static_cast<DType>(type)).name) {
      return static_cast<DType>(type);
    }
  }
  std::fprintf(stderr, "no weight type %s\n", name.c_str());
  std::exit(2);
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    const std::string value = i + 1 < argc ? argv[i + 1] : "";
    if (flag == "--no-shapes") {
      options.shapes = false;
      continue;
    }
    if (flag == "--no-steps") {
      options.steps = false;
      continue;
    }
    ++i;
    if (flag == "--device") {
      options.vulkan.device = value;
    } else if (flag == "--family") {
      options.vulkan.family = value == "lanes" ? KernelFamily::kLanes : KernelFamily::kSubgroup;
    } else if (flag == "--types") {
      options.types.clear();
      for (const std::string& name : split(value)) options.types.push_back(type_named(name));
    } else if (flag == "--rows") {
      options.rows.clear();
      for (const std::string& n : split(value)) {
        options.rows.push_back(static_cast<std::uint32_t>(std::stoul(n)));
      }
    } else {
      std::fprintf(stderr, "unknown option %s\n", flag.c_str());
      std::exit(2);
    }
  }
  return options;
}

int run(const Options& options) {
  const auto backend = check(open_vulkan_backend(options.vulkan));
  const DeviceInfo& info = backend->info();
  std::printf("%s, %s, %s kernels, subgroups of %u\n", info.name.c_str(), info.driver.c_str(),
              info.kernel_family.c_str(), info.subgroup_size);
  std::printf("kernels read memory at %.1f GB/s\n", check(measure_memory_bandwidth_gb_s(*backend)));
  for (const DType type : options.types) {
    const double before = processor_seconds();
    make_matrix(*backend, type, {1, traits(type).block_len});
    std::printf("%s pipelines: %.2f s of processor time\n", traits(type).name.data(),
                processor_seconds() - before);
    for (const std::uint32_t n_rows : options.rows) {
      for (const Shape& shape : kShapes) {
        const bool fits = shape.cols % traits(type).block_len == 0;
        if (options.shapes && fits) bench_shape(*backend, type, shape, n_rows);
      }
      if (options.steps) bench_step(*backend, type, n_rows);
    }
  }
  return 0;
}

}  // namespace
}  // namespace understory::bench

int main(int argc, char** argv) {
  try {
    return understory::bench::run(understory::bench::parse(argc, argv));
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "bench_matmul: %s\n", failure.what());
    return 1;
  }
}
