#include "tools/casemate/info_command.h"

#include <stdlib.h>

#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tools/casemate/cli_error.h"

namespace casemate {
namespace {

VaultInfo SomeInfo() {
  VaultInfo info;
  info.config.combo = CipherCombo::kSivCtrMac;
  info.config.shortening_threshold = 100;
  info.config.masterkey_file = "key\n.cryptomator";
  info.cost.n = 1024;
  info.cost.r = 4;
  return info;
}

TEST(FormatVaultInfoTest, JsonHasEveryFieldAndSaysUnverified) {
  const auto json =
      nlohmann::json::parse(FormatVaultInfo(SomeInfo(), InfoFormat::kJson));
  EXPECT_EQ(json["format"], 8);
  EXPECT_EQ(json["cipher_combo"], "SIV_CTRMAC");
  EXPECT_EQ(json["shortening_threshold"], 100);
  EXPECT_EQ(json["writable"], true);
  EXPECT_EQ(json["masterkey_file"], "key\\x0a.cryptomator");
  EXPECT_EQ(json["scrypt_n"], 1024);
  EXPECT_EQ(json["scrypt_r"], 4);
  EXPECT_EQ(json["verified"], false);
}

TEST(FormatVaultInfoTest, TextSaysUnverifiedAndEscapes) {
  const std::string text = FormatVaultInfo(SomeInfo(), InfoFormat::kText);
  for (const char* part : {"SIV_CTRMAC", "100", "key\\x0a.cryptomator",
                           "N = 1024, r = 4", "unverified"}) {
    EXPECT_TRUE(absl::StrContains(text, part)) << part;
  }
}

TEST(RunInfoTest, AFolderWithoutAVaultIsNone) {
  std::string folder = testing::TempDir() + "/infoXXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  EXPECT_EQ(ExitCodeOf(RunInfo({folder, InfoFormat::kText}).status()),
            ExitCode::kNotAVault);
  EXPECT_EQ(
      ExitCodeOf(RunInfo({folder + "/absent", InfoFormat::kText}).status()),
      ExitCode::kNotAVault);
}

}  // namespace
}  // namespace casemate
