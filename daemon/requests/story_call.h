// How the methods of stories run: params are decoded on the connection's strand, the work is done
// and its answer encoded on the library's thread, and the answer goes back to the strand.
#pragma once

#include <memory>
#include <utility>

#include "daemon/requests/connection.h"
#include "daemon/requests/registry.h"
#include "daemon/story/library.h"
#include "protocol/codec.h"

namespace understory::requests {

/// Answers with what `work` returns or throws. On the library's thread.
template <class Work>
void answer_with(const std::shared_ptr<Call>& call, Work work) {
  try {
    auto result = std::make_shared<decltype(work())>(work());
    if (call->style() != Call::Style::kRequest) {
      return call->post([call, result] { call->finish(*result); });
    }
    auto frame = std::make_shared<std::string>(protocol::encode_response(call->number(), *result));
    call->post([call, frame] { call->finish_encoded(std::move(*frame)); });
  } catch (const ErrorException& e) {
    call->post([call, error = e.error()] { call->fail(error); });
  } catch (const std::exception& e) {
    call->post([call, error = Error{ErrorCode::kInternal, std::string("a defect in understoryd: ") +
                                                              e.what()}] { call->fail(error); });
  }
}

/// What a handler's work has at hand, on the library's thread.
struct StoryContext {
  story::Library& library;
  story::ClientId client;
};

/// Runs `work(context, params)` on the library's thread and answers with what it returns.
template <class Params, class Work>
void in_library(const std::shared_ptr<Call>& call, Work work) {
  auto params = std::make_shared<Params>(call->params<Params>());
  const StoryContext context{*services_of(*call).stories, call->connection()->id()};
  context.library.submit(
      [call, params, context, work] { answer_with(call, [&] { return work(context, *params); }); });
}

}  // namespace understory::requests
