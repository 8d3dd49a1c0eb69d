#include "tools/doctor/directory_map.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/status.h"
#include "fs/vault/name_shortener.h"
#include "fs/vault/node_files.h"
#include "tools/doctor/scan.h"

namespace casemate {
namespace {

constexpr size_t kOuterSize = 2;
constexpr size_t kInnerSize = 30;

// RFC 4648's upper-case alphabet.
bool IsBase32(absl::string_view text, size_t size) {
  return text.size() == size &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= '2' && c <= '7');
         });
}

// What lies where only hash directories belong.
void NoteStranger(Scan& scan, const std::string& path, bool is_hash) {
  if (is_hash) {
    scan.Add(FindingClass::kForeignType, path, absl::nullopt).detail =
        "a folder belongs here";
  } else {
    scan.Add(FindingClass::kForeignFile, path, absl::nullopt);
  }
}

class Mapper {
 public:
  explicit Mapper(Scan& scan) : scan_(scan), map_(scan.directories) {}

  absl::Status Run() {
    AddRecord(DirId()).is_root = true;
    if (scan_.view->d != nullptr) {
      RETURN_IF_ERROR(FindContentDirectories());
      for (const std::string& path : Existing()) RETURN_IF_ERROR(Read(path));
    }
    IdentifyByBackup();
    WalkFromRoot();
    return absl::OkStatus();
  }

 private:
  DirectoryRecord& AddRecord(const DirId& id) {
    DirectoryRecord& record = map_.records[scan_.view->names.ContentPath(id)];
    record.id = id;
    return record;
  }

  absl::Status Incomplete(const absl::Status& status, const std::string& path) {
    map_.is_complete = false;
    return scan_.NoteUnreadable(status, path, absl::nullopt);
  }

  absl::Status FindContentDirectories() {
    const Dir& d = *scan_.view->d;
    ASSIGN_OR_RETURN(const std::vector<DirEntry> outers, ListTyped(d));
    for (const DirEntry& outer : outers) {
      const bool is_hash = IsBase32(outer.name, kOuterSize);
      if (!is_hash || outer.type != FileType::kDirectory) {
        NoteStranger(scan_, StorePath(outer.name), is_hash);
        continue;
      }
      const absl::StatusOr<std::unique_ptr<Dir>> dir = d.OpenDir(outer.name);
      absl::StatusOr<std::vector<DirEntry>> inners =
          dir.ok() ? ListTyped(**dir) : dir.status();
      if (!inners.ok()) {
        RETURN_IF_ERROR(Incomplete(inners.status(), StorePath(outer.name)));
        continue;
      }
      for (const DirEntry& inner : *inners) AddFound(outer.name, inner);
    }
    return absl::OkStatus();
  }

  void AddFound(const std::string& outer, const DirEntry& inner) {
    const std::string path = absl::StrCat(outer, "/", inner.name);
    const bool is_hash = IsBase32(inner.name, kInnerSize);
    if (is_hash && inner.type == FileType::kDirectory) {
      map_.records[path].exists = true;
    } else {
      NoteStranger(scan_, StorePath(path), is_hash);
    }
  }

  std::vector<std::string> Existing() const {
    std::vector<std::string> paths;
    for (const auto& [path, record] : map_.records) {
      if (record.exists) paths.push_back(path);
    }
    return paths;
  }

  // Notes every dir.c9r in the content directory at `path`.
  absl::Status Read(const std::string& path) {
    RETURN_IF_ERROR(Report());
    const absl::StatusOr<std::unique_ptr<Dir>> dir =
        scan_.view->d->OpenDir(path);
    absl::StatusOr<std::vector<DirEntry>> entries =
        dir.ok() ? ListTyped(**dir) : dir.status();
    if (!entries.ok()) return Incomplete(entries.status(), StorePath(path));
    for (const DirEntry& entry : *entries) {
      const bool may_be_node = entry.type == FileType::kDirectory &&
                               (absl::EndsWith(entry.name, kNameSuffix) ||
                                IsShortenedEntry(entry.name));
      if (!may_be_node) continue;
      const absl::StatusOr<std::string> text = ReadSmallFile(
          **dir, InnerPath(entry.name, kDirIdFile), DirId::kMaxSize);
      if (!text.ok()) {
        RETURN_IF_ERROR(NoteUnreadDirFile(text.status()));
        continue;
      }
      const absl::StatusOr<DirId> id = DirId::Parse(*text);
      if (!id.ok()) continue;
      AddRecord(*id).referrers.push_back({path, entry.name});
      map_.records[path].children.push_back(scan_.view->names.ContentPath(*id));
    }
    return absl::OkStatus();
  }

  // What it means for the map that a dir.c9r could not be read. The checks of
  // its node make a finding of it.
  absl::Status NoteUnreadDirFile(const absl::Status& status) {
    // Whatever one that is too long says, it is no id.
    if (absl::IsOutOfRange(status)) return absl::OkStatus();
    switch (ErrnoOf(status)) {
      case ENOENT:
      case ENOTDIR:
        return absl::OkStatus();
      case EMFILE:
      case ENFILE:
      case ENOMEM:
        return status;
      default:
        map_.is_complete = false;
        return absl::OkStatus();
    }
  }

  absl::Status Report() {
    if (!scan_.options.progress) return absl::OkStatus();
    ScanProgress progress;
    progress.directories = ++read_;
    return scan_.options.progress(progress);
  }

  // Nothing names these. Their own dirid.c9r, or a copy of it that a
  // synchronisation program renamed, may say whose they are, and the hash
  // whether that is true.
  void IdentifyByBackup() {
    for (auto& [path, record] : map_.records) {
      if (record.id || !record.exists) continue;
      const absl::StatusOr<std::unique_ptr<Dir>> dir =
          scan_.view->d->OpenDir(path);
      const absl::StatusOr<std::vector<DirEntry>> entries =
          dir.ok() ? (*dir)->List() : dir.status();
      if (!entries.ok()) {
        record.is_backup_unreadable = true;
        continue;
      }
      for (const DirEntry& entry : *entries) {
        if (IsDirIdBackup(entry.name))
          Identify(path, **dir, entry.name, record);
      }
    }
  }

  void Identify(const std::string& path, const Dir& dir,
                const std::string& file, DirectoryRecord& record) {
    const absl::StatusOr<std::string> sealed =
        ReadSmallFile(dir, file, scan_.view->sealed_files.max_sealed_size());
    if (!sealed.ok()) {
      record.is_backup_unreadable = !absl::IsOutOfRange(sealed.status());
      return;
    }
    const absl::StatusOr<std::string> text =
        scan_.view->sealed_files.Open(BytesOf(*sealed));
    if (!text.ok()) return;
    absl::StatusOr<DirId> id = DirId::Parse(*text);
    if (id.ok() && scan_.view->names.ContentPath(*id) == path) {
      record.id = *std::move(id);
    }
  }

  void WalkFromRoot() {
    std::vector<std::string> reached = {scan_.view->names.ContentPath(DirId())};
    map_.records[reached.front()].is_reachable = true;
    map_.records[reached.front()].cleartext = "";
    for (size_t next = 0; next < reached.size(); ++next) {
      const std::string path = reached[next];
      for (const std::string& child : map_.records[path].children) {
        DirectoryRecord& record = map_.records[child];
        if (record.is_reachable) continue;
        record.is_reachable = true;
        reached.push_back(child);
      }
    }
    for (const std::string& path : reached) {
      if (map_.records[path].exists) map_.order.push_back(path);
    }
    for (const auto& [path, record] : map_.records) {
      if (record.exists && !record.is_reachable) map_.order.push_back(path);
    }
  }

  Scan& scan_;
  DirectoryMap& map_;
  uint64_t read_ = 0;
};

}  // namespace

bool IsDirIdBackup(absl::string_view file) {
  return absl::StartsWith(file, "dirid") && absl::EndsWith(file, kNameSuffix);
}

absl::Status MapDirectories(Scan& scan) { return Mapper(scan).Run(); }

absl::StatusOr<std::vector<DirEntry>> ListTyped(const Dir& dir) {
  ASSIGN_OR_RETURN(std::vector<DirEntry> entries, dir.List());
  std::vector<DirEntry> typed;
  typed.reserve(entries.size());
  for (DirEntry& entry : entries) {
    if (entry.type == FileType::kOther) {
      const absl::StatusOr<FileStat> stat = dir.Stat(entry.name);
      if (!stat.ok()) continue;
      entry.type = stat->type;
    }
    typed.push_back(std::move(entry));
  }
  std::sort(
      typed.begin(), typed.end(),
      [](const DirEntry& a, const DirEntry& b) { return a.name < b.name; });
  return typed;
}

}  // namespace casemate
