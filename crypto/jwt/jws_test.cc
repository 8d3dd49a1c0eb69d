#include "crypto/jwt/jws.h"

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"
#include "testing/vectors/hex.h"
#include "testing/vectors/vault_format_8.h"

namespace casemate {
namespace {

std::vector<uint8_t> RawKey() {
  return FromHex(VaultFormat8Vectors("keys")["rawKey"].get<std::string>());
}

constexpr char kHeader[] = R"({"typ":"JWT","alg":"HS256"})";
constexpr char kClaims[] = R"({"format":8})";

// The claims of two invalid tokens are fs/vault's to refuse; what these say
// about their signature is here.
bool SignatureIsGood(const nlohmann::json& row) {
  const std::string why = row.value("why", "");
  return row["valid"] || why == "format 7" || why == "unknown combo";
}

TEST(JwsTest, JudgesTheSignaturesOfTheVectors) {
  const std::vector<uint8_t> key = RawKey();
  int good = 0;
  int bad = 0;
  for (const nlohmann::json& row : VaultFormat8Vectors("jwt")) {
    const std::string token = row["token"];
    const absl::optional<JwsParts> parts = SplitJws(token);
    ASSERT_TRUE(parts.has_value()) << token;
    const absl::optional<JwsAlgorithm> algorithm =
        JwsAlgorithmFromName(row["alg"].get<std::string>());
    const bool verified =
        algorithm.has_value() && VerifyJws(*parts, *algorithm, key);
    EXPECT_EQ(verified, SignatureIsGood(row)) << row;
    ++(verified ? good : bad);
    if (row["valid"]) {
      EXPECT_EQ(SignJws(parts->header, parts->claims, *algorithm, key), token);
    }
  }
  EXPECT_EQ(good, 5);
  EXPECT_EQ(bad, 3);
}

TEST(JwsTest, OnlyThreeAlgorithmsHaveAName) {
  for (const char* const name : {"HS256", "HS384", "HS512"}) {
    ASSERT_TRUE(JwsAlgorithmFromName(name).has_value());
    EXPECT_EQ(JwsAlgorithmName(*JwsAlgorithmFromName(name)), name);
  }
  for (const char* const name :
       {"none", "None", "", "hs256", "HS256 ", "RS256", "HS1", "ES256"}) {
    EXPECT_FALSE(JwsAlgorithmFromName(name).has_value()) << name;
  }
}

TEST(JwsTest, AnotherAlgorithmDoesNotVerify) {
  const std::string token =
      SignJws(kHeader, kClaims, JwsAlgorithm::kHs256, RawKey());
  const JwsParts parts = *SplitJws(token);
  EXPECT_EQ(parts.header, kHeader);
  EXPECT_EQ(parts.claims, kClaims);
  EXPECT_TRUE(VerifyJws(parts, JwsAlgorithm::kHs256, RawKey()));
  EXPECT_FALSE(VerifyJws(parts, JwsAlgorithm::kHs384, RawKey()));
  EXPECT_FALSE(VerifyJws(parts, JwsAlgorithm::kHs512, RawKey()));
}

TEST(JwsTest, ACutSignatureDoesNotVerify) {
  const std::string token =
      SignJws(kHeader, kClaims, JwsAlgorithm::kHs256, RawKey());
  JwsParts parts = *SplitJws(token);
  while (!parts.signature.empty()) {
    parts.signature.pop_back();
    EXPECT_FALSE(VerifyJws(parts, JwsAlgorithm::kHs256, RawKey()));
  }
}

TEST(JwsTest, SplitRefusesWhatIsNoToken) {
  for (const char* const text :
       {"", "e30", "e30.e30", "e30.e30.AA.AA", "e30.e30.AA.", "e30=.e30.AA",
        "e30.e30.AA\n", "e30.e3 0.AA", "e31.e30.AA", "e30.e30.AB", ".e3.AA",
        "e30.+/+/.AA"}) {
    EXPECT_FALSE(SplitJws(text).has_value()) << text;
  }
  EXPECT_TRUE(SplitJws("e30.e30.AA").has_value());
  EXPECT_TRUE(SplitJws("e30.e30.").has_value());
}

TEST(JwsTest, SplitIsBounded) {
  const std::string most(kMaxJwsSize - 4, 'A');
  EXPECT_TRUE(SplitJws(most + "..AA").has_value());
  EXPECT_FALSE(SplitJws(most + "..AAA").has_value());
  EXPECT_TRUE(SplitJws("AAAA..AAA").has_value());
}

RC_GTEST_PROP(JwsProperty, AnyChangedCharacterIsRefused, ()) {
  const std::vector<uint8_t> key = *rc::gen::container<std::vector<uint8_t>>(
      64, rc::gen::arbitrary<uint8_t>());
  std::string token =
      SignJws(*rc::gen::arbitrary<std::string>(),
              *rc::gen::arbitrary<std::string>(), JwsAlgorithm::kHs512, key);
  absl::optional<JwsParts> parts = SplitJws(token);
  RC_ASSERT(parts.has_value());
  RC_ASSERT(VerifyJws(*parts, JwsAlgorithm::kHs512, key));
  const size_t at = *rc::gen::inRange<size_t>(0, token.size());
  const char was = token[at];
  token[at] =
      *rc::gen::suchThat(rc::gen::elementOf(std::string("ABCabc019-_.=+")),
                         [was](char c) { return c != was; });
  parts = SplitJws(token);
  const bool verified =
      parts.has_value() && VerifyJws(*parts, JwsAlgorithm::kHs512, key);
  RC_ASSERT(!verified);
}

}  // namespace
}  // namespace casemate
