#include "daemon/engine/step.h"

#include <algorithm>

namespace understory::engine {

Step::Step(const model::Model& model, KvStore& kv)
    : kv_(kv),
      max_rows_(model.max_rows()),
      max_sequences_(model.max_sequences()),
      max_results_(model.max_logit_rows()) {}

Result<Step::Added> Step::add(Sequence& sequence, std::uint32_t max_rows, RowLogits logits) {
  Added added{0, n_results_, 0};
  std::uint32_t n_rows = std::min({sequence.n_pending(), max_rows, rows_left()});
  const std::uint32_t results_left = max_results_ - n_results_;
  if (logits == RowLogits::kAll) n_rows = std::min(n_rows, results_left);
  if (n_rows == 0 || results_left == 0 || parts_.size() == max_sequences_) return added;
  if (!sequence.prepare(n_rows, copies_))
    return Error{ErrorCode::kOutOfMemory,
                 "the KV cache has no room left for this text; use a larger --kv-cache-mib, a "
                 "shorter text or fewer branches"};

  for (std::uint32_t i = 0; i < n_rows; ++i) {
    const std::uint32_t position = sequence.n_computed() + i;
    const bool last = position + 1 == sequence.size();
    const bool wants_logits = logits == RowLogits::kAll || last;
    rows_.push_back({sequence.tokens()[position], position,
                     static_cast<std::uint32_t>(parts_.size()), wants_logits});
    added.n_results += wants_logits ? 1 : 0;
  }
  parts_.push_back({&sequence, n_rows});
  n_results_ += added.n_results;
  added.n_rows = n_rows;
  return added;
}

Result<Step::Added> Step::add_judged(Sequence& sequence, std::uint32_t n_context,
                                     std::uint32_t max_rows) {
  if (sequence.n_computed() >= n_context) return add(sequence, max_rows, RowLogits::kAll);
  return add(sequence, std::min(max_rows, n_context - sequence.n_computed()), RowLogits::kLast);
}

Status Step::run(model::Model& model) {
  if (!copies_.copies.empty()) {
    Status copied = model.copy_blocks(copies_.copies);
    if (!copied.ok()) return copied;
    copies_.release_sources(kv_.pool());
  }
  std::vector<std::span<const std::uint32_t>> tables;
  for (const Part& part : parts_) tables.push_back(part.sequence->blocks());
  Status ran = model.forward({rows_, tables});
  if (!ran.ok()) return ran;
  for (const Part& part : parts_) part.sequence->advance(part.n_rows);
  return {};
}

}  // namespace understory::engine
