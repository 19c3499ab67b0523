#include "daemon/engine/scheduler.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

namespace understory::engine {
namespace {

/// Rows of background work in a step that someone waits for.
constexpr std::uint32_t kBackgroundRows = 8;

/// Orders jobs: interactive before background, the impatient oldest first, then newest first.
struct Urgency {
  std::chrono::milliseconds patience;
  Clock::time_point now = Clock::now();

  auto key(const Job& job) const {
    const auto waited = now - job.ticket().waiting_since;
    const bool patient = waited < patience;
    const auto age = waited.count();
    return std::tuple(job.is_background(), patient, patient ? age : -age);
  }
  bool operator()(const Job& a, const Job& b) const { return key(a) < key(b); }
};

/// Runs part of a job; whatever it throws fails that job alone.
template <class F>
void guarded(Job& job, F&& body) {
  try {
    body();
  } catch (const ErrorException& e) {
    job.fail(e.error());
  } catch (const std::bad_alloc&) {
    job.fail({ErrorCode::kOutOfMemory, "not enough memory for this request"});
  } catch (const std::exception& e) {
    job.fail({ErrorCode::kInternal, std::string("request failed: ") + e.what()});
  } catch (...) {
    job.fail({ErrorCode::kInternal, "request failed"});
  }
}

Status run_guarded(Step& step, model::Model& model) {
  try {
    return step.run(model);
  } catch (const ErrorException& e) {
    return e.error();
  } catch (const std::exception& e) {
    return Error{ErrorCode::kInternal, std::string("the model failed: ") + e.what()};
  }
}

}  // namespace

void Scheduler::admit(std::vector<std::unique_ptr<Job>>& waiting) {
  const Urgency urgency{patience_};
  Shares shares = shares_of_running();
  const auto key = [&](const Job& job) {
    return std::tuple(job.is_background(), shares[job.ticket().client].n_jobs, urgency.key(job));
  };
  while (true) {
    auto best = waiting.end();
    for (auto job = waiting.begin(); job != waiting.end(); ++job) {
      if (exceeds_share((*job)->need(), shares[(*job)->ticket().client])) continue;
      if (best == waiting.end() || key(**job) < key(**best)) best = job;
    }
    if (best == waiting.end() || !fits((*best)->need())) return;
    n_sequences_ += (*best)->need().n_sequences;
    if (!(*best)->is_background()) shares[(*best)->ticket().client].add((*best)->need());
    to_start_.push_back(best->get());
    running_.push_back(std::move(*best));
    waiting.erase(best);
  }
}

void Scheduler::Share::add(const Need& need) {
  ++n_jobs;
  n_sequences += need.n_sequences;
  n_blocks += need.n_blocks;
}

Scheduler::Shares Scheduler::shares_of_running() const {
  Shares shares;
  for (const auto& job : running_)
    if (!job->is_background()) shares[job->ticket().client].add(job->need());
  return shares;
}

bool Scheduler::exceeds_share(const Need& need, const Share& share) const {
  return share.n_jobs > 0 &&
         (share.n_sequences + need.n_sequences > max_branches(context_.model) / 2 ||
          share.n_blocks + need.n_blocks > context_.kv.pool().n_blocks() / 2);
}

bool Scheduler::fits(const Need& need) {
  if (n_sequences_ + need.n_sequences > max_branches(context_.model)) return false;
  return context_.kv.reserve(need.n_blocks);
}

std::vector<std::unique_ptr<Job>> Scheduler::end_cancelled() {
  for (const auto& job : running_)
    if (job->ticket().cancelled || job->ticket().is_over()) guarded(*job, [&] { job->cancel(); });
  return take_ended();
}

std::vector<std::unique_ptr<Job>> Scheduler::step() {
  start_new();
  compute();
  return take_ended();
}

void Scheduler::start_new() {
  for (Job* job : to_start_)
    if (!job->done()) guarded(*job, [&] { job->start(context_); });
  to_start_.clear();
}

void Scheduler::compute() {
  std::vector<Job*> jobs;
  for (const auto& job : running_)
    if (!job->done()) jobs.push_back(job.get());
  const Urgency urgency{patience_};
  std::stable_sort(jobs.begin(), jobs.end(), [&](const Job* a, const Job* b) {
    if (a->is_decoding() != b->is_decoding()) return a->is_decoding();
    return urgency(*a, *b);
  });
  Step step(context_.model, context_.kv);
  compute(jobs, step);
}

void Scheduler::compute(std::vector<Job*>& jobs, Step& step) {
  std::vector<Job*> taking_part;
  const std::uint32_t all_rows = step.rows_left();
  std::optional<std::uint32_t> prefill_left;  // from the first job on that does not decode
  for (Job* job : jobs) {
    const std::uint32_t rows_before = step.rows_left();
    const bool decoding = job->is_decoding();
    if (!decoding && !prefill_left) prefill_left = pace_.rows(all_rows - rows_before);
    const std::uint32_t rows = decoding ? rows_before : rows_for(*job, step, *prefill_left);
    guarded(*job, [&] {
      const Status added = job->add_rows(step, rows);
      if (!added.ok()) job->fail(added.error());
    });
    const std::uint32_t n_added = rows_before - step.rows_left();
    if (n_added > 0) taking_part.push_back(job);
    if (!decoding) *prefill_left -= n_added;
  }
  if (step.empty()) return;
  const auto began = Clock::now();
  const Status ran = run_guarded(step, context_.model);
  if (ran.ok()) pace_.note(all_rows - step.rows_left(), Clock::now() - began);
  for (Job* job : taking_part) {
    if (job->done()) continue;
    if (ran.ok())
      guarded(*job, [&] { job->take_results(); });
    else
      job->fail(ran.error());
  }
}

std::uint32_t Scheduler::rows_for(const Job& job, const Step& step,
                                  std::uint32_t prefill_left) const {
  const std::uint32_t rows = std::min(prefill_left, step.rows_left());
  const bool someone_waits = !step.empty();
  return job.is_background() && someone_waits ? std::min(kBackgroundRows, rows) : rows;
}

std::vector<std::unique_ptr<Job>> Scheduler::take_ended() {
  std::vector<std::unique_ptr<Job>> ended;
  for (auto& job : running_) {
    if (!job->done()) continue;
    n_sequences_ -= job->need().n_sequences;
    guarded(*job, [&] { job->close(context_); });
    context_.kv.unreserve(job->need().n_blocks);
    ended.push_back(std::move(job));
  }
  std::erase(running_, nullptr);
  return ended;
}

}  // namespace understory::engine
