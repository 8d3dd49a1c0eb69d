#include "fs/vault/pending_file.h"

#include <memory>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "fs/vault/node_files.h"

namespace casemate {
namespace {

constexpr mode_t kFileMode = 0600;

// What is still to change for `file` to be owned and protected as `like`.
absl::Status MakeAlike(File& file, const FileStat& like) {
  ASSIGN_OR_RETURN(const FileStat stat, file.Stat());
  AttributeChange change;
  if (stat.uid != like.uid) change.uid = like.uid;
  if (stat.gid != like.gid) change.gid = like.gid;
  const mode_t permissions = like.permissions & 0777;
  if (stat.permissions != permissions) change.permissions = permissions;
  return change.empty() ? absl::OkStatus() : file.SetAttributes(change);
}

}  // namespace

PendingFile::PendingFile(Dir* folder, std::string name)
    : folder_(folder), name_(std::move(name)) {}

PendingFile::PendingFile(PendingFile&& other) noexcept
    : folder_(other.folder_), name_(std::exchange(other.name_, "")) {}

PendingFile::~PendingFile() {
  if (!name_.empty()) folder_->RemoveFile(name_).IgnoreError();
}

absl::StatusOr<PendingFile> PendingFile::Write(
    Dir& folder, absl::string_view content,
    const absl::optional<FileStat>& like, RandomSource& random) {
  std::string name = TemporaryName(random);
  ASSIGN_OR_RETURN(const std::unique_ptr<File> file,
                   folder.CreateFile(name, kFileMode));
  PendingFile pending(&folder, std::move(name));
  RETURN_IF_ERROR(file->WriteAt(0, BytesOf(content)).status);
  // Only root can give a file away: for anybody else it stays their own.
  if (like) MakeAlike(*file, *like).IgnoreError();
  RETURN_IF_ERROR(file->Sync());
  return pending;
}

absl::Status PendingFile::Commit(absl::string_view name, RenameMode mode) {
  RETURN_IF_ERROR(folder_->Rename(name_, *folder_, name, mode));
  name_.clear();
  return folder_->Sync();
}

absl::Status WriteFileAtomically(Dir& folder, absl::string_view name,
                                 absl::string_view content, RenameMode mode,
                                 RandomSource& random) {
  ASSIGN_OR_RETURN(PendingFile pending,
                   PendingFile::Write(folder, content, absl::nullopt, random));
  return pending.Commit(name, mode);
}

}  // namespace casemate
