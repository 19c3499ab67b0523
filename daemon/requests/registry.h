// The methods and the one place where their errors become answers.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "daemon/requests/connection.h"

namespace understory::requests {

/// Answers the call, now or later. May throw; dispatch() answers with the error then.
using Handler = void (*)(const std::shared_ptr<Call>&);

struct Method {
  std::string_view name;
  Handler handler;
  bool needs_model = true;           // refused while none is ready
  bool works_unanswered = false;     // makes sense as a notification that nobody waits for
  bool names_other_request = false;  // its `request` key is not its own number
  bool waits = false;                // takes its turn though it needs no model
};

/// Null where there is no such method.
const Method* find_method(std::string_view name);

/// The methods of stories (story_methods.cpp).
std::span<const Method> story_methods();

/// Runs the call's method. Never throws.
void dispatch(Services& services, const std::shared_ptr<Call>& call) noexcept;

// One file per family.
void hello(const std::shared_ptr<Call>& call);       // hello.cpp
void complete(const std::shared_ptr<Call>& call);    // complete.cpp
void cancel(const std::shared_ptr<Call>& call);      // complete.cpp
void rank(const std::shared_ptr<Call>& call);        // rank.cpp
void score(const std::shared_ptr<Call>& call);       // score.cpp
void tokenize(const std::shared_ptr<Call>& call);    // tokenize.cpp
void detokenize(const std::shared_ptr<Call>& call);  // tokenize.cpp
void status(const std::shared_ptr<Call>& call);      // status.cpp
void shut_down(const std::shared_ptr<Call>& call);   // status.cpp

/// For handlers: the services, and the model (throws where none is ready).
Services& services_of(const Call& call);
std::shared_ptr<const LoadedModel> model_of(const Call& call);

}  // namespace understory::requests
