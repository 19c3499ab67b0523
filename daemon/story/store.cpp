#include "daemon/story/store.h"

#include <algorithm>

#include "base/error.h"
#include "daemon/story/schema.h"
#include "daemon/story/spans.h"

namespace understory::story {
namespace {

constexpr const char* kPutNode =
    "INSERT INTO nodes (id, parent, rank, text, spans, name, bookmarked, trashed_ms, chosen,"
    " created_ms, modified_ms) VALUES (?1, nullif(?2, 0), ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
    " ON CONFLICT (id) DO UPDATE SET parent = excluded.parent, rank = excluded.rank,"
    " text = excluded.text, spans = excluded.spans, name = excluded.name,"
    " bookmarked = excluded.bookmarked, trashed_ms = excluded.trashed_ms,"
    " chosen = excluded.chosen, modified_ms = excluded.modified_ms";

Row read_row(const Statement& in) {
  Row row;
  row.id = in.id(0);
  row.parent = in.id(1);
  row.rank = in.integer(2);
  row.text = in.blob(3);
  std::optional<Spans> spans = decode_spans(in.blob(4));
  if (!spans) {
    throw ErrorException({ErrorCode::kIo, "the story is damaged: the origins of node " +
                                              std::to_string(row.id) + " cannot be read"});
  }
  row.spans = *std::move(spans);
  row.name = in.blob(5);
  row.bookmarked = in.integer(6) != 0;
  row.trashed_ms = in.integer(7);
  row.chosen = in.id(8);
  row.created_ms = in.integer(9);
  row.modified_ms = in.integer(10);
  return row;
}

Step read_step(const Statement& in, std::uint64_t position) {
  return {in.id(0), std::string(in.blob(1)), in.integer(2), in.id(0) <= position};
}

void insert_generations(Database& database, const Change& change) {
  if (change.new_generations().empty()) return;
  Statement insert = database.prepare(
      "INSERT INTO generations (id, model, params, seed, prompt_hash, mean_logprob, finish_reason,"
      " created_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
  for (const Generation& g : change.new_generations()) {
    insert
        .bind(g.id, g.model, g.params, g.seed, g.prompt_hash, g.mean_logprob, g.finish_reason,
              g.created_ms)
        .run();
  }
}

}  // namespace

Store::Store(const std::filesystem::path& file) : database_(Database::open(file)) {
  set_up();
}

void Store::set_up() {
  // Exclusive before the first access: no shared memory file, and nobody else writes meanwhile.
  database_.execute(
      "PRAGMA locking_mode = EXCLUSIVE; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;"
      "PRAGMA cell_size_check = ON");
  check_is_story(database_);
  database_.execute("PRAGMA journal_mode = WAL");
  Transaction transaction(database_);
  migrate(database_);
  transaction.commit();
}

void Store::load(Tree& tree) {
  Statement story = database_.prepare(
      "SELECT current, hoisted, revision, position, next_id FROM story WHERE id = 1");
  if (!story.step()) throw ErrorException({ErrorCode::kIo, "the story is damaged: it is empty"});
  tree.set_header({story.id(0), story.id(1)});
  revision_ = story.id(2);
  position_ = story.id(3);
  next_id_ = story.id(4);

  std::vector<RowEdit> rows;
  Statement nodes = database_.prepare(
      "SELECT id, ifnull(parent, 0), rank, text, spans, name, bookmarked, trashed_ms, chosen,"
      " created_ms, modified_ms FROM nodes ORDER BY id");
  while (nodes.step()) {
    Row row = read_row(nodes);
    next_id_ = std::max(next_id_, row.id + 1);
    const NodeId id = row.id;
    rows.emplace_back(id, std::move(row));
  }
  tree.apply(std::move(rows));

  Statement generations = database_.prepare(
      "SELECT id, model, params, seed, prompt_hash, mean_logprob, finish_reason, created_ms"
      " FROM generations");
  while (generations.step()) {
    next_id_ = std::max(next_id_, generations.id(0) + 1);
    tree.add_generation({generations.id(0), std::string(generations.blob(1)),
                         std::string(generations.blob(2)), generations.id(3),
                         std::string(generations.blob(4)), generations.real(5),
                         std::string(generations.blob(6)), generations.integer(7)});
  }
  Statement settings = database_.prepare("SELECT key, value FROM settings");
  while (settings.step()) {
    tree.set_setting(std::string(settings.blob(0)), std::string(settings.blob(1)));
  }
  tree.check();
}

void Store::write_rows(const Record& record) {
  Statement put = database_.prepare(kPutNode);
  Statement remove = database_.prepare("DELETE FROM nodes WHERE id = ?1");
  for (const auto& [id, change] : record.rows) {
    if (!change.after) {
      remove.bind(id).run();
      continue;
    }
    const Row& row = *change.after;
    const std::string spans = encode(row.spans);
    put.bind(row.id, row.parent, row.rank, row.text, spans, row.name, row.bookmarked,
             row.trashed_ms, row.chosen, row.created_ms, row.modified_ms)
        .run();
  }
  for (const auto& [key, values] : record.settings) {
    if (values.second) {
      database_
          .prepare(
              "INSERT INTO settings (key, value) VALUES (?1, ?2)"
              " ON CONFLICT (key) DO UPDATE SET value = excluded.value")
          .bind(key, *values.second)
          .run();
    } else {
      database_.prepare("DELETE FROM settings WHERE key = ?1").bind(key).run();
    }
  }
}

void Store::write_story(const Header& header, std::uint64_t position) {
  database_
      .prepare(
          "UPDATE story SET current = ?1, hoisted = ?2, revision = ?3, position = ?4,"
          " next_id = ?5 WHERE id = 1")
      .bind(header.current, header.hoisted, revision_ + 1, position, next_id_)
      .run();
}

void Store::commit(const Change& change, const Record& record, std::string_view kind,
                   std::int64_t now_ms) {
  Transaction transaction(database_);
  insert_generations(database_, change);
  write_rows(record);
  database_.prepare("DELETE FROM steps WHERE id > ?1").bind(position_).run();
  const std::uint64_t id = next_id_++;
  const std::string bytes = encode(record);
  database_.prepare("INSERT INTO steps (id, kind, at_ms, record) VALUES (?1, ?2, ?3, ?4)")
      .bind(id, kind, now_ms, bytes)
      .run();
  write_story(record.after, id);
  transaction.commit();
  position_ = id;
  ++revision_;
}

void Store::amend(const Change& change, const Record& record, const Record& merged,
                  std::int64_t now_ms) {
  Transaction transaction(database_);
  insert_generations(database_, change);
  write_rows(record);
  const std::string bytes = encode(merged);
  database_.prepare("UPDATE steps SET at_ms = ?2, record = ?3 WHERE id = ?1")
      .bind(position_, now_ms, bytes)
      .run();
  write_story(record.after, position_);
  transaction.commit();
  ++revision_;
}

void Store::commit_undo(const Record& record, std::uint64_t position) {
  Transaction transaction(database_);
  write_rows(record);
  write_story(record.after, position);
  transaction.commit();
  position_ = position;
  ++revision_;
}

std::optional<Step> Store::step_after(std::uint64_t position) {
  Statement find =
      database_.prepare("SELECT id, kind, at_ms FROM steps WHERE id > ?1 ORDER BY id LIMIT 1");
  find.bind(position);
  return find.step() ? std::optional(read_step(find, position_)) : std::nullopt;
}

std::optional<Step> Store::step_at(std::uint64_t id) {
  Statement find = database_.prepare("SELECT id, kind, at_ms FROM steps WHERE id = ?1");
  find.bind(id);
  return find.step() ? std::optional(read_step(find, position_)) : std::nullopt;
}

std::uint64_t Store::position_before(std::uint64_t position) {
  Statement find = database_.prepare("SELECT ifnull(max(id), 0) FROM steps WHERE id < ?1");
  find.bind(position);
  return find.step() ? find.id(0) : 0;
}

std::string Store::record_of(std::uint64_t id) {
  Statement find = database_.prepare("SELECT record FROM steps WHERE id = ?1");
  find.bind(id);
  return find.step() ? std::string(find.blob(0)) : std::string();
}

std::vector<Step> Store::steps(std::size_t limit) {
  std::vector<Step> out;
  Statement find = database_.prepare("SELECT id, kind, at_ms FROM steps ORDER BY id DESC LIMIT ?1");
  find.bind(static_cast<std::uint64_t>(limit));
  while (find.step()) out.push_back(read_step(find, position_));
  return out;
}

void Store::forget_steps() {
  Transaction transaction(database_);
  database_.execute(
      "DELETE FROM steps; UPDATE story SET position = 0, revision = revision + 1 WHERE id = 1");
  transaction.commit();
  position_ = 0;
  ++revision_;
  database_.execute("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
}

}  // namespace understory::story
