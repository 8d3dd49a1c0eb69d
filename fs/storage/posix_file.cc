#include "fs/storage/posix_file.h"

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "fs/storage/backing_errno.h"
#include "fs/storage/posix_attributes.h"
#include "fs/storage/posix_backend.h"
#include "fs/storage/storage.h"

namespace casemate {
namespace {

constexpr uint64_t kMaxOffset = std::numeric_limits<off_t>::max();
static_assert(sizeof(off_t) == 8, "files larger than 2 GiB need a wide off_t");

// The part of [offset, offset + size) that a system call can name.
size_t Addressable(uint64_t offset, size_t size) {
  if (offset >= kMaxOffset) return 0;
  return static_cast<size_t>(std::min<uint64_t>(size, kMaxOffset - offset));
}

}  // namespace

absl::StatusOr<size_t> PosixFile::ReadAt(uint64_t offset,
                                         MutableBytes out) const {
  // No file reaches beyond the largest offset.
  const size_t wanted = Addressable(offset, out.size());
  size_t done = 0;
  while (done < wanted) {
    const ssize_t n = RetryOnEintr([&] {
      return pread(fd_.get(), out.data() + done, wanted - done,
                   static_cast<off_t>(offset + done));
    });
    if (n < 0) return BackingError(errno, absl::StrCat("read ", what_));
    if (n == 0) break;
    done += static_cast<size_t>(n);
  }
  return done;
}

WriteResult PosixFile::WriteAt(uint64_t offset, ConstBytes data) {
  WriteResult result;
  if (Addressable(offset, data.size()) < data.size()) {
    result.status = BackingError(EFBIG, absl::StrCat("write ", what_));
    return result;
  }
  while (result.written < data.size()) {
    const ssize_t n = RetryOnEintr([&] {
      return pwrite(fd_.get(), data.data() + result.written,
                    data.size() - result.written,
                    static_cast<off_t>(offset + result.written));
    });
    if (n <= 0) {
      // A store that takes nothing and gives no reason would loop forever.
      result.status =
          BackingError(n < 0 ? errno : EIO, absl::StrCat("write ", what_));
      return result;
    }
    result.written += static_cast<size_t>(n);
  }
  return result;
}

absl::Status PosixFile::Truncate(uint64_t size) {
  if (size > kMaxOffset) {
    return BackingError(EFBIG, absl::StrCat("truncate ", what_));
  }
  if (RetryOnEintr([&] {
        return ftruncate(fd_.get(), static_cast<off_t>(size));
      }) != 0) {
    return BackingError(errno, absl::StrCat("truncate ", what_));
  }
  return absl::OkStatus();
}

absl::Status PosixFile::SyncData() {
  if (RetryOnEintr([&] { return fdatasync(fd_.get()); }) != 0) {
    return BackingError(errno, absl::StrCat("fdatasync ", what_));
  }
  return absl::OkStatus();
}

absl::Status PosixFile::Sync() {
  if (RetryOnEintr([&] { return fsync(fd_.get()); }) != 0) {
    return BackingError(errno, absl::StrCat("fsync ", what_));
  }
  return absl::OkStatus();
}

absl::StatusOr<FileStat> PosixFile::Stat() const {
  return backend_->StatFd(fd_.get(), what_);
}

absl::Status PosixFile::SetAttributes(const AttributeChange& change) {
  return backend_->SetAttributes(fd_.get(), FdKind::kOpen, change, what_);
}

}  // namespace casemate
