#include "daemon/engine/suggestions.h"

#include <catch2/catch.hpp>
#include <functional>

using namespace understory::engine;

namespace {

BranchMemory branch_of(const std::vector<std::string>& pieces, std::size_t n_shown) {
  BranchMemory branch;
  branch.tokens = {7, 8};
  for (const std::string& piece : pieces) {
    const auto id = static_cast<std::uint32_t>(branch.tokens.size());
    branch.tokens.push_back(id);
    branch.drawn.push_back({id, piece, -1, {}});
  }
  branch.n_shown = n_shown;
  branch.reason = FinishReason::kLength;
  return branch;
}

CompletionParams request(std::string prefix, std::uint64_t offset = 0) {
  CompletionParams params;
  params.prefix = std::move(prefix);
  params.prefix_offset = offset;
  params.document = "d";
  return params;
}

Suggestion suggestion(const CompletionParams& params, BranchMemory branch, ClientId client = 1) {
  return {*suggestion_key(client, params, {}), CursorPlace::of(params), {}, 0, std::move(branch)};
}

std::optional<Suggestions::Match> take(Suggestions& suggestions, const CompletionParams& params,
                                       ClientId client = 1) {
  return suggestions.take(*suggestion_key(client, params, {}), CursorPlace::of(params));
}

}  // namespace

TEST_CASE("Only requests that leave the text to the engine are remembered", "[unit]") {
  CompletionParams params = request("It was");
  CHECK(suggestion_key(1, params, {}).has_value());
  const auto refused = [&](auto&& change) {
    CompletionParams changed = params;
    change(changed);
    return !suggestion_key(1, changed, {});
  };
  CHECK(refused([](auto& p) { p.document.clear(); }));
  CHECK(refused([](auto& p) { p.sampler.seed = 1; }));
  CHECK(refused([](auto& p) { p.n = 2; }));
  CHECK(refused([](auto& p) { p.top = 1; }));
  CHECK(refused([](auto& p) { p.prefetch = false; }));
}

TEST_CASE("What was typed since is known where the text before is the same", "[unit]") {
  const CursorPlace earlier = CursorPlace::of(request("It was a dark"));
  const auto typed = [&](std::string prefix, std::uint64_t offset = 0) {
    return CursorPlace::of(request(std::move(prefix), offset)).typed_since(earlier);
  };
  CHECK(typed("It was a dark night") == " night");
  CHECK(typed("was a dark night", 3) == " night");  // the last part of the text
  CHECK_FALSE(typed("It was a dark"));
  CHECK_FALSE(typed("It was a dar"));
  CHECK_FALSE(typed("It was a dank night"));
  CHECK_FALSE(typed("It was a dark night", 1));  // something was put in before
  const std::string far(5000, 'x');
  const CursorPlace late = CursorPlace::of(request(far));
  CHECK(CursorPlace::of(request(far + "y")).typed_since(late) == "y");
  CHECK_FALSE(CursorPlace::of(request(far + far)).typed_since(late));  // too much
}

TEST_CASE("Typing through takes tokens and parts of tokens off", "[unit]") {
  Suggestions suggestions;
  suggestions.remember(suggestion(request("It"), branch_of({" was", " ann", "oying", "!"}, 8)));
  const auto match = take(suggestions, request("It was a"));
  REQUIRE(match.has_value());
  CHECK(match->n_typed == 6);
  const BranchMemory& rest = match->rest.branch;
  CHECK(rest.text() == "nnoying!");
  REQUIRE(rest.drawn.size() == 3);
  CHECK(rest.drawn[0].id == 3);
  CHECK(rest.drawn[0].text == "nn");
  CHECK(rest.tokens.size() == 6);
  CHECK(rest.n_shown == 2);
  CHECK(suggestions.size() == 0);
}

TEST_CASE("A suggestion is another request's only where all but the text is the same", "[unit]") {
  Suggestions suggestions;
  suggestions.remember(suggestion(request("It"), branch_of({" was", " so"}, 7)));
  const auto refused = [&](auto&& change) {
    CompletionParams changed = request("It was");
    change(changed);
    return !take(suggestions, changed);
  };
  CHECK(refused([](auto& p) { p.sampler.temperature = 0.5f; }));
  CHECK(refused([](auto& p) { p.sampler.dry.multiplier = 1; }));
  CHECK(refused([](auto& p) { p.stop.until = StopUnit::kWord; }));
  CHECK(refused([](auto& p) { p.notes = "x"; }));
  CHECK(refused([](auto& p) { p.lorebook = {{{"a"}, "b"}}; }));
  CHECK(refused([](auto& p) { p.document = "e"; }));
  CHECK(refused([](auto& p) { p.prefix = "It war"; }));
  CHECK_FALSE(take(suggestions, request("It was"), 2));
  CHECK_FALSE(suggestions.take(*suggestion_key(1, request("It was"), {0}),
                               CursorPlace::of(request("It was"))));  // another entry in play
  CHECK(take(suggestions, request("It was")));
}

TEST_CASE("A text that has ended and is all typed has no rest", "[unit]") {
  Suggestions suggestions;
  BranchMemory branch = branch_of({" was"}, 4);
  suggestions.remember(suggestion(request("It"), branch));
  CHECK(take(suggestions, request("It was")));
  branch.ended = true;
  suggestions.remember(suggestion(request("It"), branch));
  CHECK_FALSE(take(suggestions, request("It was")));
  CHECK(take(suggestions, request("It wa")));
}

TEST_CASE("Memory is one suggestion a document, and bounded", "[unit]") {
  Suggestions suggestions;
  for (int i = 0; i < 200; ++i) {
    CompletionParams params = request("It");
    params.document = std::to_string(i);
    suggestions.remember(suggestion(params, branch_of({" was"}, 4), 1 + i % 2));
    suggestions.remember(suggestion(params, branch_of({" is"}, 3), 1 + i % 2));
  }
  CHECK(suggestions.size() == Suggestions::kMaxSuggestions);
  CHECK(suggestions.newest()->key.document == "199");
  suggestions.forget(2);
  CHECK(suggestions.size() == Suggestions::kMaxSuggestions / 2);
}

TEST_CASE("Whatever a client makes long counts towards the memory's bound", "[unit]") {
  const std::string half(Suggestions::kMaxBytes / 2, 'x');
  const std::vector<std::function<void(CompletionParams&)>> ways = {
      [&](auto& p) { p.notes = half; },
      [&](auto& p) { p.suffix = half; },
      [&](auto& p) { p.sampler.bans.phrases = {half}; },
      [&](auto& p) { p.sampler.dry.breakers = {half}; },
      [&](auto& p) {
        p.sampler.logit_bias = {{1, half, 0}};
      },
      [&](auto& p) {
        p.lorebook = {{{half}, ""}};
      },
      [&](auto& p) {
        p.lorebook = {{{"key"}, half}};
      }};
  for (const auto& make_long : ways) {
    Suggestions suggestions;
    CompletionParams heavy = request("It");
    make_long(heavy);
    for (const char* document : {"a", "b", "c"}) {
      heavy.document = document;
      suggestions.remember(suggestion(heavy, branch_of({" was"}, 4)));
    }
    CHECK(suggestions.size() == 1);
    CHECK(suggestions.newest()->key.document == "c");
  }
}
