// Repairs that end at any of their calls.
#include <cerrno>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "fs/storage/posix_storage.h"
#include "fs/vault/vault_access.h"
#include "gtest/gtest.h"
#include "testing/faulty_storage/faulty_storage.h"
#include "tools/doctor/doctor.h"
#include "tools/doctor/practice_for_test.h"
#include "tools/doctor/scenarios_for_test.h"

namespace casemate {
namespace {

constexpr StorageCall kDurableCalls =
    kMutatingCalls | StorageCall::kSyncDir | StorageCall::kSync;

class ScenarioFaultTest : public testing::TestWithParam<Scenario> {};

void ExpectOpens(TestVault& vault) {
  const auto folder =
      OpenPosixDir(vault.folder().path(), PosixStorageOptions());
  ASSERT_TRUE(folder.ok());
  OpenVaultOptions accepting;
  accepting.missing_root = MissingRoot::kAccepted;
  EXPECT_TRUE(OpenVault(**folder, BytesOf("pw"), accepting).ok());
}

// Killed at every call that changes the store: the vault opens and shows what
// it showed, nothing is gone, and the next repair finishes the work.
TEST_P(ScenarioFaultTest, RepairMayBeKilledAtAnyCall) {
  for (int call = 1; !HasFailure(); ++call) {
    SCOPED_TRACE(absl::StrCat("killed at call ", call));
    TestVault vault;
    GetParam().damage(vault, Furnish(vault));
    const std::map<std::string, std::string> shown = Shown(vault);
    const std::set<std::string> contents = Contents(vault);
    Practice killed(vault);
    killed.plan().Fail(kDurableCalls, Fault::From(call, EIO));
    ASSERT_TRUE(killed.doctor().Repair(ScanOptions()).ok());
    if (killed.plan().faults_injected() == 0) break;
    ExpectOpens(vault);
    ExpectNothingLost(vault, shown, contents);

    Practice second(vault);
    ScanOptions options;
    options.authenticates_content = true;
    const auto report = second.doctor().Repair(options);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(Classes(*report), GetParam().left);
    ExpectNothingLost(vault, shown, contents);
  }
}

// One call fails and the others work: what was begun is taken back or finished
// by the next round, in the same run.
TEST_P(ScenarioFaultTest, OneFailureLosesNothing) {
  for (int call = 1; !HasFailure(); ++call) {
    SCOPED_TRACE(absl::StrCat("failed at call ", call));
    TestVault vault;
    GetParam().damage(vault, Furnish(vault));
    const std::map<std::string, std::string> shown = Shown(vault);
    const std::set<std::string> contents = Contents(vault);
    Practice practice(vault);
    practice.plan().Fail(kDurableCalls, Fault::Nth(call, ENOSPC));
    ASSERT_TRUE(practice.doctor().Repair(ScanOptions()).ok());
    if (practice.plan().faults_injected() == 0) break;
    ExpectNothingLost(vault, shown, contents);
  }
}

std::string ScenarioName(const testing::TestParamInfo<Scenario>& info) {
  std::string name;
  for (const char c : info.param.name) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c))) name += c;
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, ScenarioFaultTest, testing::ValuesIn(Scenarios()),
                         ScenarioName);

}  // namespace
}  // namespace casemate
