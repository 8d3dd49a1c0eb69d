#include "tools/doctor/node_checks.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status.h"
#include "fs/vault/dir_id.h"
#include "fs/vault/name_shortener.h"
#include "fs/vault/node_files.h"
#include "tools/doctor/content_checks.h"
#include "tools/doctor/name_checks.h"
#include "tools/doctor/repairer.h"

namespace casemate {
namespace {

// Newer versions of the official application mark files that are open so
// (cryptofs inuse/): nobody's data, and theirs to remove.
constexpr absl::string_view kInUseSuffix = ".c9u";

absl::string_view KindName(NodeKind kind) {
  switch (kind) {
    case NodeKind::kDirectory:
      return "folder";
    case NodeKind::kSymlink:
      return "link";
    case NodeKind::kFile:
      break;
  }
  return "file";
}

std::string TypeFile(NodeKind kind) {
  switch (kind) {
    case NodeKind::kDirectory:
      return std::string(kDirIdFile);
    case NodeKind::kSymlink:
      return std::string(kSymlinkFile);
    case NodeKind::kFile:
      break;
  }
  return std::string(kContentsFile);
}

class EntryCheck {
 public:
  EntryCheck(Scan& scan, const Place& place, const DirEntry& entry)
      : scan_(scan), place_(place), entry_(entry) {
    view_.entry = entry.name;
    view_.is_shortened = IsShortenedEntry(entry.name);
  }

  absl::Status Run() {
    if (IsTemporaryName(entry_.name)) return NoteTemporary();
    if (absl::EndsWith(entry_.name, kInUseSuffix)) return absl::OkStatus();
    if (!view_.is_shortened && !absl::EndsWith(entry_.name, kNameSuffix)) {
      Add(FindingClass::kForeignFile, entry_.name);
      return absl::OkStatus();
    }
    if (entry_.name == kDirIdFile && entry_.type == FileType::kRegular) {
      return NoteLooseDirFile();
    }
    if (entry_.type == FileType::kDirectory) return CheckNodeDirectory();
    if (entry_.type == FileType::kRegular && !view_.is_shortened) {
      view_.kinds.push_back(NodeKind::kFile);
      return CheckNode();
    }
    if (!view_.is_shortened) RETURN_IF_ERROR(CheckName(scan_, place_, view_));
    Add(FindingClass::kForeignType, entry_.name).detail =
        view_.is_shortened ? "the folder of a node belongs here"
                           : "a file or the folder of a node belongs here";
    return absl::OkStatus();
  }

 private:
  Finding& Add(FindingClass finding_class, const std::string& path_in_place) {
    return scan_.Add(finding_class, place_.PathOf(path_in_place),
                     place_.CleartextOf(view_.name));
  }

  // A repair that puts `path_in_place` out of the way.
  std::function<absl::Status(Repairer&)> ToQuarantine(
      const std::string& path_in_place) const {
    return [content_path = place_.content_path, id = place_.id,
            path_in_place](Repairer& repairer) -> absl::Status {
      ASSIGN_OR_RETURN(const auto dir, repairer.Open(content_path, id));
      return repairer.Quarantine(dir->content(), path_in_place,
                                 StorePath(content_path, path_in_place));
    };
  }

  absl::Status NoteTemporary() {
    Add(FindingClass::kLeftoverTemporary, entry_.name).repair =
        ToQuarantine(entry_.name);
    return absl::OkStatus();
  }

  absl::Status NoteLooseDirFile() {
    Add(FindingClass::kLooseDirFile, entry_.name).repair =
        ToQuarantine(entry_.name);
    return absl::OkStatus();
  }

  absl::Status CheckNodeDirectory() {
    const absl::StatusOr<std::unique_ptr<Dir>> dir =
        place_.content->OpenDir(entry_.name);
    absl::StatusOr<std::vector<DirEntry>> inner =
        dir.ok() ? ListTyped(**dir) : dir.status();
    if (!inner.ok()) {
      return scan_.NoteUnreadable(inner.status(), place_.PathOf(entry_.name),
                                  place_.CleartextOf(absl::nullopt));
    }
    view_.inner = *std::move(inner);
    bool has_foreign_type_file = false;
    FindKind(kDirIdFile, NodeKind::kDirectory, has_foreign_type_file);
    FindKind(kSymlinkFile, NodeKind::kSymlink, has_foreign_type_file);
    if (view_.is_shortened) {
      FindKind(kContentsFile, NodeKind::kFile, has_foreign_type_file);
    }
    if (view_.kinds.empty()) {
      if (HasCopy()) {
        RETURN_IF_ERROR(CheckName(scan_, place_, view_));
      } else if (has_foreign_type_file) {
        RETURN_IF_ERROR(CheckName(scan_, place_, view_));
      } else {
        NoteUnknownType();
      }
      NoteStrangers();
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(CheckNode());
    NoteStrangers();
    if (view_.kinds.size() > 1) NoteAmbiguousType();
    return absl::OkStatus();
  }

  // Looks for the type file `file` of `kind`.
  void FindKind(absl::string_view file, NodeKind kind, bool& has_foreign) {
    for (const DirEntry& inner : view_.inner) {
      if (inner.name != file) continue;
      if (inner.type == FileType::kRegular) {
        view_.kinds.push_back(kind);
      } else {
        has_foreign = true;
      }
    }
  }

  bool BelongsInNode(absl::string_view file) const {
    return file == kDirIdFile || file == kSymlinkFile ||
           (view_.is_shortened &&
            (file == kContentsFile || file == kLongNameFile));
  }

  // What a synchronisation program makes of a type file:
  // "contents (conflicted copy).c9r".
  bool IsCopy(const DirEntry& inner) const {
    if (BelongsInNode(inner.name) || inner.type != FileType::kRegular ||
        !absl::EndsWith(inner.name, kNameSuffix)) {
      return false;
    }
    return absl::StartsWith(inner.name, "dir") ||
           absl::StartsWith(inner.name, "symlink") ||
           (view_.is_shortened && absl::StartsWith(inner.name, "contents"));
  }

  bool HasCopy() const {
    return std::any_of(view_.inner.begin(), view_.inner.end(),
                       [this](const DirEntry& inner) { return IsCopy(inner); });
  }

  void NoteCopy(const std::string& file) {
    Finding& finding =
        Add(FindingClass::kConflictCopy, InnerPath(entry_.name, file));
    finding.detail = "it lies within the node";
    if (!absl::StartsWith(file, "contents")) return;
    finding.repair =
        [path = place_.content_path, id = place_.id, entry = entry_.name, file,
         name = view_.name.value_or("")](Repairer& repairer) -> absl::Status {
      ASSIGN_OR_RETURN(const auto dir, repairer.Open(path, id));
      return repairer.RescueFile(*dir, entry, file, NodeKind::kFile, name);
    };
  }

  // What is in a node directory and is no part of a node.
  void NoteStrangers() {
    for (const DirEntry& inner : view_.inner) {
      const std::string path = InnerPath(entry_.name, inner.name);
      if (IsCopy(inner)) {
        NoteCopy(inner.name);
      } else if (!BelongsInNode(inner.name)) {
        if (view_.kinds.empty()) continue;  // a part of the unknown node
        if (absl::EndsWith(inner.name, kInUseSuffix)) continue;
        Add(FindingClass::kForeignFile, path);
      } else if (inner.type != FileType::kRegular) {
        Add(FindingClass::kForeignType, path).detail = "a file belongs here";
      }
    }
  }

  // Even an empty one is kept: a synchronisation that lost dir.c9r leaves the
  // folder's name in it.
  void NoteUnknownType() {
    Add(FindingClass::kUnknownType, entry_.name).repair =
        ToQuarantine(entry_.name);
  }

  void NoteAmbiguousType() {
    const std::vector<NodeKind> hidden(view_.kinds.begin() + 1,
                                       view_.kinds.end());
    Finding& finding = Add(FindingClass::kAmbiguousType, entry_.name);
    finding.detail = absl::StrCat("it shows as a ", KindName(view_.kinds[0]));
    finding.repair = [path = place_.content_path, id = place_.id,
                      entry = entry_.name, name = view_.name.value_or(""),
                      hidden](Repairer& repairer) -> absl::Status {
      ASSIGN_OR_RETURN(const auto dir, repairer.Open(path, id));
      for (const NodeKind kind : hidden) {
        RETURN_IF_ERROR(
            repairer.RescueFile(*dir, entry, TypeFile(kind), kind, name));
      }
      return absl::OkStatus();
    };
  }

  // The entry is a node; `view_.kinds` is not empty.
  absl::Status CheckNode() {
    RETURN_IF_ERROR(CheckName(scan_, place_, view_));
    switch (view_.kinds.front()) {
      case NodeKind::kDirectory:
        return CheckDirFile();
      case NodeKind::kSymlink:
        ++scan_.counts.symlinks;
        return CheckSymlink(scan_, place_,
                            TypeFilePath(view_.entry, NodeKind::kSymlink),
                            view_.name);
      case NodeKind::kFile:
        break;
    }
    ++scan_.counts.files;
    return CheckContentFile(
        scan_, place_, TypeFilePath(view_.entry, NodeKind::kFile), view_.name);
  }

  absl::Status CheckDirFile() {
    const std::string file = InnerPath(view_.entry, kDirIdFile);
    const absl::StatusOr<std::string> text =
        ReadSmallFile(*place_.content, file, DirId::kMaxSize);
    if (!text.ok() && !absl::IsOutOfRange(text.status())) {
      return scan_.NoteUnreadable(text.status(), place_.PathOf(file),
                                  place_.CleartextOf(view_.name));
    }
    if (text.ok() && text->empty()) {
      Add(FindingClass::kEmptyDirFile, file).repair = NewId(file);
      return absl::OkStatus();
    }
    const absl::StatusOr<DirId> id =
        text.ok() ? DirId::Parse(*text) : text.status();
    if (!id.ok()) {
      Add(FindingClass::kInvalidDirFile, file).repair = NewId(file);
      return absl::OkStatus();
    }
    if (text->size() > DirId::kUuidSize) {
      Add(FindingClass::kObeseDirFile, file).detail =
          absl::StrCat("it has ", text->size(), " bytes");
    }
    NoteChild(*id, file);
    return absl::OkStatus();
  }

  // The folder gets a new, empty content directory; what dir.c9r held before is
  // kept, unless it held nothing.
  std::function<absl::Status(Repairer&)> NewId(const std::string& file) const {
    return [path = place_.content_path, id = place_.id,
            file](Repairer& repairer) -> absl::Status {
      ASSIGN_OR_RETURN(const auto dir, repairer.Open(path, id));
      const DirId fresh = DirId::Random(repairer.random());
      RETURN_IF_ERROR(repairer.MakeContent(fresh));
      ASSIGN_OR_RETURN(const FileStat stat, dir->content().Stat(file));
      if (stat.size == 0) {
        return repairer.PutFile(dir->content(), file, fresh.bytes());
      }
      return repairer.ReplaceFile(dir->content(), file, fresh.bytes(),
                                  StorePath(path, file));
    };
  }

  void NoteChild(const DirId& id, const std::string& file) {
    const std::string child_path = scan_.view->names.ContentPath(id);
    DirectoryRecord& child = scan_.directories.records[child_path];
    if (!child.exists) {
      Add(FindingClass::kMissingContentDir, file).repair =
          [id](Repairer& repairer) {
            const absl::Status status = repairer.MakeContent(id);
            // Another name of it was repaired before.
            return IsErrno(status, EEXIST) ? absl::OkStatus() : status;
          };
    }
    if (!view_.name) return;
    child.shown.push_back(
        {place_.PathOf(view_.entry), place_.CleartextOf(view_.name)});
    if (!child.cleartext && place_.cleartext) {
      child.cleartext = place_.CleartextOf(view_.name);
    }
  }

  Scan& scan_;
  const Place& place_;
  const DirEntry& entry_;
  EntryView view_;
};

}  // namespace

absl::Status CheckEntry(Scan& scan, const Place& place, const DirEntry& entry) {
  return EntryCheck(scan, place, entry).Run();
}

}  // namespace casemate
