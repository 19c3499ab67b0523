// The document's story tree, through the daemon's story.* methods. The text on the page is the
// truth: it is synced before every operation, and what an operation does to the manuscript comes
// back as a splice.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "protocol/story_messages.h"
#include "tui/link/daemon_link.h"
#include "tui/text/text.h"

namespace understory::tui {

/// What joins the prompt where one of its keys occurs.
struct LorebookEntry {
  std::vector<std::string> keys;
  std::string text;
};

class StorySession {
 public:
  StorySession(DaemonLink& link, std::string document)
      : link_(link), document_(std::move(document)) {}

  /// What changes the page: set by the workspace.
  std::function<void(const protocol::StorySplice&)> on_splice;
  /// Notes and lorebook as kept in the sidecar, after opening and after set_notes().
  std::string notes;
  std::vector<LorebookEntry> lorebook;
  std::string lorebook_text;  // as the writer wrote it

  /// What the document's file has, so that it need not be sent; set by the workspace.
  std::function<Text()> saved_text = [] { return Text(); };

  /// Opens the story of the document; again after the daemon came back. `create`: make a sidecar
  /// where there is none.
  void open(
      const Text& text, bool create, std::function<void()> done = [] {});
  void close();  // the connection is gone
  void set_document(std::string document);
  bool is_open() const { return story_ != 0; }
  /// Why the last operation did not work; empty where it did.
  const std::string& problem() const { return problem_; }

  /// Calls `then` once the tree holds this text; opens (and makes) the story first.
  void with_synced(const Text& text, std::function<void()> then,
                   std::function<void(const std::string&)> fail);
  void sync(const Text& text) {
    if (is_open())
      with_synced(
          text, [] {}, [](const std::string&) {});
  }
  /// The page has just taken what the tree's manuscript is.
  void note_synced(const Text& text) { synced_ = text; }
  /// While synced: keeps texts as branches that go on from an offset; the manuscript stays. Calls
  /// `done` with what went wrong, or nothing.
  void keep(std::size_t offset, std::vector<protocol::StoryChild> children,
            std::function<void(const std::string&)> done);
  /// Calls back with how a text was made, as soon as that is known.
  using Provenance = std::function<void(std::function<void(const protocol::StoryGeneration&)>)>;
  /// Tells the tree, which begins with it where there is none, that a piece of a suggestion was
  /// taken: its origin is the model.
  void accepted(const Text& before, std::size_t offset, const std::string& piece,
                const Provenance& provenance);

  /// Asks, with the story's number filled in. Only while open.
  template <class Params>
  DaemonLink::Ticket ask(Params params,
                         std::function<void(const Result<typename Params::Result>&)> done,
                         std::function<void(const protocol::ChunkNotice&)> on_chunk = {}) {
    params.story = story_;
    return link_.call(std::move(params), std::move(done), std::move(on_chunk));
  }

  /// An operation on the tree: its splice goes to the page before `done` is called.
  template <class Params>
  void change(Params params, std::function<void(const Result<protocol::StoryChange>&)> done) {
    ask(std::move(params), [this, done](const Result<typename Params::Result>& result) {
      if (!result) return done(result.error());
      const protocol::StoryChange& change = *result;
      if (change.splice && on_splice) on_splice(*change.splice);
      done(change);
    });
  }

  /// "Ann, Annie: red hair" a paragraph each: keys, a colon, what the model should know.
  static std::vector<LorebookEntry> parse_lorebook(const std::string& text);
  void set_notes(const std::string& notes_text, const std::string& lorebook_source);

 private:
  void load_notes(std::function<void()> done);
  void send_edit(const Text& text, std::function<void(const Result<protocol::StoryChange>&)> done);
  void finish();  // of an operation of several steps

  DaemonLink& link_;
  std::string document_;
  std::uint32_t story_ = 0;
  Text synced_;
  std::string problem_;
  bool is_busy_ = false;   // with several steps; others wait
  std::uint64_t era_ = 0;  // goes up when the connection or the document changes
  std::vector<std::function<void()>> waiting_;
};

}  // namespace understory::tui
