#include "crypto/encoding/base64.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "base/bytes.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

namespace casemate {
namespace {

using Bytes = std::vector<uint8_t>;

// RFC 4648, section 10.
TEST(Base64Test, EncodesTheExamplesOfTheRfc) {
  EXPECT_EQ(Base64Encode(BytesOf("")), "");
  EXPECT_EQ(Base64Encode(BytesOf("f")), "Zg==");
  EXPECT_EQ(Base64Encode(BytesOf("fo")), "Zm8=");
  EXPECT_EQ(Base64Encode(BytesOf("foo")), "Zm9v");
  EXPECT_EQ(Base64Encode(BytesOf("foob")), "Zm9vYg==");
  EXPECT_EQ(Base64Encode(BytesOf("fooba")), "Zm9vYmE=");
  EXPECT_EQ(Base64Encode(BytesOf("foobar")), "Zm9vYmFy");
}

TEST(Base64Test, AlphabetsDifferInTheirLastTwoDigits) {
  const Bytes bytes = {0xfb, 0xef, 0xff};
  EXPECT_EQ(Base64Encode(bytes), "++//");
  EXPECT_EQ(Base64UrlEncode(bytes, Base64Padding::kPadded), "--__");
  EXPECT_FALSE(Base64Decode("--__").has_value());
  EXPECT_FALSE(Base64UrlDecode("++//", Base64Padding::kPadded).has_value());
}

TEST(Base64Test, RefusesWhatIsNotCanonical) {
  for (const char* const text :
       {"Zg", "Zg=", "Zg===", "Zg= =", "Zh==", "Zm9=", "Zm8=\n",
        " Zm8=", "Zm8=Zm8=", "=", "==", "====", "A===", "Z",
        "Zm9v=", "Zm9v====", "Zm9\xc3", "Zm=v"}) {
    EXPECT_FALSE(Base64Decode(text).has_value()) << text;
  }
  EXPECT_FALSE(Base64Decode(std::string("Zm8\0", 4)).has_value());
}

TEST(Base64UrlTest, UnpaddedRefusesPaddingAndStrayBits) {
  EXPECT_EQ(Base64UrlDecode("Zg", Base64Padding::kNone), Bytes({'f'}));
  for (const char* const text : {"Zg==", "Zh", "Zm9", "Z", "Zm9vY", "Zg="}) {
    EXPECT_FALSE(Base64UrlDecode(text, Base64Padding::kNone).has_value())
        << text;
  }
}

TEST(Base64UrlTest, EncodingAppends) {
  std::string name = "prefix-";
  Base64UrlEncode(BytesOf("fo"), Base64Padding::kPadded, &name);
  EXPECT_EQ(name, "prefix-Zm8=");
  Base64UrlEncode(BytesOf("fo"), Base64Padding::kNone, &name);
  EXPECT_EQ(name, "prefix-Zm8=Zm8");
}

RC_GTEST_PROP(Base64Property, DecodingUndoesEncoding, (const Bytes& bytes)) {
  RC_ASSERT(Base64Decode(Base64Encode(bytes)) == bytes);
  for (const Base64Padding padding :
       {Base64Padding::kNone, Base64Padding::kPadded}) {
    const std::string text = Base64UrlEncode(bytes, padding);
    RC_ASSERT(Base64UrlDecode(text, padding) == bytes);
    Bytes out(Base64DecodedBound(text.size()));
    RC_ASSERT(Base64UrlDecode(text, padding, absl::MakeSpan(out)) ==
              bytes.size());
    out.resize(bytes.size());
    RC_ASSERT(out == bytes);
  }
}

// Two spellings of one value are what a strict decoder must not have.
RC_GTEST_PROP(Base64Property, WhatDecodesIsTheOnlySpelling, ()) {
  const std::string text = *rc::gen::container<std::string>(
      rc::gen::elementOf(std::string("ABQgwxz059-_=")));
  for (const Base64Padding padding :
       {Base64Padding::kNone, Base64Padding::kPadded}) {
    const auto bytes = Base64UrlDecode(text, padding);
    if (bytes.has_value()) RC_ASSERT(Base64UrlEncode(*bytes, padding) == text);
  }
}

}  // namespace
}  // namespace casemate
