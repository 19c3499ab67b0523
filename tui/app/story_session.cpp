#include "tui/app/story_session.h"

#include <algorithm>
#include <filesystem>

#include "tui/document/file_store.h"
#include "tui/document/history.h"

namespace understory::tui {
namespace {

constexpr std::size_t kMaxSyncBytes = 3U << 20;  // a request may have 4 MiB
constexpr const char* kNotesKey = "notes";
constexpr const char* kLorebookKey = "lorebook.txt";

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

}  // namespace

void StorySession::set_document(std::string document) {
  close();
  document_ = std::move(document);
}

void StorySession::close() {
  story_ = 0;
  ++era_;
  synced_ = Text();
  is_busy_ = false;
  waiting_.clear();
}

void StorySession::finish() {
  is_busy_ = false;
  std::vector<std::function<void()>> next;
  next.swap(waiting_);
  for (const auto& work : next) work();
}

void StorySession::open(const Text& text, bool create, std::function<void()> done) {
  protocol::StoryOpenParams params;
  params.document = resolved(document_).string();
  params.create = create;
  Text there = saved_text();
  const bool is_saved = text.is_same(there) || text == there;
  // A text that no request can hold is told from what the file has.
  if (!is_saved && text.size() <= kMaxSyncBytes) {
    params.text = text.str();
    there = text;
  }
  const auto opened = [this, there, done,
                       era = era_](const Result<protocol::StoryOpenResult>& result) {
    if (era != era_) return;
    if (result) {
      problem_.clear();
      story_ = result->story;
      synced_ = there;
      load_notes(done);
      return;
    }
    const bool is_absent = result.error().code == ErrorCode::kNotFound;
    problem_ = is_absent ? "" : result.error().message;
    done();
  };
  link_.call(params, opened);
}

void StorySession::load_notes(std::function<void()> done) {
  ask(protocol::StoryGetParams{}, [this, done](const Result<protocol::StoryGetResult>& got) {
    if (got) {
      for (const protocol::StoryValue& value : got->values) {
        if (value.key == kNotesKey) notes = value.value;
        if (value.key == kLorebookKey) lorebook_text = value.value;
      }
      lorebook = parse_lorebook(lorebook_text);
    }
    done();
  });
}

void StorySession::with_synced(const Text& text, std::function<void()> then,
                               std::function<void(const std::string&)> fail) {
  if (is_busy_) {
    waiting_.push_back([=, this] { with_synced(text, then, fail); });
    return;
  }
  if (!is_open()) {
    if (link_.state().kind != LinkState::Kind::kReady) return fail("no daemon runs");
    is_busy_ = true;
    open(text, true, [this, text, then, fail] {
      is_busy_ = false;
      if (is_open()) {
        with_synced(text, then, fail);
      } else {
        fail(problem_.empty() ? "the story cannot be opened" : problem_);
      }
      if (!is_busy_) finish();
    });
    return;
  }
  if (synced_.is_same(text) || synced_ == text) return then();
  const auto done = [this, text, then, fail](const Result<protocol::StoryChange>& change) {
    if (!change) {
      problem_ = change.error().message;
      return fail(problem_);
    }
    problem_.clear();
    synced_ = text;
    then();
  };
  // Text that is another path of the tree chooses that path, where the tree sees all of it.
  if (text.size() > kMaxSyncBytes) return send_edit(text, done);
  protocol::StorySyncParams params;
  params.text = text.str();
  ask(params, done);
}

void StorySession::send_edit(const Text& text,
                             std::function<void(const Result<protocol::StoryChange>&)> done) {
  Edit here = difference(synced_, text);
  if (here.inserted.size() > kMaxSyncBytes) {
    return done(Error{ErrorCode::kInvalidArgument, "too much text is new since the last save"});
  }
  protocol::StoryEdit edit;
  edit.offset = here.offset;
  edit.length = here.removed.size();
  edit.text = std::move(here.inserted);
  protocol::StoryEditParams params;
  params.edits.push_back(std::move(edit));
  ask(params, done);
}

void StorySession::keep(std::size_t offset, std::vector<protocol::StoryChild> children,
                        std::function<void(const std::string&)> done) {
  is_busy_ = true;
  const auto stop = [this, done](const std::string& problem) {
    finish();
    done(problem);
  };
  // Where the manuscript ends now; then a fork at the offset; then its children; then back.
  protocol::StoryPathParams path;
  path.last = 1;
  ask(path, [=, this](const Result<protocol::StoryNodes>& got) {
    if (!got || got->nodes.empty()) return stop(got ? "the tree is empty" : got.error().message);
    const std::uint64_t end = got->nodes.back().id;
    protocol::StoryBranchParams fork;
    fork.offset = offset;
    ask(fork, [=, this](const Result<protocol::StoryChange>& forked) {
      if (!forked) return stop(forked.error().message);
      protocol::StoryNodeParams look;
      look.node = forked->current;
      ask(look, [=, this](const Result<protocol::StoryNodeResult>& node) {
        if (!node) return stop(node.error().message);
        protocol::StoryAddParams add;
        add.parent = node->node.parent;
        add.children = children;
        ask(add, [=, this](const Result<protocol::StoryChange>& added) {
          protocol::StoryChooseParams back;
          back.node = end;
          back.descend = false;
          ask(back, [=, this](const Result<protocol::StoryChange>& chosen) {
            if (!added) return stop(added.error().message);
            stop(chosen ? "" : chosen.error().message);
          });
        });
      });
    });
  });
}

void StorySession::accepted(const Text& before, std::size_t offset, const std::string& piece,
                            const Provenance& provenance) {
  if (is_busy_) {
    waiting_.push_back([=, this] { accepted(before, offset, piece, provenance); });
    return;
  }
  if (!is_open()) {
    const auto then = [=, this] { accepted(before, offset, piece, provenance); };
    return with_synced(before, then, [](const std::string&) {});
  }
  // Nothing may overtake it while its answer is still streaming.
  is_busy_ = true;
  provenance([=, this, era = era_](const protocol::StoryGeneration& how) {
    if (era != era_) return;
    is_busy_ = false;
    sync(before);
    protocol::StoryEditParams params;
    protocol::StoryEdit edit;
    edit.offset = offset;
    edit.text = piece;
    edit.origin = "model";
    edit.generation = how;
    params.edits.push_back(std::move(edit));
    const Text after = before.insert(offset, piece);
    ask(params, [this, after](const Result<protocol::StoryChange>& change) {
      if (change && change->applied) synced_ = after;
    });
    finish();
  });
}

std::vector<LorebookEntry> StorySession::parse_lorebook(const std::string& text) {
  std::vector<LorebookEntry> entries;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = text.find("\n\n", at);
    if (end == std::string::npos) end = text.size();
    const std::string paragraph = trimmed(text.substr(at, end - at));
    at = end + 2;
    const std::size_t colon = paragraph.find(':');
    if (colon == std::string::npos) continue;
    LorebookEntry entry;
    for (std::size_t from = 0; from <= colon;) {
      const std::size_t comma = std::min(paragraph.find(',', from), colon);
      const std::string key = trimmed(paragraph.substr(from, comma - from));
      if (!key.empty()) entry.keys.push_back(key);
      from = comma + 1;
    }
    entry.text = trimmed(paragraph.substr(colon + 1));
    if (!entry.keys.empty() && !entry.text.empty()) entries.push_back(std::move(entry));
  }
  return entries;
}

void StorySession::set_notes(const std::string& notes_text, const std::string& lorebook_source) {
  notes = notes_text;
  lorebook_text = lorebook_source;
  lorebook = parse_lorebook(lorebook_text);
  for (const auto& [key, value] :
       {std::pair<const char*, std::string>{kNotesKey, notes}, {kLorebookKey, lorebook_text}}) {
    protocol::StorySetParams params;
    params.key = key;
    if (!value.empty()) params.value = value;
    ask(params, [this](const Result<protocol::StoryChange>& change) {
      problem_ = change ? "" : change.error().message;
    });
  }
}

}  // namespace understory::tui
