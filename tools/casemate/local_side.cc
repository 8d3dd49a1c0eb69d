#include "tools/casemate/local_side.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "crypto/secret/secret_bytes.h"
#include "fs/storage/unique_fd.h"
#include "tools/casemate/cli_error.h"
#include "tools/casemate/temporary_name.h"

namespace casemate {
namespace {

constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

// The last error, as the user knows it.
absl::Status LastError() {
  const int error = errno;
  if (error == EEXIST || error == EISDIR || error == ENOTEMPTY) {
    return CliError(ExitCode::kExists, "it exists already",
                    error == EEXIST
                        ? "Use --force to replace it."
                        : "A folder is never replaced by something else.");
  }
  return WithErrno(
      CliError(ExitCode::kOther, std::generic_category().message(error)),
      error);
}

absl::Status LastErrorUnless(bool ok) {
  return ok ? absl::OkStatus() : LastError();
}

// A name as system calls want it.
const char* C(const std::string& name) { return name.c_str(); }

CopyNode Describe(const struct stat& stat) {
  CopyNode node;
  if (S_ISREG(stat.st_mode)) node.kind = NodeKind::kFile;
  if (S_ISDIR(stat.st_mode)) node.kind = NodeKind::kDirectory;
  if (S_ISLNK(stat.st_mode)) node.kind = NodeKind::kSymlink;
  node.permissions = stat.st_mode & 07777;
  node.size = S_ISREG(stat.st_mode) ? stat.st_size : 0;
  node.atime = stat.st_atim;
  node.mtime = stat.st_mtim;
  return node;
}

absl::StatusOr<CopyNode> DescribeAt(int folder, absl::string_view name) {
  struct stat stat = {};
  if (fstatat(folder, C(std::string(name)), &stat, AT_SYMLINK_NOFOLLOW) != 0) {
    return LastError();
  }
  return Describe(stat);
}

absl::StatusOr<UniqueFd> OpenAt(int folder, absl::string_view name, int flags) {
  UniqueFd fd(
      openat(folder, C(std::string(name)), flags | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid()) return LastError();
  return fd;
}

class LocalSource final : public SourceFolder {
 public:
  LocalSource(UniqueFd fd, absl::optional<LocalId> forbidden)
      : fd_(std::move(fd)), forbidden_(forbidden) {}

  absl::StatusOr<std::vector<std::string>> List() override {
    // A descriptor of its own: closedir closes it.
    const int copy = openat(fd_.get(), ".", kFolderFlags);
    DIR* const stream = copy < 0 ? nullptr : fdopendir(copy);
    if (stream == nullptr) return LastError();
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = readdir(stream)) {
      const absl::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
      errno = 0;
    }
    const absl::Status status = LastErrorUnless(errno == 0);
    closedir(stream);
    RETURN_IF_ERROR(status);
    std::sort(names.begin(), names.end());
    return names;
  }

  absl::StatusOr<CopyNode> Describe(absl::string_view name) override {
    return DescribeAt(fd_.get(), name);
  }

  absl::StatusOr<CopyNode> DescribeSelf() override {
    struct stat stat = {};
    if (fstat(fd_.get(), &stat) != 0) return LastError();
    return casemate::Describe(stat);
  }

  absl::StatusOr<std::unique_ptr<SourceFolder>> Open(
      absl::string_view name) override {
    ASSIGN_OR_RETURN(UniqueFd fd, OpenAt(fd_.get(), name, kFolderFlags));
    struct stat stat = {};
    if (fstat(fd.get(), &stat) != 0) return LastError();
    if (forbidden_ && stat.st_dev == forbidden_->device &&
        stat.st_ino == forbidden_->inode) {
      return CliError(ExitCode::kOther,
                      "this is the vault, which is not copied into itself");
    }
    return std::make_unique<LocalSource>(std::move(fd), forbidden_);
  }

  absl::StatusOr<std::string> ReadLink(absl::string_view name) override {
    std::string target(PATH_MAX, '\0');
    const ssize_t size = readlinkat(fd_.get(), C(std::string(name)),
                                    target.data(), target.size());
    if (size < 0) return LastError();
    target.resize(size);
    return target;
  }

  absl::Status Read(
      absl::string_view name,
      const std::function<absl::Status(ConstBytes)>& sink) override {
    // Nonblocking: a fifo that has taken the file's place must not hold us up.
    ASSIGN_OR_RETURN(const UniqueFd fd,
                     OpenAt(fd_.get(), name, O_RDONLY | O_NONBLOCK | O_NOCTTY));
    struct stat stat = {};
    if (fstat(fd.get(), &stat) != 0) return LastError();
    if (!S_ISREG(stat.st_mode)) {
      return CliError(ExitCode::kOther, "this is no regular file any more");
    }
    SecretBytes block(kCopyBlockSize);  // wiped afterwards
    while (true) {
      const ssize_t size =
          read(fd.get(), block.mutable_bytes().data(), kCopyBlockSize);
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) return LastError();
      if (size == 0) return absl::OkStatus();
      RETURN_IF_ERROR(sink(block.bytes().first(size)));
    }
  }

 private:
  const UniqueFd fd_;
  const absl::optional<LocalId> forbidden_;
};

// Gives the finished `temporary` its name.
absl::Status Publish(int folder, const std::string& temporary,
                     const std::string& name, Overwrite overwrite) {
  if (overwrite == Overwrite::kYes) {
    return LastErrorUnless(renameat(folder, C(temporary), folder, C(name)) ==
                           0);
  }
  if (renameat2(folder, C(temporary), folder, C(name), RENAME_NOREPLACE) == 0) {
    return absl::OkStatus();
  }
  if (errno != EINVAL && errno != ENOSYS) return LastError();
  // The file system cannot do both in one step: look first.
  if (DescribeAt(folder, name).ok()) {
    errno = EEXIST;
    return LastError();
  }
  return LastErrorUnless(renameat(folder, C(temporary), folder, C(name)) == 0);
}

struct Times {
  explicit Times(const CopyAttributes& attributes) {
    const timespec unchanged = {0, UTIME_OMIT};
    values[0] = attributes.atime.value_or(unchanged);
    values[1] = attributes.mtime.value_or(unchanged);
  }
  timespec values[2];
};

// Of an open file or folder.
absl::Status SetAttributesOf(int fd, const CopyAttributes& attributes) {
  if (fchmod(fd, attributes.permissions) != 0) {
    const bool is_lacking = errno == EPERM || errno == EOPNOTSUPP;
    if (attributes.permissions_matter || !is_lacking) return LastError();
  }
  return LastErrorUnless(futimens(fd, Times(attributes).values) == 0);
}

// A node under a temporary name: gone with this, unless it got its own.
class Temporary {
 public:
  Temporary(int folder, std::string name)
      : folder_(folder), name_(std::move(name)) {}
  ~Temporary() {
    if (!name_.empty()) unlinkat(folder_, C(name_), 0);
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  absl::Status Publish(absl::string_view name, Overwrite overwrite) {
    RETURN_IF_ERROR(
        casemate::Publish(folder_, name_, std::string(name), overwrite));
    name_.clear();
    return absl::OkStatus();
  }

 private:
  const int folder_;
  std::string name_;
};

class LocalNewFile final : public NewFile {
 public:
  LocalNewFile(int folder, UniqueFd fd, std::string name)
      : temporary_(folder, std::move(name)), fd_(std::move(fd)) {}

  absl::Status Append(ConstBytes data) override {
    while (!data.empty()) {
      const ssize_t count = write(fd_.get(), data.data(), data.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return LastError();
      data.remove_prefix(count);
    }
    return absl::OkStatus();
  }

  absl::Status Commit(absl::string_view name, const CopyAttributes& attributes,
                      Overwrite overwrite) override {
    RETURN_IF_ERROR(SetAttributesOf(fd_.get(), attributes));
    RETURN_IF_ERROR(LastErrorUnless(fsync(fd_.get()) == 0));
    return temporary_.Publish(name, overwrite);
  }

 private:
  Temporary temporary_;
  const UniqueFd fd_;
};

class LocalTarget final : public TargetFolder {
 public:
  LocalTarget(UniqueFd fd, RandomSource* random)
      : fd_(std::move(fd)), random_(random) {}

  absl::StatusOr<absl::optional<CopyNode>> Find(
      absl::string_view name) override {
    absl::StatusOr<CopyNode> node = DescribeAt(fd_.get(), name);
    if (node.ok()) return absl::make_optional(*node);
    if (ErrnoOf(node.status()) == ENOENT) return absl::optional<CopyNode>();
    return node.status();
  }

  absl::Status MakeFolder(absl::string_view name) override {
    return LastErrorUnless(mkdirat(fd_.get(), C(std::string(name)), 0700) == 0);
  }

  absl::StatusOr<std::unique_ptr<TargetFolder>> Open(
      absl::string_view name) override {
    ASSIGN_OR_RETURN(UniqueFd fd, OpenAt(fd_.get(), name, kFolderFlags));
    return std::make_unique<LocalTarget>(std::move(fd), random_);
  }

  absl::StatusOr<std::unique_ptr<NewFile>> MakeFile() override {
    std::string name = NewTemporaryName(*random_);
    UniqueFd fd(openat(fd_.get(), C(name),
                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                       0600));
    if (!fd.valid()) return LastError();
    return std::make_unique<LocalNewFile>(fd_.get(), std::move(fd),
                                          std::move(name));
  }

  absl::Status MakeLink(absl::string_view name, const std::string& link_target,
                        const CopyAttributes& attributes,
                        Overwrite overwrite) override {
    const std::string temporary_name = NewTemporaryName(*random_);
    RETURN_IF_ERROR(LastErrorUnless(
        symlinkat(C(link_target), fd_.get(), C(temporary_name)) == 0));
    Temporary temporary(fd_.get(), temporary_name);
    RETURN_IF_ERROR(LastErrorUnless(utimensat(fd_.get(), C(temporary_name),
                                              Times(attributes).values,
                                              AT_SYMLINK_NOFOLLOW) == 0));
    return temporary.Publish(name, overwrite);
  }

  absl::Status SetAttributes(const CopyAttributes& attributes) override {
    return SetAttributesOf(fd_.get(), attributes);
  }

  absl::Status Sync() override {
    return LastErrorUnless(fsync(fd_.get()) == 0);
  }

 private:
  const UniqueFd fd_;
  RandomSource* const random_;
};

absl::StatusOr<UniqueFd> OpenPath(const std::string& path) {
  UniqueFd fd(open(C(path), kFolderFlags));
  if (!fd.valid()) return LastError();
  return fd;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SourceFolder>> OpenLocalSource(
    const std::string& path, const absl::optional<LocalId>& forbidden) {
  ASSIGN_OR_RETURN(UniqueFd fd, OpenPath(path));
  return std::make_unique<LocalSource>(std::move(fd), forbidden);
}

absl::StatusOr<std::unique_ptr<TargetFolder>> OpenLocalTarget(
    const std::string& path, RandomSource* random) {
  ASSIGN_OR_RETURN(UniqueFd fd, OpenPath(path));
  return std::make_unique<LocalTarget>(std::move(fd), random);
}

}  // namespace casemate
