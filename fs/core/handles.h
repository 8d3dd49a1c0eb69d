// What an open file or directory handle holds, one per open file description
// (H1). Here and not in fs/handle, because a handle joins an inode and an open
// file, whose rooms do not know each other.
#ifndef FS_CORE_HANDLES_H_
#define FS_CORE_HANDLES_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "base/mutex.h"
#include "fs/handle/handle_id.h"
#include "fs/handle/open_file_table.h"
#include "fs/inode/ino.h"
#include "fs/inode/inode_table.h"
#include "fs/vault/node.h"

namespace casemate {

// Access is decided at open and kept here: a request's own flags are not
// believed, for write-back of mappings carries none (H13).
class FileHandle {
 public:
  FileHandle(InodePin inode, OpenFileLease file, bool can_read, bool can_write)
      : inode_(std::move(inode)),
        file_(std::move(file)),
        can_read_(can_read),
        can_write_(can_write),
        is_first_(file_->ClaimFirst()),
        reported_errors_(file_->error_count()) {}

  const Inode& inode() const { return *inode_; }
  OpenFile& file() const { return *file_; }
  bool can_read() const { return can_read_; }
  bool can_write() const { return can_write_; }
  // Nobody had the file open through this mount when the handle was made.
  bool is_first() const { return is_first_; }

  // The deferred error this handle has not reported yet, once (H4).
  absl::Status TakeDeferredError() {
    const uint64_t count = file_->error_count();
    if (reported_errors_.exchange(count) == count) return absl::OkStatus();
    return file_->last_error();
  }
  // `error` is being told to this handle's caller now; the others hear of it
  // from their own.
  absl::Status Report(const absl::Status& error) {
    reported_errors_.store(file_->DeferError(error));
    return error;
  }

 private:
  // The pin goes last: the file may be written back while it is released.
  const InodePin inode_;
  const OpenFileLease file_;
  const bool can_read_;
  const bool can_write_;
  const bool is_first_;
  std::atomic<uint64_t> reported_errors_;
};

// The names of a directory as they were when the listing began.
using Listing = std::vector<ListedNode>;

class DirectoryHandle {
 public:
  explicit DirectoryHandle(InodePin inode) : inode_(std::move(inode)) {}

  const Inode& inode() const { return *inode_; }
  // Null before the first listing.
  std::shared_ptr<const Listing> listing() const {
    MutexLock lock(&mu_);
    return listing_;
  }
  void set_listing(std::shared_ptr<const Listing> listing) {
    MutexLock lock(&mu_);
    listing_ = std::move(listing);
  }

 private:
  const InodePin inode_;
  mutable Mutex mu_;
  std::shared_ptr<const Listing> listing_ ABSL_GUARDED_BY(mu_);
};

// Files that a rename replaced and that the kernel may still open by number.
// Thread-safe.
class ReplacedFiles {
 public:
  // What the kernel has been slow to forget beyond this is let go of: each
  // costs a descriptor.
  static constexpr size_t kMost = 64;

  void Keep(Ino ino, OpenFileLease file) {
    MutexLock lock(&mu_);
    if (files_.size() < kMost) files_.emplace(ino, std::move(file));
  }
  void Drop(Ino ino) {
    OpenFileLease dropped;  // closes after the lock
    MutexLock lock(&mu_);
    const auto it = files_.find(ino);
    if (it == files_.end()) return;
    dropped = std::move(it->second);
    files_.erase(it);
  }

 private:
  Mutex mu_;
  absl::flat_hash_map<Ino, OpenFileLease> files_ ABSL_GUARDED_BY(mu_);
};

// A handle as plain values, for a successor process.
struct HandleRecord {
  HandleId id{};
  Ino ino = kNoIno;
  bool is_directory = false;
  bool can_read = false;
  bool can_write = false;
};

}  // namespace casemate

#endif  // FS_CORE_HANDLES_H_
