#include "crypto/primitive/scrypt.h"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "base/bytes.h"
#include "crypto/encoding/base64.h"
#include "crypto/primitive/aes_key_wrap.h"
#include "crypto/primitive/hmac.h"
#include "gtest/gtest.h"
#include "testing/vectors/hex.h"
#include "testing/vectors/vault_format_8.h"

namespace casemate {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint64_t kMebibyte = uint64_t{1} << 20;

std::string Derive(const char* password, const char* salt, uint64_t n,
                   uint64_t r, uint64_t p) {
  Bytes key(64);
  EXPECT_TRUE(Scrypt(BytesOf(password), BytesOf(salt), n, r, p,
                     absl::MakeSpan(key), 64 * kMebibyte)
                  .ok());
  return ToHex(key);
}

absl::StatusCode CodeFor(uint64_t n, uint64_t r, uint64_t p,
                         uint64_t max_memory) {
  Bytes key(32);
  return Scrypt(BytesOf("password"), BytesOf("salt"), n, r, p,
                absl::MakeSpan(key), max_memory)
      .code();
}

// RFC 7914, section 12; its example of 1 GiB is left out.
TEST(ScryptTest, DerivesTheExamplesOfTheRfc) {
  EXPECT_EQ(Derive("", "", 16, 1, 1),
            "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
            "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906");
  EXPECT_EQ(Derive("password", "NaCl", 1024, 8, 16),
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
            "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640");
  EXPECT_EQ(Derive("pleaseletmein", "SodiumChloride", 16384, 8, 1),
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
            "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887");
}

TEST(ScryptTest, RefusesNumbersScryptDoesNotKnow) {
  const auto kBad = absl::StatusCode::kInvalidArgument;
  constexpr uint64_t kHuge = std::numeric_limits<uint64_t>::max();
  EXPECT_EQ(CodeFor(0, 8, 1, kHuge), kBad);
  EXPECT_EQ(CodeFor(1, 8, 1, kHuge), kBad);
  EXPECT_EQ(CodeFor(1000, 8, 1, kHuge), kBad);
  EXPECT_EQ(CodeFor(uint64_t{1} << 33, 8, 1, kHuge), kBad);
  EXPECT_EQ(CodeFor(1024, 0, 1, kHuge), kBad);
  EXPECT_EQ(CodeFor(1024, 8, 0, kHuge), kBad);
  EXPECT_EQ(CodeFor(1024, kHuge, kHuge, kHuge), kBad);
  EXPECT_EQ(CodeFor(65536, 1, 1, kHuge), kBad);
}

TEST(ScryptTest, RefusesMoreMemoryThanAllowed) {
  EXPECT_EQ(CodeFor(1024, 8, 1, kMebibyte), absl::StatusCode::kOk);
  EXPECT_EQ(CodeFor(1024, 8, 1, kMebibyte - 1),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(CodeFor(uint64_t{1} << 32, 1 << 20, 1, 1024 * kMebibyte),
            absl::StatusCode::kResourceExhausted);
}

// What unlocking does: password to KEK, KEK to both keys, and the version.
TEST(ScryptTest, OpensTheMasterkeyVectors) {
  const nlohmann::json keys = VaultFormat8Vectors("keys");
  for (const nlohmann::json& row : VaultFormat8Vectors("masterkey")) {
    const nlohmann::json& file = row["masterkey"];
    std::string password = row["password"];
    // The NFC form of the row's note; normalising is the masterkey's business.
    if (row.contains("note")) password = "p\u00e4ss";
    Bytes kek(32);
    ASSERT_TRUE(Scrypt(BytesOf(password),
                       *Base64Decode(file["scryptSalt"].get<std::string>()),
                       file["scryptCostParam"], file["scryptBlockSize"], 1,
                       absl::MakeSpan(kek), 64 * kMebibyte)
                    .ok());
    EXPECT_EQ(ToHex(kek), row["kek"]);

    const auto unwrap = [&](const char* field) {
      Bytes key(32);
      EXPECT_TRUE(AesKeyUnwrap(kek,
                               *Base64Decode(file[field].get<std::string>()),
                               absl::MakeSpan(key))
                      .ok());
      return key;
    };
    EXPECT_EQ(ToHex(unwrap("primaryMasterKey")), keys["encKey"]);
    const Bytes mac_key = unwrap("hmacMasterKey");
    EXPECT_EQ(ToHex(mac_key), keys["macKey"]);

    const HmacKey hmac_key(HmacHash::kSha256, mac_key);
    Hmac hmac(hmac_key);
    hmac.Update(FromHex("000003e7"));  // 999
    EXPECT_TRUE(
        hmac.Verify(*Base64Decode(file["versionMac"].get<std::string>())));
  }
}

}  // namespace
}  // namespace casemate
