#include "fs/vault/vault_config.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "crypto/encoding/base64.h"
#include "fs/vault/vectors_for_test.h"
#include "gtest/gtest.h"
#include "testing/vectors/vault_format_8.h"

namespace casemate {
namespace {

constexpr char kHeader[] =
    R"({"kid":"masterkeyfile:masterkey.cryptomator","typ":"JWT",)"
    R"("alg":"HS256"})";
constexpr char kClaims[] = R"({"jti":"j","format":8,"cipherCombo":"SIV_GCM",)"
                           R"("shorteningThreshold":220})";

std::string Signed(absl::string_view header, absl::string_view claims) {
  return SignJws(header, claims, JwsAlgorithm::kHs256, VectorMasterkey().raw());
}

// What both ways of reading the token say, which have to agree.
absl::StatusOr<VaultConfig> Read(absl::string_view header,
                                 absl::string_view claims) {
  const std::string token = Signed(header, claims);
  absl::StatusOr<VaultConfig> verified =
      VaultConfig::Verify(token, VectorMasterkey());
  const absl::StatusOr<VaultConfig> alleged =
      VaultConfig::ParseUnverified(token);
  EXPECT_EQ(verified.status(), alleged.status());
  return verified;
}

TEST(VaultConfigTest, AgreesWithTheVectors) {
  for (const auto& vector : VaultFormat8Vectors("jwt")) {
    const absl::StatusOr<VaultConfig> config = VaultConfig::Verify(
        vector["token"].get<std::string>(), VectorMasterkey());
    ASSERT_EQ(config.ok(), vector["valid"].get<bool>())
        << vector.value("why", "") << config.status();
    if (!config.ok()) continue;
    EXPECT_EQ(JwsAlgorithmName(config->algorithm),
              vector["alg"].get<std::string>());
    EXPECT_EQ(config->combo, CipherCombo::kSivGcm);
    EXPECT_EQ(config->shortening_threshold, 220);
    EXPECT_TRUE(config->threshold_writable);
    EXPECT_EQ(config->masterkey_file, "masterkey.cryptomator");
  }
}

TEST(VaultConfigTest, EachInvalidVectorIsRefusedForItsReason) {
  for (const auto& vector : VaultFormat8Vectors("jwt")) {
    if (vector["valid"].get<bool>()) continue;
    const std::string why = vector["why"];
    const absl::Status status =
        VaultConfig::Verify(vector["token"].get<std::string>(),
                            VectorMasterkey())
            .status();
    absl::StatusCode expected = absl::StatusCode::kDataLoss;
    if (why == "alg none") expected = absl::StatusCode::kInvalidArgument;
    if (why == "format 7" || why == "unknown combo") {
      expected = absl::StatusCode::kUnimplemented;
    }
    EXPECT_EQ(status.code(), expected) << why << ": " << status;
  }
}

TEST(VaultConfigTest, WhatSerializeWritesIsRead) {
  VaultConfig config;
  config.jti = "4f6c";
  config.combo = CipherCombo::kSivCtrMac;
  config.shortening_threshold = 36;
  config.masterkey_file = "key \"1\".json";
  config.algorithm = JwsAlgorithm::kHs384;
  const absl::StatusOr<VaultConfig> read = VaultConfig::Verify(
      config.Serialize(VectorMasterkey()) + " \n", VectorMasterkey());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->jti, config.jti);
  EXPECT_EQ(read->combo, config.combo);
  EXPECT_EQ(read->shortening_threshold, 36);
  EXPECT_EQ(read->masterkey_file, config.masterkey_file);
  EXPECT_EQ(read->algorithm, config.algorithm);
}

TEST(VaultConfigTest, AnotherKeyIsDataLossAndUnverifiedStillShows) {
  const std::string token = Signed(kHeader, kClaims);
  const Masterkey other = Masterkey::FromHalves(VectorMasterkey().mac_key(),
                                                VectorMasterkey().enc_key());
  EXPECT_TRUE(absl::IsDataLoss(VaultConfig::Verify(token, other).status()));
  EXPECT_TRUE(VaultConfig::ParseUnverified(token).ok());
}

TEST(VaultConfigTest, EveryRefusalHasItsOwnMessage) {
  struct Case {
    std::string header, claims, said;
    absl::StatusCode code;
  };
  constexpr auto kBad = absl::StatusCode::kInvalidArgument;
  constexpr auto kUnknown = absl::StatusCode::kUnimplemented;
  const auto header = [](absl::string_view kid) {
    return absl::StrCat(R"({"alg":"HS256","kid":")", kid, "\"}");
  };
  const auto claims = [](absl::string_view more) {
    return absl::StrCat(R"({"format":8,"cipherCombo":"SIV_GCM",)", more, "}");
  };
  const Case cases[] = {
      {R"({"kid":"masterkeyfile:m"})", kClaims, "signature algorithm", kBad},
      {R"({"alg":"HS1","kid":"masterkeyfile:m"})", kClaims, "HS256, HS384",
       kBad},
      {R"({"alg":"none","kid":"masterkeyfile:m"})", kClaims, "HS256, HS384",
       kBad},
      {R"({"alg":"HS256","typ":"jwt","kid":"masterkeyfile:m"})", kClaims,
       "type JWT", kBad},
      {R"({"alg":"HS256","crit":[],"kid":"masterkeyfile:m"})", kClaims,
       "critical", kUnknown},
      {R"({"alg":"HS256"})", kClaims, "where its masterkey", kBad},
      {R"({"alg":"HS256","alg":"HS256"})", kClaims, "one name", kBad},
      {header("hub+https://example.com/v"), kClaims, "Hub", kUnknown},
      {header("hub+http://example.com/v"), kClaims, "Hub", kUnknown},
      {header("https://example.com/v"), kClaims, "unknown kind", kUnknown},
      {header("masterkeyfile:"), kClaims, "plain file name", kBad},
      {header("masterkeyfile:.."), kClaims, "plain file name", kBad},
      {header("masterkeyfile:."), kClaims, "plain file name", kBad},
      {header("masterkeyfile:/etc/passwd"), kClaims, "plain file name", kBad},
      {header("masterkeyfile:a/../../b"), kClaims, "plain file name", kBad},
      {header("masterkeyfile:a\\u0000b"), kClaims, "plain file name", kBad},
      {header("masterkeyfile:" + std::string(256, 'a')), kClaims,
       "plain file name", kBad},
      {kHeader, "[]", "body", kBad},
      {kHeader, R"({"cipherCombo":"SIV_GCM"})", "which format", kBad},
      {kHeader, R"({"format":8.0,"cipherCombo":"SIV_GCM"})", "which format",
       kBad},
      {kHeader, R"({"format":"8","cipherCombo":"SIV_GCM"})", "which format",
       kBad},
      {kHeader, R"({"format":9,"cipherCombo":"SIV_GCM"})", "format 9",
       kUnknown},
      {kHeader, R"({"format":8})", "cipherCombo", kBad},
      {kHeader, R"({"format":8,"cipherCombo":"siv_gcm"})", "cipherCombo",
       kUnknown},
      {kHeader, claims(R"("exp":9999999999)"), "limited in time", kUnknown},
      {kHeader, claims(R"("nbf":0)"), "limited in time", kUnknown},
      {kHeader, claims(R"("jti":7)"), "jti", kBad},
      {kHeader, claims(R"("shorteningThreshold":"220")"), "shorteningThreshold",
       kBad},
      {kHeader, claims(R"("shorteningThreshold":220.0)"), "shorteningThreshold",
       kBad},
      {kHeader, claims(R"("a":{"a":{"a":{"a":{}}}})"), "deeply", kBad},
  };
  for (const Case& c : cases) {
    const absl::Status status = Read(c.header, c.claims).status();
    EXPECT_EQ(status.code(), c.code) << c.header << c.claims << status;
    EXPECT_TRUE(absl::StrContains(status.message(), c.said))
        << c.header << c.claims << status;
  }
}

TEST(VaultConfigTest, ThresholdsOutsideTheWritableRangeOpenReadOnly) {
  const auto read = [](absl::string_view member) {
    return *Read(kHeader, absl::StrCat(R"({"format":8,"cipherCombo":"SIV_GCM")",
                                       member, "}"));
  };
  EXPECT_TRUE(read(R"(,"shorteningThreshold":36)").threshold_writable);
  EXPECT_TRUE(read(R"(,"shorteningThreshold":220)").threshold_writable);
  EXPECT_FALSE(read(R"(,"shorteningThreshold":35)").threshold_writable);
  EXPECT_FALSE(read(R"(,"shorteningThreshold":221)").threshold_writable);
  EXPECT_EQ(read(R"(,"shorteningThreshold":221)").shortening_threshold, 221);
  EXPECT_EQ(read(R"(,"shorteningThreshold":-9)").shortening_threshold, 0);
  EXPECT_GT(read(R"(,"shorteningThreshold":9223372036854775807)")
                .shortening_threshold,
            100000);
  EXPECT_FALSE(read("").threshold_writable);
  EXPECT_EQ(read("").shortening_threshold, 220);
}

TEST(VaultConfigTest, AJtiThatIsNotFitForLogsIsLeftOut) {
  const std::string rest = R"("format":8,"cipherCombo":"SIV_GCM"})";
  EXPECT_EQ(Read(kHeader, R"({"jti":"a-b",)" + rest)->jti, "a-b");
  EXPECT_EQ(Read(kHeader, R"({"jti":"a\nb",)" + rest)->jti, "");
  EXPECT_EQ(
      Read(kHeader, R"({"jti":")" + std::string(257, 'a') + "\"," + rest)->jti,
      "");
}

TEST(VaultConfigTest, WhatIsNotATokenIsDamaged) {
  const std::string token = Signed(kHeader, kClaims);
  for (const std::string& text :
       {std::string(), std::string("a.b"), token + ".x", " " + token,
        token + "=", std::string(16 * 1024 + 1, 'a'),
        token + std::string(16 * 1024, ' ')}) {
    EXPECT_TRUE(
        absl::IsInvalidArgument(VaultConfig::ParseUnverified(text).status()));
    EXPECT_FALSE(VaultConfig::Verify(text, VectorMasterkey()).ok());
  }
  EXPECT_TRUE(VaultConfig::Verify(token + "\r\n", VectorMasterkey()).ok());
}

}  // namespace
}  // namespace casemate
