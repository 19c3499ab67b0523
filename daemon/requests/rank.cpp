// rank.
#include "daemon/requests/registry.h"

namespace understory::requests {
namespace {

class Listener : public engine::RankListener {
 public:
  explicit Listener(std::shared_ptr<Call> call) : call_(std::move(call)) {}

  void on_finish(Result<engine::RankResult> result) override {
    call_->post([call = call_, result = std::move(result)] {
      if (!result.ok()) return call->fail(result.error());
      protocol::RankResult out;
      for (const auto& logprob : result->bridge_logprobs) out.candidates.push_back({logprob});
      out.order = result->order;
      call->finish(out);
    });
  }

 private:
  std::shared_ptr<Call> call_;
};

}  // namespace

void rank(const std::shared_ptr<Call>& call) {
  auto params = call->params<protocol::RankParams>();
  call->engine_request =
      model_of(*call)
          ->engine
          ->rank(call->connection()->id(),
                 {std::move(params.prefix), std::move(params.suffix), std::move(params.candidates)},
                 std::make_shared<Listener>(call))
          .value_or_throw();
}

}  // namespace understory::requests
