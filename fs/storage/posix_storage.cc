#include "fs/storage/posix_storage.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/check.h"
#include "base/mutex.h"
#include "base/status.h"
#include "fs/storage/backing_errno.h"
#include "fs/storage/backing_path.h"
#include "fs/storage/posix_attributes.h"
#include "fs/storage/posix_backend.h"
#include "fs/storage/posix_file.h"
#include "fs/storage/storage.h"
#include "fs/storage/unique_fd.h"

namespace casemate {
namespace {

// Of a listing: a system call per about 200 entries.
constexpr size_t kListBufferSize = 32 << 10;

absl::Status ErrorUnless(bool success, absl::string_view call,
                         const BackingPath& path) {
  if (success) return absl::OkStatus();
  return BackingError(errno, absl::StrCat(call, " ", path.text()));
}

FileType TypeOf(unsigned char d_type) {
  switch (d_type) {
    case DT_REG:
      return FileType::kRegular;
    case DT_DIR:
      return FileType::kDirectory;
    case DT_LNK:
      return FileType::kSymlink;
    default:
      return FileType::kOther;
  }
}

// Appends what getdents64 put into `buffer`.
void AppendEntries(const char* buffer, size_t size,
                   std::vector<DirEntry>& entries) {
  for (size_t at = 0; at < size;) {
    const auto* const entry =
        reinterpret_cast<const struct dirent64*>(buffer + at);
    at += entry->d_reclen;
    const absl::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    entries.push_back(
        DirEntry{std::string(name), TypeOf(entry->d_type), entry->d_ino});
  }
}

// The directory that holds a path's last component: the Dir itself, or the
// first component, open for the occasion.
struct Holder {
  UniqueFd owned;
  int fd = -1;
};

class PosixDir final : public Dir {
 public:
  PosixDir(std::shared_ptr<PosixBackend> backend, UniqueFd fd)
      : backend_(std::move(backend)), fd_(std::move(fd)) {}

  absl::StatusOr<std::unique_ptr<Dir>> OpenDir(
      absl::string_view path) const override;
  absl::StatusOr<std::unique_ptr<File>> OpenFile(absl::string_view path,
                                                 Access access) const override;
  absl::StatusOr<std::unique_ptr<File>> CreateFile(absl::string_view path,
                                                   mode_t permissions) override;
  absl::Status MakeDir(absl::string_view name, mode_t permissions) override;
  absl::Status RemoveFile(absl::string_view path) override;
  absl::Status RemoveDir(absl::string_view name) override;
  absl::Status Rename(absl::string_view from_path, Dir& to,
                      absl::string_view to_path, RenameMode mode) override;
  bool no_replace_is_atomic() const override {
    return backend_->no_replace_is_atomic();
  }
  absl::StatusOr<FileStat> Stat(absl::string_view path) const override;
  absl::StatusOr<FileStat> StatSelf() const override;
  absl::Status SetAttributes(absl::string_view path,
                             const AttributeChange& change) override;
  absl::Status SetSelfAttributes(const AttributeChange& change) override;
  absl::StatusOr<std::vector<DirEntry>> List() const override;
  absl::Status Sync() const override;
  absl::StatusOr<SpaceInfo> Space() const override;
  absl::Status LockExclusive() override;

 private:
  absl::StatusOr<Holder> HolderOf(const BackingPath& path) const;
  // renameat2 and its answer: an errno, or 0.
  int RenameWith(const Holder& from_dir, const BackingPath& from,
                 const Holder& into_dir, const BackingPath& into,
                 unsigned int flags) const;
  // The same with RENAME_NOREPLACE, or as close to it as can be had.
  int RenameNoReplace(const Holder& from_dir, const BackingPath& from,
                      const Holder& into_dir, const BackingPath& into) const;

  const std::shared_ptr<PosixBackend> backend_;
  const UniqueFd fd_;
  // Listing moves the position of fd_. A descriptor per listing would do
  // without the lock, but a directory that we may no longer read could not be
  // opened again.
  mutable Mutex list_mu_;
};

absl::StatusOr<std::unique_ptr<Dir>> PosixDir::OpenDir(
    absl::string_view path) const {
  ASSIGN_OR_RETURN(const BackingPath parsed, BackingPath::Parse(path));
  ASSIGN_OR_RETURN(UniqueFd fd, backend_->OpenExisting(fd_.get(), parsed,
                                                       O_RDONLY | O_DIRECTORY));
  return std::make_unique<PosixDir>(backend_, std::move(fd));
}

absl::StatusOr<std::unique_ptr<File>> PosixDir::OpenFile(absl::string_view path,
                                                         Access access) const {
  ASSIGN_OR_RETURN(const BackingPath parsed, BackingPath::Parse(path));
  // O_NONBLOCK, so that a fifo planted in the vault does not hang us, and
  // O_NOCTTY for a terminal; both mean nothing to a regular file.
  const int flags =
      (access == Access::kRead ? O_RDONLY : O_RDWR) | O_NONBLOCK | O_NOCTTY;
  absl::StatusOr<UniqueFd> fd =
      backend_->OpenExisting(fd_.get(), parsed, flags);
  if (ErrnoOf(fd.status()) == EISDIR) {
    return WithErrno(absl::DataLossError(fd.status().message()), EIO);
  }
  if (!fd.ok()) return fd.status();
  struct stat found = {};
  if (fstat(fd->get(), &found) != 0) {
    return BackingError(errno, absl::StrCat("stat ", path));
  }
  if (!S_ISREG(found.st_mode)) {
    return WithErrno(
        absl::DataLossError(absl::StrCat(path, " is no regular file")), EIO);
  }
  return std::make_unique<PosixFile>(backend_, std::move(fd).value(), access,
                                     std::string(path));
}

absl::StatusOr<std::unique_ptr<File>> PosixDir::CreateFile(
    absl::string_view path, mode_t permissions) {
  ASSIGN_OR_RETURN(const BackingPath parsed, BackingPath::Parse(path));
  ASSIGN_OR_RETURN(UniqueFd fd,
                   backend_->Open(fd_.get(), parsed, O_RDWR | O_CREAT | O_EXCL,
                                  permissions & 07777));
  return std::make_unique<PosixFile>(backend_, std::move(fd),
                                     Access::kReadWrite, std::string(path));
}

absl::Status PosixDir::MakeDir(absl::string_view name, mode_t permissions) {
  ASSIGN_OR_RETURN(const BackingPath parsed, BackingPath::ParseName(name));
  return ErrorUnless(
      mkdirat(fd_.get(), parsed.name(), permissions & 07777) == 0, "mkdir",
      parsed);
}

absl::Status PosixDir::RemoveFile(absl::string_view path) {
  ASSIGN_OR_RETURN(const BackingPath parsed, BackingPath::Parse(path));
  ASSIGN_OR_RETURN(const Holder holder, HolderOf(parsed));
  return ErrorUnless(unlinkat(holder.fd, parsed.name(), 0) == 0, "unlink",
                     parsed);
}

absl::Status PosixDir::RemoveDir(absl::string_view name) {
  ASSIGN_OR_RETURN(const BackingPath parsed, BackingPath::ParseName(name));
  return ErrorUnless(unlinkat(fd_.get(), parsed.name(), AT_REMOVEDIR) == 0,
                     "rmdir", parsed);
}

absl::Status PosixDir::Rename(absl::string_view from_path, Dir& to,
                              absl::string_view to_path, RenameMode mode) {
  auto* const target = dynamic_cast<PosixDir*>(&to);
  CHECK(target != nullptr, "a rename stays within one storage");
  ASSIGN_OR_RETURN(const BackingPath from, BackingPath::Parse(from_path));
  ASSIGN_OR_RETURN(const BackingPath into, BackingPath::Parse(to_path));
  ASSIGN_OR_RETURN(const Holder from_dir, HolderOf(from));
  ASSIGN_OR_RETURN(const Holder into_dir, target->HolderOf(into));
  int error = 0;
  switch (mode) {
    case RenameMode::kReplace:
      error = RenameWith(from_dir, from, into_dir, into, 0);
      break;
    case RenameMode::kNoReplace:
      error = RenameNoReplace(from_dir, from, into_dir, into);
      break;
    case RenameMode::kExchange:
      error = RenameWith(from_dir, from, into_dir, into, RENAME_EXCHANGE);
      break;
  }
  if (error == 0) return absl::OkStatus();
  return BackingError(error, absl::StrCat("rename ", from.text()));
}

int PosixDir::RenameWith(const Holder& from_dir, const BackingPath& from,
                         const Holder& into_dir, const BackingPath& into,
                         unsigned int flags) const {
  if (flags != 0 && !backend_->use_rename_flags()) return EINVAL;
  if (renameat2(from_dir.fd, from.name(), into_dir.fd, into.name(), flags) ==
      0) {
    return 0;
  }
  // Without a flag, file systems answer EINVAL and kernels ENOSYS.
  return errno == ENOSYS ? EINVAL : errno;
}

int PosixDir::RenameNoReplace(const Holder& from_dir, const BackingPath& from,
                              const Holder& into_dir,
                              const BackingPath& into) const {
  const int error =
      RenameWith(from_dir, from, into_dir, into, RENAME_NOREPLACE);
  // EINVAL is also the answer to moving a directory below itself: the plain
  // rename tells which it was.
  if (error != EINVAL) return error;
  struct stat taken = {};
  if (fstatat(into_dir.fd, into.name(), &taken, AT_SYMLINK_NOFOLLOW) == 0) {
    return EEXIST;
  }
  if (errno != ENOENT) return errno;
  const int plain_error = RenameWith(from_dir, from, into_dir, into, 0);
  if (plain_error == 0) backend_->no_replace_is_atomic() = false;
  return plain_error;
}

absl::StatusOr<FileStat> PosixDir::Stat(absl::string_view path) const {
  ASSIGN_OR_RETURN(const BackingPath parsed, BackingPath::Parse(path));
  return backend_->Stat(fd_.get(), parsed);
}

absl::StatusOr<FileStat> PosixDir::StatSelf() const {
  return backend_->StatFd(fd_.get(), "open directory");
}

absl::Status PosixDir::SetAttributes(absl::string_view path,
                                     const AttributeChange& change) {
  ASSIGN_OR_RETURN(const BackingPath parsed, BackingPath::Parse(path));
  ASSIGN_OR_RETURN(const UniqueFd fd,
                   backend_->Open(fd_.get(), parsed, O_PATH));
  return backend_->SetAttributes(fd.get(), FdKind::kPath, change, path);
}

absl::Status PosixDir::SetSelfAttributes(const AttributeChange& change) {
  return backend_->SetAttributes(fd_.get(), FdKind::kOpen, change,
                                 "open directory");
}

absl::StatusOr<std::vector<DirEntry>> PosixDir::List() const {
  std::vector<DirEntry> entries;
  alignas(struct dirent64) char buffer[kListBufferSize];
  MutexLock lock(&list_mu_);
  if (lseek(fd_.get(), 0, SEEK_SET) != 0) {
    return BackingError(errno, "rewind directory");
  }
  while (true) {
    const ssize_t n = RetryOnEintr(
        [&] { return getdents64(fd_.get(), buffer, sizeof(buffer)); });
    if (n < 0) return BackingError(errno, "list directory");
    if (n == 0) return entries;
    AppendEntries(buffer, static_cast<size_t>(n), entries);
  }
}

absl::Status PosixDir::Sync() const {
  if (RetryOnEintr([&] { return fsync(fd_.get()); }) != 0) {
    return BackingError(errno, "fsync directory");
  }
  return absl::OkStatus();
}

absl::StatusOr<SpaceInfo> PosixDir::Space() const {
  struct statvfs found = {};
  if (RetryOnEintr([&] { return fstatvfs(fd_.get(), &found); }) != 0) {
    return BackingError(errno, "statvfs");
  }
  SpaceInfo space;
  space.block_size = found.f_frsize;
  space.blocks = found.f_blocks;
  space.free_blocks = found.f_bfree;
  space.available_blocks = found.f_bavail;
  space.files = found.f_files;
  space.free_files = found.f_ffree;
  return space;
}

absl::Status PosixDir::LockExclusive() {
  if (RetryOnEintr([&] { return flock(fd_.get(), LOCK_EX | LOCK_NB); }) == 0) {
    return absl::OkStatus();
  }
  if (errno == EWOULDBLOCK) {
    return WithErrno(
        absl::FailedPreconditionError("another process has locked the folder"),
        EWOULDBLOCK);
  }
  return BackingError(errno, "flock");
}

absl::StatusOr<Holder> PosixDir::HolderOf(const BackingPath& path) const {
  Holder holder;
  if (!path.has_parent()) {
    holder.fd = fd_.get();
    return holder;
  }
  ASSIGN_OR_RETURN(const BackingPath parent,
                   BackingPath::ParseName(path.parent()));
  ASSIGN_OR_RETURN(holder.owned,
                   backend_->Open(fd_.get(), parent, O_PATH | O_DIRECTORY));
  holder.fd = holder.owned.get();
  return holder;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Dir>> OpenPosixDir(
    const std::string& path, const PosixStorageOptions& options) {
  UniqueFd fd(RetryOnEintr(
      [&] { return open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  // The path is not told: it is a name of the user's, not of the vault's.
  if (!fd.valid()) return BackingError(errno, "open the vault's folder");
  auto backend = std::make_shared<PosixBackend>(fd.get(), options);
  return std::make_unique<PosixDir>(std::move(backend), std::move(fd));
}

}  // namespace casemate
