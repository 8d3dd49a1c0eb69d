// Tells the kernel to forget, from a thread of its own.
#ifndef FS_FUSE_NOTIFIER_H_
#define FS_FUSE_NOTIFIER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "base/log.h"
#include "base/mutex.h"
#include "fs/core/kernel_cache.h"

struct fuse_session;

namespace casemate {

// The deadlock rule (fuse-invariants C6): a notification takes kernel locks
// that are held while a request waits for us, so it is never sent by a thread
// that answers requests, nor under a lock that one may want. Here the one
// thread that sends holds nothing.
//
// The queue is bounded and coalesces: an entry already queued is not queued
// again, and ranges of one inode are joined. When it is full a notification is
// dropped, counted and logged; nothing is lost then but freshness, which the
// timeouts of entries and attributes bound (C4).
//
// Without a session what is queued waits for one. All answers are fine (C7).
// Thread-safe.
class Notifier final : public KernelCache {
 public:
  static constexpr size_t kDefaultCapacity = 4096;

  // `logger` outlives it.
  explicit Notifier(RateLimitedLogger* logger,
                    size_t capacity = kDefaultCapacity);
  ~Notifier() override;

  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  void InvalidateEntry(Ino parent, absl::string_view name) override;
  void InvalidateInode(Ino ino, int64_t offset, int64_t length) override;
  void Delete(Ino parent, Ino child, absl::string_view name) override;

  // `session` must live until Detach() has returned.
  void Attach(fuse_session* session);
  // Waits for a notification that is being sent, so requests must still be
  // served or the connection be gone; never call it from a handler.
  void Detach();

  uint64_t dropped() const;

 private:
  enum class Kind : uint8_t { kEntry, kDelete, kInode };

  // What a notification is about: one of each is queued at most.
  struct Key {
    Kind kind = Kind::kEntry;
    Ino ino = kNoIno;    // the parent's, except for kInode
    Ino child = kNoIno;  // kDelete
    std::string name;    // kEntry, kDelete

    friend bool operator==(const Key& a, const Key& b) {
      return a.kind == b.kind && a.ino == b.ino && a.child == b.child &&
             a.name == b.name;
    }
    template <typename H>
    friend H AbslHashValue(H h, const Key& key) {
      return H::combine(std::move(h), key.kind, key.ino, key.child, key.name);
    }
  };

  struct Range {  // kInode
    int64_t offset = 0;
    int64_t length = 0;
  };

  static Range Join(const Range& a, const Range& b);
  static void Send(fuse_session* session, const Key& key, const Range& range);
  void Enqueue(Key key, Range range);
  void Run();

  RateLimitedLogger* const logger_;
  const size_t capacity_;

  mutable Mutex mu_;
  CondVar changed_;
  // Oldest first; each is a key of ranges_.
  std::deque<Key> queue_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<Key, Range> ranges_ ABSL_GUARDED_BY(mu_);
  fuse_session* session_ ABSL_GUARDED_BY(mu_) = nullptr;
  bool sending_ ABSL_GUARDED_BY(mu_) = false;
  bool quitting_ ABSL_GUARDED_BY(mu_) = false;
  uint64_t dropped_ ABSL_GUARDED_BY(mu_) = 0;

  std::thread thread_;  // last: starts when everything above is there
};

}  // namespace casemate

#endif  // FS_FUSE_NOTIFIER_H_
