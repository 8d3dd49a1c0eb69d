#include "tools/doctor/doctor.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "base/bytes.h"
#include "fs/storage/posix_storage.h"
#include "fs/vault/tree_for_test.h"
#include "fs/vault/vault_access.h"
#include "fs/vault/vault_config.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/faulty_storage/faulty_storage.h"
#include "tools/doctor/practice_for_test.h"
#include "tools/doctor/scenarios_for_test.h"

namespace casemate {
namespace {

constexpr StorageCall kDurableCalls =
    kMutatingCalls | StorageCall::kSyncDir | StorageCall::kSync;

ScanOptions WithContent() {
  ScanOptions options;
  options.authenticates_content = true;
  return options;
}

absl::Status DoNotWait() { return absl::OkStatus(); }

class ScenarioTest : public testing::TestWithParam<Scenario> {};

TEST_P(ScenarioTest, IsFoundAndNothingElse) {
  TestVault vault;
  GetParam().damage(vault, Furnish(vault));
  Practice practice(vault);
  const auto report = practice.doctor().Diagnose(WithContent(), DoNotWait);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(Classes(*report), GetParam().found);
}

TEST_P(ScenarioTest, LookingChangesNothing) {
  TestVault vault;
  GetParam().damage(vault, Furnish(vault));
  Practice practice(vault);
  ASSERT_TRUE(practice.doctor().Diagnose(WithContent(), DoNotWait).ok());
  EXPECT_THAT(practice.plan().CallsOf(kDurableCalls), testing::IsEmpty());
}

TEST_P(ScenarioTest, RepairLeavesWhatItCannotMendAndLosesNothing) {
  TestVault vault;
  GetParam().damage(vault, Furnish(vault));
  const auto shown = Shown(vault);
  const auto contents = Contents(vault);
  Practice practice(vault);
  const auto report = practice.doctor().Repair(WithContent());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(Classes(*report), GetParam().left);

  ExpectNothingLost(vault, shown, contents);
  // The report told the truth.
  const auto again = practice.doctor().Diagnose(WithContent(), DoNotWait);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(Classes(*again), GetParam().left);
}

// What is in a folder that cannot be read may be the name of what seems to be
// an orphan.
TEST(DoctorTest, NoOrphanIsAdoptedWhileSomethingCannotBeRead) {
  TestVault vault;
  const Furniture furniture = Furnish(vault);
  ASSERT_TRUE(
      vault.tree()
          .MakeDirectory(*vault.Open(furniture.dir), "inner", 0755, NewOwner())
          .ok());
  const auto shown = Shown(vault);
  Practice practice(vault);
  practice.plan().Fail(
      StorageCall::kOpenDir,
      Fault::From(1, EIO).OnPath(vault.ContentPath(furniture.dir)));
  const std::multiset<std::string> expected = {"Unreadable",
                                               "OrphanContentDir"};
  const auto found = practice.doctor().Diagnose(WithContent(), DoNotWait);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(Classes(*found), expected);
  const auto repaired = practice.doctor().Repair(WithContent());
  ASSERT_TRUE(repaired.ok()) << repaired.status();
  EXPECT_EQ(Classes(*repaired), expected);
  EXPECT_EQ(Shown(vault), shown);
}

TEST(DoctorTest, NothingIsRepairedWithAThresholdThatNobodyWrites) {
  TestVault vault;
  const Furniture furniture = Furnish(vault);
  VaultConfig config = vault.vault().config;
  config.shortening_threshold = 300;
  std::ofstream(vault.folder().PathOf("vault.cryptomator"))
      << config.Serialize(vault.vault().masterkey);
  const auto folder = OpenPosixDir(vault.folder().path());
  ASSERT_TRUE(folder.ok());
  const auto unlocked = OpenVault(**folder, BytesOf("pw"), OpenVaultOptions());
  ASSERT_TRUE(unlocked.ok()) << unlocked.status();
  std::filesystem::remove(
      vault.folder().PathOf(vault.ContentPath(furniture.dir) + "/dirid.c9r"));
  Practice practice(vault, &*unlocked);
  const auto report = practice.doctor().Repair(ScanOptions());
  ASSERT_TRUE(report.ok()) << report.status();
  const std::multiset<std::string> classes = Classes(*report);
  EXPECT_EQ(classes.count("UnusualThreshold"), 1u);
  EXPECT_EQ(classes.count("MissingDirIdBackup"), 1u);
  EXPECT_THAT(practice.plan().CallsOf(kDurableCalls), testing::IsEmpty());
}

// The user's interrupt, say.
TEST(DoctorTest, AnErrorOfWhoWatchesEndsTheScan) {
  TestVault vault;
  Furnish(vault);
  Practice practice(vault);
  for (const int after : {0, 1, 3}) {
    ScanOptions options = WithContent();
    int calls = 0;
    options.progress = [&](const ScanProgress&) {
      return calls++ < after ? absl::OkStatus() : absl::CancelledError("stop");
    };
    EXPECT_EQ(practice.doctor().Diagnose(options, DoNotWait).status().code(),
              absl::StatusCode::kCancelled);
    EXPECT_EQ(calls, after + 1);
  }
}

std::string ScenarioName(const testing::TestParamInfo<Scenario>& info) {
  std::string name;
  for (const char c : info.param.name) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c))) name += c;
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, ScenarioTest, testing::ValuesIn(Scenarios()),
                         ScenarioName);

}  // namespace
}  // namespace casemate
