#include "daemon/story/change.h"

#include <algorithm>

#include "base/error.h"
#include "daemon/story/bytes.h"
#include "daemon/story/spans.h"

namespace understory::story {
namespace {

bool same(const Row& a, const Row& b) {
  return a.parent == b.parent && a.rank == b.rank && a.text == b.text && a.spans == b.spans &&
         a.name == b.name && a.bookmarked == b.bookmarked && a.trashed_ms == b.trashed_ms &&
         a.chosen == b.chosen;
}

std::optional<std::string> setting_of(const Tree& tree, const std::string& key) {
  const auto found = tree.settings().find(key);
  return found == tree.settings().end() ? std::nullopt : std::optional(found->second);
}

constexpr std::int64_t kRankStep = std::int64_t{1} << 24;

}  // namespace

Record Record::reversed() const {
  Record out{after, before, {}, {}};
  for (const auto& [id, row] : rows) out.rows[id] = {row.after, row.before};
  for (const auto& [key, value] : settings) out.settings[key] = {value.second, value.first};
  return out;
}

void apply(Tree& tree, const Record& record) {
  std::vector<RowEdit> edits;
  edits.reserve(record.rows.size());
  for (const auto& [id, row] : record.rows) edits.emplace_back(id, row.after);
  tree.apply(std::move(edits));
  for (const auto& [key, value] : record.settings) tree.set_setting(key, value.second);
  tree.set_header(record.after);
}

Change::Change(Tree& tree, std::function<NodeId()> next_id, std::int64_t now_ms)
    : tree_(tree), next_id_(std::move(next_id)), now_ms_(now_ms), header_before_(tree.header()) {}

Change::~Change() {
  if (kept_) return;
  apply(tree_, record().reversed());
  for (const Generation& generation : new_generations_) tree_.remove_generation(generation.id);
}

void Change::remember(NodeId id) {
  if (before_.contains(id)) return;
  const Node* node = tree_.find(id);
  before_.emplace(id, node == nullptr ? std::nullopt : std::optional<Row>(*node));
}

std::int64_t Change::make_rank(NodeId parent, const Node* before) {
  if (const auto rank = tree_.rank_for(tree_.at(parent), before)) return *rank;
  // No room between two siblings: all get new ranks, in the same order.
  std::vector<RowEdit> edits;
  std::int64_t rank = 0;
  for (const Node* child : tree_.at(parent).children) {
    remember(child->id);
    Row row = *child;
    row.rank = rank;
    rank += kRankStep;
    edits.emplace_back(row.id, std::move(row));
  }
  tree_.apply(std::move(edits));
  return tree_.rank_for(tree_.at(parent), before).value();
}

const Node& Change::create(NodeId parent, const Node* before, std::string text, Spans spans) {
  Row row;
  row.id = next_id_();
  row.parent = parent;
  row.rank = make_rank(parent, before);
  row.text = std::move(text);
  row.spans = std::move(spans);
  row.created_ms = now_ms_;
  row.modified_ms = now_ms_;
  const NodeId id = row.id;
  put(std::move(row));
  return tree_.at(id);
}

void Change::put(Row row) {
  remember(row.id);
  const NodeId id = row.id;
  std::vector<RowEdit> edits;
  edits.emplace_back(id, std::move(row));
  tree_.apply(std::move(edits));
}

void Change::erase(NodeId id) {
  remember(id);
  std::vector<RowEdit> edits;
  edits.emplace_back(id, std::nullopt);
  tree_.apply(std::move(edits));
}

void Change::move(NodeId id, NodeId parent, const Node* before) {
  const std::int64_t rank = make_rank(parent, before);
  Row row = tree_.at(id);
  row.parent = parent;
  row.rank = rank;
  put(std::move(row));
}

void Change::set_text(NodeId id, std::string text, Spans spans) {
  Row row = tree_.at(id);
  row.text = std::move(text);
  row.spans = std::move(spans);
  row.modified_ms = now_ms_;
  put(std::move(row));
}

void Change::set_current(NodeId id) {
  const Node* child = &tree_.at(id);
  for (const Node* node = child->up; node != nullptr; child = node, node = node->up) {
    if (tree_.next_down(*node) == child) continue;
    Row row = *node;
    row.chosen = child->id;
    put(std::move(row));
  }
  Header header = tree_.header();
  header.current = id;
  tree_.set_header(header);
}

void Change::set_hoisted(NodeId id) {
  Header header = tree_.header();
  header.hoisted = id;
  tree_.set_header(header);
}

void Change::set_setting(const std::string& key, std::optional<std::string> value) {
  settings_before_.emplace(key, setting_of(tree_, key));
  tree_.set_setting(key, value);
}

GenerationId Change::add_generation(Generation generation) {
  generation.id = next_id_();
  tree_.add_generation(generation);
  new_generations_.push_back(std::move(generation));
  return new_generations_.back().id;
}

Record Change::record() const {
  Record out{header_before_, tree_.header(), {}, {}};
  for (const auto& [id, before] : before_) {
    const Node* node = tree_.find(id);
    if (node == nullptr && !before) continue;
    if (node != nullptr && before && same(*node, *before)) continue;
    out.rows[id] = {before, node == nullptr ? std::nullopt : std::optional<Row>(*node)};
  }
  for (const auto& [key, before] : settings_before_) {
    std::optional<std::string> after = setting_of(tree_, key);
    if (after != before) out.settings[key] = {before, std::move(after)};
  }
  return out;
}

}  // namespace understory::story
