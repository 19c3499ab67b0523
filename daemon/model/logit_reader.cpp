#include "daemon/model/logit_reader.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

namespace understory::model {
namespace {

// Below this a host search costs less than the dispatch.
constexpr std::uint32_t kDeviceTopVocabulary = 8192;
// Most steps ask for few; a sampler that needs more asks again.
constexpr std::uint32_t kFewCandidates = 64;

constexpr float kLowest = -std::numeric_limits<float>::infinity();

bool is_likelier(const Candidate& a, const Candidate& b) {
  return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
}

float without_nan(float logit) {
  return std::isnan(logit) ? kLowest : logit;
}

}  // namespace

TopLogits top_of_row(std::span<const float> logits, std::uint32_t k) {
  TopLogits out;
  std::vector<Candidate>& heap = out.candidates;  // the least likely in front
  heap.reserve(k + 1);
  for (std::uint32_t token = 0; token < logits.size(); ++token) {
    const Candidate candidate{token, without_nan(logits[token])};
    if (heap.size() == k && !(k > 0 && is_likelier(candidate, heap.front()))) continue;
    heap.push_back(candidate);
    std::push_heap(heap.begin(), heap.end(), is_likelier);
    if (heap.size() <= k) continue;
    std::pop_heap(heap.begin(), heap.end(), is_likelier);
    heap.pop_back();
  }
  std::sort_heap(heap.begin(), heap.end(), is_likelier);

  float largest = kLowest;
  for (const float logit : logits) largest = std::max(largest, without_nan(logit));
  if (!std::isfinite(largest)) {
    out.logsumexp = largest;
    return out;
  }
  double sum = 0;
  for (const float logit : logits) sum += std::exp(without_nan(logit) - largest);
  out.logsumexp = largest + static_cast<float>(std::log(sum));
  return out;
}

LogitReader::LogitReader(std::shared_ptr<kernels::Backend> backend, kernels::Tensor logits,
                         float softcap)
    : backend_(std::move(backend)), logits_(std::move(logits)), softcap_(softcap) {}

Result<LogitReader> LogitReader::create(std::shared_ptr<kernels::Backend> backend,
                                        kernels::Tensor logits, float softcap) {
  LogitReader reader(std::move(backend), std::move(logits), softcap);
  // The cap keeps the order but changes logsumexp, which the device does not know.
  if (softcap == 0 && reader.logits_.cols >= kDeviceTopVocabulary) {
    for (const std::uint32_t k : {kFewCandidates, kernels::kMaxTopK}) {
      if (Status status = reader.add_device_top(k); !status) return status.error();
    }
  }
  return reader;
}

Status LogitReader::add_device_top(std::uint32_t k) {
  const std::uint32_t rows = logits_.max_rows;
  auto ids = backend_->create_indices(rows * k);
  if (!ids) return ids.error();
  auto values = backend_->create_tensor(rows, k);
  if (!values) return values.error();
  auto logsumexp = backend_->create_tensor(rows, 1);
  if (!logsumexp) return logsumexp.error();
  DeviceTop device;
  device.k = k;
  device.ids = *std::move(ids);
  device.values = *std::move(values);
  device.logsumexp = *std::move(logsumexp);
  device_.push_back(std::move(device));
  return {};
}

void LogitReader::begin_step(std::uint32_t n_logits) {
  n_logits_ = n_logits;
  for (DeviceTop& device : device_) device.is_current = false;
}

TopLogits LogitReader::top(std::uint32_t i, std::uint32_t k) {
  assert(i < n_logits_ && k <= kernels::kMaxTopK);
  k = std::min(k, logits_.cols);
  for (DeviceTop& device : device_) {
    if (k <= device.k) return top_on_device(device, i, k);
  }
  return top_on_host(i, k);
}

Status LogitReader::run_device_top(DeviceTop& device) {
  if (device.is_current) return {};
  auto& program = device.programs[n_logits_];
  if (!program) {
    auto recorded = backend_->record([&](kernels::Ops& ops) {
      ops.top_k(logits_, device.k, device.ids, device.values, device.logsumexp, n_logits_);
    });
    if (!recorded) return recorded.error();
    program = *std::move(recorded);
  }
  if (Status status = backend_->run(*program); !status) return status;
  device.is_current = true;
  return {};
}

TopLogits LogitReader::top_on_device(DeviceTop& device, std::uint32_t i, std::uint32_t k) {
  TopLogits out;
  if (!run_device_top(device)) return out;
  std::vector<std::uint32_t> ids(device.k);
  std::vector<float> values(device.k);
  backend_->read(device.ids, ids, std::size_t{i} * device.k);
  backend_->read(device.values, values, std::size_t{i} * device.k);
  backend_->read(device.logsumexp, std::span(&out.logsumexp, 1), i);
  out.candidates.resize(device.k);
  for (std::uint32_t j = 0; j < device.k; ++j) {
    out.candidates[j] = {std::min(ids[j], logits_.cols - 1), without_nan(values[j])};
  }
  std::partial_sort(out.candidates.begin(), out.candidates.begin() + k, out.candidates.end(),
                    is_likelier);
  out.candidates.resize(k);
  return out;
}

TopLogits LogitReader::top_on_host(std::uint32_t i, std::uint32_t k) {
  host_row_.resize(logits_.cols);
  row(i, host_row_);
  return top_of_row(host_row_, k);
}

void LogitReader::row(std::uint32_t i, std::span<float> out) {
  assert(i < n_logits_ && out.size() == logits_.cols);
  backend_->read(logits_, out, std::size_t{i} * logits_.cols);
  if (softcap_ == 0) return;
  for (float& logit : out) logit = softcap_ * std::tanh(logit / softcap_);
}

}  // namespace understory::model
