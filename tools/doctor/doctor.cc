#include "tools/doctor/doctor.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "fs/vault/node_files.h"
#include "fs/vault/vault_tree.h"
#include "tools/doctor/directory_checks.h"
#include "tools/doctor/directory_map.h"
#include "tools/doctor/node_checks.h"
#include "tools/doctor/repairer.h"
#include "tools/doctor/root_checks.h"
#include "tools/doctor/vault_view.h"

namespace casemate {
namespace {

// A repair may bring the next problem to light: a root that was made shows the
// orphans, an orphan that was adopted its broken names.
constexpr int kMaxRounds = 12;
// A repair that failed is tried once more, when others have been made.
constexpr int kMaxTries = 2;
// How often findings are looked at again in a vault that may be in use.
constexpr int kMoreLooks = 2;

using Key = std::pair<FindingClass, std::string>;

Key KeyOf(const Finding& finding) {
  return {finding.finding_class, finding.entry};
}

std::set<Key> KeysOf(const std::vector<Finding>& findings) {
  std::set<Key> keys;
  for (const Finding& finding : findings) keys.insert(KeyOf(finding));
  return keys;
}

void Sort(std::vector<Finding>& findings) {
  std::sort(
      findings.begin(), findings.end(),
      [](const Finding& a, const Finding& b) { return KeyOf(a) < KeyOf(b); });
}

// Found by reading all content, which is done once.
bool IsOfContent(const Finding& finding) {
  return finding.finding_class == FindingClass::kUnauthenticHeader ||
         finding.finding_class == FindingClass::kUnauthenticChunk;
}

// True for what a program that works in the vault may be about to finish.
bool MayPass(const Finding& finding) {
  return finding.severity() != FindingSeverity::kInfo ||
         finding.finding_class == FindingClass::kLeftoverTemporary;
}

absl::Status LookThrough(Scan& scan, const std::string& path) {
  const absl::StatusOr<std::unique_ptr<Dir>> content =
      scan.view->d->OpenDir(path);
  const absl::StatusOr<std::vector<DirEntry>> entries =
      content.ok() ? ListTyped(**content) : content.status();
  const DirectoryRecord& record = scan.directories.records[path];
  if (!entries.ok()) {
    return scan.NoteUnreadable(entries.status(), StorePath(path),
                               record.cleartext);
  }
  Place place;
  place.content_path = path;
  place.content = content->get();
  place.id = record.id;
  if (record.id) place.names = scan.view->names.ContextFor(*record.id);
  place.cleartext = record.cleartext;
  RETURN_IF_ERROR(CheckDirIdBackup(scan, place, *entries));
  for (const DirEntry& entry : *entries) {
    if (entry.name == kDirIdBackupFile) continue;
    RETURN_IF_ERROR(CheckEntry(scan, place, entry));
  }
  ++scan.counts.directories;
  if (!scan.options.progress) return absl::OkStatus();
  ScanProgress progress;
  progress.directories = scan.counts.directories;
  progress.directories_total = scan.directories.order.size();
  progress.bytes = scan.counts.bytes_authenticated;
  return scan.options.progress(progress);
}

absl::Status RunScan(Scan& scan) {
  RETURN_IF_ERROR(CheckVaultFolder(scan));
  RETURN_IF_ERROR(MapDirectories(scan));
  const std::vector<std::string> order = scan.directories.order;
  for (const std::string& path : order) {
    RETURN_IF_ERROR(LookThrough(scan, path));
  }
  CheckShape(scan);
  return absl::OkStatus();
}

// The vault's folder, its store, and both as the checks want them.
struct OpenVaultParts {
  std::unique_ptr<Dir> folder;
  std::unique_ptr<VaultView> view;
};

absl::StatusOr<OpenVaultParts> OpenParts(const Doctor::OpenFolder& open_folder,
                                         const UnlockedVault* vault) {
  OpenVaultParts parts;
  ASSIGN_OR_RETURN(parts.folder, open_folder());
  absl::StatusOr<std::unique_ptr<Dir>> d = parts.folder->OpenDir("d");
  if (!d.ok() && !IsErrno(d.status(), ENOENT)) return d.status();
  parts.view = std::make_unique<VaultView>(
      parts.folder.get(), d.ok() ? *std::move(d) : nullptr, vault);
  return parts;
}

}  // namespace

bool DoctorReport::HasProblems() const {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) {
                       return !finding.is_repaired &&
                              finding.severity() != FindingSeverity::kInfo;
                     });
}

absl::StatusOr<DoctorReport> Doctor::ScanOnce(const ScanOptions& options) {
  ASSIGN_OR_RETURN(const OpenVaultParts parts, OpenParts(open_folder_, vault_));
  Scan scan(parts.view.get(), options);
  RETURN_IF_ERROR(RunScan(scan));
  DoctorReport report;
  report.findings = std::move(scan.findings);
  report.counts = scan.counts;
  Sort(report.findings);
  // A folder that cannot be read is met in both passes.
  report.findings.erase(
      std::unique(report.findings.begin(), report.findings.end(),
                  [](const Finding& a, const Finding& b) {
                    return KeyOf(a) == KeyOf(b);
                  }),
      report.findings.end());
  if (!vault_->config.threshold_writable) {
    for (Finding& finding : report.findings) finding.repair = nullptr;
  }
  return report;
}

absl::StatusOr<DoctorReport> Doctor::Diagnose(
    ScanOptions options, const std::function<absl::Status()>& settle) {
  options.is_in_use = true;  // nobody can tell that it is not
  ASSIGN_OR_RETURN(DoctorReport report, ScanOnce(options));
  options.authenticates_content = false;
  for (int look = 0; look < kMoreLooks; ++look) {
    if (std::none_of(report.findings.begin(), report.findings.end(), MayPass)) {
      break;
    }
    RETURN_IF_ERROR(settle());
    ASSIGN_OR_RETURN(const DoctorReport again, ScanOnce(options));
    const std::set<Key> confirmed = KeysOf(again.findings);
    std::vector<Finding> lasting;
    for (Finding& finding : report.findings) {
      if (IsOfContent(finding) || confirmed.count(KeyOf(finding)) > 0) {
        lasting.push_back(std::move(finding));
      }
    }
    report.findings = std::move(lasting);
  }
  return report;
}

absl::StatusOr<bool> Doctor::RepairOnce(const DoctorReport& report,
                                        const ScanOptions& options) {
  ASSIGN_OR_RETURN(const OpenVaultParts parts, OpenParts(open_folder_, vault_));
  Scan shape(parts.view.get(), ScanOptions());
  RETURN_IF_ERROR(MapDirectories(shape));
  ASSIGN_OR_RETURN(std::unique_ptr<Dir> folder, open_folder_());
  VaultTree tree(std::move(folder), vault_->config, &vault_->masterkey,
                 services_.random, services_.metrics, services_.logger,
                 services_.clock, VaultTree::Options());
  Repairer repairer(parts.view.get(), &shape.directories, &tree);
  bool has_tried = false;
  for (const Finding& finding : report.findings) {
    if (!finding.repair || tried_[KeyOf(finding)]++ >= kMaxTries) continue;
    has_tried = true;
    if (options.progress) RETURN_IF_ERROR(options.progress(ScanProgress()));
    const absl::Status status = finding.repair(repairer);
    if (!status.ok()) {
      services_.logger->Warning(
          absl::StrCat(RowOf(finding.finding_class).name, " at ", finding.entry,
                       " is not repaired: ", status.message()));
    }
    // The others see a vault without a root, or without this folder.
    if (finding.finding_class == FindingClass::kRootMissing) break;
  }
  return has_tried;
}

absl::StatusOr<DoctorReport> Doctor::Repair(const ScanOptions& options) {
  ASSIGN_OR_RETURN(DoctorReport report, ScanOnce(options));
  if (!vault_->config.threshold_writable) return report;
  const uint64_t bytes_authenticated = report.counts.bytes_authenticated;
  ScanOptions again = options;
  again.authenticates_content = false;
  std::map<Key, Finding> seen;
  bool has_content_findings = false;
  int round = 0;
  for (; round < kMaxRounds; ++round) {
    for (const Finding& finding : report.findings) {
      // One that could not be repaired at first may be later.
      Finding& known = seen.emplace(KeyOf(finding), finding).first->second;
      if (!known.repair) known = finding;
      has_content_findings = has_content_findings || IsOfContent(finding);
    }
    ASSIGN_OR_RETURN(const bool has_tried, RepairOnce(report, again));
    if (!has_tried) break;
    ASSIGN_OR_RETURN(report, ScanOnce(again));
  }
  if (round > 0 && options.authenticates_content) {
    // What does not authenticate may lie elsewhere now.
    ASSIGN_OR_RETURN(report, ScanOnce(has_content_findings ? options : again));
  }
  report.counts.bytes_authenticated =
      std::max(report.counts.bytes_authenticated, bytes_authenticated);
  const std::set<Key> left = KeysOf(report.findings);
  for (auto& [key, finding] : seen) {
    // One without a repair that is gone has moved with its node.
    if (!finding.repair || left.count(key) > 0) continue;
    finding.is_repaired = true;
    report.findings.push_back(std::move(finding));
  }
  Sort(report.findings);
  return report;
}

}  // namespace casemate
