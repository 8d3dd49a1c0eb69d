#include "testing/faulty_storage/faulty_storage.h"

#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "base/status.h"
#include "fs/storage/posix_storage.h"
#include "fs/storage/storage.h"
#include "fs/storage/temp_dir_for_test.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace casemate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class FaultyStorageTest : public testing::Test {
 protected:
  FaultyStorageTest() : dir_(WrapFaulty(*OpenPosixDir(temp_.path()), plan_)) {}

  // What is really there, past the decorator.
  std::string OnDisk(const std::string& name) {
    auto content = ReadSmallFile(**OpenPosixDir(temp_.path()), name, 1000);
    return content.ok() ? *content : "absent";
  }

  TempDir temp_;
  std::shared_ptr<FaultPlan> plan_ = std::make_shared<FaultPlan>();
  std::unique_ptr<Dir> dir_;
};

// Makes each kind of call once, with all it takes; returns the errors.
struct Step {
  StorageCall call;
  absl::Status status;
};
std::vector<Step> CallEverything(Dir& dir, Dir& sub, File& file) {
  std::vector<Step> steps;
  const auto add = [&steps](StorageCall call, const absl::Status& status) {
    steps.push_back({call, status});
  };
  uint8_t byte = 0;
  add(StorageCall::kOpen, dir.OpenFile("file", Access::kRead).status());
  add(StorageCall::kOpenDir, dir.OpenDir("sub").status());
  add(StorageCall::kCreate, sub.CreateFile("new", 0600).status());
  add(StorageCall::kMakeDir, dir.MakeDir("made", 0700));
  add(StorageCall::kUnlink, dir.RemoveFile("sub/old"));
  add(StorageCall::kRemoveDir, dir.RemoveDir("empty"));
  add(StorageCall::kRename,
      dir.Rename("from", sub, "to", RenameMode::kReplace));
  add(StorageCall::kStat, dir.Stat("file").status());
  add(StorageCall::kStat, sub.StatSelf().status());
  add(StorageCall::kStat, file.Stat().status());
  add(StorageCall::kSetAttributes, dir.SetAttributes("file", {}));
  add(StorageCall::kSetAttributes, sub.SetSelfAttributes({}));
  add(StorageCall::kSetAttributes, file.SetAttributes({}));
  add(StorageCall::kList, sub.List().status());
  add(StorageCall::kSyncDir, sub.Sync());
  add(StorageCall::kSpace, dir.Space().status());
  add(StorageCall::kLock, dir.LockExclusive());
  add(StorageCall::kRead, file.ReadAt(0, MutableBytes(&byte, 1)).status());
  add(StorageCall::kWrite, file.WriteAt(0, BytesOf("x")).status);
  add(StorageCall::kTruncate, file.Truncate(1));
  add(StorageCall::kSync, file.SyncData());
  add(StorageCall::kSync, file.Sync());
  return steps;
}

class EveryCallTest : public FaultyStorageTest {
 protected:
  EveryCallTest() {
    for (const char* name : {"sub", "empty"}) temp_.MakeDir(name);
    for (const char* name : {"file", "from", "sub/old"}) temp_.Write(name, "");
    sub_ = *dir_->OpenDir("sub");
    file_ = *dir_->OpenFile("file", Access::kReadWrite);
    plan_->ClearCalls();
  }
  std::unique_ptr<Dir> sub_;
  std::unique_ptr<File> file_;
};

TEST_F(EveryCallTest, WithoutFaultsPassesThroughAndIsRecordedWithItsPath) {
  for (const Step& step : CallEverything(*dir_, *sub_, *file_)) {
    EXPECT_TRUE(step.status.ok()) << StorageCallName(step.call) << step.status;
  }
  EXPECT_THAT(
      plan_->CallsOf(kAllCalls),
      ElementsAre("open file", "opendir sub", "create sub/new", "mkdir made",
                  "unlink sub/old", "rmdir empty", "rename from -> sub/to",
                  "stat file", "stat sub", "stat file", "setattr file",
                  "setattr sub", "setattr file", "list sub", "syncdir sub",
                  "space ", "lock ", "read file", "write file", "truncate file",
                  "sync file", "sync file"));
  EXPECT_EQ(plan_->faults_injected(), 0);
}

TEST_F(EveryCallTest, FailsByItsOwnKindAndNoOther) {
  for (uint32_t bit = 1; bit <= static_cast<uint32_t>(StorageCall::kSync);
       bit <<= 1) {
    const auto kind = static_cast<StorageCall>(bit);
    plan_->ClearFaults();
    plan_->Fail(kind, Fault::From(1, ENOSPC));
    int failed = 0;
    for (const Step& step : CallEverything(*dir_, *sub_, *file_)) {
      EXPECT_EQ(ErrnoOf(step.status) == ENOSPC, step.call == kind)
          << StorageCallName(kind) << " " << StorageCallName(step.call);
      failed += ErrnoOf(step.status) == ENOSPC ? 1 : 0;
    }
    EXPECT_GT(failed, 0) << StorageCallName(kind);
  }
}

TEST_F(FaultyStorageTest, OnlyTheNthCallFailsAndHasNoEffect) {
  plan_->Fail(StorageCall::kMakeDir, Fault::Nth(2, EDQUOT));
  EXPECT_TRUE(dir_->MakeDir("a", 0700).ok());
  EXPECT_EQ(ErrnoOf(dir_->MakeDir("b", 0700)), EDQUOT);
  EXPECT_EQ(ErrnoOf(dir_->Stat("b").status()), ENOENT);
  EXPECT_TRUE(dir_->MakeDir("c", 0700).ok());
  EXPECT_EQ(plan_->faults_injected(), 1);
}

TEST_F(FaultyStorageTest, LastingFaultStaysUntilCleared) {
  plan_->Fail(kMutatingCalls, Fault::From(2, EIO));
  EXPECT_TRUE(dir_->MakeDir("a", 0700).ok());
  EXPECT_EQ(ErrnoOf(dir_->MakeDir("b", 0700)), EIO);
  EXPECT_EQ(ErrnoOf(dir_->RemoveDir("a")), EIO);
  EXPECT_TRUE(dir_->Stat("a").ok());
  EXPECT_EQ(plan_->faults_injected(), 2);
  plan_->ClearFaults();
  EXPECT_TRUE(dir_->MakeDir("b", 0700).ok());
}

TEST_F(FaultyStorageTest, FaultOnAPathSparesAndDoesNotCountOthers) {
  temp_.Write("f", "x");
  temp_.Write("g", "x");
  plan_->Fail(StorageCall::kRename, Fault::Nth(1, ENOSPC).OnPath("new"));
  EXPECT_TRUE(dir_->Rename("f", *dir_, "h", RenameMode::kReplace).ok());
  EXPECT_EQ(ErrnoOf(dir_->Rename("g", *dir_, "new", RenameMode::kReplace)),
            ENOSPC);
}

TEST_F(FaultyStorageTest, RulesCountSeparatelyAndTheOldestDecides) {
  plan_->Fail(StorageCall::kMakeDir, Fault::Nth(2, ENOSPC));
  plan_->Fail(StorageCall::kMakeDir, Fault::Nth(2, EDQUOT));
  plan_->Fail(StorageCall::kMakeDir, Fault::Nth(3, EROFS));
  EXPECT_TRUE(dir_->MakeDir("a", 0700).ok());
  EXPECT_EQ(ErrnoOf(dir_->MakeDir("b", 0700)), ENOSPC);
  EXPECT_EQ(ErrnoOf(dir_->MakeDir("b", 0700)), EROFS);
}

TEST_F(FaultyStorageTest, InjectedErrnoIsMappedAsTheRealStorageDoes) {
  plan_->Fail(StorageCall::kStat, Fault::Nth(1, ELOOP));
  EXPECT_EQ(ErrnoOf(dir_->StatSelf().status()), EIO);
}

TEST_F(FaultyStorageTest, ShortWriteLandsItsFirstBytesOnly) {
  auto file = *dir_->CreateFile("f", 0600);
  plan_->Fail(StorageCall::kWrite, Fault::ShortWrite(4, ENOSPC));
  const WriteResult wrote = file->WriteAt(1, BytesOf("abcdef"));
  EXPECT_EQ(wrote.written, 4);
  EXPECT_EQ(ErrnoOf(wrote.status), ENOSPC);
  EXPECT_EQ(OnDisk("f"), std::string("\0abcd", 5));
  EXPECT_TRUE(file->WriteAt(1, BytesOf("abcdef")).status.ok());
  EXPECT_EQ(OnDisk("f"), std::string("\0abcdef", 7));
}

TEST_F(FaultyStorageTest, ShortWriteOfMoreThanThereIsStillFails) {
  auto file = *dir_->CreateFile("f", 0600);
  plan_->Fail(StorageCall::kWrite, Fault::ShortWrite(100, EIO));
  const WriteResult wrote = file->WriteAt(0, BytesOf("abc"));
  EXPECT_EQ(wrote.written, 3);
  EXPECT_EQ(ErrnoOf(wrote.status), EIO);
}

TEST_F(FaultyStorageTest, FailedWriteLandsNothing) {
  auto file = *dir_->CreateFile("f", 0600);
  plan_->Fail(StorageCall::kWrite, Fault::Nth(1, EIO));
  EXPECT_EQ(file->WriteAt(0, BytesOf("abc")).written, 0);
  EXPECT_EQ(OnDisk("f"), "");
}

TEST_F(FaultyStorageTest, BlockedCallWaitsAndOthersGoOn) {
  temp_.Write("f", "abc");
  auto file = *dir_->OpenFile("f", Access::kRead);
  plan_->Block(StorageCall::kRead);
  uint8_t byte = 0;
  std::thread reader(
      [&] { EXPECT_EQ(*file->ReadAt(1, MutableBytes(&byte, 1)), 1); });
  plan_->WaitUntilBlocked(StorageCall::kRead);
  // The reader is stuck, and a call of another kind is not.
  EXPECT_EQ(file->Stat()->size, 3);
  temp_.Write("f", "xyz");
  plan_->Unblock(StorageCall::kRead);
  reader.join();
  EXPECT_EQ(byte, 'y');
}

TEST_F(FaultyStorageTest, WaitUntilBlockedCountsTheCallsThatWait) {
  plan_->Block(StorageCall::kStat);
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([this] { EXPECT_TRUE(dir_->StatSelf().ok()); });
  }
  plan_->WaitUntilBlocked(StorageCall::kStat, 3);
  EXPECT_EQ(plan_->calls().size(), 3);
  plan_->Unblock(StorageCall::kStat);
  for (std::thread& thread : threads) thread.join();
}

TEST_F(FaultyStorageTest, FileKeepsThePathItWasOpenedBy) {
  temp_.MakeDir("d");
  auto sub = *dir_->OpenDir("d");
  auto file = *sub->CreateFile("f", 0600);
  ASSERT_TRUE(sub->Rename("f", *dir_, "g", RenameMode::kReplace).ok());
  plan_->ClearCalls();
  EXPECT_THAT(plan_->calls(), IsEmpty());
  ASSERT_TRUE(file->Sync().ok());
  EXPECT_THAT(plan_->CallsOf(StorageCall::kSync), ElementsAre("sync d/f"));
}

}  // namespace
}  // namespace casemate
