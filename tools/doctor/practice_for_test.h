// A doctor for a test's vault, and what of the vault no repair may change.
#ifndef TOOLS_DOCTOR_PRACTICE_FOR_TEST_H_
#define TOOLS_DOCTOR_PRACTICE_FOR_TEST_H_

#include <map>
#include <memory>
#include <set>
#include <string>

#include "fs/vault/tree_for_test.h"
#include "ops/metrics/metrics.h"
#include "testing/fakes/fake_clock.h"
#include "testing/faulty_storage/faulty_storage.h"
#include "tools/doctor/doctor.h"

namespace casemate {

// Over a storage of its own, which fails by plan().
class Practice {
 public:
  explicit Practice(TestVault& vault) : Practice(vault, &vault.vault()) {}
  // With what the vault's files say by now.
  Practice(TestVault& vault, const UnlockedVault* unlocked);

  Doctor& doctor() { return doctor_; }
  FaultPlan& plan() { return *plan_; }

 private:
  std::shared_ptr<FaultPlan> plan_ = std::make_shared<FaultPlan>();
  FakeClock clock_;
  RecordingLogger logger_;
  RateLimitedLogger limited_;
  Metrics metrics_;
  Doctor doctor_;
};

// Class names of what is found and not repaired, without those that a vault of
// a test always has.
std::multiset<std::string> Classes(const DoctorReport& report);

// What the vault shows to its users: paths, and the ciphertext that makes up
// each, which no repair changes.
std::map<std::string, std::string> Shown(TestVault& vault);

// The bytes of every content file and link anywhere in the vault's folder,
// without those of the format's own small files.
std::set<std::string> Contents(TestVault& vault);

// Fails the test unless the vault still shows all of `shown`, and all of
// `contents` is still somewhere in its folder.
void ExpectNothingLost(TestVault& vault,
                       const std::map<std::string, std::string>& shown,
                       const std::set<std::string>& contents);

}  // namespace casemate

#endif  // TOOLS_DOCTOR_PRACTICE_FOR_TEST_H_
