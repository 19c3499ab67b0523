// The file of a story: SQLite in WAL mode, one transaction a step, each on the disk when commit()
// returns (synchronous=FULL: a power cut loses no step that was answered). README.md describes
// the tables.
//
// While it is open no other process can write it (locking_mode=EXCLUSIVE). One thread at a time.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/story/change.h"
#include "daemon/story/sqlite.h"
#include "daemon/story/tree.h"

namespace understory::story {

/// A step of undo, as listed.
struct Step {
  std::uint64_t id = 0;
  std::string kind;
  std::int64_t at_ms = 0;
  bool done = true;  // false: undone
};

class Store {
 public:
  /// An existing file of ours, or an empty one, which becomes a story. Throws ErrorException: kIo
  /// (damaged, not a story), kUnsupported (of a later version), kBusy.
  explicit Store(const std::filesystem::path& file);

  /// Fills an empty tree.
  void load(Tree& tree);

  NodeId next_id() { return next_id_++; }
  std::uint64_t revision() const { return revision_; }

  /// Stores what a change did, as a new step of that kind; steps that were undone are forgotten.
  void commit(const Change& change, const Record& record, std::string_view kind,
              std::int64_t now_ms);
  /// Stores it as part of the last step, which becomes `merged`.
  void amend(const Change& change, const Record& record, const Record& merged, std::int64_t now_ms);
  /// Stores a step taken back (`record` is reversed already) or done again.
  void commit_undo(const Record& record, std::uint64_t position);

  /// Of the step to take back next; 0 where there is none.
  std::uint64_t position() const { return position_; }
  /// The step after (before) a position; nullopt where there is none.
  std::optional<Step> step_after(std::uint64_t position);
  std::optional<Step> step_at(std::uint64_t id);
  std::uint64_t position_before(std::uint64_t position);
  std::string record_of(std::uint64_t id);
  std::vector<Step> steps(std::size_t limit);

  /// Forgets every step and gives the room back.
  void forget_steps();

 private:
  void set_up();
  void write_rows(const Record& record);
  void write_story(const Header& header, std::uint64_t position);

  Database database_;
  NodeId next_id_ = kRoot + 1;
  std::uint64_t revision_ = 0;
  std::uint64_t position_ = 0;
};

}  // namespace understory::story
