#include "crypto/primitive/sha.h"

#include "base/bytes.h"
#include "gtest/gtest.h"
#include "testing/vectors/hex.h"

namespace casemate {
namespace {

// FIPS 180-4's example "abc".
TEST(ShaTest, KnownAnswers) {
  EXPECT_EQ(ToHex(Sha1(BytesOf("abc"))),
            "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(ToHex(Sha256(BytesOf("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(ShaTest, TakesNoBytes) {
  EXPECT_EQ(ToHex(Sha1({})), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

}  // namespace
}  // namespace casemate
