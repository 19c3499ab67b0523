// complete and cancel.
#include <algorithm>

#include "base/fnv1a.h"
#include "daemon/requests/completion.h"
#include "daemon/requests/convert.h"
#include "daemon/requests/registry.h"

namespace understory::requests {
namespace {

engine::StopUnit stop_unit(const std::string& name) {
  if (name == "none") return engine::StopUnit::kNone;
  if (name == "word") return engine::StopUnit::kWord;
  if (name == "sentence") return engine::StopUnit::kSentence;
  if (name == "line") return engine::StopUnit::kLine;
  if (name == "paragraph") return engine::StopUnit::kParagraph;
  throw ErrorException(
      {ErrorCode::kInvalidArgument,
       "'until' must be none, word, sentence, line or paragraph, not '" + name + "'"});
}

engine::RankBy rank_by(const std::string& name) {
  if (name == "none") return engine::RankBy::kNone;
  if (name == "bridge") return engine::RankBy::kBridge;
  throw ErrorException(
      {ErrorCode::kInvalidArgument, "'rank' must be none or bridge, not '" + name + "'"});
}

}  // namespace

engine::CompletionParams to_engine(protocol::CompleteParams p, const Presets& presets) {
  engine::CompletionParams params;
  params.prefix = std::move(p.prefix);
  params.suffix = std::move(p.suffix);
  params.prefix_offset = p.prefix_offset;
  params.notes = std::move(p.notes);
  params.notes_depth = p.notes_depth;
  for (protocol::LorebookEntry& entry : p.lorebook)
    params.lorebook.push_back({std::move(entry.keys), std::move(entry.text)});
  params.lorebook_depth = p.lorebook_depth;
  params.n = p.n;
  params.sampler = presets.resolve(p.preset, p).value_or_throw();
  params.sampler.seed = p.seed;
  params.stop = {p.max_tokens, stop_unit(p.until), p.min_probability, p.min_margin,
                 p.time_budget_ms};
  params.top = p.top;
  params.healing = p.healing;
  params.suppress = p.suppress;
  params.rank = rank_by(p.rank);
  params.document = std::move(p.document);
  params.prefetch = p.prefetch;
  return params;
}

protocol::Branch to_protocol(engine::Branch branch) {
  protocol::Branch out;
  out.text = std::move(branch.text);
  out.tokens.reserve(branch.tokens.size());
  for (engine::TokenResult& t : branch.tokens) {
    out.tokens.push_back(
        {t.id, std::move(t.text), t.logprob, requests::to_protocol(std::move(t.top))});
  }
  out.finish_reason = engine::to_string(branch.finish_reason);
  if (branch.suppressed) out.suppressed = engine::to_string(*branch.suppressed);
  out.bridge_logprob = branch.bridge_logprob;
  out.mean_logprob = branch.mean_logprob;
  out.seed = branch.seed;
  return out;
}

namespace {

/// The count, where it is not zero.
std::optional<std::uint32_t> some(std::uint32_t count) {
  return count > 0 ? std::optional(count) : std::nullopt;
}

protocol::CompleteResult to_protocol(engine::CompletionResult result, const LoadedModel& loaded) {
  protocol::CompleteResult out;
  for (engine::Branch& branch : result.branches)
    out.branches.push_back(requests::to_protocol(std::move(branch)));
  out.order = std::move(result.order);
  const engine::Timings& t = result.timings;
  out.timings = {.prompt_tokens = t.prompt_tokens,
                 .cached_tokens = t.cached_tokens,
                 .dropped_tokens = t.dropped_tokens,
                 .queue_ms = t.queue_ms,
                 .ttft_ms = t.ttft_ms,
                 .prefill_ms = t.prefill_ms,
                 .decode_ms = t.decode_ms,
                 .decode_tok_s = t.decode_tok_s,
                 .healed_tokens = some(t.healed_tokens),
                 .late_tokens = some(t.late_tokens),
                 .prefetched = some(t.prefetched)};
  engine::ContextUse& c = result.context;
  out.context = {c.size,          c.notes_tokens,        c.lorebook_tokens,
                 c.dropped_bytes, std::move(c.lorebook), std::move(c.lorebook_left_out)};
  out.typed_through = result.typed_through;
  out.model = loaded.model.name;
  out.device = loaded.device.name;
  return out;
}

// Carries what the engine says from its thread to the connection's strand.
class Listener : public engine::CompletionListener {
 public:
  Listener(std::shared_ptr<Call> call, std::shared_ptr<const LoadedModel> loaded, bool stream,
           std::string prefix)
      : call_(std::move(call)),
        loaded_(std::move(loaded)),
        stream_(stream),
        prefix_(std::move(prefix)) {}

  void on_chunk(const engine::Chunk& chunk) override {
    if (!stream_) return;
    call_->post(
        [call = call_, notice = protocol::ChunkNotice{call_->number(), chunk.branch, chunk.text}] {
          call->notify(notice);
        });
  }

  void on_finish(Result<engine::CompletionResult> result) override {
    // std::function wants a copyable callable.
    auto shared = std::make_shared<Result<engine::CompletionResult>>(std::move(result));
    call_->post([call = call_, loaded = loaded_, shared, prefix = std::move(prefix_)] {
      if (!shared->ok()) return call->fail(shared->error());
      protocol::CompleteResult out = to_protocol(std::move(*shared).value(), *loaded);
      // The rest of an earlier suggestion was made where that one began.
      const std::size_t through = std::min<std::size_t>(out.typed_through, prefix.size());
      out.prompt_hash = fnv1a_hex(std::string_view(prefix).substr(0, prefix.size() - through));
      call->finish(out);
    });
  }

 private:
  std::shared_ptr<Call> call_;
  std::shared_ptr<const LoadedModel> loaded_;
  bool stream_;
  std::string prefix_;
};

}  // namespace

void complete(const std::shared_ptr<Call>& call) {
  auto params = call->params<protocol::CompleteParams>();
  const std::shared_ptr<const LoadedModel> loaded = model_of(*call);
  const bool stream = params.stream;
  std::string prefix = params.prefix;
  // Its listener can only post to this strand, so the engine's number is noted before it speaks.
  call->engine_request =
      loaded->engine
          ->complete(call->connection()->id(),
                     to_engine(std::move(params), services_of(*call).presets),
                     std::make_shared<Listener>(call, loaded, stream, std::move(prefix)))
          .value_or_throw();
}

void cancel(const std::shared_ptr<Call>& call) {
  const auto params = call->params<protocol::CancelParams>();
  call->finish(protocol::CancelResult{call->connection()->cancel(params.request)});
}

}  // namespace understory::requests
