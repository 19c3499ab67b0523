#include "daemon/engine/scheduler.h"

#include <algorithm>
#include <tuple>

namespace understory::engine {
namespace {

/// Rows of background work in a step that someone waits for.
constexpr std::uint32_t kBackgroundRows = 8;

/// Orders jobs: interactive before background, the impatient oldest first, then newest first.
struct Urgency {
  Clock::time_point now = Clock::now();

  auto key(const Job& job) const {
    const auto submitted = job.ticket().submitted;
    const bool patient = now - submitted < kPatience;
    const auto age = (now - submitted).count();
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
  const Urgency urgency;
  while (!waiting.empty()) {
    const auto best = std::min_element(waiting.begin(), waiting.end(),
                                       [&](auto& a, auto& b) { return urgency(*a, *b); });
    if (!fits((*best)->need())) return;
    n_sequences_ += (*best)->need().n_sequences;
    to_start_.push_back(best->get());
    running_.push_back(std::move(*best));
    waiting.erase(best);
  }
}

bool Scheduler::fits(const Need& need) {
  if (n_sequences_ + need.n_sequences > max_branches(context_.model)) return false;
  return context_.kv.reserve(need.n_blocks);
}

std::vector<std::unique_ptr<Job>> Scheduler::step() {
  cancel_marked();
  start_new();
  compute();
  return take_ended();
}

void Scheduler::cancel_marked() {
  for (const auto& job : running_)
    if (job->ticket().cancelled) guarded(*job, [&] { job->cancel(); });
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
  const Urgency urgency;
  std::stable_sort(jobs.begin(), jobs.end(), [&](const Job* a, const Job* b) {
    if (a->is_decoding() != b->is_decoding()) return a->is_decoding();
    return urgency(*a, *b);
  });
  Step step(context_.model, context_.kv);
  compute(jobs, step);
}

void Scheduler::compute(std::vector<Job*>& jobs, Step& step) {
  std::vector<Job*> taking_part;
  for (Job* job : jobs) {
    const std::uint32_t rows_before = step.rows_left();
    guarded(*job, [&] {
      const Status added = job->add_rows(step, rows_for(*job, step));
      if (!added.ok()) job->fail(added.error());
    });
    if (step.rows_left() < rows_before) taking_part.push_back(job);
  }
  if (step.empty()) return;
  const Status ran = run_guarded(step, context_.model);
  for (Job* job : taking_part) {
    if (job->done()) continue;
    if (ran.ok())
      guarded(*job, [&] { job->take_results(); });
    else
      job->fail(ran.error());
  }
}

std::uint32_t Scheduler::rows_for(const Job& job, const Step& step) const {
  const bool someone_waits = !step.empty();
  return job.is_background() && someone_waits ? std::min(kBackgroundRows, step.rows_left())
                                              : step.rows_left();
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
