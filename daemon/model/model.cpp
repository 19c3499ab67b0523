#include "daemon/model/model.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "daemon/model/architectures/architecture.h"
#include "daemon/model/config.h"
#include "daemon/model/limits.h"
#include "daemon/model/logit_reader.h"
#include "daemon/model/program_cache.h"
#include "daemon/model/rope.h"
#include "daemon/model/weights.h"

namespace understory::model {
namespace {

// Shapes of steps vary with what the clients do; most come back.
constexpr std::size_t kMaxPrograms = 64;

Error invalid(std::string message) {
  return {ErrorCode::kInvalidArgument, std::move(message)};
}

ModelInfo describe(const gguf::File& file, const Config& config) {
  ModelInfo info;
  const Result<std::optional<std::string>> name = file.metadata().get_string("general.name");
  info.name = name.ok() && *name ? **name : file.file_name();
  info.architecture = config.architecture;
  std::map<kernels::DType, std::uint64_t> bytes_of_type;
  for (const gguf::TensorInfo& tensor : file.tensors()) {
    info.n_parameters += tensor.rows() * tensor.cols();
    info.weight_bytes += tensor.data.size();
    if (tensor.n_dims > 1) bytes_of_type[tensor.type] += tensor.data.size();
  }
  const auto commonest =
      std::max_element(bytes_of_type.begin(), bytes_of_type.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  if (commonest != bytes_of_type.end()) info.file_type = kernels::traits(commonest->first).name;
  info.n_layers = config.n_layers;
  info.dim = config.dim;
  info.n_heads = config.n_heads;
  info.n_kv_heads = config.n_kv_heads;
  info.head_dim = config.head_dim;
  info.vocab_size = config.vocab_size;
  info.trained_context = config.trained_context;
  return info;
}

/// Host copies of what a step writes to the device.
struct StepValues {
  std::vector<std::uint32_t> tokens, positions, slots, sequences, logit_rows;

  void clear() {
    for (auto* values : {&tokens, &positions, &slots, &sequences, &logit_rows}) values->clear();
  }
};

class LoadedModel : public Model {
 public:
  LoadedModel(std::shared_ptr<kernels::Backend> backend, ModelInfo info, Limits limits,
              std::unique_ptr<Architecture> architecture, StepInputs inputs, kernels::KvCache cache,
              kernels::Tensor logits, LogitReader reader)
      : backend_(std::move(backend)),
        info_(std::move(info)),
        limits_(limits),
        architecture_(std::move(architecture)),
        inputs_(std::move(inputs)),
        cache_(std::move(cache)),
        logits_(std::move(logits)),
        reader_(std::move(reader)) {
    for (const RopeConfig& rope : architecture_->ropes()) ropes_.emplace_back(rope);
  }

  const ModelInfo& info() const override { return info_; }
  std::uint32_t context() const override { return limits_.context; }
  std::uint32_t max_rows() const override { return limits_.max_rows; }
  std::uint32_t max_sequences() const override { return limits_.max_sequences; }
  std::uint32_t max_logit_rows() const override { return limits_.max_logit_rows; }
  std::uint32_t n_cache_blocks() const override { return limits_.n_cache_blocks; }
  const kernels::DeviceInfo& device() const override { return backend_->info(); }
  std::size_t device_bytes() const override { return backend_->allocated_bytes(); }

  Status forward(const Batch& batch) override;
  TopLogits top(std::uint32_t i, std::uint32_t k) override { return reader_.top(i, k); }
  void logits(std::uint32_t i, std::span<float> out) override { reader_.row(i, out); }
  Status copy_blocks(std::span<const kernels::Backend::BlockCopy> copies) override;

 private:
  Status check(const Batch& batch) const;
  void write_inputs(const Batch& batch);
  void write_block_tables(const Batch& batch);
  void write_rotations(const Batch& batch);
  Result<std::unique_ptr<kernels::Program>> record(StepShape shape);

  std::shared_ptr<kernels::Backend> backend_;  // first: outlives every handle below
  ModelInfo info_;
  Limits limits_;
  std::unique_ptr<Architecture> architecture_;
  StepInputs inputs_;
  kernels::KvCache cache_;
  kernels::Tensor logits_;
  LogitReader reader_;
  std::vector<RopeTable> ropes_;
  StepValues values_;
  std::vector<float> rotations_;
  ProgramCache programs_{kMaxPrograms};
};

Status LoadedModel::check(const Batch& batch) const {
  if (batch.rows.empty() || batch.rows.size() > limits_.max_rows) {
    return invalid("a batch of " + std::to_string(batch.rows.size()) + " rows; 1 to " +
                   std::to_string(limits_.max_rows) + " are possible");
  }
  if (batch.block_tables.size() > limits_.max_sequences) {
    return invalid("a batch of " + std::to_string(batch.block_tables.size()) +
                   " sequences; at most " + std::to_string(limits_.max_sequences) +
                   " are possible");
  }
  std::uint32_t n_logits = 0;
  for (const BatchRow& row : batch.rows) {
    if (row.token >= info_.vocab_size) return invalid("a batch row's token is out of range");
    if (row.position >= limits_.context) {
      return invalid("a batch row's position is beyond the context");
    }
    if (row.sequence >= batch.block_tables.size() ||
        row.position / kBlockSize >= batch.block_tables[row.sequence].size()) {
      return invalid("a batch row has no cache block");
    }
    n_logits += row.wants_logits;
  }
  for (const auto& table : batch.block_tables) {
    if (table.size() > limits_.blocks_per_sequence) {
      return invalid("a block table is longer than the context");
    }
    for (const std::uint32_t block : table) {
      if (block >= limits_.n_cache_blocks) return invalid("a cache block is out of range");
    }
  }
  if (n_logits > limits_.max_logit_rows) {
    return invalid("a batch asks for " + std::to_string(n_logits) + " rows of logits; at most " +
                   std::to_string(limits_.max_logit_rows) + " are possible");
  }
  return {};
}

void LoadedModel::write_inputs(const Batch& batch) {
  values_.clear();
  for (std::uint32_t i = 0; i < batch.rows.size(); ++i) {
    const BatchRow& row = batch.rows[i];
    const std::uint32_t block = batch.block_tables[row.sequence][row.position / kBlockSize];
    values_.tokens.push_back(row.token);
    values_.positions.push_back(row.position);
    values_.slots.push_back(block * kBlockSize + row.position % kBlockSize);
    values_.sequences.push_back(row.sequence);
    if (row.wants_logits) values_.logit_rows.push_back(i);
  }
  backend_->write(inputs_.tokens, values_.tokens);
  backend_->write(inputs_.rows.positions, values_.positions);
  backend_->write(inputs_.rows.slots, values_.slots);
  backend_->write(inputs_.rows.sequences, values_.sequences);
  if (!values_.logit_rows.empty()) backend_->write(inputs_.logit_rows, values_.logit_rows);
}

void LoadedModel::write_block_tables(const Batch& batch) {
  for (std::size_t sequence = 0; sequence < batch.block_tables.size(); ++sequence) {
    if (batch.block_tables[sequence].empty()) continue;
    backend_->write(inputs_.rows.block_tables, batch.block_tables[sequence],
                    sequence * limits_.blocks_per_sequence);
  }
}

void LoadedModel::write_rotations(const Batch& batch) {
  for (std::size_t i = 0; i < ropes_.size(); ++i) {
    rotations_.clear();
    for (const BatchRow& row : batch.rows) {
      const std::span<const float> values = ropes_[i].row(row.position);
      rotations_.insert(rotations_.end(), values.begin(), values.end());
    }
    backend_->write(inputs_.cos_sin[i], rotations_);
  }
}

Result<std::unique_ptr<kernels::Program>> LoadedModel::record(StepShape shape) {
  return backend_->record(
      [&](kernels::Ops& ops) { architecture_->forward(ops, inputs_, cache_, logits_, shape); });
}

Status LoadedModel::forward(const Batch& batch) {
  reader_.begin_step(0);
  if (Status status = check(batch); !status) return status;
  write_inputs(batch);
  write_block_tables(batch);
  write_rotations(batch);
  const StepShape shape{static_cast<std::uint32_t>(batch.rows.size()),
                        static_cast<std::uint32_t>(values_.logit_rows.size())};
  const auto program = programs_.get(shape, [&](StepShape wanted) { return record(wanted); });
  if (!program) return program.error();
  if (Status status = backend_->run(**program); !status) return status;
  reader_.begin_step(shape.n_logits);
  return {};
}

Status LoadedModel::copy_blocks(std::span<const kernels::Backend::BlockCopy> copies) {
  for (const auto& copy : copies) {
    if (std::max(copy.from, copy.to) >= limits_.n_cache_blocks) {
      return invalid("a cache block is out of range");
    }
  }
  return copies.empty() ? Status{} : backend_->copy_blocks(cache_, copies);
}

/// The buffers that a step's inputs go to.
Result<StepInputs> create_inputs(kernels::Backend& backend, const Architecture& architecture,
                                 const Limits& limits) {
  StepInputs in;
  in.rows.blocks_per_sequence = limits.blocks_per_sequence;
  const std::array<std::pair<kernels::Indices*, std::uint32_t>, 6> wanted{{
      {&in.tokens, limits.max_rows},
      {&in.rows.positions, limits.max_rows},
      {&in.rows.slots, limits.max_rows},
      {&in.rows.sequences, limits.max_rows},
      {&in.rows.block_tables, limits.max_sequences * limits.blocks_per_sequence},
      {&in.logit_rows, limits.max_logit_rows},
  }};
  for (const auto& [indices, size] : wanted) {
    Result<kernels::Indices> made = backend.create_indices(size);
    if (!made) return made.error();
    *indices = *std::move(made);
  }
  for (const RopeConfig& rope : architecture.ropes()) {
    Result<kernels::Tensor> made = backend.create_tensor(limits.max_rows, rope.dim);
    if (!made) return made.error();
    in.cos_sin.push_back(*std::move(made));
  }
  return in;
}

}  // namespace

Result<std::unique_ptr<Model>> Model::load(const gguf::File& file,
                                           std::shared_ptr<kernels::Backend> backend,
                                           const ModelOptions& options,
                                           const LoadProgress& progress) {
  Result<Config> config = read_config(file);
  if (!config) return config.error();
  // Twice: rows size the activations, and the cache takes its share of what weights leave.
  Result<Limits> limits = choose_limits(options, *config, *backend);
  if (!limits) return limits.error();

  WeightLoader weights(file, *backend, progress);
  const RowLimits rows{limits->max_rows, limits->max_logit_rows};
  std::unique_ptr<Architecture> architecture = config->architecture == "gemma3"
                                                   ? load_gemma3(*config, weights, rows)
                                                   : load_llama(*config, weights, rows);
  if (Status status = weights.finish(); !status) return status.error();

  limits = choose_limits(options, *config, *backend);
  if (!limits) return limits.error();
  Result<kernels::KvCache> cache = backend->create_kv_cache(
      config->n_layers, config->n_kv_heads, config->head_dim, kBlockSize, limits->n_cache_blocks);
  if (!cache) return cache.error();
  Result<StepInputs> inputs = create_inputs(*backend, *architecture, *limits);
  if (!inputs) return inputs.error();
  Result<kernels::Tensor> logits =
      backend->create_tensor(limits->max_logit_rows, config->vocab_size);
  if (!logits) return logits.error();
  Result<LogitReader> reader = LogitReader::create(backend, *logits, config->logit_softcap);
  if (!reader) return reader.error();
  return std::unique_ptr<Model>(std::make_unique<LoadedModel>(
      backend, describe(file, *config), *limits, std::move(architecture), *std::move(inputs),
      *std::move(cache), *logits, *std::move(reader)));
}

}  // namespace understory::model
