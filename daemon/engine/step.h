// One forward pass in the making: rows of many sequences, as many as the model takes at once.
#pragma once

#include <vector>

#include "daemon/engine/sequence.h"
#include "daemon/model/model.h"

namespace understory::engine {

enum class RowLogits {
  kLast,  // of the sequence's last token, once it is reached
  kAll,   // of every row
};

class Step {
 public:
  /// Room as the model gives it: max_rows(), max_sequences() block tables, max_logit_rows().
  Step(const model::Model& model, KvStore& kv);
  ~Step() { copies_.release_sources(kv_.pool()); }
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

  struct Added {
    std::uint32_t n_rows = 0;        // 0 where the step is full
    std::uint32_t first_result = 0;  // index for Model::top() and logits()
    std::uint32_t n_results = 0;
  };
  /// Adds the next rows of `sequence`, at most max_rows; the sequence must stay where it is
  /// until run(). kOutOfMemory where the KV cache has no block left.
  Result<Added> add(Sequence& sequence, std::uint32_t max_rows, RowLogits logits);
  /// The same for a text that is judged: the first n_context rows are read for what comes after
  /// them, each later one has a result.
  Result<Added> add_judged(Sequence& sequence, std::uint32_t n_context, std::uint32_t max_rows);

  /// Copies shared blocks, runs the model and advances the sequences.
  Status run(model::Model& model);

  std::uint32_t rows_left() const { return max_rows_ - static_cast<std::uint32_t>(rows_.size()); }
  bool empty() const { return rows_.empty(); }

 private:
  struct Part {
    Sequence* sequence = nullptr;
    std::uint32_t n_rows = 0;
  };

  KvStore& kv_;
  std::uint32_t max_rows_ = 0;
  std::uint32_t max_sequences_ = 0;
  std::uint32_t max_results_ = 0;
  std::uint32_t n_results_ = 0;
  std::vector<Part> parts_;
  std::vector<model::BatchRow> rows_;
  BlockCopies copies_;
};

}  // namespace understory::engine
