#include "daemon/story/sqlite.h"

#include <sqlite3.h>

#include <utility>

#include "base/error.h"

namespace understory::story {

Database Database::open(const std::filesystem::path& file) {
  sqlite3* handle = nullptr;
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(file.c_str(), &handle, kFlags, nullptr);
  Database database(handle, file);
  if (code != SQLITE_OK) database.fail("cannot open");
  sqlite3_extended_result_codes(handle, 1);
  // The file may be anybody's: no functions or tricks in its schema.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  return database;
}

Database::Database(sqlite3* handle, std::filesystem::path file)
    : handle_(handle), file_(std::move(file)) {}
Database::Database(Database&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), file_(std::move(other.file_)) {}

Database::~Database() {
  if (handle_ != nullptr) sqlite3_close_v2(handle_);
}

void Database::execute(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail("cannot use");
}

std::int64_t Database::number(const char* sql) {
  Statement statement = prepare(sql);
  return statement.step() ? statement.integer(0) : 0;
}

Statement Database::prepare(const char* sql) {
  return Statement(*this, sql);
}

void Database::fail(std::string_view doing) const {
  const int code = handle_ == nullptr ? SQLITE_NOMEM : sqlite3_extended_errcode(handle_);
  const std::string name = file_.string();
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw ErrorException({ErrorCode::kBusy, "another program has " + name +
                                                  " open (a second daemon?); close it first"});
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      throw ErrorException(
          {ErrorCode::kIo, name + " is damaged and was left as it is\nMove it away to begin a new "
                                  "tree; 'sqlite3 FILE .recover' may save what is in it."});
    case SQLITE_FULL:
      throw ErrorException({ErrorCode::kIo, "the disk is full; nothing was changed in " + name});
    case SQLITE_NOMEM:
      throw ErrorException({ErrorCode::kOutOfMemory, "not enough memory for " + name});
    default:
      throw ErrorException({ErrorCode::kIo, std::string(doing) + " " + name + ": " +
                                                sqlite3_errmsg(handle_) + " (SQLite " +
                                                std::to_string(code) + ")"});
  }
}

Statement::Statement(const Database& database, const char* sql) : database_(&database) {
  if (sqlite3_prepare_v3(database.handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &handle_, nullptr) !=
      SQLITE_OK) {
    database.fail("cannot use");
  }
}
Statement::Statement(Statement&& other) noexcept
    : database_(other.database_), handle_(std::exchange(other.handle_, nullptr)) {}

Statement::~Statement() {
  sqlite3_finalize(handle_);
}

void Statement::check(int code) const {
  if (code != SQLITE_OK) database_->fail("cannot use");
}

void Statement::run() {
  while (step()) {
  }
}

bool Statement::step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(handle_);
    return false;
  }
  // The error is read before reset, which may set another.
  try {
    database_->fail("cannot use");
  } catch (...) {
    sqlite3_reset(handle_);
    throw;
  }
}

void Statement::reset() {
  sqlite3_reset(handle_);
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(handle_, column);
}
double Statement::real(int column) const {
  return sqlite3_column_double(handle_, column);
}
std::string_view Statement::blob(int column) const {
  const void* data = sqlite3_column_blob(handle_, column);
  const int size = sqlite3_column_bytes(handle_, column);
  return data == nullptr
             ? std::string_view()
             : std::string_view(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

void Statement::bind_one(int index, std::int64_t value) {
  check(sqlite3_bind_int64(handle_, index, value));
}
void Statement::bind_one(int index, double value) {
  check(sqlite3_bind_double(handle_, index, value));
}
void Statement::bind_one(int index, std::string_view value) {
  // A null pointer would be NULL rather than an empty blob.
  const char* data = value.empty() ? "" : value.data();
  check(sqlite3_bind_blob64(handle_, index, data, value.size(), SQLITE_STATIC));
}

Transaction::Transaction(Database& database) : database_(database) {
  database_.execute("BEGIN IMMEDIATE");
}
Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_.execute("ROLLBACK");
  } catch (const ErrorException&) {
    // SQLite has rolled back by itself (a full disk).
  }
}
void Transaction::commit() {
  database_.execute("COMMIT");
  open_ = false;
}

}  // namespace understory::story
