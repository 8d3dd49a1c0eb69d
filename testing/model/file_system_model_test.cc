// FileSystem over a vault on the real disk against the reference file system:
// whatever is done, both answer alike, and what was done is there tomorrow.
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"
#include "testing/model/model_driver.h"

namespace casemate {
namespace {

constexpr size_t kMaxSteps = 120;
constexpr size_t kStepsBetweenComparisons = 40;

MountedVault::Options DrawVault() {
  MountedVault::Options options;
  options.combo = Pick(2) == 0 ? CipherCombo::kSivGcm : CipherCombo::kSivCtrMac;
  options.shortening_threshold = Pick(2) == 0 ? 220 : 36;
  // Small, so that write-back under pressure happens.
  options.file_system.dirty_limit_bytes = 4 * 32768;
  return options;
}

void Run(ModelDriver& driver, size_t steps) {
  for (size_t step = 1; step <= steps; ++step) {
    driver.Step();
    if (step % kStepsBetweenComparisons == 0) driver.CompareTrees();
  }
}

RC_GTEST_PROP(FileSystemModel, AnyOperationSequenceAgreesWithTheModel, ()) {
  ModelDriver driver(DrawVault());
  Run(driver, 1 + Pick(kMaxSteps));
  driver.CompareTrees();
  driver.ForgetEverything();
  driver.Remount();
  driver.CompareTrees();
}

RC_GTEST_PROP(FileSystemModel, UnmountWithFilesOpenLosesNothing, ()) {
  ModelDriver driver(DrawVault());
  for (int mount = 0; mount < 3; ++mount) {
    Run(driver, 1 + Pick(kMaxSteps / 3));
    driver.Remount();
    driver.CompareTrees();
  }
}

}  // namespace
}  // namespace casemate
