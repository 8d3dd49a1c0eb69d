// Looks for everything that is wrong with a vault, and mends what can be mended
// without losing anything. Works on the store itself, without a mount.
//
//   Doctor doctor(open_folder, &vault, services);
//   ASSIGN_OR_RETURN(DoctorReport report, doctor.Diagnose(options));
//   ...
//   ASSIGN_OR_RETURN(report, doctor.Repair(options));   // d/ is locked
//
// The vault may be in use while it is diagnosed. What the other program is
// about to finish looks like damage for a moment, so what is found is looked at
// twice more, and only what was there every time is reported.
#ifndef TOOLS_DOCTOR_DOCTOR_H_
#define TOOLS_DOCTOR_DOCTOR_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/log.h"
#include "crypto/random/random_source.h"
#include "fs/storage/storage.h"
#include "fs/vault/vault_access.h"
#include "ops/metrics/metrics.h"
#include "tools/doctor/finding.h"
#include "tools/doctor/scan.h"

namespace casemate {

struct DoctorReport {
  // In the order of FindingTable, then by entry. Those that were repaired come
  // with `is_repaired`; all others are still there.
  std::vector<Finding> findings;
  ScanCounts counts;

  // True when something of severity warning or critical remains.
  bool HasProblems() const;
};

struct DoctorServices {
  RandomSource* random;
  Metrics* metrics;
  RateLimitedLogger* logger;
  const Clock* clock;
};

// One thread.
class Doctor {
 public:
  // Opens the vault's folder: called several times.
  using OpenFolder = std::function<absl::StatusOr<std::unique_ptr<Dir>>()>;

  // `vault` and what `services` points to outlive the doctor.
  Doctor(OpenFolder open_folder, const UnlockedVault* vault,
         DoctorServices services)
      : open_folder_(std::move(open_folder)),
        vault_(vault),
        services_(services) {}

  // An error only when the vault's folder cannot be opened, this process is at
  // its end (files, memory), or options.progress or `settle` says so. `settle`
  // waits until what another program has begun is finished.
  absl::StatusOr<DoctorReport> Diagnose(
      ScanOptions options, const std::function<absl::Status()>& settle);

  // Repairs what can be, looks again, and goes on while that brings anything to
  // light. The caller holds the vault's lock. Nothing is repaired in a vault
  // whose shortening threshold is not one to write with.
  absl::StatusOr<DoctorReport> Repair(const ScanOptions& options);

 private:
  absl::StatusOr<DoctorReport> ScanOnce(const ScanOptions& options);
  // Tries the repairs of `report`, each no more than twice in all. True when
  // there was one to try.
  absl::StatusOr<bool> RepairOnce(const DoctorReport& report,
                                  const ScanOptions& options);

  const OpenFolder open_folder_;
  const UnlockedVault* const vault_;
  const DoctorServices services_;
  std::map<std::pair<FindingClass, std::string>, int> tried_;
};

}  // namespace casemate

#endif  // TOOLS_DOCTOR_DOCTOR_H_
