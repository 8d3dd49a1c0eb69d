#include "crypto/content/file_header.h"

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "base/bytes.h"
#include "crypto/content/chunk_layout.h"
#include "crypto/primitive/aes_gcm.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"
#include "testing/fakes/fake_random.h"
#include "testing/vectors/hex.h"
#include "testing/vectors/vault_format_8.h"

namespace casemate {
namespace {

using Bytes = std::vector<uint8_t>;

static_assert(!std::is_copy_constructible_v<FileHeader>,
              "a header holds a key");

constexpr CipherCombo kCombos[] = {CipherCombo::kSivGcm,
                                   CipherCombo::kSivCtrMac};

HeaderCodec VaultCodec(CipherCombo combo) {
  const nlohmann::json keys = VaultFormat8Vectors("keys");
  return HeaderCodec(combo, FromHex(keys["encKey"].get<std::string>()),
                     FromHex(keys["macKey"].get<std::string>()));
}

Bytes Sealed(const HeaderCodec& codec, const FileHeader& header) {
  Bytes sealed(ChunkLayout(codec.combo()).header_size());
  codec.Seal(header, absl::MakeSpan(sealed));
  return sealed;
}

TEST(FileHeaderTest, SealsAndOpensTheVectors) {
  int rows = 0;
  for (const nlohmann::json& row : VaultFormat8Vectors("files")) {
    const CipherCombo combo =
        *CipherComboFromName(row["combo"].get<std::string>());
    const HeaderCodec codec = VaultCodec(combo);
    const FileHeader header(combo,
                            FromHex(row["headerNonce"].get<std::string>()),
                            FromHex(row["contentKey"].get<std::string>()));
    EXPECT_EQ(ToHex(Sealed(codec, header)), row["header"]);
    const auto opened = codec.Open(FromHex(row["header"].get<std::string>()));
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(ToHex(opened->nonce()), row["headerNonce"]);
    EXPECT_EQ(ToHex(opened->content_key()), row["contentKey"]);
    EXPECT_EQ(opened->combo(), combo);
    ++rows;
  }
  EXPECT_EQ(rows, 2);
}

// Once the file's size, never checked by anybody (vault-format-8.md, 7).
TEST(FileHeaderTest, AnyReservedBytesAreAccepted) {
  const Bytes enc_key(32, 1);
  const Bytes mac_key(32, 2);
  const Bytes nonce(12, 3);
  Bytes payload(40, 4);
  payload[0] = 0;
  Bytes sealed = nonce;
  sealed.resize(68);
  ASSERT_TRUE(AesGcm::Create(enc_key)
                  ->Seal(nonce, {}, payload, absl::MakeSpan(sealed).subspan(12))
                  .ok());
  const auto opened =
      HeaderCodec(CipherCombo::kSivGcm, enc_key, mac_key).Open(sealed);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(ToHex(opened->content_key()), ToHex(Bytes(32, 4)));
}

TEST(FileHeaderTest, CreateTakesNonceAndKeyFromTheRandomSource) {
  for (const CipherCombo combo : kCombos) {
    FakeRandom random(1);
    const FileHeader one = FileHeader::Create(combo, random);
    const FileHeader two = FileHeader::Create(combo, random);
    EXPECT_EQ(one.nonce().size(), combo == CipherCombo::kSivGcm ? 12u : 16u);
    EXPECT_NE(ToHex(one.nonce()), ToHex(two.nonce()));
    EXPECT_NE(ToHex(one.content_key()), ToHex(two.content_key()));
    FakeRandom again(1);
    EXPECT_EQ(ToHex(FileHeader::Create(combo, again).content_key()),
              ToHex(one.content_key()));
  }
}

TEST(FileHeaderTest, OtherSizesAreDataLoss) {
  for (const CipherCombo combo : kCombos) {
    const HeaderCodec codec = VaultCodec(combo);
    FakeRandom random(1);
    Bytes sealed = Sealed(codec, FileHeader::Create(combo, random));
    sealed.push_back(0);
    EXPECT_TRUE(absl::IsDataLoss(codec.Open(sealed).status()));
    sealed.pop_back();
    EXPECT_TRUE(codec.Open(sealed).ok());
    while (!sealed.empty()) {
      sealed.pop_back();
      EXPECT_TRUE(absl::IsDataLoss(codec.Open(sealed).status()));
    }
  }
}

TEST(FileHeaderTest, EitherKeyOfAnotherVaultIsDataLoss) {
  const Bytes enc_key(32, 1);
  const Bytes mac_key(32, 2);
  const Bytes other(32, 3);
  FakeRandom random(1);
  const HeaderCodec gcm(CipherCombo::kSivGcm, enc_key, mac_key);
  const Bytes gcm_header =
      Sealed(gcm, FileHeader::Create(CipherCombo::kSivGcm, random));
  EXPECT_FALSE(
      HeaderCodec(CipherCombo::kSivGcm, other, mac_key).Open(gcm_header).ok());
  const HeaderCodec ctr(CipherCombo::kSivCtrMac, enc_key, mac_key);
  const Bytes ctr_header =
      Sealed(ctr, FileHeader::Create(CipherCombo::kSivCtrMac, random));
  EXPECT_FALSE(HeaderCodec(CipherCombo::kSivCtrMac, enc_key, other)
                   .Open(ctr_header)
                   .ok());
}

RC_GTEST_PROP(FileHeaderProperty, RoundTripsAndRefusesAnyFlippedBit, ()) {
  const CipherCombo combo = *rc::gen::elementOf(
      std::vector<CipherCombo>(std::begin(kCombos), std::end(kCombos)));
  FakeRandom random(*rc::gen::arbitrary<uint64_t>());
  const HeaderCodec codec = VaultCodec(combo);
  const FileHeader header = FileHeader::Create(combo, random);
  Bytes sealed = Sealed(codec, header);
  const auto opened = codec.Open(sealed);
  RC_ASSERT(opened.ok());
  RC_ASSERT(opened->nonce() == header.nonce());
  RC_ASSERT(opened->content_key() == header.content_key());

  const size_t bit = *rc::gen::inRange<size_t>(0, 8 * sealed.size());
  sealed[bit / 8] ^= 1 << bit % 8;
  RC_ASSERT(absl::IsDataLoss(codec.Open(sealed).status()));
}

}  // namespace
}  // namespace casemate
