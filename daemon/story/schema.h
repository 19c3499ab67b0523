// The tables of a story's file, and how older files become like new ones.
#pragma once

#include "daemon/story/sqlite.h"

namespace understory::story {

inline constexpr std::int64_t kApplicationId = 0x55537479;  // "USty"
inline constexpr std::int64_t kSchemaVersion = 1;

/// Throws ErrorException where the file holds something that is no story (kIo), a story of a
/// later version (kUnsupported), or is damaged (kIo).
void check_is_story(Database& database);

/// Brings the file to kSchemaVersion; inside a transaction of the caller's.
void migrate(Database& database);

}  // namespace understory::story
