#include "base/result.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>

using namespace understory;

TEST_CASE("A result holds either its value or its error", "[unit]") {
  Result<std::string> good = std::string("ink");
  REQUIRE(good.ok());
  REQUIRE(*good == "ink");

  Result<std::string> bad = Error{ErrorCode::kNotFound, "no such file"};
  REQUIRE_FALSE(bad.ok());
  REQUIRE(bad.error().code == ErrorCode::kNotFound);
}

TEST_CASE("A move-only value leaves a result by move", "[unit]") {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
  std::unique_ptr<int> value = std::move(result).value();
  REQUIRE(*value == 7);
}

TEST_CASE("value_or_throw carries the error's code and message", "[unit]") {
  Status status = Error{ErrorCode::kBusy, "the queue is full"};
  try {
    std::move(status).value_or_throw();
    FAIL("did not throw");
  } catch (const ErrorException& e) {
    REQUIRE(e.error().code == ErrorCode::kBusy);
    REQUIRE(std::string(e.what()) == "the queue is full");
  }
}

TEST_CASE("Error codes have the strings that clients see", "[unit]") {
  REQUIRE(to_string(ErrorCode::kInvalidArgument) == "invalid_argument");
  REQUIRE(to_string(ErrorCode::kNoDevice) == "no_device");
  REQUIRE(to_string(ErrorCode::kOutOfMemory) == "out_of_memory");
}
