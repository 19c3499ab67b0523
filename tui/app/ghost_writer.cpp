#include "tui/app/ghost_writer.h"

#include <algorithm>

#include "tui/document/document.h"
#include "tui/text/unicode.h"

namespace understory::tui {
namespace {

/// In the middle of a word only a suggestion asked for by hand makes sense.
bool is_inside_word(const Text& text, std::size_t caret) {
  if (caret >= text.size()) return false;
  const std::string next = text.substr(caret, std::min<std::size_t>(4, text.size() - caret));
  return is_word_character(decode_utf8(next, 0).code_point);
}

}  // namespace

void GhostWriter::set_on(bool on) {
  is_on_ = on;
  if (!on) interrupted();
}

void GhostWriter::typed(std::string_view bytes, const Text& text, std::size_t caret) {
  pacing_.note_key(now_ms());
  if (suggestion_.is_open()) {
    const bool was_showing = is_showing();
    if (suggestion_.offset() + bytes.size() == caret && suggestion_.type(bytes)) {
      was_seen_ = false;
      if (is_showing() || is_asking()) return;
    } else if (was_showing && was_seen_) {
      pacing_.note_rejected();
    }
    stop();
  }
  schedule(text, caret, false);
}

void GhostWriter::erased(std::size_t n_bytes, std::size_t caret) {
  pacing_.note_key(now_ms());
  due_ms_.reset();
  if (suggestion_.is_open() && suggestion_.offset() == caret + n_bytes &&
      suggestion_.erase(n_bytes)) {
    return;
  }
  stop();
}

void GhostWriter::interrupted() {
  due_ms_.reset();
  stop();
}

void GhostWriter::dismiss() {
  if (is_showing() && was_seen_) pacing_.note_rejected();
  interrupted();
}

void GhostWriter::stop() {
  if (ticket_ != 0) link_.cancel(ticket_);
  ticket_ = 0;
  suggestion_.clear();
  was_seen_ = false;
}

void GhostWriter::ask(const Text& text, std::size_t caret) {
  stop();
  due_ms_.reset();
  const LinkState::Kind kind = link_.state().kind;
  if (kind != LinkState::Kind::kReady) {
    if (kind == LinkState::Kind::kAbsent) link_.start_daemon();
    asked_without_daemon_ = caret;
    return;
  }
  suggestion_.begin(caret);
  request(text, caret, 1);
}

void GhostWriter::link_ready(const Text& text, std::size_t caret) {
  problem_.clear();
  if (asked_without_daemon_ == caret) ask(text, caret);
  asked_without_daemon_.reset();
}

void GhostWriter::go(int by, const Text& text) {
  if (!suggestion_.is_open()) return;
  if (suggestion_.n_alternatives() > 1 || ticket_ != 0) return suggestion_.go(by);
  // Others than the one there is, to what stands in the text by now.
  const std::string taken = suggestion_.settle_typed();
  std::erase_if(made_, [&](const Made& made) { return made.text.compare(0, taken.size(), taken); });
  for (Made& made : made_) made.text.erase(0, taken.size());
  request(text, suggestion_.origin(), static_cast<std::size_t>(settings_.alternatives - 1));
}

std::string GhostWriter::took(std::string piece) {
  if (!piece.empty()) {
    pacing_.note_taken();
    was_seen_ = false;
  }
  return piece;
}

void GhostWriter::inserted(const Text& text, std::size_t caret) {
  if (is_showing() || is_asking()) return;
  stop();
  schedule(text, caret, true);
}

void GhostWriter::schedule(const Text& text, std::size_t caret, bool at_once) {
  due_ms_.reset();
  if (!is_on_ || is_inside_word(text, caret)) return;
  due_ms_ = now_ms() + (at_once ? 0 : pacing_.wait_ms());
  due_caret_ = caret;
}

void GhostWriter::tick(std::int64_t now, const Text& text, std::size_t caret) {
  if (!due_ms_ || now < *due_ms_) return;
  due_ms_.reset();
  if (caret != due_caret_ || link_.state().kind != LinkState::Kind::kReady) return;
  stop();
  suggestion_.begin(caret);
  request(text, caret, 1);
}

int GhostWriter::wait_ms(std::int64_t now) const {
  if (!due_ms_) return -1;
  return static_cast<int>(std::max<std::int64_t>(*due_ms_ - now, 0));
}

void GhostWriter::request(const Text& text, std::size_t offset, std::size_t n) {
  protocol::CompleteParams params = completion_request(text, offset, n, settings_);
  params.document = document_;
  if (decorate) decorate(params);
  const std::size_t first = suggestion_.expect(n);
  if (first == 0) made_.clear();
  Pending pending{Asked(params), first, {}};
  // The ticket is known only after call(); the callbacks run later, on this thread.
  const auto ticket = std::make_shared<DaemonLink::Ticket>(0);
  *ticket = link_.call(
      params,
      [this, ticket](const Result<protocol::CompleteResult>& result) { answered(*ticket, result); },
      [this, ticket, first](const protocol::ChunkNotice& chunk) {
        if (*ticket != ticket_) return;
        suggestion_.append(first + chunk.branch, chunk.text);
        was_seen_ = was_seen_ || is_showing();
      });
  ticket_ = *ticket;
  pending_.emplace(*ticket, std::move(pending));
}

void GhostWriter::tell(const Pending& pending, const Result<protocol::CompleteResult>& result) {
  for (const auto& [branch, teller] : pending.tellers) {
    teller(result ? pending.asked.generation(*result, branch)
                  : pending.asked.generation(link_.state().model));
  }
}

void GhostWriter::answered(DaemonLink::Ticket ticket,
                           const Result<protocol::CompleteResult>& result) {
  const auto node = pending_.extract(ticket);
  if (node.empty()) return;
  const Pending& pending = node.mapped();
  tell(pending, result);
  if (ticket != ticket_) return;
  ticket_ = 0;
  if (!result) {
    if (result.error().code != ErrorCode::kCancelled) problem_ = result.error().message;
    if (pending.first == 0) suggestion_.clear();
    return;
  }
  problem_.clear();
  for (std::size_t i = 0; i < result->branches.size(); ++i) {
    suggestion_.finish(pending.first + i, result->branches[i].text);
    made_.push_back({result->branches[i].text, pending.asked.generation(*result, i)});
  }
  in_play_ = notes_in_play(*result);
  const std::size_t n_before = suggestion_.n_alternatives();
  suggestion_.settle();
  const bool is_silent = std::all_of(result->branches.begin(), result->branches.end(),
                                     [](const protocol::Branch& b) { return b.text.empty(); });
  if (is_silent && pending.first == 0) problem_ = "the model has nothing to say here";
  if (pending.first > 0) {
    if (suggestion_.n_alternatives() <= 1) problem_ = "the model says nothing else here";
    // The writer may have gone to one that was still streaming.
    if (suggestion_.position() == 1 && n_before > 0) suggestion_.go(1);
  }
  ttft_ms_ = result->timings.ttft_ms;
  decode_tok_s_ = result->timings.decode_tok_s;
  if (ttft_ms_ > 0) pacing_.note_first_token(ttft_ms_);
  was_seen_ = was_seen_ || is_showing();
}

Ghost GhostWriter::ghost() const {
  Ghost ghost;
  ghost.offset = suggestion_.offset();
  for (const char c : suggestion_.shown()) {
    if (c != '\r') ghost.text += c;
  }
  return ghost;
}

void GhostWriter::tell_generation(Teller tell) {
  for (const Made& made : made_) {
    if (made.text == suggestion_.whole()) return tell(made.how);
  }
  const auto pending = pending_.find(ticket_);
  if (pending != pending_.end() && suggestion_.current() >= pending->second.first) {
    const std::size_t branch = suggestion_.current() - pending->second.first;
    pending->second.tellers.emplace_back(branch, std::move(tell));
  } else {
    tell(Asked().generation(link_.state().model));
  }
}

}  // namespace understory::tui
