// The KV cache on a real forward pass: whatever was shared, forked, evicted or given up in
// between, a text's logits are those of a cold run, to the bit. (The reference backend sums each
// row on its own in one order, so that no tolerance is needed.)
#include <catch2/catch.hpp>
#include <map>

#include "daemon/engine/random.h"
#include "daemon/engine/sequence.h"
#include "daemon/engine/step.h"
#include "tests/support/reference_backend.h"
#include "tests/unit/model/plain_model.h"

using namespace understory;
using namespace understory::engine;
using Tokens = std::vector<std::uint32_t>;
using Logits = std::vector<float>;

namespace {

constexpr std::uint32_t kBlocks = 12;
constexpr std::uint32_t kMaxTokens = 80;  // of 96; the cache holds two such texts

std::unique_ptr<model::Model> tiny_model(const std::string& architecture) {
  test::PlainShape shape;
  shape.architecture = architecture;
  shape.n_layers = 2;
  shape.sliding_window = architecture == "gemma3" ? 20 : 0;
  shape.sliding_period = 2;
  const auto bytes = test::PlainModel(shape, 7).writer().finish();
  const auto file = gguf::File::parse(bytes);
  REQUIRE(file.ok());
  const std::size_t block_bytes = kernels::kv_cache_bytes(
      shape.n_layers, shape.n_kv_heads, shape.head_dim, model::kBlockSize, kBlocks);
  auto loaded =
      model::Model::load(*file, test::make_reference_backend(),
                         {.max_sequences = 8, .max_rows = 24, .kv_cache_bytes = block_bytes});
  INFO((loaded.ok() ? "" : loaded.error().message));
  REQUIRE(loaded.ok());
  REQUIRE((*loaded)->n_cache_blocks() == kBlocks);
  return *std::move(loaded);
}

/// Texts of few families, so that prefixes are shared often and part at any token.
Tokens random_text(std::uint64_t seed) {
  Tokens tokens(1 + random_bits(seed, 0) % 60);
  const std::uint64_t family = random_bits(seed, 1) % 4;
  const std::size_t turn = random_bits(seed, 2) % 70;
  for (std::size_t i = 0; i < tokens.size(); ++i)
    tokens[i] = i < turn ? random_bits(family, i) % 61 : random_bits(seed, i) % 3;
  return tokens;
}

/// Random work on one cache, and beside it a model whose cache is empty before every text.
class Workload {
 public:
  Workload(const std::string& architecture, std::uint64_t seed)
      : seed_(seed), warm_(tiny_model(architecture)), cold_(tiny_model(architecture)) {}

  void run(std::uint64_t n_operations) {
    for (std::uint64_t i = 0; i < n_operations; ++i) operate(i);
  }

  /// Lets go of everything; every block must have come back.
  void finish() {
    live_.clear();
    CHECK(kv_.pool().n_blocks() - kv_.pool().n_free() == kv_.cache().n_blocks());
    while (kv_.cache().evict_one()) ++n_evicted_at_end;
    CHECK(n_evicted_at_end > 0);
    CHECK(kv_.cache().n_blocks() == 0);
    CHECK(kv_.pool().n_free() == kBlocks);
  }

  std::uint64_t n_reused = 0;
  std::uint64_t n_compared = 0;
  std::uint64_t n_cancelled = 0;
  std::uint64_t n_refused = 0;
  std::uint64_t n_evicted_at_end = 0;
  std::uint64_t n_evicted() const { return kv_.cache().n_evicted(); }

 private:
  void operate(std::uint64_t i) {
    const auto dice = [&](std::uint64_t which) { return random_bits(seed_ ^ i << 8, which); };
    const std::size_t at = live_.empty() ? 0 : dice(1) % live_.size();
    switch (dice(0) % 8) {
      case 0:
      case 1:
        if (live_.size() >= 5) break;
        live_.emplace_back(kv_, random_text(dice(2)));
        n_reused += live_.back().n_computed();
        break;
      case 2:
        if (!live_.empty() && live_.size() < 6) live_.push_back(live_[at].fork());
        break;
      case 3:  // ends and stays cached
        if (live_.empty()) break;
        live_[at].share(Sequence::Share::kAll);
        drop(at);
        break;
      case 4:  // cancelled in the middle of its prefill, or before it
        if (live_.empty()) break;
        n_cancelled += live_[at].n_pending() > 1;
        if (dice(3) % 2) live_[at].share(Sequence::Share::kAll);
        drop(at);
        break;
      case 5:
        if (dice(3) % 2) kv_.cache().evict_one();
        if (!live_.empty()) live_[at].share(Sequence::Share::kFullBlocks);
        break;
      default:
        if (!live_.empty()) step(dice(4));
    }
  }

  void drop(std::size_t at) { live_.erase(live_.begin() + static_cast<std::ptrdiff_t>(at)); }

  /// One batch: some rows of every sequence, and one token more for those that are through.
  void step(std::uint64_t dice) {
    Step step(*warm_, kv_);
    std::vector<std::pair<std::size_t, Step::Added>> added;
    for (std::size_t i = 0; i < live_.size(); ++i) {
      if (live_[i].n_pending() == 0) {
        if (live_[i].size() >= kMaxTokens) continue;
        live_[i].append(random_bits(dice, i) % 61);
      }
      const auto rows = step.add(live_[i], 1 + random_bits(dice, 10 + i) % 9, RowLogits::kLast);
      if (rows.ok())
        added.emplace_back(i, *rows);
      else
        ++n_refused;
    }
    if (step.empty()) {  // every block is held: the requests fail
      live_.clear();
      return;
    }
    REQUIRE(step.run(*warm_).ok());
    for (const auto& [i, rows] : added) {
      if (rows.n_results == 0) continue;
      Logits logits(warm_->info().vocab_size);
      warm_->logits(rows.first_result, logits);
      REQUIRE(logits == cold_logits(live_[i].tokens()));
      ++n_compared;
    }
  }

  const Logits& cold_logits(const Tokens& tokens) {
    Logits& known = known_[tokens];
    if (!known.empty()) return known;
    KvStore kv(kBlocks);
    Sequence sequence(kv, tokens);
    REQUIRE(sequence.n_computed() == 0);
    known.resize(cold_->info().vocab_size);
    while (sequence.n_pending() > 0) {
      Step step(*cold_, kv);
      const auto added = step.add(sequence, step.rows_left(), RowLogits::kLast);
      REQUIRE(added.ok());
      REQUIRE(step.run(*cold_).ok());
      if (added->n_results > 0) cold_->logits(added->first_result, known);
    }
    return known;
  }

  std::uint64_t seed_;
  std::unique_ptr<model::Model> warm_;
  std::unique_ptr<model::Model> cold_;
  KvStore kv_{kBlocks};
  std::vector<Sequence> live_;
  std::map<Tokens, Logits> known_;
};

}  // namespace

TEST_CASE("Random extends, forks, cancels and evictions give a cold run's logits, bit by bit",
          "[unit]") {
  const std::string architecture = GENERATE("llama", "gemma3");
  Workload workload(architecture, 1);
  workload.run(4000);
  CHECK(workload.n_reused > 500);
  CHECK(workload.n_compared > 500);
  CHECK(workload.n_cancelled > 50);
  CHECK(workload.n_refused > 0);
  CHECK(workload.n_evicted() > 100);
  workload.finish();
}
