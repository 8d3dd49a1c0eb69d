#include "tools/casemate/doctor_command.h"

#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "base/status.h"
#include "fs/storage/storage.h"
#include "fs/vault/vault_access.h"
#include "tools/casemate/cli_error.h"
#include "tools/casemate/doctor_report.h"
#include "tools/casemate/interrupts.h"
#include "tools/casemate/progress.h"
#include "tools/casemate/standard_output.h"
#include "tools/casemate/terminal_text.h"
#include "tools/casemate/vault_lock.h"
#include "tools/casemate/vault_opening.h"
#include "tools/doctor/doctor.h"

namespace casemate {
namespace {

// Longer than a program needs from the first to the last step of one change.
constexpr absl::Duration kSettling = absl::Seconds(1);

// Draws how far the scan is, and ends it when the user wants that.
class Watch {
 public:
  Watch(const DoctorCommand& command, const Clock* clock,
        Interrupts* interrupts)
      : interrupts_(interrupts),
        by_bytes_(command.reads_content),
        progress_(StderrScreen(command.progress),
                  {by_bytes_ ? "authenticating" : "checking",
                   by_bytes_ ? ProgressUnit::kBytes : ProgressUnit::kItems,
                   absl::nullopt},
                  clock) {}

  Progress& progress() { return progress_; }

  absl::Status Report(const ScanProgress& now) {
    const uint64_t done = by_bytes_ ? now.bytes : now.directories;
    // A second scan starts again.
    if (done > last_) progress_.Advance(done - last_);
    last_ = done;
    return interrupts_->Check();
  }

  absl::Status Settle() {
    PollDescriptors(absl::Span<pollfd>(), kSettling);
    return interrupts_->Check();
  }

 private:
  Interrupts* const interrupts_;
  const bool by_bytes_;
  Progress progress_;
  uint64_t last_ = 0;
};

// The lock of a vault that is to be repaired; null when there is no d/ to lock,
// which is what is repaired then.
absl::StatusOr<std::unique_ptr<Dir>> LockForRepair(const std::string& vault,
                                                   Dir& folder) {
  const absl::Status present = folder.Stat("d").status();
  if (ErrnoOf(present) == ENOENT) return std::unique_ptr<Dir>();
  return LockVault(vault, folder);
}

// Messages name entries as the store has them: anything, that is.
class EscapingLogger final : public Logger {
 public:
  explicit EscapingLogger(Logger* target) : target_(target) {}
  void Log(Severity severity, absl::string_view message) override {
    target_->Log(severity, EscapeControls(message));
  }

 private:
  Logger* const target_;
};

absl::StatusOr<DoctorReport> Examine(const DoctorCommand& command,
                                     const UnlockedVault& vault,
                                     Interrupts& interrupts, Logger& logger) {
  RealClock clock;
  Watch watch(command, &clock, &interrupts);
  ClearingLogger clearing(&watch.progress(), &logger);
  EscapingLogger escaping(&clearing);
  Services services(&escaping);
  Doctor doctor(
      [&command] { return OpenVaultFolder(command.vault); }, &vault,
      {&services.random, &services.metrics, &services.logger, &services.clock});
  ScanOptions options;
  options.authenticates_content = command.reads_content;
  options.progress = [&watch](const ScanProgress& now) {
    return watch.Report(now);
  };
  if (command.repairs) return doctor.Repair(options);
  return doctor.Diagnose(options, [&watch] { return watch.Settle(); });
}

}  // namespace

absl::Status RunDoctor(const DoctorCommand& command, Logger& logger) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Dir> folder,
                   OpenVaultFolder(command.vault));
  std::unique_ptr<Dir> lock;
  if (command.repairs) {
    const absl::Status is_vault = ReadVaultInfo(*folder).status();
    if (!is_vault.ok()) return FromVaultError(is_vault);
    ASSIGN_OR_RETURN(lock, LockForRepair(command.vault, *folder));
  }
  Interrupts interrupts;
  OpenVaultOptions opening;
  opening.missing_root = MissingRoot::kAccepted;
  ASSIGN_OR_RETURN(
      const UnlockedVault vault,
      UnlockVault(*folder, command.password, interrupts, logger, opening));
  ASSIGN_OR_RETURN(const DoctorReport report,
                   Examine(command, vault, interrupts, logger));
  RETURN_IF_ERROR(
      WriteOut(BytesOf(command.format == InfoFormat::kJson
                           ? FormatReportJson(report)
                           : FormatReportText(report, command.listing))));
  if (!report.HasProblems()) return absl::OkStatus();
  return CliError(ExitCode::kFindings,
                  command.repairs ? "not everything could be repaired"
                                  : "the vault has problems",
                  command.repairs ? "docs/doctor.md says what can be done."
                                  : "casemate doctor --repair mends what can "
                                    "be mended without losing anything.");
}

}  // namespace casemate
