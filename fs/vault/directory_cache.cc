#include "fs/vault/directory_cache.h"

#include <utility>

#include "base/status.h"

namespace casemate {
namespace {

// Directories are few: a charge of 1 each, and enough shards that two threads
// seldom meet, unless there would be too few entries in each.
LruTtlCacheOptions CacheOptions(size_t max_open_dirs, Metrics* metrics,
                                const Clock* clock) {
  LruTtlCacheOptions options;
  options.capacity_bytes = max_open_dirs;
  options.shards = max_open_dirs < 64 ? 1 : 8;
  options.clock = clock;
  options.hits = &metrics->cache_hits(CacheId::kDirectory);
  options.misses = &metrics->cache_misses(CacheId::kDirectory);
  options.evictions = &metrics->cache_evictions(CacheId::kDirectory);
  options.entries = &metrics->cache_entries(CacheId::kDirectory);
  return options;
}

}  // namespace

DirectoryCache::DirectoryCache(std::unique_ptr<Dir> root, NameCodec names,
                               size_t max_open_dirs, Metrics* metrics,
                               const Clock* clock)
    : root_(std::move(root)),
      store_(root_->OpenDir("d")),
      names_(std::move(names)),
      cache_(CacheOptions(max_open_dirs, metrics, clock)) {}

absl::StatusOr<std::shared_ptr<const VaultDir>> DirectoryCache::Open(
    const DirId& id) {
  if (auto cached = cache_.Get(id)) return *std::move(cached);
  ASSIGN_OR_RETURN(const Dir* const d, store());
  ASSIGN_OR_RETURN(std::unique_ptr<Dir> content,
                   d->OpenDir(names_.ContentPath(id)));
  auto dir = std::make_shared<const VaultDir>(id, std::move(content),
                                              names_.ContextFor(id));
  cache_.Put(id, dir, 1);
  return dir;
}

absl::StatusOr<DirectoryCache::Opened> DirectoryCache::OpenWithStat(
    const DirId& id) {
  for (int attempt = 0;; ++attempt) {
    Opened opened;
    ASSIGN_OR_RETURN(opened.dir, Open(id));
    ASSIGN_OR_RETURN(opened.stat, opened.dir->content().StatSelf());
    if (opened.stat.links > 0 || attempt > 0) return opened;
    Drop(id);
  }
}

absl::StatusOr<Dir*> DirectoryCache::store() const {
  RETURN_IF_ERROR(store_.status());
  return store_->get();
}

}  // namespace casemate
