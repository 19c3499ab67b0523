#include "tests/unit/engine/fake_model.h"

#include <algorithm>
#include <cmath>

#include "daemon/engine/random.h"

namespace understory::engine::testing {
namespace {

std::uint64_t extend(std::uint64_t hash, std::uint32_t token) {
  return mix64(hash * 31 + token + 1);
}

std::vector<float> pseudo_random_logits(History history, std::uint32_t vocab_size) {
  std::uint64_t hash = 7;
  for (const auto token : history) hash = extend(hash, token);
  std::vector<float> logits(vocab_size);
  for (std::uint32_t i = 0; i < vocab_size; ++i)
    logits[i] = static_cast<float>(6 * random_unit(hash, i));
  return logits;
}

}  // namespace

FakeModel::FakeModel(FakeModelOptions options) : options_(std::move(options)) {
  info_.vocab_size = options_.vocab_size;
  info_.trained_context = options_.context;
  slots_.resize(std::size_t{options_.n_blocks} * model::kBlockSize);
  if (!options_.logits)
    options_.logits = [n = options_.vocab_size](History history) {
      return pseudo_random_logits(history, n);
    };
}

Status FakeModel::forward(const model::Batch& batch) {
  if (on_forward) {
    Status status = on_forward(batch);
    if (!status.ok()) return status;
  }
  ++n_steps_;
  n_rows_run_ += batch.rows.size();
  if (batch.rows.empty()) violation("empty batch");
  if (batch.rows.size() > options_.max_rows) violation("too many rows");
  if (batch.block_tables.size() > options_.max_sequences) violation("too many sequences");
  results_.clear();
  std::vector<std::uint32_t> tokens;
  std::uint64_t hash = 0;
  for (const model::BatchRow& row : batch.rows) {
    Slot* slot = slot_of(batch, row.sequence, row.position);
    if (!slot || !read_history(batch, row.sequence, row.position, tokens, hash)) continue;
    if (row.token >= options_.vocab_size) violation("token out of range");
    *slot = {row.token, row.position, extend(hash, row.token), true};
  }
  // Read again after every write: rows must not have written over each other.
  for (const model::BatchRow& row : batch.rows) {
    if (!row.wants_logits) continue;
    read_history(batch, row.sequence, row.position + 1, tokens, hash);
    results_.push_back(options_.logits(tokens));
  }
  if (results_.size() > options_.max_logit_rows) violation("too many results");
  return {};
}

FakeModel::Slot* FakeModel::slot_of(const model::Batch& batch, std::uint32_t sequence,
                                    std::uint32_t position) {
  if (sequence >= batch.block_tables.size() || position >= options_.context) {
    violation("sequence or position out of range");
    return nullptr;
  }
  const auto table = batch.block_tables[sequence];
  const std::uint32_t index = position / model::kBlockSize;
  if (index >= table.size() || table[index] >= options_.n_blocks) {
    violation("block table too short or wrong");
    return nullptr;
  }
  return &slots_[table[index] * model::kBlockSize + position % model::kBlockSize];
}

bool FakeModel::read_history(const model::Batch& batch, std::uint32_t sequence,
                             std::uint32_t n_tokens, std::vector<std::uint32_t>& tokens,
                             std::uint64_t& hash) {
  tokens.clear();
  hash = 0;
  for (std::uint32_t position = 0; position < n_tokens; ++position) {
    const Slot* slot = slot_of(batch, sequence, position);
    if (!slot) return false;
    hash = extend(hash, slot->token);
    if (!slot->written || slot->position != position || slot->history_hash != hash) {
      violation("the cache at position " + std::to_string(position) + " belongs to another text");
      return false;
    }
    tokens.push_back(slot->token);
  }
  return true;
}

model::TopLogits FakeModel::top(std::uint32_t i, std::uint32_t k) {
  const auto& logits = results_.at(i);
  if (k > kernels::kMaxTopK || k > logits.size()) violation("k out of range");
  model::TopLogits top;
  double sum = 0;
  for (std::uint32_t id = 0; id < logits.size(); ++id) {
    top.candidates.push_back({id, logits[id]});
    sum += std::exp(logits[id]);
  }
  std::sort(top.candidates.begin(), top.candidates.end(), [](const auto& a, const auto& b) {
    return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
  });
  top.candidates.resize(k);
  top.logsumexp = static_cast<float>(std::log(sum));
  return top;
}

void FakeModel::logits(std::uint32_t i, std::span<float> out) {
  std::copy(results_.at(i).begin(), results_.at(i).end(), out.begin());
}

Status FakeModel::copy_blocks(std::span<const kernels::Backend::BlockCopy> copies) {
  for (const auto& copy : copies) {
    for (std::uint32_t i = 0; i < model::kBlockSize; ++i)
      slots_[copy.to * model::kBlockSize + i] = slots_[copy.from * model::kBlockSize + i];
  }
  return {};
}

void FakeModel::violation(std::string text) {
  std::lock_guard lock(mutex_);
  violations_.push_back(std::move(text));
}

std::vector<std::string> FakeModel::violations() const {
  std::lock_guard lock(mutex_);
  return violations_;
}

LogitsFunction scripted(std::vector<std::uint32_t> script, std::uint32_t vocab_size,
                        std::size_t prompt_size) {
  return [=](History history) {
    std::vector<float> logits(vocab_size, 0);
    const std::size_t at = history.size() - prompt_size;
    logits[script[std::min(at, script.size() - 1)]] = 30;
    return logits;
  };
}

}  // namespace understory::engine::testing
