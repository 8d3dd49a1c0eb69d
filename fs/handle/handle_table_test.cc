#include "fs/handle/handle_table.h"

#include <atomic>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "ops/metrics/metrics.h"
#include "rapidcheck/gtest.h"

namespace casemate {
namespace {

using Table = HandleTable<int>;

TEST(HandleTableTest, HandleIsFoundByItsNumberUntilItIsRemoved) {
  Table table(HandleKind::kFile, nullptr);
  const HandleId a = table.Add(std::make_shared<int>(1));
  const HandleId b = table.Add(std::make_shared<int>(2));
  EXPECT_EQ(*table.Get(a), 1);
  EXPECT_EQ(*table.Get(b), 2);
  EXPECT_EQ(*table.Remove(a), 1);
  EXPECT_EQ(table.Get(a), nullptr);
  EXPECT_EQ(table.Remove(a), nullptr);
  EXPECT_EQ(*table.Get(b), 2);
  EXPECT_EQ(table.size(), 1u);
}

TEST(HandleTableTest, HandleInUseOutlivesItsRemoval) {
  Table table(HandleKind::kFile, nullptr);
  const HandleId id = table.Add(std::make_shared<int>(7));
  const std::shared_ptr<int> in_use = table.Get(id);
  table.Remove(id);
  EXPECT_EQ(*in_use, 7);
  EXPECT_EQ(in_use.use_count(), 1);
}

TEST(HandleTableTest, ReusedSlotHasAnotherNumber) {
  Table table(HandleKind::kFile, nullptr);
  std::set<HandleId> seen;
  for (int i = 0; i < 1000; ++i) {
    const HandleId id = table.Add(std::make_shared<int>(i));
    EXPECT_TRUE(seen.insert(id).second);
    // The slot is the same: the table does not grow with every open.
    EXPECT_EQ(static_cast<uint32_t>(id), 0u);
    table.Remove(id);
  }
  for (const HandleId id : seen) EXPECT_EQ(table.Get(id), nullptr);
}

TEST(HandleTableTest, GenerationsGoRoundWithoutZero) {
  EXPECT_EQ(Table::NextGeneration(1), 2u);
  EXPECT_EQ(Table::NextGeneration(Table::kLastGeneration), 1u);
  // Bit 63 of an id is the kind's.
  EXPECT_EQ(uint64_t{Table::kLastGeneration} << 32 >> 63, 0u);
}

TEST(HandleTableTest, NumberOfTheOtherTableIsUnknown) {
  Table files(HandleKind::kFile, nullptr);
  Table directories(HandleKind::kDirectory, nullptr);
  const HandleId file = files.Add(std::make_shared<int>(1));
  const HandleId directory = directories.Add(std::make_shared<int>(2));
  EXPECT_NE(file, directory);
  EXPECT_EQ(files.Get(directory), nullptr);
  EXPECT_EQ(directories.Get(file), nullptr);
  EXPECT_EQ(files.Remove(directory), nullptr);
  EXPECT_EQ(files.size(), 1u);
}

TEST(HandleTableTest, AllNamesEveryOpenHandle) {
  Table table(HandleKind::kDirectory, nullptr);
  const HandleId a = table.Add(std::make_shared<int>(1));
  const HandleId b = table.Add(std::make_shared<int>(2));
  const HandleId c = table.Add(std::make_shared<int>(3));
  table.Remove(b);
  const auto all = table.All();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].first, a);
  EXPECT_EQ(*all[0].second, 1);
  EXPECT_EQ(all[1].first, c);
  EXPECT_EQ(*all[1].second, 3);
}

TEST(HandleTableTest, GaugeCountsOpenHandlesOfItsKind) {
  Metrics metrics;
  Table table(HandleKind::kDirectory, &metrics);
  const HandleId a = table.Add(std::make_shared<int>(1));
  table.Add(std::make_shared<int>(2));
  EXPECT_EQ(metrics.open_handles(HandleKind::kDirectory).value(), 2);
  EXPECT_EQ(metrics.open_handles(HandleKind::kFile).value(), 0);
  table.Remove(a);
  table.Remove(a);
  EXPECT_EQ(metrics.open_handles(HandleKind::kDirectory).value(), 1);
}

TEST(HandleTableTest, OfManyRemovalsOfOneNumberOneSucceeds) {
  Table table(HandleKind::kFile, nullptr);
  for (int round = 0; round < 200; ++round) {
    const HandleId id = table.Add(std::make_shared<int>(round));
    std::atomic<int> removed{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        const std::shared_ptr<int> got = table.Get(id);
        if (got != nullptr && *got != round) ++removed;  // never another's
        if (table.Remove(id) != nullptr) ++removed;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(removed, 1);
  }
  EXPECT_EQ(table.size(), 0u);
}

// What the kernel could never have been given is not taken for a handle (H7).
RC_GTEST_PROP(HandleTableProperty, NumberThatWasNotGivenIsUnknown,
              (uint64_t number, uint8_t open)) {
  Table table(HandleKind::kFile, nullptr);
  std::set<HandleId> given;
  for (int i = 0; i < open; ++i) {
    given.insert(table.Add(std::make_shared<int>(i)));
  }
  RC_ASSERT(given.count(HandleId{0}) == 0u);
  // Near the ones that were, and anywhere.
  for (const uint64_t at :
       {number, number % 512, uint64_t{1} << 32 | number % 512,
        uint64_t{1} << 63 | uint64_t{1} << 32 | number % 8}) {
    const HandleId id{at};
    RC_ASSERT((table.Get(id) != nullptr) == (given.count(id) > 0));
  }
}

}  // namespace
}  // namespace casemate
