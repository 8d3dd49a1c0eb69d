#include "fs/vault/normalization.h"

#include <cerrno>
#include <string>

#include "base/bytes.h"
#include "base/status.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

namespace casemate {
namespace {

std::string AsText(const SecretBytes& bytes) {
  return std::string(TextOf(bytes.bytes()));
}

TEST(NormalizationTest, ValidUtf8ExcludesSurrogatesOverlongFormsAndBeyond) {
  for (const char* valid : {"", "a", "\xc3\xa4", "\xe2\x82\xac",
                            "\xf0\x9f\x97\x9d", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsValidUtf8(valid)) << valid;
  }
  EXPECT_TRUE(IsValidUtf8(absl::string_view("a\0b", 3)));
  for (const char* invalid :
       {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
        "\xed\xbf\xbf", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xff",
        "a\xe2\x82"}) {
    EXPECT_FALSE(IsValidUtf8(invalid)) << invalid;
  }
}

TEST(NormalizationTest, DecomposedTextIsComposed) {
  EXPECT_EQ(*ToNfc("a\xcc\x88"), "\xc3\xa4");
  // Hangul, which is composed by arithmetic and not by table.
  EXPECT_EQ(*ToNfc("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab"), "\xed\x95\x9c");
  // Compatibility characters are another matter (NFKC) and stay.
  EXPECT_EQ(*ToNfc("\xef\xac\x81"), "\xef\xac\x81");
  // A singleton: the Angstrom sign has no composed form of its own.
  EXPECT_EQ(*ToNfc("\xe2\x84\xab"), "\xc3\x85");
}

TEST(NormalizationTest, NulIsACharacterAndNotTheEnd) {
  const std::string text("a\xcc\x88\0a\xcc\x88", 7);
  EXPECT_EQ(*ToNfc(text), std::string("\xc3\xa4\0\xc3\xa4", 5));
  EXPECT_EQ(AsText(*SecretToNfc(BytesOf(text))),
            std::string("\xc3\xa4\0\xc3\xa4", 5));
}

TEST(NormalizationTest, InvalidTextIsEilseq) {
  EXPECT_EQ(ErrnoOf(ToNfc("\xff").status()), EILSEQ);
  EXPECT_EQ(ErrnoOf(SecretToNfc(BytesOf("\xff")).status()), EILSEQ);
}

TEST(NormalizationTest, EmptySecretStaysEmpty) {
  EXPECT_EQ(SecretToNfc(ConstBytes())->size(), 0);
}

RC_GTEST_PROP(NormalizationProperty, IsIdempotentAndTheSameForSecrets, ()) {
  // Base characters and marks in any order, so that there is work to do.
  const auto pieces = *rc::gen::container<std::vector<std::string>>(
      rc::gen::element<std::string>("a", "e", "\xc3\xa4", "\xcc\x88",
                                    "\xcc\xa3", "\xe1\x84\x92", "\xe1\x85\xa1",
                                    "\xf0\x9f\x97\x9d"));
  std::string text;
  for (const std::string& piece : pieces) text += piece;
  const std::string once = *ToNfc(text);
  RC_ASSERT(*ToNfc(once) == once);
  RC_ASSERT(AsText(*SecretToNfc(BytesOf(text))) == once);
}

}  // namespace
}  // namespace casemate
