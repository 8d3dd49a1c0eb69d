#include "cache/buffer_pool.h"

#include <algorithm>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

namespace casemate {
namespace {

BufferPool::Options TwoClasses(size_t max_idle) {
  BufferPool::Options options;
  options.class_sizes = {4096, 16384};
  options.max_idle_per_class = max_idle;
  return options;
}

bool IsZero(ConstBytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](uint8_t byte) { return byte == 0; });
}

void Fill(BufferPool::Buffer& buffer) {
  for (uint8_t& byte : buffer.bytes()) byte = 0xa5;
}

bool IsAligned(const BufferPool::Buffer& buffer) {
  return reinterpret_cast<uintptr_t>(buffer.bytes().data()) %
             BufferPool::kAlignment ==
         0;
}

TEST(BufferPoolTest, SameMemoryComesBackZeroed) {
  BufferPool pool(TwoClasses(1));
  BufferPool::Buffer buffer = pool.Get(3000);
  const uint8_t* const memory = buffer.bytes().data();
  Fill(buffer);
  buffer.Release();
  // The whole class, of which 3000 bytes were written.
  const BufferPool::Buffer again = pool.Get(4096);
  EXPECT_EQ(again.bytes().data(), memory);
  EXPECT_TRUE(IsZero(again.bytes()));
}

TEST(BufferPoolTest, MemoryIsAlreadyZeroWhileItLiesIdle) {
  BufferPool pool(TwoClasses(1));
  BufferPool::Buffer buffer = pool.Get(4096);
  const ConstBytes memory = std::as_const(buffer).bytes();
  Fill(buffer);
  buffer.Release();
  // The pool still owns it.
  EXPECT_TRUE(IsZero(memory));
}

TEST(BufferPoolTest, SizeIsWhatWasAskedForAndMemoryItsClass) {
  BufferPool pool(TwoClasses(4));
  const BufferPool::Buffer small = pool.Get(1);
  EXPECT_EQ(small.size(), 1);
  EXPECT_EQ(pool.outstanding_bytes(), 4096);
  const BufferPool::Buffer exact = pool.Get(4096);
  EXPECT_EQ(pool.outstanding_bytes(), 2 * 4096);
  const BufferPool::Buffer large = pool.Get(4097);
  EXPECT_EQ(large.bytes().size(), 4097);
  EXPECT_EQ(pool.outstanding_bytes(), 2 * 4096 + 16384);
}

TEST(BufferPoolTest, BeyondTheLargestClassIsExactAndNotPooled) {
  BufferPool pool(TwoClasses(4));
  BufferPool::Buffer huge = pool.Get(16385);
  EXPECT_EQ(pool.outstanding_bytes(), 16385);
  EXPECT_TRUE(IsAligned(huge));
  EXPECT_TRUE(IsZero(huge.bytes()));
  Fill(huge);
  huge.Release();
  EXPECT_EQ(pool.outstanding_bytes(), 0);
  EXPECT_EQ(pool.idle_bytes(), 0);
}

TEST(BufferPoolTest, SizeZeroIsTheEmptyBuffer) {
  BufferPool pool(TwoClasses(4));
  const BufferPool::Buffer empty = pool.Get(0);
  EXPECT_EQ(empty.size(), 0);
  EXPECT_EQ(pool.outstanding_bytes(), 0);
}

TEST(BufferPoolTest, IdleMemoryIsBoundedPerClass) {
  BufferPool pool(TwoClasses(2));
  {
    std::vector<BufferPool::Buffer> buffers;
    for (int i = 0; i < 5; ++i) {
      buffers.push_back(pool.Get(100));
      buffers.push_back(pool.Get(10'000));
    }
    EXPECT_EQ(pool.idle_bytes(), 0);
    EXPECT_EQ(pool.outstanding_bytes(), 5 * (4096 + 16384));
  }
  EXPECT_EQ(pool.outstanding_bytes(), 0);
  EXPECT_EQ(pool.idle_bytes(), 2 * (4096 + 16384));
  const BufferPool::Buffer reused = pool.Get(1);
  EXPECT_EQ(pool.idle_bytes(), 4096 + 2 * 16384);
}

TEST(BufferPoolTest, MovingKeepsOneOwner) {
  BufferPool pool(TwoClasses(2));
  BufferPool::Buffer first = pool.Get(100);
  BufferPool::Buffer second = pool.Get(200);
  const uint8_t* const memory = first.bytes().data();
  second = std::move(first);
  EXPECT_EQ(second.bytes().data(), memory);
  EXPECT_EQ(second.size(), 100);
  EXPECT_EQ(first.size(), 0);
  EXPECT_EQ(pool.outstanding_bytes(), 4096);
  BufferPool::Buffer third(std::move(second));
  EXPECT_EQ(third.bytes().data(), memory);
  third.Release();
  third.Release();
  EXPECT_EQ(pool.outstanding_bytes(), 0);
}

TEST(BufferPoolTest, DefaultClassesHoldTheSealedChunksOfARequest) {
  // A request of n bytes that begins in the middle of a chunk touches one chunk
  // more than n has; the larger overhead of the two ciphers is 48.
  constexpr size_t kSealedChunk = 32768 + 48;
  BufferPool pool(BufferPool::Options{});
  for (const size_t chunks : {1, 9, 33}) {
    BufferPool::Buffer buffer = pool.Get(chunks * kSealedChunk);
    buffer.Release();
    EXPECT_GT(pool.idle_bytes(), 0) << chunks;
  }
  EXPECT_EQ(pool.idle_bytes(), (36 + 320 + 1088) << 10);
}

TEST(BufferPoolDeathTest, BufferThatOutlivesItsPoolIsOurMistake) {
  EXPECT_DEATH(
      {
        BufferPool::Buffer kept;
        BufferPool pool(TwoClasses(1));
        kept = pool.Get(1);
      },
      "outlived");
}

TEST(BufferPoolDeathTest, RefusesClassesOutOfOrderOrUnaligned) {
  BufferPool::Options descending;
  descending.class_sizes = {8192, 4096};
  EXPECT_DEATH(BufferPool{descending}, "ascending");
  BufferPool::Options odd;
  odd.class_sizes = {5000};
  EXPECT_DEATH(BufferPool{odd}, "ascending");
}

RC_GTEST_PROP(BufferPoolProperty, EveryBufferIsAlignedZeroedAndAlone, ()) {
  BufferPool pool(TwoClasses(3));
  std::vector<BufferPool::Buffer> held;
  const auto sizes = *rc::gen::container<std::vector<size_t>>(
      rc::gen::inRange<size_t>(1, 20'000));
  for (const size_t size : sizes) {
    held.push_back(pool.Get(size));
    RC_ASSERT(held.back().size() == size);
    RC_ASSERT(IsAligned(held.back()));
    RC_ASSERT(IsZero(held.back().bytes()));
    Fill(held.back());
    if (held.size() > 3) held.erase(held.begin());
  }
  held.clear();
  RC_ASSERT(pool.outstanding_bytes() == 0);
  RC_ASSERT(pool.idle_bytes() <= 3 * (4096 + 16384));
}

TEST(BufferPoolTest, ThreadsNeverShareABuffer) {
  BufferPool pool(TwoClasses(2));
  std::vector<std::thread> threads;
  for (uint8_t thread = 1; thread <= 4; ++thread) {
    threads.emplace_back([&pool, thread] {
      for (int round = 0; round < 500; ++round) {
        BufferPool::Buffer buffer = pool.Get(round % 2 == 0 ? 64 : 5000);
        EXPECT_TRUE(IsZero(buffer.bytes()));
        for (uint8_t& byte : buffer.bytes()) byte = thread;
        for (const uint8_t byte : buffer.bytes()) ASSERT_EQ(byte, thread);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(pool.outstanding_bytes(), 0);
}

}  // namespace
}  // namespace casemate
