// An open regular file of this machine.
#ifndef FS_STORAGE_POSIX_FILE_H_
#define FS_STORAGE_POSIX_FILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "fs/storage/posix_backend.h"
#include "fs/storage/storage.h"
#include "fs/storage/unique_fd.h"

namespace casemate {

class PosixFile final : public File {
 public:
  // `fd` is open for `access`; `what` is its ciphertext path, for messages.
  PosixFile(std::shared_ptr<PosixBackend> backend, UniqueFd fd, Access access,
            std::string what)
      : backend_(std::move(backend)),
        fd_(std::move(fd)),
        access_(access),
        what_(std::move(what)) {}

  absl::StatusOr<size_t> ReadAt(uint64_t offset,
                                MutableBytes out) const override;
  WriteResult WriteAt(uint64_t offset, ConstBytes data) override;
  absl::Status Truncate(uint64_t size) override;
  absl::Status SyncData() override;
  absl::Status Sync() override;
  absl::StatusOr<FileStat> Stat() const override;
  absl::Status SetAttributes(const AttributeChange& change) override;
  bool writable() const override { return access_ == Access::kReadWrite; }

 private:
  const std::shared_ptr<PosixBackend> backend_;
  const UniqueFd fd_;
  const Access access_;
  const std::string what_;
};

}  // namespace casemate

#endif  // FS_STORAGE_POSIX_FILE_H_
