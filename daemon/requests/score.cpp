#include <numbers>

#include "daemon/requests/convert.h"
#include "daemon/requests/registry.h"

namespace understory::requests {
namespace {

protocol::ScoreResult to_protocol(engine::ScoreResult result) {
  protocol::ScoreResult out;
  out.tokens.reserve(result.tokens.size());
  for (engine::ScoredToken& t : result.tokens) {
    out.tokens.push_back({t.id, std::move(t.text), t.byte_offset, t.logprob,
                          requests::to_protocol(std::move(t.top))});
  }
  out.bytes = result.bytes;
  out.nats = result.nats;
  if (out.bytes > 0) {
    out.bits_per_byte = out.nats / std::numbers::ln2 / static_cast<double>(out.bytes);
  }
  return out;
}

class Listener : public engine::ScoreListener {
 public:
  explicit Listener(std::shared_ptr<Call> call) : call_(std::move(call)) {}

  void on_finish(Result<engine::ScoreResult> result) override {
    auto shared = std::make_shared<Result<engine::ScoreResult>>(std::move(result));
    call_->post([call = call_, shared] {
      if (!shared->ok()) return call->fail(shared->error());
      call->finish(to_protocol(std::move(*shared).value()));
    });
  }

 private:
  std::shared_ptr<Call> call_;
};

}  // namespace

void score(const std::shared_ptr<Call>& call) {
  auto params = call->params<protocol::ScoreParams>();
  call->engine_request = model_of(*call)
                             ->engine
                             ->score(call->connection()->id(), {std::move(params.text), params.top},
                                     std::make_shared<Listener>(call))
                             .value_or_throw();
}

}  // namespace understory::requests
