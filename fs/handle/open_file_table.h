// One OpenFile per node that is open, shared by all its handles (H10).
#ifndef FS_HANDLE_OPEN_FILE_TABLE_H_
#define FS_HANDLE_OPEN_FILE_TABLE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "base/log.h"
#include "base/mutex.h"
#include "fs/handle/open_file.h"
#include "fs/inode/ino.h"
#include "ops/metrics/metrics.h"

namespace casemate {

class OpenFileTable;

namespace internal {

// Serialises the opening and the last closing of one file, so that there is
// never a second OpenFile while the first still has something to write.
struct OpenFileSlot {
  Mutex mu;
  std::shared_ptr<OpenFile> file ABSL_GUARDED_BY(mu);
  uint32_t users = 0;  // guarded by the table's lock
};

}  // namespace internal

// A share in an open file. Move-only. The last one to go writes back; what
// cannot be written then is lost, logged and counted, since nobody is left to
// be told (H4).
class OpenFileLease {
 public:
  OpenFileLease() = default;
  OpenFileLease(OpenFileLease&& other) noexcept { Swap(other); }
  OpenFileLease& operator=(OpenFileLease&& other) noexcept {
    OpenFileLease taken(std::move(other));
    Swap(taken);
    return *this;
  }
  ~OpenFileLease();

  explicit operator bool() const { return file_ != nullptr; }
  OpenFile& operator*() const { return *file_; }
  OpenFile* operator->() const { return file_.get(); }

 private:
  friend class OpenFileTable;
  OpenFileLease(OpenFileTable* table, Ino ino,
                std::shared_ptr<internal::OpenFileSlot> slot,
                std::shared_ptr<OpenFile> file)
      : table_(table),
        ino_(ino),
        slot_(std::move(slot)),
        file_(std::move(file)) {}
  void Swap(OpenFileLease& other) noexcept {
    std::swap(table_, other.table_);
    std::swap(ino_, other.ino_);
    std::swap(slot_, other.slot_);
    std::swap(file_, other.file_);
  }

  OpenFileTable* table_ = nullptr;
  Ino ino_ = kNoIno;
  std::shared_ptr<internal::OpenFileSlot> slot_;
  std::shared_ptr<OpenFile> file_;
};

// Thread-safe. Openers run under the file's slot, never under the table's lock:
// a store that blocks stops only those who want the same file.
class OpenFileTable {
 public:
  using Opener = std::function<absl::StatusOr<std::shared_ptr<OpenFile>>()>;

  explicit OpenFileTable(RateLimitedLogger* logger) : logger_(logger) {}
  ~OpenFileTable();

  // The open file of `ino`; made by `opener` when there is none.
  absl::StatusOr<OpenFileLease> Acquire(Ino ino, const Opener& opener);
  // Empty when it is not open.
  OpenFileLease FindOpen(Ino ino);
  // Every open file, for upkeep.
  std::vector<OpenFileLease> All();

  size_t size() const;

 private:
  friend class OpenFileLease;
  using SlotPtr = std::shared_ptr<internal::OpenFileSlot>;

  void Release(Ino ino, internal::OpenFileSlot& slot);
  // Takes a share away; true when it was the last and the slot is gone.
  bool DropUser(Ino ino, internal::OpenFileSlot& slot);
  bool IsLastUser(const internal::OpenFileSlot& slot) const;

  RateLimitedLogger* const logger_;
  mutable Mutex mu_;
  absl::flat_hash_map<Ino, SlotPtr> slots_ ABSL_GUARDED_BY(mu_);
};

}  // namespace casemate

#endif  // FS_HANDLE_OPEN_FILE_TABLE_H_
