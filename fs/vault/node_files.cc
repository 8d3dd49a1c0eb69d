#include "fs/vault/node_files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/status.h"
#include "fs/vault/dir_id.h"
#include "fs/vault/name_shortener.h"

namespace casemate {
namespace {

constexpr absl::string_view kTemporaryPrefix = ".casemate-";
constexpr absl::string_view kTemporarySuffix = ".tmp";
// Of a shortened entry: what tells it from the others.
constexpr size_t kShortHashSize = 28;

// nullopt when there is no such type file.
absl::StatusOr<absl::optional<FoundNode>> ProbeTypeFile(const Dir& content,
                                                        absl::string_view entry,
                                                        absl::string_view file,
                                                        NodeKind kind) {
  const absl::StatusOr<FileStat> stat = content.Stat(InnerPath(entry, file));
  if (IsErrno(stat.status(), ENOENT)) return absl::optional<FoundNode>();
  RETURN_IF_ERROR(stat.status());
  if (stat->type != FileType::kRegular) {
    return BrokenNode(entry, absl::StrCat(file, " is not a regular file"));
  }
  FoundNode found;
  found.kind = kind;
  found.stat = *stat;
  return absl::optional<FoundNode>(std::move(found));
}

// dir.c9r is read at once instead of being asked for first: directories are
// what most node directories are.
absl::StatusOr<absl::optional<FoundNode>> ProbeDirId(const Dir& content,
                                                     absl::string_view entry) {
  absl::StatusOr<std::string> text =
      ReadSmallFile(content, InnerPath(entry, kDirIdFile), DirId::kMaxSize);
  if (IsErrno(text.status(), ENOENT)) return absl::optional<FoundNode>();
  if (absl::IsOutOfRange(text.status())) {
    return BrokenNode(entry, "dir.c9r is longer than any directory id");
  }
  if (!text.ok()) {
    // Say so when it is no file at all; any other failure is the store's.
    RETURN_IF_ERROR(
        ProbeTypeFile(content, entry, kDirIdFile, NodeKind::kDirectory)
            .status());
    return text.status();
  }
  FoundNode found;
  found.kind = NodeKind::kDirectory;
  found.dir_id = *std::move(text);
  return absl::optional<FoundNode>(std::move(found));
}

absl::StatusOr<FoundNode> InspectNodeDirectory(const Dir& content,
                                               absl::string_view entry) {
  ASSIGN_OR_RETURN(absl::optional<FoundNode> found, ProbeDirId(content, entry));
  if (found) return *std::move(found);
  ASSIGN_OR_RETURN(
      found, ProbeTypeFile(content, entry, kSymlinkFile, NodeKind::kSymlink));
  if (found) return *std::move(found);
  if (IsShortenedEntry(entry)) {
    ASSIGN_OR_RETURN(
        found, ProbeTypeFile(content, entry, kContentsFile, NodeKind::kFile));
    if (found) return *std::move(found);
  }
  return ErrnoError(ENOENT, "a node directory without a node");
}

// What to change to give the object to `owner`: nothing if it is the owner's,
// since even that change needs a privilege.
AttributeChange OwnerChange(const NewOwner& owner, const FileStat& stat) {
  AttributeChange change;
  if (owner.uid && *owner.uid != stat.uid) change.uid = owner.uid;
  if (owner.gid && *owner.gid != stat.gid) change.gid = owner.gid;
  return change;
}

absl::StatusOr<std::vector<DirEntry>> ListNodeDirectory(
    const Dir& content, absl::string_view entry) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Dir> node, content.OpenDir(entry));
  return node->List();
}

// Whether a node directory that holds `files` holds nobody's data.
bool IsAbsent(const std::vector<DirEntry>& files) {
  return std::all_of(files.begin(), files.end(), [](const DirEntry& file) {
    return file.type != FileType::kDirectory &&
           (file.name == kLongNameFile ||
            absl::EndsWith(file.name, kInUseSuffix));
  });
}

absl::Status RemoveIfPresent(Dir& content, absl::string_view path) {
  const absl::Status status = content.RemoveFile(path);
  return IsErrno(status, ENOENT) ? absl::OkStatus() : status;
}

}  // namespace

std::string InnerPath(absl::string_view entry, absl::string_view file) {
  return absl::StrCat(entry, "/", file);
}

std::string TypeFilePath(absl::string_view entry, NodeKind kind) {
  switch (kind) {
    case NodeKind::kDirectory:
      return InnerPath(entry, kDirIdFile);
    case NodeKind::kSymlink:
      return InnerPath(entry, kSymlinkFile);
    case NodeKind::kFile:
      break;
  }
  return IsShortenedEntry(entry) ? InnerPath(entry, kContentsFile)
                                 : std::string(entry);
}

bool IsShortenedEntry(absl::string_view entry) {
  return absl::EndsWith(entry, kShortSuffix);
}

bool HasNodeDirectory(absl::string_view entry, NodeKind kind) {
  return kind != NodeKind::kFile || IsShortenedEntry(entry);
}

absl::StatusOr<FoundNode> InspectNode(const Dir& content,
                                      absl::string_view entry) {
  // Without a lock a rename may replace the node between two calls; what was a
  // directory is a file then, and the second look sees it.
  for (int attempt = 0;; ++attempt) {
    ASSIGN_OR_RETURN(const FileStat stat, content.Stat(entry));
    if (stat.type == FileType::kRegular && !IsShortenedEntry(entry)) {
      FoundNode found;
      found.stat = stat;
      return found;
    }
    if (stat.type != FileType::kDirectory) {
      return BrokenNode(entry, "it is neither a file nor a node directory");
    }
    absl::StatusOr<FoundNode> found = InspectNodeDirectory(content, entry);
    if (attempt > 0 || !IsErrno(found.status(), ENOTDIR)) return found;
  }
}

StructureMode StructureMode::Of(const Dir& store) {
  StructureMode mode;
  const absl::StatusOr<FileStat> stat = store.StatSelf();
  if (stat.ok()) {
    mode.directory = (stat->permissions & 0777) | 0700;
    mode.file = (stat->permissions & 0666) | 0600;
  }
  return mode;
}

absl::Status NodeMaker::MakeDir(Dir& content, absl::string_view name) const {
  RETURN_IF_ERROR(content.MakeDir(name, mode.directory));
  if (!owner.uid && !owner.gid) return absl::OkStatus();
  const absl::StatusOr<FileStat> stat = content.Stat(name);
  absl::Status status = stat.status();
  if (status.ok()) {
    const AttributeChange change = OwnerChange(owner, *stat);
    if (!change.empty()) status = content.SetAttributes(name, change);
  }
  if (!status.ok()) content.RemoveDir(name).IgnoreError();
  return status;
}

absl::Status NodeMaker::WriteFile(Dir& content, absl::string_view path,
                                  ConstBytes data) const {
  ASSIGN_OR_RETURN(const std::unique_ptr<File> file,
                   content.CreateFile(path, mode.file));
  absl::Status status = file->WriteAt(0, data).status;
  if (status.ok() && (owner.uid || owner.gid)) {
    const absl::StatusOr<FileStat> stat = file->Stat();
    status = stat.status();
    if (status.ok()) {
      const AttributeChange change = OwnerChange(owner, *stat);
      if (!change.empty()) status = file->SetAttributes(change);
    }
  }
  if (status.ok() && durability == Durability::kNow) status = file->Sync();
  if (!status.ok()) content.RemoveFile(path).IgnoreError();
  return status;
}

absl::Status NodeMaker::PrepareNodeDirectory(Dir& content,
                                             absl::string_view entry,
                                             absl::string_view c9r) const {
  const absl::Status made = MakeDir(content, entry);
  if (IsErrno(made, EEXIST)) {
    const absl::StatusOr<FoundNode> found = InspectNode(content, entry);
    if (!IsErrno(found.status(), ENOENT)) {
      return ErrnoError(EEXIST, "a node directory");
    }
  } else {
    RETURN_IF_ERROR(made);
  }
  if (!IsShortenedEntry(entry)) return absl::OkStatus();

  const std::string path = InnerPath(entry, kLongNameFile);
  const absl::StatusOr<std::string> present =
      ReadSmallFile(content, path, kMaxLongNameSize);
  if (present.ok() && *present == c9r) return absl::OkStatus();
  absl::Status status = RemoveIfPresent(content, path);
  if (status.ok()) status = WriteFile(content, path, BytesOf(c9r));
  if (!status.ok()) content.RemoveDir(entry).IgnoreError();
  return status;
}

absl::StatusOr<bool> IsAbsentNode(const Dir& content, absl::string_view entry) {
  ASSIGN_OR_RETURN(const std::vector<DirEntry> files,
                   ListNodeDirectory(content, entry));
  return IsAbsent(files);
}

absl::Status RemoveNodeDirectory(Dir& content, absl::string_view entry) {
  ASSIGN_OR_RETURN(const std::vector<DirEntry> files,
                   ListNodeDirectory(content, entry));
  if (!IsAbsent(files)) {
    return ErrnoError(ENOTEMPTY, "a node directory that holds something");
  }
  for (const DirEntry& file : files) {
    if (file.name == kLongNameFile) continue;
    RETURN_IF_ERROR(RemoveIfPresent(content, InnerPath(entry, file.name)));
  }
  // Out of the way rather than removed: another client may be putting a type
  // file in, and without its name that node could never be shown.
  const std::string name_file = InnerPath(entry, kLongNameFile);
  const std::string aside = absl::StrCat(
      kTemporaryPrefix, entry.substr(0, kShortHashSize), kTemporarySuffix);
  const absl::Status moved =
      content.Rename(name_file, content, aside, RenameMode::kReplace);
  if (!moved.ok() && !IsErrno(moved, ENOENT)) return moved;
  const absl::Status removed = content.RemoveDir(entry);
  if (!moved.ok()) return removed;
  if (removed.ok()) {
    content.RemoveFile(aside).IgnoreError();
  } else {
    content.Rename(aside, content, name_file, RenameMode::kNoReplace)
        .IgnoreError();
  }
  return removed;
}

absl::Status MoveToFreeEntry(Dir& from_content, absl::string_view from,
                             Dir& content, absl::string_view entry) {
  const absl::Status status =
      from_content.Rename(from, content, entry, RenameMode::kNoReplace);
  if (!IsErrno(status, EEXIST)) return status;
  if (!RemoveNodeDirectory(content, entry).ok()) return status;
  return from_content.Rename(from, content, entry, RenameMode::kNoReplace);
}

std::string TemporaryName(RandomSource& random) {
  std::array<uint8_t, 8> bytes;
  random.Fill(MutableBytes(bytes));
  return absl::StrCat(kTemporaryPrefix,
                      absl::BytesToHexString(TextOf(ConstBytes(bytes))),
                      kTemporarySuffix);
}

bool IsTemporaryName(absl::string_view name) {
  return absl::StartsWith(name, kTemporaryPrefix) &&
         absl::EndsWith(name, kTemporarySuffix);
}

absl::Status RemoveTemporary(Dir& content, absl::string_view name) {
  const absl::Status status = content.RemoveFile(name);
  if (!IsErrno(status, EISDIR)) return status;
  for (const absl::string_view file :
       {kDirIdFile, kSymlinkFile, kContentsFile, kLongNameFile}) {
    RETURN_IF_ERROR(RemoveIfPresent(content, InnerPath(name, file)));
  }
  return content.RemoveDir(name);
}

absl::Status BrokenNode(absl::string_view entry, absl::string_view what) {
  return WithErrno(
      absl::DataLossError(absl::StrCat("broken node ", entry, ": ", what)),
      EIO);
}

bool IsErrno(const absl::Status& status, int error) {
  return ErrnoOf(status) == error;
}

}  // namespace casemate
