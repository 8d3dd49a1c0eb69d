#include "fs/handle/open_file_table.h"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "base/check.h"
#include "base/status.h"
#include "fs/handle/disk_for_test.h"
#include "gtest/gtest.h"
#include "testing/faulty_storage/faulty_storage.h"

namespace casemate {
namespace {

constexpr Ino kOther{8};

class OpenFileTableTest : public testing::Test {
 protected:
  OpenFileTableTest() { disk_.Create(); }

  // Opens "f", and counts how often.
  OpenFileTable::Opener Opener() {
    return [this] {
      ++openings_;
      return disk_.Open();
    };
  }
  OpenFileTable::Opener FailingOpener(int error) {
    return [error]() -> absl::StatusOr<std::shared_ptr<OpenFile>> {
      return ErrnoError(error, "a test's opener");
    };
  }
  OpenFileLease Acquire(Ino ino = kIno) {
    absl::StatusOr<OpenFileLease> lease = table_.Acquire(ino, Opener());
    CHECK(lease.ok(), "a test can open its file");
    return *std::move(lease);
  }

  Disk disk_{CipherCombo::kSivGcm};
  std::atomic<int> openings_{0};
  OpenFileTable table_{&disk_.logger};
};

TEST_F(OpenFileTableTest, AllSharesOfANodeAreOneOpenFile) {
  const OpenFileLease a = Acquire();
  const OpenFileLease b = Acquire();
  const OpenFileLease found = table_.FindOpen(kIno);
  const OpenFileLease other = Acquire(kOther);
  EXPECT_EQ(&*a, &*b);
  EXPECT_EQ(&*a, &*found);
  EXPECT_NE(&*a, &*other);
  EXPECT_EQ(openings_, 2);
  EXPECT_EQ(table_.size(), 2u);
}

TEST_F(OpenFileTableTest, WhatIsNotOpenIsNotFound) {
  EXPECT_FALSE(table_.FindOpen(kIno));
  Acquire();  // and at once released
  EXPECT_FALSE(table_.FindOpen(kIno));
  EXPECT_EQ(table_.size(), 0u);
}

TEST_F(OpenFileTableTest, MovedShareCountsOnce) {
  OpenFileLease a = Acquire();
  OpenFileLease b = std::move(a);
  EXPECT_FALSE(a);
  a = std::move(b);
  EXPECT_TRUE(a);
  EXPECT_EQ(table_.size(), 1u);
  a = OpenFileLease();
  EXPECT_EQ(table_.size(), 0u);
}

TEST_F(OpenFileTableTest, LastShareToGoWritesBack) {
  OpenFileLease a = Acquire();
  OpenFileLease b = Acquire();
  ASSERT_TRUE(Write(*a, 0, "content").ok());
  disk_.faults->ClearCalls();
  a = OpenFileLease();
  EXPECT_TRUE(disk_.faults->CallsOf(StorageCall::kWrite).empty());
  b = OpenFileLease();
  EXPECT_EQ(disk_.faults->CallsOf(StorageCall::kWrite).size(), 1u);
  EXPECT_EQ(ReadAll(*Acquire()), "content");
  EXPECT_EQ(disk_.budget.used(), 0u);
}

TEST_F(OpenFileTableTest, WhatTheLastShareCannotWriteIsLostLoggedAndCounted) {
  OpenFileLease lease = Acquire();
  ASSERT_TRUE(Write(*lease, 0, "content").ok());
  disk_.faults->Fail(StorageCall::kWrite, Fault::From(1, ENOSPC));
  lease = OpenFileLease();
  EXPECT_EQ(table_.size(), 0u);
  EXPECT_EQ(disk_.metrics.write_back_errors().value(), 1u);
  EXPECT_TRUE(absl::StrContains(disk_.log.text, "7 bytes could not be"));
  EXPECT_EQ(disk_.budget.used(), 0u);
}

TEST_F(OpenFileTableTest, FailedOpeningLeavesNothing) {
  EXPECT_EQ(ErrnoOf(table_.Acquire(kIno, FailingOpener(EIO)).status()), EIO);
  EXPECT_EQ(table_.size(), 0u);
  EXPECT_TRUE(table_.All().empty());
  EXPECT_TRUE(Acquire());  // the next one may succeed
}

TEST_F(OpenFileTableTest, AllAreThoseThatAreOpen) {
  const OpenFileLease a = Acquire();
  const OpenFileLease b = Acquire(kOther);
  std::set<const OpenFile*> all;
  for (const OpenFileLease& lease : table_.All()) all.insert(&*lease);
  EXPECT_EQ(all, (std::set<const OpenFile*>{&*a, &*b}));
}

TEST_F(OpenFileTableTest, ThreadsThatOpenAtOnceShareOneOpening) {
  constexpr int kThreads = 4;
  std::vector<OpenFileLease> leases(kThreads);
  std::vector<std::thread> threads;
  disk_.faults->Block(StorageCall::kOpen);
  for (OpenFileLease& lease : leases) {
    threads.emplace_back([&] { lease = Acquire(); });
  }
  disk_.faults->WaitUntilBlocked(StorageCall::kOpen);
  disk_.faults->Unblock(StorageCall::kOpen);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(openings_, 1);
  for (const OpenFileLease& lease : leases) EXPECT_EQ(&*lease, &*leases[0]);
}

TEST_F(OpenFileTableTest, SlowOpeningStopsOnlyThoseWhoWantTheSameFile) {
  const OpenFileLease other = Acquire(kOther);
  disk_.faults->Block(StorageCall::kOpen);
  std::thread opening([&] { Acquire(); });
  disk_.faults->WaitUntilBlocked(StorageCall::kOpen);
  EXPECT_EQ(table_.size(), 2u);
  EXPECT_TRUE(table_.FindOpen(kOther));
  EXPECT_EQ(&*Acquire(kOther), &*other);
  disk_.faults->Unblock(StorageCall::kOpen);
  opening.join();
  EXPECT_EQ(table_.size(), 1u);
}

// Whoever opens while the last share writes back gets that very file, with all
// that was written, and not one read from a store that is behind.
TEST_F(OpenFileTableTest, OpeningDuringTheLastWriteBackFindsTheSameFile) {
  OpenFileLease lease = Acquire();
  ASSERT_TRUE(Write(*lease, 0, "content").ok());
  disk_.faults->Block(StorageCall::kWrite);
  std::thread closing([&] { lease = OpenFileLease(); });
  disk_.faults->WaitUntilBlocked(StorageCall::kWrite);
  OpenFileLease second;
  std::atomic<bool> is_open{false};
  std::thread opening([&] {
    second = Acquire();
    is_open = true;
  });
  // Long enough for a second opening, were there to be one.
  for (int i = 0; i < 10000 && !is_open; ++i) std::this_thread::yield();
  EXPECT_FALSE(is_open);
  disk_.faults->Unblock(StorageCall::kWrite);
  closing.join();
  opening.join();
  EXPECT_EQ(ReadAll(*second), "content");
}

TEST_F(OpenFileTableTest, FailedLastWriteBackIsKeptForWhoeverCameMeanwhile) {
  for (int round = 0; round < 50; ++round) {
    OpenFileLease lease = Acquire();
    ASSERT_TRUE(Write(*lease, 0, "content").ok());
    disk_.faults->Fail(StorageCall::kWrite, Fault::Nth(1, ENOSPC));
    OpenFileLease second;
    std::thread closing([&] { lease = OpenFileLease(); });
    std::thread opening([&] { second = Acquire(); });
    closing.join();
    opening.join();
    disk_.faults->ClearFaults();
    // Either it came too late, and the bytes are lost; or it has them all.
    const std::string seen = ReadAll(*second);
    EXPECT_TRUE(seen.empty() || seen == "content") << seen;
    ASSERT_TRUE(second->Truncate(0, kNeverInterrupted).ok());
  }
}

TEST_F(OpenFileTableTest, ThreadsThatOpenAndCloseLoseNoWrite) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 100;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int round = 0; round < kRounds; ++round) {
        const OpenFileLease lease = Acquire();
        const std::string mark(1, static_cast<char>('a' + thread));
        if (!Write(*lease, thread * kRounds + round, mark).ok()) abort();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::string expected;
  for (int thread = 0; thread < kThreads; ++thread) {
    expected += std::string(kRounds, static_cast<char>('a' + thread));
  }
  EXPECT_EQ(ReadAll(*Acquire()), expected);
  EXPECT_EQ(table_.size(), 0u);
}

}  // namespace
}  // namespace casemate
