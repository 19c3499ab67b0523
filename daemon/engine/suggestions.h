// The last suggestion of each client's document, as far as it was thought of. A writer who types
// what is suggested, or accepts a part of it, is answered from here: with the text that was
// shown, without any computation as far as the memory goes.
//
// Only for requests that leave the seed to the engine. Such a request asks for some text that may
// follow; the rest of the one on show is as good a draw as a new one, and a better answer. One
// that gives a seed asks for a text that depends on the request alone and gets it.
//
// Engine thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "daemon/engine/branch_memory.h"
#include "daemon/engine/engine.h"

namespace understory::engine {

/// What a request must have in common with an earlier one to go on with its suggestion.
struct SuggestionKey {
  ClientId client = 0;
  std::string document;
  CompletionParams params;              // without prefix and seed
  std::vector<std::uint32_t> lorebook;  // entries in play
  bool operator==(const SuggestionKey&) const = default;
};

/// nullopt where the request is not one to be remembered: no document, a seed of its own, more
/// than one branch, `top`, or without prefetch.
std::optional<SuggestionKey> suggestion_key(ClientId client, const CompletionParams& params,
                                            std::vector<std::uint32_t> lorebook);

/// Where the cursor was: the end of the prefix in the document, and the last bytes before it.
struct CursorPlace {
  std::uint64_t end = 0;
  std::string before;  // at most kMaxBytes

  static constexpr std::size_t kMaxBytes = 4096;
  static CursorPlace of(const CompletionParams& params);
  /// The text typed since `earlier`, where the text before that is the same as far as both know
  /// it; nullopt where it is not, or nothing or too much was typed.
  std::optional<std::string> typed_since(const CursorPlace& earlier) const;
};

struct Suggestion {
  SuggestionKey key;
  CursorPlace place;
  ContextUse context;
  std::uint32_t dropped_tokens = 0;
  BranchMemory branch;
};

class Suggestions {
 public:
  /// Replaces the document's earlier one.
  void remember(Suggestion suggestion);

  /// The suggestion whose beginning has been typed since: as it is after that, taken out.
  struct Match {
    Suggestion rest;
    std::size_t n_typed = 0;  // bytes
  };
  std::optional<Match> take(const SuggestionKey& key, const CursorPlace& place);

  /// The one remembered last; null where there is none. Valid until the next remember(), take()
  /// or forget().
  Suggestion* newest() { return all_.empty() ? nullptr : &all_.front(); }

  void forget(ClientId client);
  std::size_t size() const { return all_.size(); }

  static constexpr std::size_t kMaxSuggestions = 64;
  static constexpr std::size_t kMaxBytes = std::size_t{16} << 20;

 private:
  std::list<Suggestion> all_;  // newest first
};

}  // namespace understory::engine
