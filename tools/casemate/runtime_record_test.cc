#include "tools/casemate/runtime_record.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

namespace casemate {
namespace {

RuntimeRecord SomeRecord() {
  RuntimeRecord record;
  record.pid = 1234;
  record.start_time = 987654321012;
  record.mountpoint = "/home/joe/My Vault";
  record.vault = "/srv/\xff vault\\";
  record.device = 54;
  return record;
}

class RuntimeRecordTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/recordXXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name + "/casemate";
  }

  std::string directory_;
};

TEST_F(RuntimeRecordTest, WhatWasWrittenIsRead) {
  RuntimeRecord record = SomeRecord();
  record.metrics_port = 9567;
  const auto held = WriteRecord(directory_, record);
  ASSERT_TRUE(held.ok()) << held.status();
  const auto read = ReadRecord(directory_, record.mountpoint, geteuid());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->pid, record.pid);
  EXPECT_EQ(read->start_time, record.start_time);
  EXPECT_EQ(read->mountpoint, record.mountpoint);
  EXPECT_EQ(read->vault, record.vault);
  EXPECT_EQ(read->device, record.device);
  EXPECT_EQ(read->metrics_port, 9567);
}

TEST_F(RuntimeRecordTest, NobodyElseMayReadIt) {
  const RuntimeRecord record = SomeRecord();
  const auto held = WriteRecord(directory_, record);
  ASSERT_TRUE(held.ok()) << held.status();
  struct stat status;
  ASSERT_EQ(stat(RecordPath(directory_, record.mountpoint).c_str(), &status),
            0);
  EXPECT_EQ(status.st_mode & 0777, mode_t{0600});
  ASSERT_EQ(stat(directory_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, mode_t{0700});
}

TEST_F(RuntimeRecordTest, ARecordIsRemovedByItsOwnDaemonOnly) {
  const RuntimeRecord record = SomeRecord();
  const auto held = WriteRecord(directory_, record);
  ASSERT_TRUE(held.ok()) << held.status();
  RemoveRecord(directory_, record.mountpoint, record.pid + 1);
  EXPECT_TRUE(ReadRecord(directory_, record.mountpoint, geteuid()).ok());
  RemoveRecord(directory_, record.mountpoint, record.pid);
  EXPECT_FALSE(ReadRecord(directory_, record.mountpoint, geteuid()).ok());
}

TEST_F(RuntimeRecordTest, OnlyWhatNoDaemonHoldsIsStale) {
  RuntimeRecord living = SomeRecord();
  RuntimeRecord killed = SomeRecord();
  killed.mountpoint = "/elsewhere";
  const auto held = WriteRecord(directory_, living);
  ASSERT_TRUE(WriteRecord(directory_, killed).ok());
  RemoveStaleRecords(directory_);
  EXPECT_TRUE(ReadRecord(directory_, living.mountpoint, geteuid()).ok());
  EXPECT_FALSE(ReadRecord(directory_, killed.mountpoint, geteuid()).ok());
}

TEST(MayTrustRecordTest, OnlyTheOwnerOfTheMountAndRootAreBelieved) {
  EXPECT_TRUE(MayTrustRecord(1000, 1000));
  EXPECT_TRUE(MayTrustRecord(0, 1000));
  EXPECT_FALSE(MayTrustRecord(1001, 1000));
  EXPECT_FALSE(MayTrustRecord(1000, 0));
}

TEST_F(RuntimeRecordTest, ALinkOrAFifoInItsPlaceIsRefusedAtOnce) {
  const RuntimeRecord record = SomeRecord();
  const auto held = WriteRecord(directory_, record);
  ASSERT_TRUE(held.ok()) << held.status();
  const std::string path = RecordPath(directory_, record.mountpoint);
  const std::string moved = directory_ + "/moved";
  ASSERT_EQ(rename(path.c_str(), moved.c_str()), 0);
  ASSERT_EQ(symlink(moved.c_str(), path.c_str()), 0);
  EXPECT_FALSE(ReadRecord(directory_, record.mountpoint, geteuid()).ok());
  ASSERT_EQ(unlink(path.c_str()), 0);
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_FALSE(ReadRecord(directory_, record.mountpoint, geteuid()).ok());
}

TEST(ParseRecordTest, RefusesWhatIsNoRecord) {
  EXPECT_FALSE(RuntimeRecord::Parse("").ok());
  EXPECT_FALSE(RuntimeRecord::Parse("[]").ok());
  EXPECT_FALSE(RuntimeRecord::Parse("{\"pid\":7}").ok());
  std::string json = SomeRecord().ToJson();
  EXPECT_TRUE(RuntimeRecord::Parse(json).ok());
  // A pid of 1, 0 or less would have kill(2) and pidfd_open(2) mean others.
  json.replace(json.find("1234"), 4, "1");
  EXPECT_FALSE(RuntimeRecord::Parse(json).ok());
}

RC_GTEST_PROP(ParseRecordProperty, SurvivesAnyText, (const std::string& text)) {
  RC_ASSERT(!RuntimeRecord::Parse(text).ok());
}

RC_GTEST_PROP(ParseRecordProperty, EveryPathSurvivesTheFile,
              (const std::string& path)) {
  RuntimeRecord record = SomeRecord();
  record.vault = path;
  const auto parsed = RuntimeRecord::Parse(record.ToJson());
  RC_ASSERT(parsed.ok());
  RC_ASSERT(parsed->vault == path);
}

TEST(RuntimeDirectoryTest, OfRootOfThisUserAndOfOthers) {
  EXPECT_EQ(RuntimeDirectory(0), "/run/casemate");
  EXPECT_EQ(RuntimeDirectory(geteuid() + 1),
            "/run/user/" + std::to_string(geteuid() + 1) + "/casemate");
}

}  // namespace
}  // namespace casemate
