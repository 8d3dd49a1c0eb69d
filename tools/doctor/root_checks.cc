#include "tools/doctor/root_checks.h"

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "fs/vault/masterkey_file.h"
#include "fs/vault/node_files.h"
#include "fs/vault/vault_access.h"
#include "fs/vault/vault_backup.h"
#include "fs/vault/vault_config.h"
#include "tools/doctor/repairer.h"

namespace casemate {
namespace {

absl::Status CheckTemporaries(Scan& scan) {
  ASSIGN_OR_RETURN(const std::vector<DirEntry> entries,
                   scan.view->folder->List());
  for (const DirEntry& entry : entries) {
    if (!IsTemporaryName(entry.name)) continue;
    scan.Add(FindingClass::kLeftoverTemporary, entry.name, absl::nullopt)
        .repair = [name = entry.name](Repairer& repairer) {
      return repairer.Quarantine(*repairer.view().folder, name, name);
    };
  }
  return absl::OkStatus();
}

absl::Status CheckBackup(Scan& scan, const std::string& file, size_t limit) {
  const absl::StatusOr<std::string> content =
      ReadSmallFile(*scan.view->folder, file, limit);
  if (!content.ok()) {
    return scan.NoteUnreadable(content.status(), file, absl::nullopt);
  }
  const absl::Status present =
      scan.view->folder->Stat(BackupName(file, *content)).status();
  if (present.ok()) return absl::OkStatus();
  scan.Add(FindingClass::kMissingBackup, file, absl::nullopt).repair =
      [](Repairer& repairer) {
        return BackUpVaultFiles(*repairer.view().folder, repairer.random());
      };
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckVaultFolder(Scan& scan) {
  const VaultConfig& config = scan.view->vault->config;
  RETURN_IF_ERROR(CheckTemporaries(scan));
  RETURN_IF_ERROR(
      CheckBackup(scan, std::string(kVaultConfigFile), kMaxVaultConfigSize));
  RETURN_IF_ERROR(
      CheckBackup(scan, config.masterkey_file, kMaxMasterkeyFileSize));
  const absl::StatusOr<VaultInfo> info = ReadVaultInfo(*scan.view->folder);
  if (info.ok() && info->cost.n < KdfCost::kRecommendedN) {
    scan.Add(FindingClass::kWeakKdf, config.masterkey_file, absl::nullopt)
        .detail =
        absl::StrCat("scrypt N is ", info->cost.n, ", less than ",
                     KdfCost::kRecommendedN, "; casemate passwd raises it");
  }
  if (!config.threshold_writable) {
    scan.Add(FindingClass::kUnusualThreshold, std::string(kVaultConfigFile),
             absl::nullopt);
  }
  return absl::OkStatus();
}

}  // namespace casemate
