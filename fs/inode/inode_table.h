// The nodes that the kernel knows or that we are working on.
//
// A node is indexed by its backing object (BackingId): two names of one object
// are one node, and a rename keeps it. Where it lies, (parent directory's id,
// entry), is its location, which rename changes.
//
// Lifetime (fuse-invariants L1-L14): a node is addressable while its lookup
// count or its pin count is above zero. Every request in progress and every
// open handle holds a pin, so FORGET may arrive before RELEASE, or in the
// middle of another request. "Zero, therefore erase" and "found, therefore one
// more" are decided under one lock. The root is never erased.
//
// A removed node (unlinked, replaced) leaves the index at once, because the
// store reuses inode numbers; it stays addressable by Ino with the attributes
// it had, until it is forgotten.
//
// This room knows no ciphertext beyond the opaque entry and id it is handed,
// and holds no file descriptors. No system call is made under its lock.
#ifndef FS_INODE_INODE_TABLE_H_
#define FS_INODE_INODE_TABLE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/types/optional.h"
#include "base/mutex.h"
#include "fs/inode/ino.h"
#include "fs/storage/storage.h"
#include "fs/vault/dir_id.h"
#include "fs/vault/node_kind.h"
#include "ops/metrics/metrics.h"

namespace casemate {

// Where a node lies: the entry of its parent's content directory.
struct Location {
  std::shared_ptr<const DirId> parent;  // null for the root
  std::string entry;

  friend bool operator==(const Location& a, const Location& b) {
    const bool same_parent = a.parent == b.parent ||
                             (a.parent && b.parent && *a.parent == *b.parent);
    return same_parent && a.entry == b.entry;
  }
};

// The part of a node that never changes. Its address is stable while pinned.
class Inode {
 public:
  Inode(Ino ino, NodeKind kind, std::shared_ptr<const DirId> dir_id);

  Ino ino() const { return ino_; }
  NodeKind kind() const { return kind_; }
  // Directories only; null otherwise. Shared with the locations of children.
  const std::shared_ptr<const DirId>& dir_id() const { return dir_id_; }
  // Directories only. Held shared to look a name up and enter its node in the
  // table, exclusively to change a name: between the two nobody can remove the
  // object and have its inode number reused.
  SharedMutex& children_mu() const { return *children_mu_; }

 private:
  const Ino ino_;
  const NodeKind kind_;
  const std::shared_ptr<const DirId> dir_id_;
  const std::unique_ptr<SharedMutex> children_mu_;
};

class InodeTable;

// Keeps a node addressable. Move-only; empty when default-constructed or when
// the node was not found. May be destroyed on any thread.
class InodePin {
 public:
  InodePin() = default;
  InodePin(InodePin&& other) noexcept;
  InodePin& operator=(InodePin&& other) noexcept;
  ~InodePin() { Release(); }

  explicit operator bool() const { return inode_ != nullptr; }
  const Inode& operator*() const { return *inode_; }
  const Inode* operator->() const { return inode_; }

 private:
  friend class InodeTable;
  InodePin(InodeTable* table, const Inode* inode)
      : table_(table), inode_(inode) {}
  void Release();

  InodeTable* table_ = nullptr;
  const Inode* inode_ = nullptr;
};

// One node as plain values, for a successor process.
struct InodeRecord {
  Ino ino = kNoIno;
  NodeKind kind = NodeKind::kFile;
  std::string dir_id;  // directories
  std::string parent_dir_id;
  std::string entry;
  BackingId backing;
  uint64_t lookups = 0;
  absl::optional<FileStat> removed;  // last attributes of a removed node
};

// What to enter for a node just found in its parent.
struct FoundInode {
  BackingId backing;
  NodeKind kind = NodeKind::kFile;
  Location location;
  absl::optional<DirId> dir_id;  // directories
};

// Thread-safe.
class InodeTable {
 public:
  // `metrics` may be null.
  InodeTable(const BackingId& root_backing, Metrics* metrics);
  ~InodeTable();

  InodePin Root();
  // Empty when there is no such node (ESTALE).
  InodePin Find(Ino ino);
  // The live node of a backing object, if any.
  InodePin FindByBacking(const BackingId& backing);
  // The live directory with this id, if any.
  InodePin FindDirectory(const DirId& id);

  // The node of `found`, made if need be, with one more lookup. A live node of
  // the same object gets the location given; one of another kind is replaced
  // (L10), its number having been reused behind us.
  InodePin Enter(const FoundInode& found);
  // Subtracts `count` lookups; clamps at zero and counts an underflow (L5).
  // True when the kernel cannot name the node any more.
  bool Forget(Ino ino, uint64_t count);

  // Whether the kernel holds a lookup of it, and so may name it.
  bool IsKnownToKernel(const Inode& inode) const;
  Location LocationOf(const Inode& inode) const;
  BackingId BackingOf(const Inode& inode) const;
  void Move(const Inode& inode, Location location);
  // The object is gone from the store, with these attributes last.
  void MarkRemoved(const Inode& inode, const FileStat& last);
  // The attributes at removal; absent while the node is not removed.
  absl::optional<FileStat> RemovedStat(const Inode& inode) const;
  // Where the directory with this id lies; absent when no live node has it.
  absl::optional<Location> LocationOfDirectory(const DirId& id) const;

  size_t size() const;

  std::vector<InodeRecord> Export() const;
  // Into an empty table (only the root in it). Ino numbering continues after
  // the highest one.
  void Import(const std::vector<InodeRecord>& records);

 private:
  friend class InodePin;

  struct Slot {
    std::unique_ptr<Inode> inode;
    BackingId backing;
    Location location;
    uint64_t lookups = 0;
    uint32_t pins = 0;
    std::unique_ptr<FileStat> removed;  // set once removed
  };

  void Unpin(const Inode* inode);
  InodePin PinLocked(Slot& slot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  Slot& InsertLocked(const FoundInode& found)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void LeaveIndexLocked(const Slot& slot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The node's memory when nothing keeps it any more, for the caller to free
  // after the lock.
  std::unique_ptr<Inode> EraseIfUnusedLocked(Ino ino)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void UpdateGaugeLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  Metrics* const metrics_;
  mutable Mutex mu_;
  absl::flat_hash_map<Ino, Slot> slots_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<BackingId, Ino> by_backing_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<DirId, Ino> by_dir_id_ ABSL_GUARDED_BY(mu_);
  uint64_t next_ino_ ABSL_GUARDED_BY(mu_) = 2;
};

}  // namespace casemate

#endif  // FS_INODE_INODE_TABLE_H_
