// Content directories by id, opened once and kept: opening one costs an
// AES-SIV, a SHA-1 and two system calls.
#ifndef FS_VAULT_DIRECTORY_CACHE_H_
#define FS_VAULT_DIRECTORY_CACHE_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "cache/lru_ttl_cache.h"
#include "fs/storage/storage.h"
#include "fs/vault/dir_id.h"
#include "fs/vault/name_codec.h"
#include "fs/vault/node.h"
#include "ops/metrics/metrics.h"

namespace casemate {

// Thread-safe.
class DirectoryCache {
 public:
  // `root` holds d/. `metrics` and `clock` outlive the cache.
  DirectoryCache(std::unique_ptr<Dir> root, NameCodec names,
                 size_t max_open_dirs, Metrics* metrics, const Clock* clock);

  // The open directory for `id`. ENOENT when its content directory is missing.
  absl::StatusOr<std::shared_ptr<const VaultDir>> Open(const DirId& id);

  // The same with the directory's attributes, which prove that it still
  // exists: one that another client removed and made anew is opened again.
  struct Opened {
    std::shared_ptr<const VaultDir> dir;
    FileStat stat;
  };
  absl::StatusOr<Opened> OpenWithStat(const DirId& id);

  // Forgets `id`: its content directory is gone.
  void Drop(const DirId& id) { cache_.Erase(id); }

  // d/ itself. EIO or what the store answered when it could not be opened.
  absl::StatusOr<Dir*> store() const;
  const NameCodec& names() const { return names_; }

 private:
  const std::unique_ptr<Dir> root_;
  const absl::StatusOr<std::unique_ptr<Dir>> store_;
  const NameCodec names_;
  LruTtlCache<DirId, std::shared_ptr<const VaultDir>> cache_;
};

}  // namespace casemate

#endif  // FS_VAULT_DIRECTORY_CACHE_H_
