// What token healing costs the host at one decode step: finding the tokens that may come next.
//   bench_healing_cost MODEL.gguf
// Prints, for texts still to be spelled, how many tokens may come and the median and the longest
// time of Healing::allowed() over repeated calls. Only the file's vocabulary is read.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "daemon/engine/healing.h"
#include "daemon/gguf/gguf.h"

namespace {

using understory::engine::Healing;
using understory::tokenizer::Tokenizer;
using Clock = std::chrono::steady_clock;

constexpr int kRuns = 51;
const std::vector<std::string> kRests{" ",       " a",         " the",     " them", " anno",
                                      " annota", " annotatio", "\n\n",     ".",     "ing",
                                      "\u2014",  " \xF0\x9F",  " xylophq", "\u65e5"};

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

void measure(const Healing& healing, const Tokenizer& tokenizer, const std::string& rest) {
  const auto own = tokenizer.encode(rest, {.space_prefix = false});
  std::vector<double> times_ms;
  std::size_t n_allowed = 0;
  for (int i = 0; i < kRuns; ++i) {
    const auto start = Clock::now();
    n_allowed = healing.allowed(rest, own[0]).size();
    times_ms.push_back(ms_since(start));
  }
  std::sort(times_ms.begin(), times_ms.end());
  std::printf("%-12s %7zu tokens  median %.3f ms  longest %.3f ms\n", rest.c_str(), n_allowed,
              times_ms[kRuns / 2], times_ms.back());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: bench_healing_cost MODEL.gguf\n"), 2;
  const auto file = understory::gguf::File::open(argv[1]);
  if (!file) return std::fprintf(stderr, "%s\n", file.error().message.c_str()), 1;
  const auto tokenizer = Tokenizer::from_gguf(file->metadata());
  if (!tokenizer) return std::fprintf(stderr, "%s\n", tokenizer.error().message.c_str()), 1;
  const auto start = Clock::now();
  const Healing healing(**tokenizer);
  std::printf("%u tokens, table made in %.0f ms\n", (*tokenizer)->vocab_size(), ms_since(start));
  for (const std::string& rest : kRests) measure(healing, **tokenizer, rest);
}
