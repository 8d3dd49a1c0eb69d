#include "fs/vault/json.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace casemate {
namespace {

TEST(JsonObjectTest, ReadsStringsAndIntegersOfTheOutermostObject) {
  const absl::StatusOr<JsonObject> json = JsonObject::Parse(
      R"( {"s":"x\u0000y","i":-8,"o":{"s":"inner"},"a":[1,{"i":9}],"n":null} )");
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ(*json->String("s"), std::string("x\0y", 3));
  EXPECT_EQ(*json->Integer("i"), -8);
  EXPECT_TRUE(json->Has("n"));
  EXPECT_FALSE(json->Has("inner"));
  EXPECT_TRUE(absl::IsNotFound(json->String("absent").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(json->String("o").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(json->String("a").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(json->Integer("s").status()));
}

TEST(JsonObjectTest, IntegersAreExact) {
  const absl::StatusOr<JsonObject> json = JsonObject::Parse(
      R"({"f":8.0,"e":8e0,"t":"8","b":true,"max":9223372036854775807,)"
      R"("over":9223372036854775808})");
  ASSERT_TRUE(json.ok()) << json.status();
  for (const char* name : {"f", "e", "t", "b", "over"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(json->Integer(name).status())) << name;
  }
  EXPECT_EQ(*json->Integer("max"), INT64_MAX);
}

TEST(JsonObjectTest, RefusesEqualNamesAtAnyLevel) {
  EXPECT_FALSE(JsonObject::Parse(R"({"a":1,"a":1})").ok());
  EXPECT_FALSE(JsonObject::Parse(R"({"a":1,"\u0061":2})").ok());
  EXPECT_FALSE(JsonObject::Parse(R"({"o":{"a":1,"a":1}})").ok());
  EXPECT_FALSE(JsonObject::Parse(R"({"o":[{"a":1,"a":1}]})").ok());
  EXPECT_TRUE(JsonObject::Parse(R"({"a":{"a":1},"b":{"a":1}})").ok());
}

TEST(JsonObjectTest, FourLevelsAreEnough) {
  EXPECT_TRUE(JsonObject::Parse(R"({"a":{"a":{"a":{}}}})").ok());
  EXPECT_FALSE(JsonObject::Parse(R"({"a":{"a":{"a":{"a":{}}}}})").ok());
  EXPECT_FALSE(JsonObject::Parse(R"({"a":[[[[]]]]})").ok());
  EXPECT_FALSE(JsonObject::Parse(std::string(100000, '[')).ok());
}

TEST(JsonObjectTest, RefusesWhatIsNotOneObject) {
  for (const char* text :
       {"", "[]", "8", "\"a\"", "{", "{}{}", "{} x", "{,}", "{\"a\":1,}",
        "{\"a\"}", "{'a':1}", "// c\n{}", "{\"a\":\"\xff\"}", "nul"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(JsonObject::Parse(text).status()))
        << text;
  }
}

}  // namespace
}  // namespace casemate
