#include "crypto/primitive/aes_siv.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "base/bytes.h"
#include "crypto/encoding/base32.h"
#include "crypto/primitive/sha.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"
#include "testing/vectors/hex.h"
#include "testing/vectors/vault_format_8.h"

namespace casemate {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes AnyBytes(size_t size) {
  return *rc::gen::container<Bytes>(size, rc::gen::arbitrary<uint8_t>());
}

Bytes Flipped(Bytes bytes) {
  const size_t bit = *rc::gen::inRange<size_t>(0, 8 * bytes.size());
  bytes[bit / 8] ^= 1 << bit % 8;
  return bytes;
}

Bytes Sealed(const AesSivContext& context, ConstBytes plaintext) {
  Bytes out(plaintext.size() + kSivSize);
  context.Seal(plaintext, absl::MakeSpan(out));
  return out;
}

AesSiv VaultSiv() {
  const nlohmann::json keys = VaultFormat8Vectors("keys");
  return AesSiv::Create(FromHex(keys["macKey"].get<std::string>()),
                        FromHex(keys["encKey"].get<std::string>()))
      .value();
}

// With both examples of RFC 5297, A.1 and A.2, whose answers stand here again
// so that the vectors cannot lose them.
TEST(AesSivTest, SealsAndOpensTheVectors) {
  std::string outputs;
  for (const nlohmann::json& row : VaultFormat8Vectors("aes_siv")) {
    const auto field = [&](const char* name) {
      return FromHex(row[name].get<std::string>());
    };
    const AesSiv siv =
        AesSiv::Create(field("sivMacKey_K1"), field("sivCtrKey_K2")).value();
    std::vector<Bytes> components;
    for (const nlohmann::json& ad : row["ad"]) {
      components.push_back(FromHex(ad.get<std::string>()));
    }
    const std::vector<ConstBytes> ads(components.begin(), components.end());
    const Bytes plaintext = field("plaintext");
    Bytes sealed(plaintext.size() + kSivSize);
    siv.Seal(ads, plaintext, absl::MakeSpan(sealed));
    EXPECT_EQ(ToHex(sealed), row["output"]) << row["name"];
    Bytes opened(plaintext.size());
    EXPECT_TRUE(siv.Open(ads, sealed, absl::MakeSpan(opened)).ok());
    EXPECT_EQ(opened, plaintext);
    if (ads.size() == 1)
      EXPECT_EQ(Sealed(siv.WithAd(ads[0]), plaintext), sealed);
    if (ads.empty()) EXPECT_EQ(Sealed(siv.WithoutAd(), plaintext), sealed);
    outputs += ToHex(sealed) + "\n";
  }
  EXPECT_NE(outputs.find("85632d07c6e8f37f950acd320a2ecc93"
                         "40c02b9690c4dc04daef7f6afe5c\n"),
            std::string::npos);
  EXPECT_NE(outputs.find("7bdb6e3b432667eb06f4d14bff2fbd0f"
                         "cb900f2fddbe404326601965c889bf17"
                         "dba77ceb094fa663b7a3f748ba8af829"
                         "ea64ad544a272e9c485b62a3fd5c0d\n"),
            std::string::npos);
}

TEST(AesSivTest, HashesDirectoryIdsAsTheVectorsDo) {
  const AesSiv siv = VaultSiv();
  for (const nlohmann::json& row : VaultFormat8Vectors("dir_hash")) {
    const std::string dir_id = row["dirId"];
    const Bytes sealed = Sealed(siv.WithoutAd(), BytesOf(dir_id));
    EXPECT_EQ(ToHex(sealed), row["siv"]);
    EXPECT_EQ(Base32Encode(Sha1(sealed)), row["hash"]);
  }
}

TEST(AesSivTest, RefusesOtherKeySizes) {
  for (const size_t size : {0, 8, 15, 20, 33, 64}) {
    EXPECT_FALSE(AesSiv::Create(Bytes(size), Bytes(size)).ok()) << size;
  }
  EXPECT_FALSE(AesSiv::Create(Bytes(16), Bytes(32)).ok());
}

TEST(AesSivTest, LessThanASivIsRefused) {
  const AesSivContext context = VaultSiv().WithoutAd();
  for (size_t size = 0; size < kSivSize; ++size) {
    EXPECT_TRUE(absl::IsDataLoss(context.Open(Bytes(size), {}))) << size;
  }
}

TEST(AesSivTest, ContextOutlivesTheSivItCameFrom) {
  const AesSivContext context = VaultSiv().WithAd(BytesOf("id"));
  Bytes opened(4);
  EXPECT_TRUE(
      context.Open(Sealed(context, BytesOf("name")), absl::MakeSpan(opened))
          .ok());
  EXPECT_EQ(TextOf(opened), "name");
}

RC_GTEST_PROP(AesSivProperty, AnyFlippedBitIsRefusedAndNothingComesOut, ()) {
  const size_t key_size = *rc::gen::element<size_t>(16, 24, 32);
  const Bytes mac_key = AnyBytes(key_size);
  const Bytes ctr_key = AnyBytes(key_size);
  const Bytes ad = AnyBytes(*rc::gen::inRange<size_t>(1, 50));
  const Bytes plaintext = AnyBytes(*rc::gen::inRange<size_t>(1, 300));
  const AesSiv siv = AesSiv::Create(mac_key, ctr_key).value();
  const Bytes sealed = Sealed(siv.WithAd(ad), plaintext);
  Bytes out(plaintext.size());
  RC_ASSERT(siv.WithAd(ad).Open(sealed, absl::MakeSpan(out)).ok());
  RC_ASSERT(out == plaintext);

  const auto refuses = [&](const AesSivContext& context, const Bytes& input) {
    out.assign(out.size(), 0xaa);
    return absl::IsDataLoss(context.Open(input, absl::MakeSpan(out))) &&
           out == Bytes(out.size());
  };
  RC_ASSERT(refuses(siv.WithAd(ad), Flipped(sealed)));
  RC_ASSERT(refuses(siv.WithAd(Flipped(ad)), sealed));
  RC_ASSERT(refuses(siv.WithoutAd(), sealed));
  RC_ASSERT(
      refuses(AesSiv::Create(Flipped(mac_key), ctr_key)->WithAd(ad), sealed));
  RC_ASSERT(
      refuses(AesSiv::Create(mac_key, Flipped(ctr_key))->WithAd(ad), sealed));
}

}  // namespace
}  // namespace casemate
