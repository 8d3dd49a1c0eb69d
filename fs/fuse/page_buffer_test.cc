#include "fs/fuse/page_buffer.h"

#include <cstdint>

#include "gtest/gtest.h"

namespace casemate {
namespace {

TEST(PageBufferTest, IsAlignedAndAtLeastAsLargeAsAsked) {
  const PageBuffer buffer(5000);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.bytes().data()) % 4096, 0u);
  EXPECT_EQ(buffer.bytes().size(), 8192u);
  buffer.bytes().back() = 1;
}

TEST(PageBufferPoolTest, GivesTheBufferReturnedLast) {
  PageBufferPool pool(4096);
  const uint8_t* first = nullptr;
  {
    const PageBufferPool::Lease lease = pool.Take();
    first = lease.bytes().data();
  }
  const PageBufferPool::Lease again = pool.Take();
  EXPECT_EQ(again.bytes().data(), first);
}

TEST(PageBufferPoolTest, LeasesAtOneTimeDoNotShareMemory) {
  PageBufferPool pool(4096);
  const PageBufferPool::Lease one = pool.Take();
  const PageBufferPool::Lease two = pool.Take();
  EXPECT_NE(one.bytes().data(), two.bytes().data());
}

}  // namespace
}  // namespace casemate
