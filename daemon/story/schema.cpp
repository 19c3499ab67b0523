#include "daemon/story/schema.h"

#include <array>
#include <chrono>
#include <string>

#include "base/error.h"

namespace understory::story {
namespace {

// kMigrations[v] makes version v + 1 of version v. What has been released is never edited.
constexpr std::array<const char*, kSchemaVersion> kMigrations{
    R"sql(
    CREATE TABLE nodes (
      id INTEGER PRIMARY KEY,
      parent INTEGER REFERENCES nodes (id) DEFERRABLE INITIALLY DEFERRED,
      rank INTEGER NOT NULL,
      text BLOB NOT NULL,
      spans BLOB NOT NULL,
      name BLOB NOT NULL,
      bookmarked INTEGER NOT NULL,
      trashed_ms INTEGER NOT NULL,
      chosen INTEGER NOT NULL,
      created_ms INTEGER NOT NULL,
      modified_ms INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX nodes_parent ON nodes (parent);
    CREATE TABLE generations (
      id INTEGER PRIMARY KEY,
      model BLOB NOT NULL,
      params BLOB NOT NULL,
      seed INTEGER NOT NULL,
      prompt_hash BLOB NOT NULL,
      mean_logprob REAL NOT NULL,
      finish_reason BLOB NOT NULL,
      created_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE settings (key BLOB PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE steps (
      id INTEGER PRIMARY KEY,
      kind BLOB NOT NULL,
      at_ms INTEGER NOT NULL,
      record BLOB NOT NULL
    ) STRICT;
    CREATE TABLE story (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      current INTEGER NOT NULL REFERENCES nodes (id) DEFERRABLE INITIALLY DEFERRED,
      hoisted INTEGER NOT NULL,
      revision INTEGER NOT NULL,
      position INTEGER NOT NULL,
      next_id INTEGER NOT NULL
    ) STRICT;
    INSERT INTO nodes VALUES (1, NULL, 0, x'', x'', x'', 0, 0, 0,
                              unixepoch() * 1000, unixepoch() * 1000);
    INSERT INTO story VALUES (1, 1, 0, 0, 0, 2);
    )sql",
};

}  // namespace

void check_is_story(Database& database) {
  const std::int64_t application = database.number("PRAGMA application_id");
  const std::int64_t version = database.number("PRAGMA user_version");
  if (application == 0 && version == 0 &&
      database.number("SELECT count(*) FROM sqlite_schema") == 0) {
    return;  // new
  }
  if (application != kApplicationId) {
    throw ErrorException({ErrorCode::kIo, "the file is a database of another program"});
  }
  if (version > kSchemaVersion) {
    throw ErrorException(
        {ErrorCode::kUnsupported,
         "the story was written by a later version of Understory; update this one"});
  }
  Statement check = database.prepare("PRAGMA quick_check(1)");
  if (!check.step() || check.blob(0) != "ok") {
    throw ErrorException({ErrorCode::kIo, "the story is damaged: " + std::string(check.blob(0))});
  }
}

void migrate(Database& database) {
  const std::int64_t version = database.number("PRAGMA user_version");
  if (version == kSchemaVersion) return;
  for (std::int64_t v = version; v < kSchemaVersion; ++v) {
    database.execute(kMigrations[static_cast<std::size_t>(v)]);
  }
  const std::string stamp = "PRAGMA application_id = " + std::to_string(kApplicationId) +
                            "; PRAGMA user_version = " + std::to_string(kSchemaVersion);
  database.execute(stamp.c_str());
}

}  // namespace understory::story
