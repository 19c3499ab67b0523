#include "daemon/engine/sequence.h"

#include <catch2/catch.hpp>
#include <map>

#include "daemon/engine/random.h"
#include "daemon/engine/step.h"
#include "tests/unit/engine/fake_model.h"

using namespace understory::engine;
using Tokens = std::vector<std::uint32_t>;

namespace {

Tokens random_tokens(std::uint64_t seed, std::size_t n) {
  Tokens tokens(n);
  for (std::size_t i = 0; i < n; ++i) tokens[i] = random_bits(seed, i) % 50;
  return tokens;
}

/// Computes all pending rows; returns the logits after the last token.
std::vector<float> compute(testing::FakeModel& model, KvStore& kv, Sequence& sequence) {
  std::vector<float> logits(model.info().vocab_size);
  while (sequence.n_pending() > 0) {
    Step step(model, kv);
    const auto added = step.add(sequence, step.rows_left(), RowLogits::kLast);
    if (!added.ok()) return {};
    REQUIRE(step.run(model).ok());
    if (added->n_results > 0) model.logits(added->first_result, logits);
  }
  return logits;
}

}  // namespace

TEST_CASE("Forks share blocks and copy the one they write into", "[unit]") {
  testing::FakeModel model({.vocab_size = 50});
  KvStore kv(8);
  const Tokens prompt = random_tokens(1, 20);
  Sequence first(kv, prompt);
  compute(model, kv, first);
  Sequence second = first.fork();
  CHECK(kv.pool().n_free() == 6);
  first.append(1);
  second.append(2);
  compute(model, kv, first);
  compute(model, kv, second);
  CHECK(kv.pool().n_free() == 5);
  CHECK(first.blocks()[0] == second.blocks()[0]);
  CHECK(first.blocks()[1] != second.blocks()[1]);
  CHECK(model.violations().empty());
}

TEST_CASE("A sequence that is cut goes on as one that never was longer", "[unit]") {
  testing::FakeModel model({.vocab_size = 50});
  for (std::uint32_t n_prompt = 1; n_prompt <= 34; ++n_prompt) {
    KvStore kv(16);
    Sequence other(kv, random_tokens(1, n_prompt));
    const auto after_prompt = compute(model, kv, other);
    Sequence sequence = other.fork();
    for (std::uint32_t more : {1u, 5u, 20u}) {
      for (std::uint32_t i = 0; i < more; ++i) sequence.append(i);
      compute(model, kv, sequence);
      sequence.cut(n_prompt);
      CHECK(sequence.n_pending() == 1);
      CHECK(sequence.blocks().size() == (n_prompt - 1 + 15) / 16);
      CHECK(compute(model, kv, sequence) == after_prompt);
    }
    // The other still has its own.
    other.append(7);
    const auto after = compute(model, kv, other);
    Tokens tokens = random_tokens(1, n_prompt);
    tokens.push_back(7);
    CHECK(after == model.logits_after(tokens));
    CHECK(model.violations() == std::vector<std::string>{});
  }
}

TEST_CASE("Where the pool is empty a sequence keeps what it had", "[unit]") {
  testing::FakeModel model({.vocab_size = 50});
  KvStore kv(2);
  Sequence first(kv, random_tokens(1, 20));
  compute(model, kv, first);
  Sequence second = first.fork();
  second.append(1);
  Step step(model, kv);
  const auto added = step.add(second, 1, RowLogits::kLast);
  REQUIRE_FALSE(added.ok());
  CHECK(added.error().code == understory::ErrorCode::kOutOfMemory);
  CHECK(std::equal(first.blocks().begin(), first.blocks().end(), second.blocks().begin()));
}

TEST_CASE("Reservations never exceed the pool", "[unit]") {
  KvStore kv(10);
  CHECK(kv.reserve(6));
  CHECK_FALSE(kv.reserve(5));
  CHECK(kv.reserve(4));
  kv.unreserve(6);
  kv.unreserve(4);
  CHECK(kv.reserve(99));  // the whole pool
  CHECK_FALSE(kv.reserve(1));
  kv.unreserve(99);
}

TEST_CASE("Random extends, forks, ends and evictions give the logits of a cold run", "[unit]") {
  testing::FakeModel model({.vocab_size = 50, .context = 256, .n_blocks = 48});
  std::vector<Sequence> live;
  KvStore kv(48);
  std::uint64_t n_reused = 0;
  std::uint64_t n_full = 0;
  for (std::uint64_t i = 0; i < 6000; ++i) {
    const std::uint64_t choice = random_bits(i, 0) % 8;
    const std::size_t at = live.empty() ? 0 : random_bits(i, 1) % live.size();
    if (choice <= 1 && live.size() < 8) {
      Tokens tokens = random_tokens(random_bits(i, 2) % 5, 1 + random_bits(i, 3) % 60);
      if (random_bits(i, 4) % 2) tokens.back() = 49;
      live.emplace_back(kv, tokens);
      n_reused += live.back().n_computed();
    } else if (choice == 2 && !live.empty() && live.size() < 8) {
      live.push_back(live[at].fork());
    } else if (choice == 3 && !live.empty()) {
      if (live[at].n_computed() > 0) live[at].share(Sequence::Share::kAll);
      live.erase(live.begin() + static_cast<std::ptrdiff_t>(at));
    } else if (choice == 4) {
      kv.cache().evict_one();
    } else if (choice == 5 && !live.empty()) {
      live[at].share(Sequence::Share::kFullBlocks);
    } else if (!live.empty() && live[at].size() < 100) {
      live[at].append(random_bits(i, 5) % 50);
      const auto logits = compute(model, kv, live[at]);
      if (logits.empty()) {  // every block is held
        ++n_full;
        live.clear();
        continue;
      }
      REQUIRE(logits == model.logits_after(live[at].tokens()));
    }
  }
  CHECK(model.violations().empty());
  CHECK(n_reused > 1000);
  CHECK(kv.cache().n_evicted() > 100);
  live.clear();
  kv.cache().clear();
  CHECK(kv.pool().n_free() == 48);
}
