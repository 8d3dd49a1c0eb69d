// A map that forgets: least recently used first when it is full, and whatever
// is older than its time to live.
//
//   LruTtlCache<ChunkKey, std::shared_ptr<const Chunk>> chunks(options);
//   chunks.Put(key, chunk, chunk->size());
//   if (auto chunk = chunks.Get(key)) ...
//
// Charge: each entry says how many bytes it stands for, and the sum of all
// charges never exceeds the capacity. The cache adds nothing for its own nodes,
// so a caller with tiny values charges for them.
//
// Shards: keys are spread over independent caches by hash, each with its own
// lock, an equal part of the capacity, and strict LRU order within. A shard's
// lock is the last in the lock order: nothing is called while it is held but
// Key's equality and hash, Value's copy, and EraseIf's predicate. Values are
// destroyed after it is released.
//
// What it does not do: a Get that missed, a load and a Put are three steps. If
// the object can change between them, the caller's lock must cover them.
#ifndef CACHE_LRU_TTL_CACHE_H_
#define CACHE_LRU_TTL_CACHE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <list>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "ops/metrics/metrics.h"

namespace casemate {

struct LruTtlCacheOptions {
  // The sum of all charges; each shard has capacity_bytes / shards of it.
  size_t capacity_bytes = 0;
  size_t shards = 8;  // a power of two
  // An entry is gone once it has been in the cache for so long; reading it does
  // not make it younger. `clock` may be null while this is infinite.
  absl::Duration ttl = absl::InfiniteDuration();
  const Clock* clock = nullptr;

  // Each may be null, is shared with whoever else counts there, and outlives
  // the cache. An expired entry is a miss and no eviction.
  Counter* hits = nullptr;
  Counter* misses = nullptr;
  Counter* evictions = nullptr;  // for want of room only
  Gauge* bytes = nullptr;
  Gauge* entries = nullptr;
};

// Thread-safe. `Value` is copied out by Get: use a shared_ptr for what is large
// or must outlive its eviction.
template <class Key, class Value, class Hash = absl::Hash<Key>>
class LruTtlCache {
 public:
  using Options = LruTtlCacheOptions;

  explicit LruTtlCache(const Options& options)
      : options_(options),
        shard_capacity_(options.capacity_bytes /
                        std::max<size_t>(options.shards, 1)) {
    CHECK(options.shards > 0 && (options.shards & (options.shards - 1)) == 0,
          "the number of cache shards is a power of two");
    CHECK(options.clock != nullptr || options.ttl == absl::InfiniteDuration(),
          "a cache with a time to live needs a clock");
    shards_.reserve(options.shards);
    for (size_t i = 0; i < options.shards; ++i) {
      shards_.push_back(std::make_unique<Shard>());
    }
  }
  ~LruTtlCache() { Clear(); }

  LruTtlCache(const LruTtlCache&) = delete;
  LruTtlCache& operator=(const LruTtlCache&) = delete;

  // The value of `key`, which becomes the most recently used of its shard.
  absl::optional<Value> Get(const Key& key) {
    const absl::Duration now = Now();
    absl::optional<Value> value;
    Entries removed;
    {
      Shard& shard = ShardOf(key);
      MutexLock lock(&shard.mu);
      if (const auto found = shard.index.find(key);
          found != shard.index.end()) {
        const Position position = *found;
        if (position->expires <= now) {
          Remove(shard, position, removed);
        } else {
          shard.lru.splice(shard.lru.begin(), shard.lru, position);
          value = position->value;
        }
      }
    }
    if (Counter* const counter = value ? options_.hits : options_.misses) {
      counter->Increment();
    }
    Settle(0, 0, removed);
    return value;
  }

  // Sets the value of `key`, pushing out what is least recently used until
  // there is room. What alone exceeds a shard's capacity is not kept, and a
  // former value of `key` is gone then too. A charge of 0 counts as 1, so that
  // the number of entries is bounded as well.
  void Put(Key key, Value value, size_t charge) {
    charge = std::max<size_t>(charge, 1);
    if (charge > shard_capacity_) {
      Erase(key);
      return;
    }
    // The node is made before the lock is taken.
    Entries added;
    added.push_front(Entry{std::move(key), std::move(value), charge, Expiry()});
    Entries removed;
    size_t evicted = 0;
    {
      Shard& shard = ShardOf(added.front().key);
      MutexLock lock(&shard.mu);
      if (const auto found = shard.index.find(added.front().key);
          found != shard.index.end()) {
        Remove(shard, *found, removed);
      }
      while (shard.bytes + charge > shard_capacity_) {
        Remove(shard, std::prev(shard.lru.end()), removed);
        ++evicted;
      }
      shard.bytes += charge;
      shard.lru.splice(shard.lru.begin(), added);
      shard.index.insert(shard.lru.begin());
    }
    if (evicted > 0 && options_.evictions != nullptr) {
      options_.evictions->Increment(evicted);
    }
    Settle(charge, 1, removed);
  }

  void Erase(const Key& key) {
    Entries removed;
    {
      Shard& shard = ShardOf(key);
      MutexLock lock(&shard.mu);
      if (const auto found = shard.index.find(key);
          found != shard.index.end()) {
        Remove(shard, *found, removed);
      }
    }
    Settle(0, 0, removed);
  }

  // Erases every entry whose key satisfies `predicate(const Key&)` and returns
  // how many. Looks at all entries, one shard at a time, under its lock: the
  // predicate must be quick and must not use the cache.
  template <class Predicate>
  size_t EraseIf(Predicate predicate) {
    size_t erased = 0;
    for (const std::unique_ptr<Shard>& owned : shards_) {
      Shard& shard = *owned;
      Entries removed;
      {
        MutexLock lock(&shard.mu);
        for (Position next = shard.lru.begin(); next != shard.lru.end();) {
          const Position position = next++;
          if (predicate(std::as_const(position->key))) {
            Remove(shard, position, removed);
          }
        }
      }
      erased += removed.size();
      Settle(0, 0, removed);
    }
    return erased;
  }

  void Clear() {
    EraseIf([](const Key&) { return true; });
  }

  // The sum of all charges, and the number of entries, expired ones included.
  // Under concurrent changes each shard is counted at its own moment.
  size_t bytes() const {
    size_t sum = 0;
    for (const std::unique_ptr<Shard>& shard : shards_) {
      MutexLock lock(&shard->mu);
      sum += shard->bytes;
    }
    return sum;
  }
  size_t entries() const {
    size_t sum = 0;
    for (const std::unique_ptr<Shard>& shard : shards_) {
      MutexLock lock(&shard->mu);
      sum += shard->lru.size();
    }
    return sum;
  }

 private:
  struct Entry {
    Key key;
    Value value;
    size_t charge;
    absl::Duration expires;
  };
  using Entries = std::list<Entry>;
  using Position = typename Entries::iterator;

  // The index finds list positions by the key that lies in the list, so that a
  // key is stored once.
  static const Key& KeyOf(const Key& key) { return key; }
  static const Key& KeyOf(const Position& position) { return position->key; }
  struct KeyHash {
    using is_transparent = void;
    template <class T>
    size_t operator()(const T& t) const {
      return Hash()(KeyOf(t));
    }
  };
  struct KeyEqual {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return KeyOf(a) == KeyOf(b);
    }
  };

  struct Shard {
    mutable Mutex mu;
    Entries lru ABSL_GUARDED_BY(mu);  // most recently used first
    absl::flat_hash_set<Position, KeyHash, KeyEqual> index ABSL_GUARDED_BY(mu);
    size_t bytes ABSL_GUARDED_BY(mu) = 0;
  };

  Shard& ShardOf(const Key& key) {
    // The index within a shard uses the low bits of the same hash: take the
    // high ones, mixed for the sake of a hash that leaves them empty.
    const uint64_t mixed = uint64_t{Hash()(key)} * 0x9e3779b97f4a7c15;
    return *shards_[(mixed >> 40) & (shards_.size() - 1)];
  }

  // Moves an entry to `removed`, to be destroyed without the lock.
  static void Remove(Shard& shard, Position position, Entries& removed)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mu) {
    shard.index.erase(position);
    shard.bytes -= position->charge;
    removed.splice(removed.end(), shard.lru, position);
  }

  absl::Duration Now() const {
    return options_.clock == nullptr ? absl::ZeroDuration()
                                     : options_.clock->Monotonic();
  }
  absl::Duration Expiry() const { return Now() + options_.ttl; }

  // Brings the gauges up to date.
  void Settle(size_t added_bytes, size_t added_entries,
              const Entries& removed) const {
    int64_t bytes = static_cast<int64_t>(added_bytes);
    for (const Entry& entry : removed) {
      bytes -= static_cast<int64_t>(entry.charge);
    }
    const int64_t entries = static_cast<int64_t>(added_entries) -
                            static_cast<int64_t>(removed.size());
    if (bytes != 0 && options_.bytes != nullptr) options_.bytes->Add(bytes);
    if (entries != 0 && options_.entries != nullptr) {
      options_.entries->Add(entries);
    }
  }

  const Options options_;
  const size_t shard_capacity_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace casemate

#endif  // CACHE_LRU_TTL_CACHE_H_
