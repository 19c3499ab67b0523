// What one operation does to a story: carried out on the tree at once, recorded with what was
// there before, and taken back where it cannot be stored. Stored, it is a step of undo.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/story/tree.h"

namespace understory::story {

/// A node before and after; nullopt: there was none, there is none.
struct RowChange {
  std::optional<Row> before;
  std::optional<Row> after;
};

/// A finished change, as undo keeps it.
struct Record {
  Header before;
  Header after;
  std::map<NodeId, RowChange> rows;
  std::map<std::string, std::pair<std::optional<std::string>, std::optional<std::string>>> settings;

  bool empty() const { return rows.empty() && settings.empty() && before == after; }
  Record reversed() const;
};

/// Carries a record out on a tree that is as `before` says.
void apply(Tree& tree, const Record& record);

/// The file's form. Texts are kept as the splice between before and after.
std::string encode(const Record& record);
/// `tree` is as the record's `after` says where `done`, else as its `before` says: the splices are
/// read against it. Throws ErrorException (kIo) where they do not fit.
Record decode_record(std::string_view bytes, const Tree& tree, bool done);

class Change {
 public:
  /// `next_id` gives ids never used before.
  Change(Tree& tree, std::function<NodeId()> next_id, std::int64_t now_ms);
  Change(const Change&) = delete;
  Change& operator=(const Change&) = delete;
  /// Takes everything back unless keep() was called.
  ~Change();

  const Tree& tree() const { return tree_; }
  std::int64_t now_ms() const { return now_ms_; }

  /// A new child of `parent`, before `before` (null: last).
  const Node& create(NodeId parent, const Node* before, std::string text, Spans spans);
  /// Gives an existing node these fields.
  void put(Row row);
  void erase(NodeId id);
  void move(NodeId id, NodeId parent, const Node* before);
  void set_text(NodeId id, std::string text, Spans spans);
  /// Moves the manuscript's end, and remembers the way to it.
  void set_current(NodeId id);
  void set_hoisted(NodeId id);
  void set_setting(const std::string& key, std::optional<std::string> value);
  GenerationId add_generation(Generation generation);

  /// What has been done, without nodes that came and went or ended as they began.
  Record record() const;
  const std::vector<Generation>& new_generations() const { return new_generations_; }
  void keep() { kept_ = true; }

 private:
  std::int64_t make_rank(NodeId parent, const Node* before);
  void remember(NodeId id);

  Tree& tree_;
  std::function<NodeId()> next_id_;
  std::int64_t now_ms_;
  Header header_before_;
  std::map<NodeId, std::optional<Row>> before_;
  std::map<std::string, std::optional<std::string>> settings_before_;
  std::vector<Generation> new_generations_;
  bool kept_ = false;
};

}  // namespace understory::story
