#include "crypto/encoding/base32.h"

#include <string>

#include "base/bytes.h"
#include "gtest/gtest.h"

namespace casemate {
namespace {

// RFC 4648, section 10.
TEST(Base32Test, EncodesTheExamplesOfTheRfc) {
  EXPECT_EQ(Base32Encode(BytesOf("")), "");
  EXPECT_EQ(Base32Encode(BytesOf("f")), "MY======");
  EXPECT_EQ(Base32Encode(BytesOf("fo")), "MZXQ====");
  EXPECT_EQ(Base32Encode(BytesOf("foo")), "MZXW6===");
  EXPECT_EQ(Base32Encode(BytesOf("foob")), "MZXW6YQ=");
  EXPECT_EQ(Base32Encode(BytesOf("fooba")), "MZXW6YTB");
  EXPECT_EQ(Base32Encode(BytesOf("foobar")), "MZXW6YTBOI======");
}

TEST(Base32Test, TwentyBytesNeedNoPadding) {
  const std::string text = Base32Encode(BytesOf(std::string(20, '\xff')));
  EXPECT_EQ(text, std::string(32, '7'));
}

}  // namespace
}  // namespace casemate
