// A model whose logits are a plain function of the tokens before them, and whose "KV cache"
// keeps those tokens: whatever block table or position is wrong is noticed.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "daemon/model/model.h"

namespace understory::engine::testing {

using History = std::span<const std::uint32_t>;
using LogitsFunction = std::function<std::vector<float>(History history)>;

struct FakeModelOptions {
  std::uint32_t vocab_size = 0;
  std::uint32_t context = 256;
  std::uint32_t max_rows = 24;
  std::uint32_t max_sequences = 16;
  std::uint32_t max_logit_rows = 16;
  std::uint32_t n_blocks = 128;
  LogitsFunction logits = {};  // default: pseudo-random numbers drawn from the history
};

class FakeModel : public model::Model {
 public:
  explicit FakeModel(FakeModelOptions options);

  const model::ModelInfo& info() const override { return info_; }
  std::uint32_t context() const override { return options_.context; }
  std::uint32_t max_rows() const override { return options_.max_rows; }
  std::uint32_t max_sequences() const override { return options_.max_sequences; }
  std::uint32_t max_logit_rows() const override { return options_.max_logit_rows; }
  std::uint32_t n_cache_blocks() const override { return options_.n_blocks; }
  const kernels::DeviceInfo& device() const override { return device_; }
  std::size_t device_bytes() const override { return 0; }

  Status forward(const model::Batch& batch) override;
  model::TopLogits top(std::uint32_t i, std::uint32_t k) override;
  void logits(std::uint32_t i, std::span<float> out) override;
  Status copy_blocks(std::span<const kernels::Backend::BlockCopy> copies) override;

  /// Called at the beginning of each forward(), on the engine's thread.
  std::function<Status(const model::Batch&)> on_forward;

  std::vector<float> logits_after(History history) const { return options_.logits(history); }

  /// What was wrong with the engine's calls; empty where all was well.
  std::vector<std::string> violations() const;
  std::uint64_t n_rows_run() const { return n_rows_run_; }
  std::uint64_t n_steps() const { return n_steps_; }

 private:
  struct Slot {
    std::uint32_t token = 0;
    std::uint32_t position = 0;
    std::uint64_t history_hash = 0;  // of the tokens up to this one, when it was written
    bool written = false;
  };
  void violation(std::string text);
  Slot* slot_of(const model::Batch& batch, std::uint32_t sequence, std::uint32_t position);
  bool read_history(const model::Batch& batch, std::uint32_t sequence, std::uint32_t n_tokens,
                    std::vector<std::uint32_t>& tokens, std::uint64_t& hash);

  FakeModelOptions options_;
  model::ModelInfo info_;
  kernels::DeviceInfo device_;
  std::vector<Slot> slots_;
  std::vector<std::vector<float>> results_;
  mutable std::mutex mutex_;
  std::vector<std::string> violations_;
  std::atomic<std::uint64_t> n_rows_run_{0};
  std::atomic<std::uint64_t> n_steps_{0};
};

/// Logits that make `script` certain: the token after position i is script[i], whatever came.
LogitsFunction scripted(std::vector<std::uint32_t> script, std::uint32_t vocab_size,
                        std::size_t prompt_size);

}  // namespace understory::engine::testing
