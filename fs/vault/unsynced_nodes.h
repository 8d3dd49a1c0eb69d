// Which node directories hold names that no fsync has covered yet.
//
// fsync of a content directory makes its entries durable, but not what lies
// inside them: a shortened node's files and a symbolic link's are one level
// down. SyncDirectory asks here which of them to sync first.
#ifndef FS_VAULT_UNSYNCED_NODES_H_
#define FS_VAULT_UNSYNCED_NODES_H_

#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/mutex.h"
#include "fs/vault/dir_id.h"
#include "fs/vault/node.h"

namespace casemate {

// Thread-safe.
class UnsyncedNodes {
 public:
  // The node directory `entry` of `parent` has changed. When many are
  // remembered already it is synced at once, and remembered if that fails.
  void Add(const VaultDir& parent, absl::string_view entry);
  // Syncs what Add was told about `parent`; on failure it stays to be synced.
  absl::Status Sync(const VaultDir& parent);
  // The directory is gone.
  void Forget(const DirId& id);

 private:
  using Entries = absl::flat_hash_set<std::string>;

  void Remember(const DirId& id, absl::string_view entry);
  bool IsFull() const;

  mutable Mutex mu_;
  absl::flat_hash_map<DirId, Entries> entries_ ABSL_GUARDED_BY(mu_);
  size_t count_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace casemate

#endif  // FS_VAULT_UNSYNCED_NODES_H_
