// The engine's thread, its bounded queue, and the requests that others may cancel.
#include "daemon/engine/engine.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

#include "daemon/engine/completion_job.h"
#include "daemon/engine/prefetcher.h"
#include "daemon/engine/rank_job.h"
#include "daemon/engine/samplers/logit_bias.h"
#include "daemon/engine/scheduler.h"
#include "daemon/engine/score_job.h"

namespace understory::engine {

std::string_view to_string(FinishReason reason) {
  switch (reason) {
    case FinishReason::kStop:
      return "stop";
    case FinishReason::kLength:
      return "length";
    case FinishReason::kEndOfText:
      return "end_of_text";
    case FinishReason::kContext:
      return "context";
    case FinishReason::kBanned:
      return "banned";
    case FinishReason::kConfidence:
      return "confidence";
    case FinishReason::kTime:
      return "time";
    case FinishReason::kRepetition:
      return "repetition";
    case FinishReason::kCancelled:
      return "cancelled";
  }
  return "unknown";
}

std::string_view to_string(Suppressed reason) {
  switch (reason) {
    case Suppressed::kEmpty:
      return "empty";
    case Suppressed::kPunctuation:
      return "punctuation";
    case Suppressed::kRepeats:
      return "repeats";
    case Suppressed::kLoops:
      return "loops";
    case Suppressed::kDuplicate:
      return "duplicate";
  }
  return "unknown";
}

class Engine::Impl {
 public:
  Impl(std::shared_ptr<model::Model> model, std::shared_ptr<const tokenizer::Tokenizer> tokenizer,
       EngineOptions options)
      : model_(std::move(model)),
        tokenizer_(std::move(tokenizer)),
        options_(options),
        context_(*model_, *tokenizer_),
        scheduler_(context_, options.patience),
        prefetcher_(context_, options_) {
    publish_kv();
    thread_ = std::thread([this] { run(); });
  }

  ~Impl() { shutdown(); }

  Result<RequestId> complete(ClientId client, CompletionParams params,
                             std::shared_ptr<CompletionListener> listener) {
    if (Status valid = validate(params, *model_); !valid.ok()) return valid.error();
    auto bias = resolve_bias(params.sampler.logit_bias, *tokenizer_);
    if (!bias.ok()) return bias.error();
    params.sampler.logit_bias = *std::move(bias);
    auto ticket = make_ticket(client, params.document);
    if (params.stop.time_budget_ms > 0)
      ticket->deadline = ticket->submitted + std::chrono::milliseconds(params.stop.time_budget_ms);
    if (!params.document.empty()) supersede(*ticket);
    if (Status free = check_room(client); !free.ok()) return free.error();
    auto job = CompletionJob::make(ticket, std::move(params), std::move(listener), context_);
    if (!job.ok()) return job.error();
    return enqueue(ticket, *std::move(job));
  }

  Result<RequestId> score(ClientId client, ScoreParams params,
                          std::shared_ptr<ScoreListener> listener) {
    constexpr std::uint32_t kMaxTop = 64;
    if (params.top > kMaxTop)
      return Error{ErrorCode::kInvalidArgument,
                   "top must be between 0 and 64, but is " + std::to_string(params.top)};
    auto ticket = make_ticket(client, {});
    if (Status free = check_room(client); !free.ok()) return free.error();
    return enqueue(ticket, ScoreJob::make(ticket, params, std::move(listener), context_));
  }

  Result<RequestId> rank(ClientId client, RankParams params,
                         std::shared_ptr<RankListener> listener) {
    if (Status valid = validate(params, *model_); !valid.ok()) return valid.error();
    auto ticket = make_ticket(client, {});
    if (Status free = check_room(client); !free.ok()) return free.error();
    return enqueue(ticket, RankJob::make(ticket, params, std::move(listener), context_));
  }

  bool cancel(RequestId request) {
    {
      std::lock_guard lock(mutex_);
      const auto live = live_.find(request);
      if (live == live_.end() || live->second->cancelled.exchange(true)) return false;
    }
    wake_.notify_one();
    return true;
  }

  void cancel_all_of(ClientId client) {
    {
      std::lock_guard lock(mutex_);
      for (const auto& [id, ticket] : live_)
        if (ticket->client == client) ticket->cancelled = true;
      gone_.push_back(client);
    }
    wake_.notify_one();
  }

  EngineStatus status() const {
    EngineStatus status = context_.metrics.snapshot();
    std::lock_guard lock(mutex_);
    status.queued = n_waiting();
    status.active = n_active_;
    return status;
  }

  void shutdown() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
      for (const auto& [id, ticket] : live_) ticket->cancelled = true;
    }
    wake_.notify_one();
    std::lock_guard lock(join_mutex_);
    if (thread_.joinable() && thread_.get_id() != std::this_thread::get_id()) thread_.join();
  }

 private:
  using Jobs = std::vector<std::unique_ptr<Job>>;

  std::shared_ptr<Ticket> make_ticket(ClientId client, std::string document) {
    auto ticket = std::make_shared<Ticket>();
    ticket->id = next_id_.fetch_add(1);
    ticket->client = client;
    ticket->document = std::move(document);
    ticket->submitted = ticket->waiting_since = Clock::now();
    return ticket;
  }

  /// The newest request for a document ends the older ones and, where they have shown nothing,
  /// takes over their wait: who types on must not lose the turn by it.
  void supersede(Ticket& newest) {
    std::lock_guard lock(mutex_);
    for (const auto& [id, ticket] : live_) {
      const bool older = id < newest.id && ticket->client == newest.client;
      if (!older || ticket->document != newest.document) continue;
      ticket->cancelled = true;
      if (!ticket->served)
        newest.waiting_since = std::min(newest.waiting_since, ticket->waiting_since);
    }
  }

  Status check_room(ClientId client) const {
    std::lock_guard lock(mutex_);
    return check_room_locked(client);
  }

  Status check_room_locked(ClientId client) const {
    if (stopping_) return Error{ErrorCode::kUnavailable, "the engine is shutting down"};
    // Cancelled requests leave within one step; they count only where they pile up.
    const bool piled_up = waiting_.size() >= std::size_t{8} * options_.max_queue;
    if (n_waiting() >= options_.max_queue || piled_up)
      return Error{ErrorCode::kBusy, std::to_string(n_waiting()) +
                                         " requests are waiting already; try again shortly"};
    if (const std::uint32_t own = n_waiting(client); own >= options_.max_queue_per_client)
      return Error{ErrorCode::kBusy, std::to_string(own) +
                                         " of your requests are waiting already; try again when "
                                         "some have ended"};
    return {};
  }

  Result<RequestId> enqueue(const std::shared_ptr<Ticket>& ticket, std::unique_ptr<Job> job) {
    {
      std::lock_guard lock(mutex_);
      if (Status free = check_room_locked(ticket->client); !free.ok()) return free.error();
      live_.emplace(ticket->id, ticket);
      waiting_.push_back(std::move(job));
    }
    wake_.notify_one();
    return ticket->id;
  }

  std::uint32_t n_waiting(std::optional<ClientId> client = std::nullopt) const {
    return static_cast<std::uint32_t>(
        std::count_if(waiting_.begin(), waiting_.end(), [&](const auto& job) {
          const Ticket& ticket = job->ticket();
          return !ticket.cancelled && (!client || ticket.client == *client);
        }));
  }

  void run() {
    while (true) {
      think_ahead();
      if (!wait_for_work()) return;
      const std::vector<ClientId> gone = take_gone();
      // Before the next step, so that they hear of it at once and their room is free.
      answer(end_cancelled());
      // What ended just now has left a suggestion as well.
      for (const ClientId client : gone) context_.suggestions.forget(client);
      admit();
      answer(scheduler_.step());
      if (scheduler_.idle()) prefetcher_.consider();
    }
  }

  /// Until there is something better to do.
  void think_ahead() {
    while (prefetcher_.has_work() && !work_comes_before(prefetcher_.due())) prefetcher_.step();
    prefetcher_.stop();
    publish_kv();
  }

  bool work_comes_before(Clock::time_point time) {
    std::unique_lock lock(mutex_);
    return wake_.wait_until(lock, time, [&] { return has_work(); });
  }

  /// Under the mutex.
  bool has_work() const {
    return stopping_ || !waiting_.empty() || !scheduler_.idle() || !gone_.empty();
  }

  /// Sleeps while there is nothing to do; false at the end.
  bool wait_for_work() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return has_work(); });
    return !stopping_ || !waiting_.empty() || !scheduler_.idle();
  }

  std::vector<ClientId> take_gone() {
    std::lock_guard lock(mutex_);
    return std::exchange(gone_, {});
  }

  /// What is cancelled or whose time is over, waiting or running; closed.
  Jobs end_cancelled() {
    Jobs ended;
    {
      std::lock_guard lock(mutex_);
      for (auto& job : waiting_)
        if (job->ticket().cancelled || job->ticket().is_over()) ended.push_back(std::move(job));
      std::erase(waiting_, nullptr);
    }
    // Not under the lock: they call their listeners.
    for (auto& job : ended) {
      job->cancel();
      job->close(context_);
    }
    for (auto& job : scheduler_.end_cancelled()) ended.push_back(std::move(job));
    return ended;
  }

  void admit() {
    std::lock_guard lock(mutex_);
    if (!stopping_) scheduler_.admit(waiting_);
    n_active_ = scheduler_.n_running();
  }

  void answer(Jobs ended) {
    publish_kv();
    {
      std::lock_guard lock(mutex_);
      for (const auto& job : ended) live_.erase(job->ticket().id);
      n_active_ = scheduler_.n_running();
    }
    for (const auto& job : ended) {
      try {
        job->answer();
      } catch (...) {
        // A listener that throws has only itself to blame; the others are answered.
      }
    }
  }

  void publish_kv() {
    const KvStore& kv = context_.kv;
    context_.metrics.set_kv(kv.pool().n_blocks(), kv.pool().n_blocks() - kv.pool().n_free(),
                            kv.cache().n_blocks(), kv.cache().n_evicted());
  }

  const std::shared_ptr<model::Model> model_;
  const std::shared_ptr<const tokenizer::Tokenizer> tokenizer_;
  const EngineOptions options_;
  Context context_;
  Scheduler scheduler_;    // engine thread, but for the constructor
  Prefetcher prefetcher_;  // engine thread

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  Jobs waiting_;
  std::unordered_map<RequestId, std::shared_ptr<Ticket>> live_;  // waiting or running
  std::vector<ClientId> gone_;  // whose suggestions are to be forgotten
  std::uint32_t n_active_ = 0;
  bool stopping_ = false;
  std::atomic<RequestId> next_id_{1};

  std::mutex join_mutex_;
  std::thread thread_;
};

Engine::Engine(std::shared_ptr<model::Model> model,
               std::shared_ptr<const tokenizer::Tokenizer> tokenizer, EngineOptions options)
    : impl_(std::make_unique<Impl>(std::move(model), std::move(tokenizer), options)) {}

Engine::~Engine() = default;

Result<RequestId> Engine::complete(ClientId client, CompletionParams params,
                                   std::shared_ptr<CompletionListener> listener) {
  return impl_->complete(client, std::move(params), std::move(listener));
}

Result<RequestId> Engine::score(ClientId client, ScoreParams params,
                                std::shared_ptr<ScoreListener> listener) {
  return impl_->score(client, std::move(params), std::move(listener));
}

Result<RequestId> Engine::rank(ClientId client, RankParams params,
                               std::shared_ptr<RankListener> listener) {
  return impl_->rank(client, std::move(params), std::move(listener));
}

bool Engine::cancel(RequestId request) {
  return impl_->cancel(request);
}
void Engine::cancel_all_of(ClientId client) {
  impl_->cancel_all_of(client);
}
EngineStatus Engine::status() const {
  return impl_->status();
}
void Engine::shutdown() {
  impl_->shutdown();
}

}  // namespace understory::engine
