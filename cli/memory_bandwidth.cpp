#include "cli/memory_bandwidth.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

namespace understory::cli {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{256} << 20;
constexpr int kPasses = 4;

std::uint64_t sum(const std::uint64_t* begin, const std::uint64_t* end) {
  // Several sums, so that additions do not wait for each other.
  std::uint64_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  for (; end - begin >= 4; begin += 4) {
    s0 += begin[0];
    s1 += begin[1];
    s2 += begin[2];
    s3 += begin[3];
  }
  return s0 + s1 + s2 + s3;
}

}  // namespace

double measure_host_read_gb_s() {
  const std::size_t n_threads = std::clamp(std::thread::hardware_concurrency(), 1U, 64U);
  const std::vector<std::uint64_t> buffer(kBufferBytes / sizeof(std::uint64_t), 1);
  std::vector<std::uint64_t> sums(n_threads);
  double best_s = 0;
  for (int pass = 0; pass < kPasses; ++pass) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < n_threads; ++t) {
      threads.emplace_back([&, t] {
        const std::size_t begin = buffer.size() * t / n_threads;
        const std::size_t end = buffer.size() * (t + 1) / n_threads;
        sums[t] += sum(buffer.data() + begin, buffer.data() + end);
      });
    }
    for (std::thread& thread : threads) thread.join();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (pass == 0 || took.count() < best_s) best_s = took.count();
  }
  volatile std::uint64_t used = 0;  // the sums must not be optimised away
  for (const std::uint64_t s : sums) used = used + s;
  return static_cast<double>(kBufferBytes) / best_s / 1e9;
}

}  // namespace understory::cli
