#include "tools/doctor/doctor.h"

#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
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
