#include "fs/vault/name_codec.h"

#include <cerrno>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "base/bytes.h"
#include "base/status.h"
#include "crypto/encoding/base64.h"
#include "fs/vault/normalization.h"
#include "fs/vault/vectors_for_test.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"
#include "testing/vectors/vault_format_8.h"

namespace casemate {
namespace {

DirId Id(const std::string& text) {
  return text.empty() ? DirId() : *DirId::Parse(text);
}

NameContext RootNames() {
  return NameCodec(VectorMasterkey()).ContextFor(DirId());
}

TEST(NameCodecTest, ContentPathsAgreeWithTheVectors) {
  const NameCodec codec(VectorMasterkey());
  for (const auto& vector : VaultFormat8Vectors("dir_hash")) {
    EXPECT_EQ("d/" + codec.ContentPath(Id(vector["dirId"])),
              vector["path"].get<std::string>());
  }
}

TEST(NameCodecTest, NamesAgreeWithTheVectors) {
  const NameCodec codec(VectorMasterkey());
  for (const auto& vector : VaultFormat8Vectors("names")) {
    const NameContext names = codec.ContextFor(Id(vector["parentDirId"]));
    const absl::StatusOr<std::string> stored = ValidateNewName(
        TextOf(FromHex(vector["givenUtf8"].get<std::string>())));
    ASSERT_TRUE(stored.ok()) << vector["what"];
    EXPECT_EQ(ToHex(BytesOf(*stored)), vector["nfcUtf8"].get<std::string>());
    const std::string c9r = EncryptName(names, *stored);
    EXPECT_EQ(c9r, vector["c9r"].get<std::string>()) << vector["what"];
    EXPECT_EQ(*DecryptName(names, c9r), *stored) << vector["what"];
  }
}

TEST(NameCodecTest, ANameOfAnotherDirectoryDoesNotAuthenticate) {
  const NameCodec codec(VectorMasterkey());
  const std::string c9r = EncryptName(codec.ContextFor(DirId()), "a");
  EXPECT_TRUE(absl::IsDataLoss(
      DecryptName(codec.ContextFor(Id("other")), c9r).status()));
}

TEST(NameCodecTest, HostileCleartextIsRefusedAlthoughItAuthenticates) {
  const NameContext names = RootNames();
  for (const std::string& name :
       {std::string("."), std::string(".."), std::string("a/b"),
        std::string("/"), std::string("a\0b", 3), std::string("\xff"),
        std::string("\xed\xa0\x80"), std::string(1025, 'a'), std::string()}) {
    EXPECT_TRUE(absl::IsInvalidArgument(
        DecryptName(names, EncryptName(names, name)).status()))
        << ToHex(BytesOf(name));
  }
  for (const std::string& name :
       {std::string("..."), std::string("a"), std::string(1024, 'a'),
        std::string("dir.c9r"), std::string("\n")}) {
    EXPECT_EQ(*DecryptName(names, EncryptName(names, name)), name);
  }
}

TEST(NameCodecTest, OnlyTheCanonicalSpellingDecrypts) {
  const NameContext names = RootNames();
  // 17 bytes: two bits of the last character that is not padding are unused.
  const std::string c9r = EncryptName(names, "a");
  ASSERT_EQ(c9r, "n8Zfcx6QGU1lwPU-gVAmtt0=.c9r");
  EXPECT_TRUE(DecryptName(names, c9r).ok());
  for (const std::string& other : {std::string("n8Zfcx6QGU1lwPU-gVAmtt1=.c9r"),
                                   std::string("n8Zfcx6QGU1lwPU-gVAmtt0.c9r"),
                                   std::string("n8Zfcx6QGU1lwPU-gVAmtt0=.c9s"),
                                   std::string("n8Zfcx6QGU1lwPU-gVAmtt0="),
                                   std::string("n8Zfcx6QGU1lwPU+gVAmtt0=.c9r"),
                                   std::string("n8Zfcx6QGU1lwPU-gVAmtt0==.c9r"),
                                   std::string(" n8Zfcx6QGU1lwPU-gVAmtt0=.c9r"),
                                   std::string(".c9r"), std::string()}) {
    EXPECT_TRUE(absl::IsInvalidArgument(DecryptName(names, other).status()))
        << other;
  }
}

TEST(NameCodecTest, ATagWithoutANameIsTooShort) {
  std::vector<uint8_t> tag(16);
  const NameContext names = RootNames();
  names.siv().Seal(ConstBytes(), absl::MakeSpan(tag));
  const std::string c9r = Base64UrlEncode(tag, Base64Padding::kPadded) + ".c9r";
  EXPECT_EQ(c9r.size(), kMinEncodedNameSize + 4);
  EXPECT_TRUE(absl::IsInvalidArgument(DecryptName(names, c9r).status()));
}

TEST(ValidateNewNameTest, ErrnoSaysWhatIsWrong) {
  EXPECT_EQ(ErrnoOf(ValidateNewName("\xff").status()), EILSEQ);
  EXPECT_EQ(ErrnoOf(ValidateNewName(std::string(256, 'a')).status()),
            ENAMETOOLONG);
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string("a/b"),
        std::string("a\0", 2)}) {
    EXPECT_EQ(ErrnoOf(ValidateNewName(name).status()), EINVAL);
  }
  EXPECT_TRUE(ValidateNewName(std::string(255, 'a')).ok());
}

TEST(ValidateNewNameTest, TheLimitCountsBytesAfterNormalisation) {
  // 127 times three bytes become 127 times two.
  std::string decomposed;
  for (int i = 0; i < 127; ++i) decomposed += "a\xcc\x88";
  ASSERT_GT(decomposed.size(), kMaxNewNameSize);
  EXPECT_EQ(ValidateNewName(decomposed)->size(), 254);
  // U+1D15E takes four bytes, and eight as NFC: it may not be composed.
  std::string growing;
  for (int i = 0; i < 32; ++i) growing += "\xf0\x9d\x85\x9e";
  ASSERT_LT(growing.size(), kMaxNewNameSize);
  EXPECT_EQ(ErrnoOf(ValidateNewName(growing).status()), ENAMETOOLONG);
}

RC_GTEST_PROP(NameCodecProperty, DecryptUndoesEncryptForEveryValidName, ()) {
  const auto pieces =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(
          rc::gen::element<std::string>(".", "a", " ", "\n", "\x7f", "\xc3\xa4",
                                        "a\xcc\x88", "\xe2\x82\xac",
                                        "\xf0\x9f\x97\x9d", "name", ".c9r")));
  const std::string name = absl::StrJoin(pieces, "");
  RC_PRE(name != "." && name != "..");
  const NameContext names = RootNames();
  RC_ASSERT(*DecryptName(names, EncryptName(names, name)) == name);
}

RC_GTEST_PROP(NameCodecProperty, NoChangedCharacterDecrypts, ()) {
  const NameContext names = RootNames();
  const size_t size = *rc::gen::inRange(1, 60);
  const std::string c9r = EncryptName(names, std::string(size, 'n'));
  std::string changed = c9r;
  changed[*rc::gen::inRange<size_t>(0, c9r.size())] =
      *rc::gen::arbitrary<char>();
  RC_PRE(changed != c9r);
  RC_ASSERT(!DecryptName(names, changed).ok());
}

}  // namespace
}  // namespace casemate
