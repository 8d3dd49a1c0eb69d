#include "cache/lru_ttl_cache.h"

#include <cstdint>
#include <list>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "gtest/gtest.h"
#include "ops/metrics/metrics.h"
#include "rapidcheck/gtest.h"
#include "testing/fakes/fake_clock.h"

namespace casemate {
namespace {

using IntCache = LruTtlCache<int, int>;

IntCache::Options OneShard(size_t capacity) {
  IntCache::Options options;
  options.capacity_bytes = capacity;
  options.shards = 1;
  return options;
}

TEST(LruTtlCacheTest, GetReturnsWhatWasPutLast) {
  IntCache cache(OneShard(10));
  EXPECT_EQ(cache.Get(1), absl::nullopt);
  cache.Put(1, 100, 3);
  cache.Put(1, 101, 4);
  EXPECT_EQ(cache.Get(1), 101);
  EXPECT_EQ(cache.bytes(), 4);
  EXPECT_EQ(cache.entries(), 1);
}

TEST(LruTtlCacheTest, LeastRecentlyUsedGoesFirst) {
  IntCache cache(OneShard(3));
  for (int key : {1, 2, 3}) cache.Put(key, key, 1);
  cache.Get(1);
  cache.Put(4, 4, 2);
  EXPECT_EQ(cache.Get(2), absl::nullopt);
  EXPECT_EQ(cache.Get(3), absl::nullopt);
  EXPECT_EQ(cache.Get(1), 1);
  EXPECT_EQ(cache.Get(4), 4);
}

TEST(LruTtlCacheTest, ReplacingCountsItsOwnFormerChargeAsRoom) {
  IntCache cache(OneShard(4));
  cache.Put(1, 1, 2);
  cache.Put(2, 2, 2);
  cache.Put(2, 3, 2);
  EXPECT_EQ(cache.Get(1), 1);
  EXPECT_EQ(cache.Get(2), 3);
}

TEST(LruTtlCacheTest, WhatExceedsAShardIsNotKeptNorIsItsPredecessor) {
  IntCache::Options options = OneShard(8);
  options.shards = 2;
  IntCache cache(options);
  cache.Put(1, 1, 4);
  EXPECT_EQ(cache.Get(1), 1);
  cache.Put(1, 2, 5);
  EXPECT_EQ(cache.Get(1), absl::nullopt);
  EXPECT_EQ(cache.bytes(), 0);
}

TEST(LruTtlCacheTest, EntriesWithoutChargeAreBoundedToo) {
  IntCache cache(OneShard(5));
  for (int key = 0; key < 100; ++key) cache.Put(key, key, 0);
  EXPECT_EQ(cache.entries(), 5);
}

TEST(LruTtlCacheTest, CapacityZeroKeepsNothing) {
  IntCache cache(OneShard(0));
  cache.Put(1, 1, 0);
  EXPECT_EQ(cache.entries(), 0);
}

TEST(LruTtlCacheTest, EraseTakesOneEraseIfTheMatchingClearAll) {
  IntCache::Options options;
  options.capacity_bytes = 8000;
  IntCache cache(options);
  for (int key = 0; key < 100; ++key) cache.Put(key, key, 1);
  cache.Erase(7);
  cache.Erase(7);
  EXPECT_EQ(cache.Get(7), absl::nullopt);
  EXPECT_EQ(cache.EraseIf([](const int& key) { return key % 2 == 0; }), 50);
  EXPECT_EQ(cache.entries(), 49);
  EXPECT_EQ(cache.Get(8), absl::nullopt);
  EXPECT_EQ(cache.Get(9), 9);
  cache.Clear();
  EXPECT_EQ(cache.entries(), 0);
  EXPECT_EQ(cache.bytes(), 0);
}

TEST(LruTtlCacheTest, EntryIsGoneWhenItsTimeIsOverHoweverOftenItWasRead) {
  FakeClock clock;
  IntCache::Options options = OneShard(10);
  options.ttl = absl::Seconds(2);
  options.clock = &clock;
  IntCache cache(options);
  cache.Put(1, 1, 1);
  clock.Advance(absl::Seconds(2) - absl::Nanoseconds(1));
  EXPECT_EQ(cache.Get(1), 1);
  clock.Advance(absl::Nanoseconds(1));
  EXPECT_EQ(cache.Get(1), absl::nullopt);
  EXPECT_EQ(cache.entries(), 0);
  cache.Put(1, 2, 1);
  clock.Advance(absl::Seconds(1));
  EXPECT_EQ(cache.Get(1), 2);
}

TEST(LruTtlCacheTest, WithoutATimeToLiveEntriesDoNotAge) {
  FakeClock clock;
  IntCache::Options options = OneShard(10);
  options.clock = &clock;
  IntCache cache(options);
  cache.Put(1, 1, 1);
  clock.Advance(absl::Hours(100'000));
  EXPECT_EQ(cache.Get(1), 1);
}

TEST(LruTtlCacheTest, CountsHitsMissesAndEvictionsAndFollowsItsSize) {
  Counter hits, misses, evictions;
  Gauge bytes, entries;
  FakeClock clock;
  {
    IntCache::Options options = OneShard(4);
    options.ttl = absl::Seconds(1);
    options.clock = &clock;
    options.hits = &hits;
    options.misses = &misses;
    options.evictions = &evictions;
    options.bytes = &bytes;
    options.entries = &entries;
    IntCache cache(options);
    cache.Get(1);
    cache.Put(1, 1, 2);
    cache.Put(2, 2, 2);
    cache.Get(2);
    cache.Put(3, 3, 3);  // two go
    EXPECT_EQ(evictions.value(), 2);
    EXPECT_EQ(bytes.value(), 3);
    EXPECT_EQ(entries.value(), 1);
    clock.Advance(absl::Seconds(1));
    cache.Get(3);  // expired
    EXPECT_EQ(bytes.value(), 0);
    EXPECT_EQ(entries.value(), 0);
    cache.Put(4, 4, 4);
    cache.Put(4, 4, 1);  // replaced, not evicted
    EXPECT_EQ(bytes.value(), 1);
  }
  EXPECT_EQ(hits.value(), 1);
  EXPECT_EQ(misses.value(), 2);
  EXPECT_EQ(evictions.value(), 2);
  // A cache that is gone holds nothing.
  EXPECT_EQ(bytes.value(), 0);
  EXPECT_EQ(entries.value(), 0);
}

// Uses the cache when it dies: with the shard's lock held that would deadlock.
struct Reentrant {
  LruTtlCache<int, std::shared_ptr<Reentrant>>* cache = nullptr;
  ~Reentrant() { cache->Get(1); }
};

TEST(LruTtlCacheTest, ValuesAreDestroyedWithoutTheLock) {
  LruTtlCache<int, std::shared_ptr<Reentrant>> cache(OneShard(1));
  const auto put = [&cache](int key) {
    auto value = std::make_shared<Reentrant>();
    value->cache = &cache;
    cache.Put(key, std::move(value), 1);
  };
  put(1);
  put(1);  // replaced
  put(2);  // evicted
  cache.Erase(2);
  put(3);
  cache.EraseIf([](const int&) { return true; });
  put(4);
  cache.Put(4, nullptr, 2);  // too large
  EXPECT_EQ(cache.entries(), 0);
}

// Every key lands in one shard's bucket.
struct ConstantHash {
  size_t operator()(int) const { return 42; }
};

TEST(LruTtlCacheTest, KeysOfEqualHashAreToldApart) {
  LruTtlCache<int, int, ConstantHash> cache(OneShard(100));
  for (int key = 0; key < 50; ++key) cache.Put(key, -key, 1);
  for (int key = 0; key < 50; ++key) EXPECT_EQ(cache.Get(key), -key);
}

TEST(LruTtlCacheTest, KeysSpreadOverTheShards) {
  IntCache::Options options;
  options.capacity_bytes = 8 * 100;
  options.shards = 8;
  IntCache cache(options);
  for (int key = 0; key < 400; ++key) cache.Put(key, key, 1);
  // One shard alone holds 100.
  EXPECT_GT(cache.entries(), 300);
}

TEST(LruTtlCacheDeathTest, RefusesOptionsThatCannotWork) {
  IntCache::Options three = OneShard(10);
  three.shards = 3;
  EXPECT_DEATH(IntCache{three}, "power of two");
  IntCache::Options none = OneShard(10);
  none.shards = 0;
  EXPECT_DEATH(IntCache{none}, "power of two");
  IntCache::Options timeless = OneShard(10);
  timeless.ttl = absl::Seconds(1);
  EXPECT_DEATH(IntCache{timeless}, "clock");
}

// What the cache promises, at its simplest: a list, most recently used first.
class Model {
 public:
  Model(size_t capacity, absl::Duration ttl) : capacity_(capacity), ttl_(ttl) {}

  absl::optional<int> Get(int key, absl::Duration now) {
    const auto found = Find(key);
    if (found == entries_.end()) return absl::nullopt;
    if (found->expires <= now) {
      entries_.erase(found);
      return absl::nullopt;
    }
    entries_.splice(entries_.begin(), entries_, found);
    return found->value;
  }
  void Put(int key, int value, size_t charge, absl::Duration now) {
    Erase(key);
    if (charge > capacity_) return;
    entries_.push_front({key, value, charge, now + ttl_});
    while (bytes() > capacity_) entries_.pop_back();
  }
  void Erase(int key) {
    const auto found = Find(key);
    if (found != entries_.end()) entries_.erase(found);
  }
  size_t EraseIfOdd() {
    const size_t before = entries_.size();
    entries_.remove_if([](const Entry& entry) { return entry.key % 2 != 0; });
    return before - entries_.size();
  }
  size_t bytes() const {
    size_t sum = 0;
    for (const Entry& entry : entries_) sum += entry.charge;
    return sum;
  }
  size_t entries() const { return entries_.size(); }

 private:
  struct Entry {
    int key;
    int value;
    size_t charge;
    absl::Duration expires;
  };
  std::list<Entry>::iterator Find(int key) {
    auto at = entries_.begin();
    while (at != entries_.end() && at->key != key) ++at;
    return at;
  }

  const size_t capacity_;
  const absl::Duration ttl_;
  std::list<Entry> entries_;
};

RC_GTEST_PROP(LruTtlCacheProperty, AnySequenceAgreesWithTheModel, ()) {
  FakeClock clock;
  const size_t capacity = *rc::gen::inRange<size_t>(1, 40);
  IntCache::Options options = OneShard(capacity);
  options.ttl = absl::Seconds(10);
  options.clock = &clock;
  IntCache cache(options);
  Model model(capacity, options.ttl);
  const int steps = *rc::gen::inRange(0, 200);
  for (int step = 0; step < steps; ++step) {
    const int key = *rc::gen::inRange(0, 12);
    switch (*rc::gen::inRange(0, 8)) {
      case 0:
      case 1:
      case 2: {
        const size_t charge = *rc::gen::inRange<size_t>(1, 15);
        cache.Put(key, step, charge);
        model.Put(key, step, charge, clock.Monotonic());
        break;
      }
      case 3:
      case 4:
      case 5:
        // value_or, because RapidCheck's printer dereferences an optional.
        RC_ASSERT(cache.Get(key).value_or(-1) ==
                  model.Get(key, clock.Monotonic()).value_or(-1));
        break;
      case 6:
        clock.Advance(absl::Seconds(*rc::gen::inRange(0, 5)));
        break;
      case 7:
        if (key == 0) {
          RC_ASSERT(cache.EraseIf([](const int& k) { return k % 2 != 0; }) ==
                    model.EraseIfOdd());
        } else {
          cache.Erase(key);
          model.Erase(key);
        }
        break;
    }
    RC_ASSERT(cache.bytes() == model.bytes());
    RC_ASSERT(cache.entries() == model.entries());
    RC_ASSERT(cache.bytes() <= capacity);
  }
}

RC_GTEST_PROP(LruTtlCacheProperty, CapacityHoldsOverAllShards, ()) {
  IntCache::Options options;
  options.capacity_bytes = *rc::gen::inRange<size_t>(0, 200);
  options.shards = size_t{1} << *rc::gen::inRange(0, 5);
  IntCache cache(options);
  const auto puts = *rc::gen::arbitrary<std::vector<std::pair<int, uint8_t>>>();
  for (const auto& [key, charge] : puts) {
    cache.Put(key, key, charge);
    RC_ASSERT(cache.bytes() <= options.capacity_bytes);
    const absl::optional<int> value = cache.Get(key);
    // RapidCheck's macro evaluates both sides of an operator||.
    RC_ASSERT(value.value_or(key) == key);
  }
}

TEST(LruTtlCacheTest, ThreadsSeeOnlyWhatWasPutUnderTheirKey) {
  LruTtlCache<int, std::shared_ptr<const int>>::Options options;
  options.capacity_bytes = 64;
  options.shards = 4;
  Counter hits, misses;
  Gauge bytes, entries;
  options.hits = &hits;
  options.misses = &misses;
  options.bytes = &bytes;
  options.entries = &entries;
  LruTtlCache<int, std::shared_ptr<const int>> cache(options);
  constexpr int kThreads = 4;
  constexpr int kRounds = 3000;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&cache, thread] {
      for (int round = 0; round < kRounds; ++round) {
        const int key = (round * 7 + thread) % 100;
        if (const auto value = cache.Get(key)) {
          EXPECT_EQ(**value, key);
        } else {
          cache.Put(key, std::make_shared<const int>(key), 1);
        }
        if (round % 64 == 0) cache.Erase(key);
        if (round % 512 == 0) {
          cache.EraseIf([](const int& k) { return k < 10; });
        }
        EXPECT_LE(cache.bytes(), 64);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(hits.value() + misses.value(), kThreads * kRounds);
  EXPECT_EQ(bytes.value(), cache.bytes());
  EXPECT_EQ(entries.value(), cache.entries());
}

}  // namespace
}  // namespace casemate
