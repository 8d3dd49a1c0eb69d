#include "fs/vault/name_shortener.h"

#include <string>

#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"
#include "testing/vectors/vault_format_8.h"

namespace casemate {
namespace {

size_t EncodedSize(size_t cleartext) { return (cleartext + 18) / 3 * 4 + 4; }

TEST(NameShortenerTest, AgreesWithTheVectors) {
  for (const auto& vector : VaultFormat8Vectors("names")) {
    const std::string c9r = vector["c9r"];
    const bool shortened = IsShortened(vector["threshold"], c9r);
    EXPECT_EQ(shortened, vector["shortened"].get<bool>()) << vector["what"];
    EXPECT_EQ(shortened ? ShortName(c9r) : c9r,
              vector["onDisk"].get<std::string>())
        << vector["what"];
  }
}

TEST(NameShortenerTest, LimitsAgreeWithTheVectors) {
  for (const auto& vector : VaultFormat8Vectors("name_limits")) {
    EXPECT_EQ(MaxUnshortenedSize(vector["threshold"]),
              vector["maxUnshortenedBytes"].get<int>());
  }
}

TEST(NameShortenerTest, EqualLengthStaysUnshortened) {
  EXPECT_FALSE(IsShortened(220, std::string(220, 'a')));
  EXPECT_TRUE(IsShortened(220, std::string(221, 'a')));
}

TEST(NameShortenerTest, ShortNameIsRecognisedAndNothingElse) {
  const std::string name = ShortName("abc.c9r");
  EXPECT_TRUE(IsShortName(name));
  EXPECT_FALSE(IsShortName("x" + name));
  EXPECT_FALSE(IsShortName(name.substr(1)));
  EXPECT_FALSE(IsShortName(name.substr(0, 28) + ".c9r"));
  EXPECT_FALSE(IsShortName(std::string(28, '=') + ".c9s"));
  EXPECT_FALSE(IsShortName(".c9s"));
}

RC_GTEST_PROP(NameShortenerProperty, TheLimitIsTheLongestThatStays, ()) {
  const int threshold = *rc::gen::inRange(36, 221);
  const size_t limit = MaxUnshortenedSize(threshold);
  RC_ASSERT(!IsShortened(threshold, std::string(EncodedSize(limit), 'a')));
  RC_ASSERT(IsShortened(threshold, std::string(EncodedSize(limit + 1), 'a')));
}

}  // namespace
}  // namespace casemate
