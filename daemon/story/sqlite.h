// SQLite, as little of it as a story needs: a connection, prepared statements and transactions
// that undo themselves. Failures throw ErrorException (kIo, kBusy where another process holds the
// file).
//
// One thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace understory::story {

class Statement;

class Database {
 public:
  /// The file must exist; a symbolic link is refused.
  static Database open(const std::filesystem::path& file);
  Database(Database&& other) noexcept;
  Database& operator=(Database&&) = delete;
  ~Database();

  /// One or more statements without parameters: schema and pragmas of our own.
  void execute(const char* sql);
  std::int64_t number(const char* sql);
  /// Kept by the caller and used again and again.
  Statement prepare(const char* sql);

  [[noreturn]] void fail(std::string_view doing) const;

 private:
  friend class Statement;
  Database(sqlite3* handle, std::filesystem::path file);
  sqlite3* handle_;
  std::filesystem::path file_;
};

class Statement {
 public:
  Statement(const Database& database, const char* sql);
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  /// Binds the values to ?1, ?2 ...; std::string_view as a blob. They must outlive run().
  template <class... Values>
  Statement& bind(const Values&... values) {
    reset();
    int index = 0;
    (bind_one(++index, values), ...);
    return *this;
  }

  /// Carries a statement without result out.
  void run();
  /// The next row; false after the last.
  bool step();
  void reset();

  // Of the row at hand.
  std::int64_t integer(int column) const;
  std::uint64_t id(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  double real(int column) const;
  /// Valid until the next step.
  std::string_view blob(int column) const;

 private:
  void bind_one(int index, std::int64_t value);
  void bind_one(int index, std::uint64_t value) {
    bind_one(index, static_cast<std::int64_t>(value));
  }
  void bind_one(int index, bool value) { bind_one(index, std::int64_t{value}); }
  void bind_one(int index, double value);
  void bind_one(int index, std::string_view value);
  void bind_one(int index, const std::string& value) { bind_one(index, std::string_view(value)); }
  void check(int code) const;

  const Database* database_;
  sqlite3_stmt* handle_ = nullptr;
};

/// Rolls back unless committed.
class Transaction {
 public:
  explicit Transaction(Database& database);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace understory::story
