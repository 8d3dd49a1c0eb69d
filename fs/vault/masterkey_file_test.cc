#include "fs/vault/masterkey_file.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "base/bytes.h"
#include "fs/vault/vectors_for_test.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "rapidcheck/gtest.h"
#include "testing/fakes/fake_random.h"
#include "testing/vectors/vault_format_8.h"

namespace casemate {
namespace {

constexpr KdfCost kCheap = {2, 1};

nlohmann::json Cheapest() { return VaultFormat8Vectors("masterkey")[0]; }

absl::StatusOr<Masterkey> UnlockJson(const nlohmann::json& json,
                                     absl::string_view password,
                                     VersionMac mac = VersionMac::kRequired) {
  const absl::StatusOr<MasterkeyFile> file = MasterkeyFile::Parse(json.dump());
  if (!file.ok()) return file.status();
  return file->Unlock(BytesOf(password), mac);
}

TEST(MasterkeyFileTest, VectorsUnlockToTheirKeys) {
  for (const auto& vector : VaultFormat8Vectors("masterkey")) {
    const absl::StatusOr<Masterkey> key =
        UnlockJson(vector["masterkey"], vector["password"].get<std::string>());
    ASSERT_TRUE(key.ok()) << key.status();
    EXPECT_EQ(ToHex(key->raw()), ToHex(VectorMasterkey().raw()));
  }
}

TEST(MasterkeyFileTest, ComposedAndDecomposedPasswordsAreOne) {
  for (const auto& vector : VaultFormat8Vectors("masterkey")) {
    if (vector["password"] != "pa\xcc\x88ss") continue;
    EXPECT_TRUE(UnlockJson(vector["masterkey"], "p\xc3\xa4ss").ok());
    EXPECT_TRUE(absl::IsUnauthenticated(
        UnlockJson(vector["masterkey"], "pass").status()));
    return;
  }
  FAIL() << "the vectors have a decomposed password";
}

TEST(MasterkeyFileTest, WrongPasswordIsUnauthenticated) {
  for (const char* password :
       {"", "casemate-tes", "casemate-test ", "casemate-test\n"}) {
    EXPECT_TRUE(absl::IsUnauthenticated(
        UnlockJson(Cheapest()["masterkey"], password).status()))
        << password;
  }
}

TEST(MasterkeyFileTest, APasswordThatIsNotUtf8IsInvalid) {
  EXPECT_TRUE(absl::IsInvalidArgument(
      UnlockJson(Cheapest()["masterkey"], "\xff").status()));
  FakeRandom random(1);
  EXPECT_TRUE(absl::IsInvalidArgument(
      MasterkeyFile::Create(VectorMasterkey(), BytesOf("\xff"), kCheap, random)
          .status()));
}

TEST(MasterkeyFileTest, AWrongVersionMacIsDamageUnlessIgnored) {
  nlohmann::json json = Cheapest()["masterkey"];
  json["version"] = 998;
  EXPECT_TRUE(absl::IsDataLoss(UnlockJson(json, "casemate-test").status()));
  EXPECT_TRUE(UnlockJson(json, "casemate-test", VersionMac::kIgnored).ok());
  EXPECT_TRUE(absl::IsUnauthenticated(
      UnlockJson(json, "wrong", VersionMac::kIgnored).status()));
}

TEST(MasterkeyFileTest, ADamagedSecondKeyIsNotAWrongPassword) {
  nlohmann::json json = Cheapest()["masterkey"];
  json["hmacMasterKey"] = json["primaryMasterKey"];
  std::string wrapped = json["hmacMasterKey"];
  wrapped[0] = wrapped[0] == 'A' ? 'B' : 'A';
  json["hmacMasterKey"] = wrapped;
  EXPECT_TRUE(absl::IsDataLoss(UnlockJson(json, "casemate-test").status()));
}

TEST(MasterkeyFileTest, HostileParametersAreNamedWithTheirBound) {
  struct Case {
    const char* member;
    nlohmann::json value;
    const char* said;
  };
  const Case cases[] = {
      {"scryptCostParam", 0, "scryptCostParam is 0"},
      {"scryptCostParam", 1, "scryptCostParam is 1"},
      {"scryptCostParam", 3, "scryptCostParam is 3"},
      {"scryptCostParam", -2, "scryptCostParam is 0"},
      {"scryptCostParam", 2097152, "1048576"},
      {"scryptCostParam", 4611686018427387904, "1048576"},
      {"scryptBlockSize", 0, "scryptBlockSize is 0"},
      {"scryptBlockSize", -1, "scryptBlockSize"},
      {"scryptBlockSize", 33, "scryptBlockSize is 33; accepted are 1 to 32"},
      {"scryptBlockSize", 4294967304, "scryptBlockSize"},  // 2^32 + 8
      {"scryptSalt", "", "scryptSalt has 0 bytes"},
      {"scryptSalt", std::string(1400, 'A'), "scryptSalt has 1050 bytes"},
  };
  for (const Case& c : cases) {
    nlohmann::json json = Cheapest()["masterkey"];
    json[c.member] = c.value;
    const absl::Status status = MasterkeyFile::Parse(json.dump()).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << c.member << c.value;
    EXPECT_TRUE(absl::StrContains(status.message(), c.said)) << status;
  }
}

TEST(MasterkeyFileTest, TheProductOfNAndRIsBoundedToo) {
  EXPECT_TRUE((KdfCost{uint64_t{1} << 20, 8}.Check().ok()));
  EXPECT_FALSE((KdfCost{uint64_t{1} << 20, 9}.Check().ok()));
  EXPECT_TRUE((KdfCost{uint64_t{1} << 18, 32}.Check().ok()));
  EXPECT_FALSE((KdfCost{uint64_t{1} << 19, 32}.Check().ok()));
}

TEST(MasterkeyFileTest, AnythingElseThatIsWrongIsDamage) {
  EXPECT_TRUE(absl::IsDataLoss(MasterkeyFile::Parse("").status()));
  EXPECT_TRUE(absl::IsDataLoss(MasterkeyFile::Parse("{}").status()));
  const std::string good = Cheapest()["masterkey"].dump();
  EXPECT_TRUE(MasterkeyFile::Parse(good + " \n").ok());
  EXPECT_TRUE(absl::IsDataLoss(
      MasterkeyFile::Parse(good + std::string(64 * 1024, ' ')).status()));
  const nlohmann::json whole = Cheapest()["masterkey"];
  for (const auto& item : whole.items()) {
    nlohmann::json missing = Cheapest()["masterkey"];
    missing.erase(item.key());
    EXPECT_TRUE(absl::IsDataLoss(MasterkeyFile::Parse(missing.dump()).status()))
        << item.key();
    nlohmann::json wrong_type = Cheapest()["masterkey"];
    wrong_type[item.key()] = nullptr;
    EXPECT_TRUE(
        absl::IsDataLoss(MasterkeyFile::Parse(wrong_type.dump()).status()))
        << item.key();
  }
  for (const char* member :
       {"primaryMasterKey", "hmacMasterKey", "versionMac"}) {
    nlohmann::json json = Cheapest()["masterkey"];
    json[member] = "AAAA";
    EXPECT_TRUE(absl::IsDataLoss(MasterkeyFile::Parse(json.dump()).status()));
    json[member] = "not base64";
    EXPECT_TRUE(absl::IsDataLoss(MasterkeyFile::Parse(json.dump()).status()));
  }
  for (const int64_t version : {int64_t{0}, int64_t{1} << 31}) {
    nlohmann::json json = Cheapest()["masterkey"];
    json["version"] = version;
    EXPECT_TRUE(absl::IsDataLoss(MasterkeyFile::Parse(json.dump()).status()));
  }
}

TEST(MasterkeyFileTest, CreateWritesWhatEveryClientReads) {
  FakeRandom random(1);
  const Masterkey masterkey = Masterkey::Create(random);
  const absl::StatusOr<std::string> text =
      MasterkeyFile::Create(masterkey, BytesOf("pw"), kCheap, random);
  ASSERT_TRUE(text.ok()) << text.status();
  const nlohmann::json json = nlohmann::json::parse(*text);
  EXPECT_EQ(json["version"], 999);
  EXPECT_EQ(json["scryptCostParam"], 2);
  EXPECT_EQ(json["scryptBlockSize"], 1);
  EXPECT_EQ(json["scryptSalt"].get<std::string>().size(), 12);
  const absl::StatusOr<Masterkey> opened = UnlockJson(json, "pw");
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(ToHex(opened->raw()), ToHex(masterkey.raw()));
}

TEST(MasterkeyFileTest, EveryFileHasItsOwnSalt) {
  FakeRandom random(1);
  const Masterkey masterkey = VectorMasterkey();
  const auto one = nlohmann::json::parse(
      *MasterkeyFile::Create(masterkey, BytesOf("pw"), kCheap, random));
  const auto two = nlohmann::json::parse(
      *MasterkeyFile::Create(masterkey, BytesOf("pw"), kCheap, random));
  EXPECT_NE(one["scryptSalt"], two["scryptSalt"]);
  EXPECT_NE(one["primaryMasterKey"], two["primaryMasterKey"]);
  EXPECT_EQ(one["versionMac"], two["versionMac"]);
}

TEST(MasterkeyFileTest, CreateRefusesACostThatParseRefuses) {
  FakeRandom random(1);
  EXPECT_TRUE(absl::IsInvalidArgument(
      MasterkeyFile::Create(VectorMasterkey(), BytesOf("pw"), {3, 8}, random)
          .status()));
}

RC_GTEST_PROP(MasterkeyFileProperty, UnlocksWithItsPasswordOnly, ()) {
  const auto password =
      *rc::gen::container<std::string>(rc::gen::inRange<char>(32, 127));
  const auto other =
      *rc::gen::container<std::string>(rc::gen::inRange<char>(32, 127));
  FakeRandom random(*rc::gen::arbitrary<uint64_t>());
  const Masterkey masterkey = Masterkey::Create(random);
  const auto json = nlohmann::json::parse(
      *MasterkeyFile::Create(masterkey, BytesOf(password), kCheap, random));
  const absl::StatusOr<Masterkey> opened = UnlockJson(json, password);
  RC_ASSERT(opened.ok());
  RC_ASSERT(opened->raw() == masterkey.raw());
  RC_ASSERT(other == password ||
            absl::IsUnauthenticated(UnlockJson(json, other).status()));
}

TEST(KdfCostTest, ANewPasswordCostsWhatIsRecommendedOrWhatItCost) {
  const auto raised = [](KdfCost cost) {
    const KdfCost result = cost.AtLeastRecommended();
    EXPECT_TRUE(result.Check().ok());
    return std::pair(result.n, result.r);
  };
  using Cost = std::pair<uint64_t, uint32_t>;
  EXPECT_EQ(raised({2, 1}), Cost(32768, 8));
  EXPECT_EQ(raised({16384, 32}), Cost(32768, 32));
  EXPECT_EQ(raised({65536, 8}), Cost(65536, 8));
  EXPECT_EQ(raised({uint64_t{1} << 20, 1}), Cost(uint64_t{1} << 20, 8));
}

}  // namespace
}  // namespace casemate
