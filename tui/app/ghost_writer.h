// Suggestions as they come and go: when to ask the daemon, what to show, what keys do to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/story_messages.h"
#include "tui/app/completion_request.h"
#include "tui/app/settings.h"
#include "tui/ghost/pacing.h"
#include "tui/ghost/suggestion.h"
#include "tui/layout/laid_block.h"
#include "tui/link/daemon_link.h"
#include "tui/text/text.h"

namespace understory::tui {

class GhostWriter {
 public:
  GhostWriter(DaemonLink& link, const Settings& settings) : link_(link), settings_(settings) {}

  /// Names the document to the daemon: a newer request drops the older one's work.
  void set_document(std::string name) { document_ = std::move(name); }
  /// Fills in what a request carries besides the text (notes, the story); may be empty.
  std::function<void(protocol::CompleteParams&)> decorate;

  bool is_on() const { return is_on_; }
  void set_on(bool on);

  // --- what the writer does ---
  /// After characters were typed; `text` and `caret` are those after it.
  void typed(std::string_view bytes, const Text& text, std::size_t caret);
  /// After n bytes before the caret were erased.
  void erased(std::size_t n_bytes, std::size_t caret);
  /// Anything else: the suggestion goes.
  void interrupted();
  void dismiss();
  /// Asks now, pause or not.
  void ask(const Text& text, std::size_t caret);
  /// The daemon is there (again): asks for what was asked by hand meanwhile.
  void link_ready(const Text& text, std::size_t caret);
  /// To another alternative; asks for more where there is only one.
  void go(int by, const Text& text);

  std::string take_word() { return took(suggestion_.take_word()); }
  std::string take_sentence() { return took(suggestion_.take_sentence()); }
  std::string take_all() { return took(suggestion_.take_all()); }
  /// After something was taken and inserted.
  void inserted(const Text& text, std::size_t caret);

  // --- time ---
  /// Asks where the pause is over. `caret` and `text` are the present ones.
  void tick(std::int64_t now_ms, const Text& text, std::size_t caret);
  /// Until tick() has something to do; -1: nothing is due.
  int wait_ms(std::int64_t now_ms) const;

  // --- what is shown ---
  bool is_showing() const { return !suggestion_.shown().empty(); }
  Ghost ghost() const;
  const Suggestion& suggestion() const { return suggestion_; }
  /// Tells how the shown text was made, as the story tree keeps it: at once, or when the answer
  /// that is still streaming has come to its end.
  using Teller = std::function<void(const protocol::StoryGeneration&)>;
  void tell_generation(Teller tell);
  bool is_asking() const { return ticket_ != 0; }
  double ttft_ms() const { return ttft_ms_; }
  double decode_tok_s() const { return decode_tok_s_; }
  /// What went wrong with the last request; empty where nothing did.
  const std::string& problem() const { return problem_; }
  /// Whether the daemon put notes or lorebook entries into the last prompt.
  const std::string& in_play() const { return in_play_; }

 private:
  /// A request at work, or cut short and not yet answered.
  struct Pending {
    Asked asked;
    std::size_t first = 0;                                // alternative
    std::vector<std::pair<std::size_t, Teller>> tellers;  // by branch
  };
  /// A whole text of the model, from the suggestion's origin on.
  struct Made {
    std::string text;
    protocol::StoryGeneration how;
  };
  void request(const Text& text, std::size_t offset, std::size_t n);
  void tell(const Pending& pending, const Result<protocol::CompleteResult>& result);
  void answered(DaemonLink::Ticket ticket, const Result<protocol::CompleteResult>& result);
  void stop();
  std::string took(std::string piece);
  void schedule(const Text& text, std::size_t caret, bool at_once);

  DaemonLink& link_;
  const Settings& settings_;
  std::string document_;
  bool is_on_ = true;
  Suggestion suggestion_;
  Pacing pacing_;
  DaemonLink::Ticket ticket_ = 0;  // of the request at work; 0: none
  std::optional<std::int64_t> due_ms_;
  std::size_t due_caret_ = 0;
  std::optional<std::size_t> asked_without_daemon_;
  bool was_seen_ = false;  // something of it was on the screen, and nothing taken
  double ttft_ms_ = 0;
  double decode_tok_s_ = 0;
  std::string problem_;
  std::string in_play_;
  std::map<DaemonLink::Ticket, Pending> pending_;
  std::vector<Made> made_;  // the alternatives that are there
};

}  // namespace understory::tui
