#include "fs/vault/recovery_key.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/bytes.h"
#include "crypto/primitive/sha.h"
#include "fs/vault/vault_error.h"
#include "fs/vault/vectors_for_test.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"
#include "testing/fakes/fake_random.h"
#include "testing/vectors/hex.h"
#include "third_party/recovery_words/recovery_words.h"

namespace casemate {
namespace {

// cryptomator, RecoveryKeyFactoryTest: a valid key. Its bytes are what
// pycryptomator 1.15 decodes it to.
constexpr char kOfficialKey[] =
    "pathway lift abuse plenty export texture gentleman landscape beyond "
    "ceiling around leaf cafe charity border breakdown victory surely computer "
    "cat linger restrict infer crowd live computer true written amazed "
    "investor boot depth left theory snow whereby terminal weekly reject "
    "happiness circuit partial cup ad";
constexpr char kOfficialBytes[] =
    "bb01e256b7836e6bf8ecaee867397065b1dc12a976676f5badb805c4a03b8b9e"
    "295d53e81e8c4a2b9af3652dd51213f11de810282c1ae4c9387a9eceb18bad03";

// What pycryptomator 1.15 makes of the bytes 0 to 63, the key of the vectors.
constexpr char kVectorKey[] =
    "ad back bin enter gym gentle own intense van resident sin oh boot dumb "
    "debt stake flag tenure hers worship life similarly nail open pray thick "
    "shoe visual tend counter warn scenario cave cash jury grass shed league "
    "allow obvious build transfer dream normally";

std::string Encoded(const Masterkey& masterkey) {
  return std::string(TextOf(EncodeRecoveryKey(masterkey).bytes()));
}

std::string Decoded(absl::string_view text) {
  const absl::StatusOr<Masterkey> key = DecodeRecoveryKey(BytesOf(text));
  EXPECT_TRUE(key.ok()) << key.status();
  return key.ok() ? absl::BytesToHexString(TextOf(key->raw())) : "";
}

std::vector<std::string> WordsOf(absl::string_view text) {
  return absl::StrSplit(text, ' ');
}

// The key of the vectors with another word at `position`, from 1.
std::string With(size_t position, absl::string_view word) {
  std::vector<std::string> words = WordsOf(kVectorKey);
  words[position - 1] = std::string(word);
  return absl::StrJoin(words, " ");
}

void ExpectRefused(absl::string_view text, absl::string_view said) {
  const absl::Status status = DecodeRecoveryKey(BytesOf(text)).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << text;
  EXPECT_EQ(VaultErrorOf(status), VaultErrorKind::kRecoveryKey);
  EXPECT_EQ(status.message(), absl::StrCat("the recovery key ", said)) << text;
}

TEST(RecoveryKeyTest, TheOfficialKeyIsTheKeyOfTheseBytes) {
  EXPECT_EQ(Decoded(kOfficialKey), kOfficialBytes);
  const std::vector<uint8_t> bytes = FromHex(kOfficialBytes);
  EXPECT_EQ(Encoded(Masterkey::FromHalves(ConstBytes(bytes).first(32),
                                          ConstBytes(bytes).last(32))),
            kOfficialKey);
}

TEST(RecoveryKeyTest, OtherClientsWriteTheVectorsKeyTheSame) {
  EXPECT_EQ(Encoded(VectorMasterkey()), kVectorKey);
}

TEST(RecoveryKeyTest, TheListIsTheOneThatOthersHave) {
  const auto hash = Sha256(BytesOf(RecoveryWordList()));
  EXPECT_EQ(absl::BytesToHexString(TextOf(ConstBytes(hash))),
            "a66b733e516289fbe2a0f9382d450965edf4c9657a596035d34d1ae8a01ce175");
  const std::vector<std::string> words =
      absl::StrSplit(RecoveryWordList(), '\n');
  EXPECT_EQ(words.size(), 4096u);
  for (const std::string& word : words) {
    EXPECT_LE(word.size(), 9u) << word;
    EXPECT_TRUE(std::all_of(word.begin(), word.end(), absl::ascii_islower));
  }
}

TEST(RecoveryKeyTest, CaseAndWhiteSpaceDoNotMatter) {
  const std::string plain = Decoded(kVectorKey);
  EXPECT_EQ(Decoded(absl::AsciiStrToUpper(kVectorKey)), plain);
  EXPECT_EQ(Decoded(absl::StrCat("\n  ", kVectorKey, "\r\n")), plain);
  EXPECT_EQ(Decoded(absl::StrReplaceAll(kVectorKey, {{" ", "\n\t "}})), plain);
}

TEST(RecoveryKeyTest, ANumberOfWordsOtherThan44IsRefused) {
  ExpectRefused("", "has 0 words, not 44");
  ExpectRefused("pathway lift", "has 2 words, not 44");
  ExpectRefused(absl::StrCat(kVectorKey, " ad"), "has 45 words, not 44");
  ExpectRefused(std::string(kMaxRecoveryKeySize + 1, ' '), "is far too long");
}

TEST(RecoveryKeyTest, AnUnknownWordIsNamedByItsPlaceAndItsNeighbour) {
  ExpectRefused(With(5, "jym"),
                "has an unknown word at position 5; did you mean \"gym\"?");
  ExpectRefused(With(44, "RESIDENSE"),
                "has an unknown word at position 44; did you mean "
                "\"residence\"?");
}

TEST(RecoveryKeyTest, AnUnfinishedWordIsCompleted) {
  ExpectRefused(With(8, "Immig"),
                "has an unknown word at position 8; did you mean "
                "\"immigrant\"?");
}

TEST(RecoveryKeyTest, WhatWasEnteredIsNotInTheMessage) {
  for (const std::string& entered :
       {std::string("backpfeifengesicht"), std::string("qqqqqqq"),
        std::string("\x1b[31m"), std::string(3000, 'x')}) {
    const absl::Status status =
        DecodeRecoveryKey(BytesOf(With(1, entered))).status();
    EXPECT_EQ(status.message(),
              "the recovery key has an unknown word at position 1");
  }
}

TEST(RecoveryKeyTest, AnotherWordOfTheListFailsTheChecksum) {
  constexpr char kSaid[] =
      "has a wrong checksum: a word is another one of the list, or two are "
      "exchanged";
  std::vector<std::string> words = WordsOf(kVectorKey);
  for (size_t position = 1; position <= words.size(); ++position) {
    ExpectRefused(With(position, words[position % words.size()]), kSaid);
  }
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    std::swap(words[i], words[i + 1]);
    ExpectRefused(absl::StrJoin(words, " "), kSaid);
    std::swap(words[i], words[i + 1]);
  }
  // RecoveryKeyFactoryTest's own: "ad" is the right last word.
  ExpectRefused(
      absl::StrCat(absl::string_view(kOfficialKey)
                       .substr(0, sizeof(kOfficialKey) - sizeof(" ad")),
                   " wrong"),
      kSaid);
}

RC_GTEST_PROP(RecoveryKeyProperty, DecodingGivesBackEveryKey, ()) {
  FakeRandom random(*rc::gen::arbitrary<uint64_t>());
  const Masterkey key = Masterkey::Create(random);
  const SecretBytes text = EncodeRecoveryKey(key);
  RC_ASSERT(WordsOf(TextOf(text.bytes())).size() == kRecoveryKeyWords);
  const absl::StatusOr<Masterkey> decoded = DecodeRecoveryKey(text.bytes());
  RC_ASSERT(decoded.ok());
  RC_ASSERT(decoded->raw() == key.raw());
}

}  // namespace
}  // namespace casemate
