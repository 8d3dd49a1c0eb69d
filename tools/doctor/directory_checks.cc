#include "tools/doctor/directory_checks.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/bytes.h"
#include "base/status.h"
#include "fs/vault/node_files.h"
#include "tools/doctor/orphan_repair.h"
#include "tools/doctor/repairer.h"

namespace casemate {
namespace {

const std::string& DirIdBackup() {
  static const std::string* const name = new std::string(kDirIdBackupFile);
  return *name;
}

std::function<absl::Status(Repairer&)> WriteBackup(const Place& place) {
  return [path = place.content_path,
          id = *place.id](Repairer& repairer) -> absl::Status {
    ASSIGN_OR_RETURN(const auto dir, repairer.Open(path, id));
    const std::vector<uint8_t> sealed =
        repairer.view().sealed_files.Seal(id.text(), repairer.random());
    const absl::StatusOr<FileStat> present =
        dir->content().Stat(kDirIdBackupFile);
    if (IsErrno(present.status(), ENOENT)) {
      return repairer.PutFile(dir->content(), DirIdBackup(), sealed);
    }
    return repairer.ReplaceFile(dir->content(), DirIdBackup(), sealed,
                                StorePath(path, kDirIdBackupFile));
  };
}

// "" when `text` is that of `place`, else what is wrong with it.
std::string WrongBackup(const Scan& scan, const Place& place,
                        absl::string_view sealed) {
  const absl::StatusOr<std::string> text =
      scan.view->sealed_files.Open(BytesOf(sealed));
  if (!text.ok()) return "it does not authenticate";
  return *text == place.id->text() ? ""
                                   : "it holds the id of another directory";
}

// Content paths that can be reached from `start`.
void Reach(const DirectoryMap& map, const std::string& start,
           std::set<std::string>& reached) {
  std::vector<std::string> open = {start};
  while (!open.empty()) {
    const std::string path = std::move(open.back());
    open.pop_back();
    if (!reached.insert(path).second) continue;
    const auto record = map.records.find(path);
    if (record == map.records.end()) continue;
    open.insert(open.end(), record->second.children.begin(),
                record->second.children.end());
  }
}

std::function<absl::Status(Repairer&)> MakeRoot() {
  return [](Repairer& repairer) { return repairer.MakeContent(DirId()); };
}

void NoteOrphan(Scan& scan, const std::string& path,
                const DirectoryRecord& record) {
  Finding& finding =
      scan.Add(FindingClass::kOrphanContentDir, StorePath(path), absl::nullopt);
  if (!record.id && record.is_backup_unreadable) {
    finding.detail = "its dirid.c9r, which says what it is, cannot be read";
    return;
  }
  if (!record.id) {
    finding.detail =
        "its names cannot be decrypted any more: there is no right dirid.c9r";
  }
  if (!scan.directories.is_complete) {
    finding.detail = "its name may be where this scan could not look";
    return;
  }
  finding.repair = [path, id = record.id](Repairer& repairer) {
    return AdoptOrphan(repairer, path, id);
  };
}

}  // namespace

absl::Status CheckDirIdBackup(Scan& scan, const Place& place,
                              const std::vector<DirEntry>& entries) {
  if (!place.id) return absl::OkStatus();
  const auto found = std::find_if(
      entries.begin(), entries.end(),
      [](const DirEntry& entry) { return entry.name == kDirIdBackupFile; });
  const std::string entry = place.PathOf(kDirIdBackupFile);
  const absl::optional<std::string> path = place.CleartextOf(absl::nullopt);
  if (found == entries.end()) {
    scan.Add(FindingClass::kMissingDirIdBackup, entry, path).repair =
        WriteBackup(place);
    return absl::OkStatus();
  }
  if (found->type != FileType::kRegular) {
    scan.Add(FindingClass::kForeignType, entry, path).detail =
        "a file belongs here";
    return absl::OkStatus();
  }
  const absl::StatusOr<std::string> sealed =
      ReadSmallFile(*place.content, kDirIdBackupFile,
                    scan.view->sealed_files.max_sealed_size());
  std::string wrong = "it is too long";
  if (!absl::IsOutOfRange(sealed.status())) {
    if (!sealed.ok()) return scan.NoteUnreadable(sealed.status(), entry, path);
    wrong = WrongBackup(scan, place, *sealed);
  }
  if (wrong.empty()) return absl::OkStatus();
  Finding& finding = scan.Add(FindingClass::kWrongDirIdBackup, entry, path);
  finding.detail = std::move(wrong);
  finding.repair = WriteBackup(place);
  return absl::OkStatus();
}

void CheckShape(Scan& scan) {
  const DirectoryMap& map = scan.directories;
  std::set<std::string> explained;  // reached, or below an orphan
  for (const auto& [path, record] : map.records) {
    if (record.is_root && !record.exists) {
      scan.Add(FindingClass::kRootMissing, StorePath(path), "/").repair =
          MakeRoot();
    }
    if (record.is_root) Reach(map, path, explained);
    if (record.exists && !record.is_root && record.referrers.empty()) {
      NoteOrphan(scan, path, record);
      Reach(map, path, explained);
    }
    if (record.shown.size() < 2) continue;
    for (const ShownNode& node : record.shown) {
      scan.Add(FindingClass::kDirIdCollision, node.entry, node.path).detail =
          absl::StrCat(record.shown.size(), " folders are ", StorePath(path));
    }
  }
  for (const auto& [path, record] : map.records) {
    if (record.exists && explained.count(path) == 0) {
      scan.Add(FindingClass::kDetachedCycle, StorePath(path), absl::nullopt);
    }
  }
}

}  // namespace casemate
