#include "fs/handle/open_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "crypto/content/cipher_combo.h"
#include "fs/handle/disk_for_test.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"
#include "testing/faulty_storage/faulty_storage.h"

namespace casemate {
namespace {

std::vector<std::string> StoreCalls(Disk& disk, StorageCall kinds) {
  std::vector<std::string> calls = disk.faults->CallsOf(kinds);
  disk.faults->ClearCalls();
  return calls;
}

class OpenFileTest : public testing::TestWithParam<CipherCombo> {
 protected:
  Disk disk_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Combos, OpenFileTest,
                         testing::Values(CipherCombo::kSivGcm,
                                         CipherCombo::kSivCtrMac),
                         [](const auto& info) {
                           return std::string(CipherComboName(info.param));
                         });

TEST_P(OpenFileTest, NewFileIsItsHeaderAlone) {
  const auto file = disk_.Create();
  EXPECT_EQ(file->size(), 0);
  EXPECT_EQ(disk_.StoredBytes(), disk_.environment->layout.header_size());
  EXPECT_EQ(ReadAll(*file), "");
}

TEST_P(OpenFileTest, WhatWasWrittenBackIsReadByTheNextOpen) {
  const std::string content = Pattern(3 * kChunkSize + 100, 1);
  {
    const auto file = disk_.Create();
    ASSERT_TRUE(Write(*file, 0, content).ok());
    ASSERT_TRUE(file->WriteBack().ok());
  }
  EXPECT_EQ(disk_.StoredBytes(),
            disk_.environment->layout.CiphertextSize(content.size()));
  EXPECT_EQ(ReadAll(**disk_.Open()), content);
}

TEST_P(OpenFileTest, UnwrittenBytesAreReadBackBeforeAnyWriteBack) {
  const auto file = disk_.Create();
  ASSERT_TRUE(Write(*file, 10, "late").ok());
  EXPECT_EQ(ReadAll(*file), std::string(10, '\0') + "late");
  EXPECT_TRUE(file->HasDirty());
  EXPECT_EQ(disk_.metrics.dirty_bytes().value(), kChunkSize);
}

TEST_P(OpenFileTest, WholeChunksAreWrittenInOneCallAndNeverRead) {
  const auto file = disk_.Create();
  ASSERT_TRUE(Write(*file, 0, Pattern(32 * kChunkSize, 1)).ok());
  ASSERT_TRUE(file->WriteBack().ok());
  StoreCalls(disk_, kAllCalls);
  ASSERT_TRUE(Write(*file, 0, Pattern(32 * kChunkSize, 2)).ok());
  EXPECT_EQ(StoreCalls(disk_, kAllCalls), std::vector<std::string>{"write f"});
  EXPECT_FALSE(file->HasDirty());
  EXPECT_EQ(ReadAll(*file), Pattern(32 * kChunkSize, 2));
}

TEST_P(OpenFileTest, PartOfAChunkReadsItOnceAndWritesItLater) {
  const auto file = disk_.Create();
  std::string content = Pattern(2 * kChunkSize, 1);
  ASSERT_TRUE(Write(*file, 0, content).ok());
  StoreCalls(disk_, kAllCalls);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(Write(*file, kChunkSize + i, "z").ok());
    content[kChunkSize + i] = 'z';
  }
  EXPECT_EQ(StoreCalls(disk_, StorageCall::kRead | StorageCall::kWrite),
            std::vector<std::string>{"read f"});
  ASSERT_TRUE(file->WriteBack().ok());
  EXPECT_EQ(StoreCalls(disk_, StorageCall::kRead | StorageCall::kWrite),
            std::vector<std::string>{"write f"});
  EXPECT_EQ(ReadAll(**disk_.Open()), content);
}

TEST_P(OpenFileTest, OverwritingTheWholeLastShortChunkDoesNotReadIt) {
  const auto file = disk_.Create();
  ASSERT_TRUE(Write(*file, 0, "short").ok());
  ASSERT_TRUE(file->WriteBack().ok());
  const auto other = *disk_.Open();
  StoreCalls(disk_, kAllCalls);
  ASSERT_TRUE(Write(*other, 0, "longer than it was").ok());
  EXPECT_TRUE(StoreCalls(disk_, StorageCall::kRead).empty());
}

TEST_P(OpenFileTest, DirtyMemoryOfOneFileStaysBounded) {
  const auto file = disk_.Create();
  ASSERT_TRUE(file->Truncate(512 * kChunkSize, kNeverInterrupted).ok());
  for (uint64_t chunk = 0; chunk < 512; ++chunk) {
    ASSERT_TRUE(Write(*file, chunk * kChunkSize + 5, "x").ok());
    ASSERT_LE(disk_.budget.used(), OpenFile::kDirtyLimit);
  }
}

TEST_P(OpenFileTest, GapBeforeAWriteIsZerosWithoutHoles) {
  const auto file = disk_.Create();
  ASSERT_TRUE(Write(*file, 0, "a").ok());
  ASSERT_TRUE(Write(*file, 70 * kChunkSize + 3, "b").ok());
  std::string expected(70 * kChunkSize + 4, '\0');
  expected.front() = 'a';
  expected.back() = 'b';
  EXPECT_EQ(ReadAll(*file), expected);
  ASSERT_TRUE(file->WriteBack().ok());
  EXPECT_EQ(ReadAll(**disk_.Open()), expected);
}

TEST_P(OpenFileTest, BytesCutOffDoNotComeBackWhenTheFileGrows) {
  const auto file = disk_.Create();
  ASSERT_TRUE(Write(*file, 0, Pattern(kChunkSize + 1000, 1)).ok());
  ASSERT_TRUE(file->Truncate(kChunkSize + 10, kNeverInterrupted).ok());
  ASSERT_TRUE(file->Truncate(kChunkSize + 500, kNeverInterrupted).ok());
  const std::string expected =
      Pattern(kChunkSize + 1000, 1).substr(0, kChunkSize + 10) +
      std::string(490, '\0');
  EXPECT_EQ(ReadAll(*file), expected);
  ASSERT_TRUE(file->WriteBack().ok());
  EXPECT_EQ(ReadAll(**disk_.Open()), expected);
}

TEST_P(OpenFileTest, TruncatingToZeroMakesANewHeader) {
  const auto file = disk_.Create();
  const uint32_t header_size = disk_.environment->layout.header_size();
  std::vector<uint8_t> before(header_size);
  std::vector<uint8_t> after(header_size);
  ASSERT_TRUE(disk_.Raw()->ReadAt(0, absl::MakeSpan(before)).ok());
  ASSERT_TRUE(Write(*file, 0, "old").ok());
  ASSERT_TRUE(file->Truncate(0, kNeverInterrupted).ok());
  ASSERT_TRUE(disk_.Raw()->ReadAt(0, absl::MakeSpan(after)).ok());
  EXPECT_NE(before, after);
  ASSERT_TRUE(Write(*file, 0, "new").ok());
  ASSERT_TRUE(file->WriteBack().ok());
  EXPECT_EQ(ReadAll(**disk_.Open()), "new");
}

TEST_P(OpenFileTest, SameChunkIsNeverSealedTwiceAlike) {
  const auto file = disk_.Create();
  const auto stored = [&] {
    std::vector<uint8_t> bytes(disk_.StoredBytes());
    EXPECT_TRUE(disk_.Raw()->ReadAt(0, absl::MakeSpan(bytes)).ok());
    return bytes;
  };
  ASSERT_TRUE(Write(*file, 0, "same").ok());
  ASSERT_TRUE(file->WriteBack().ok());
  const std::vector<uint8_t> first = stored();
  ASSERT_TRUE(Write(*file, 0, "same").ok());
  ASSERT_TRUE(file->WriteBack().ok());
  EXPECT_NE(first, stored());
}

TEST_P(OpenFileTest, FlippedBitIsAnErrorOfItsChunkAlone) {
  const std::string content = Pattern(3 * kChunkSize, 1);
  {
    const auto file = disk_.Create();
    ASSERT_TRUE(Write(*file, 0, content).ok());
  }
  const uint64_t at = disk_.environment->layout.ChunkOffset(1) + 1000;
  std::vector<uint8_t> byte(1);
  ASSERT_TRUE(disk_.Raw()->ReadAt(at, absl::MakeSpan(byte)).ok());
  byte[0] ^= 1;
  ASSERT_TRUE(disk_.Raw()->WriteAt(at, byte).status.ok());

  const auto file = *disk_.Open();
  std::vector<uint8_t> out(kChunkSize);
  EXPECT_EQ(*file->ReadAt(0, absl::MakeSpan(out)), kChunkSize);
  EXPECT_EQ(TextOf(out), content.substr(0, kChunkSize));
  const absl::Status failed =
      file->ReadAt(kChunkSize, absl::MakeSpan(out)).status();
  EXPECT_TRUE(absl::IsDataLoss(failed));
  EXPECT_EQ(ErrnoOf(failed), EIO);
  EXPECT_EQ(disk_.metrics.auth_failures(AuthObject::kChunk).value(), 1);
  EXPECT_EQ(*file->ReadAt(2 * kChunkSize, absl::MakeSpan(out)), kChunkSize);
  // Part of it cannot be written, all of it can.
  EXPECT_TRUE(absl::IsDataLoss(Write(*file, kChunkSize + 1, "x")));
  ASSERT_TRUE(Write(*file, kChunkSize, Pattern(kChunkSize, 9)).ok());
  EXPECT_EQ(*file->ReadAt(kChunkSize, absl::MakeSpan(out)), kChunkSize);
  EXPECT_EQ(TextOf(out), Pattern(kChunkSize, 9));
}

TEST_P(OpenFileTest, DamagedHeaderCannotBeOpenedButTruncated) {
  disk_.Create();
  std::vector<uint8_t> junk(8, 0xee);
  ASSERT_TRUE(disk_.Raw()->WriteAt(20, junk).status.ok());
  EXPECT_TRUE(absl::IsDataLoss(disk_.Open().status()));
  EXPECT_EQ(disk_.metrics.auth_failures(AuthObject::kHeader).value(), 1);
  const auto file =
      *OpenFile::OpenTruncated(disk_.environment.get(), kIno, disk_.Raw());
  ASSERT_TRUE(Write(*file, 0, "again").ok());
  ASSERT_TRUE(file->WriteBack().ok());
  EXPECT_EQ(ReadAll(**disk_.Open()), "again");
}

TEST_P(OpenFileTest, EmptyStoreFileIsAnEmptyFileThatCanBeWritten) {
  disk_.Create();
  ASSERT_TRUE(disk_.Raw()->Truncate(0).ok());
  const auto file = *disk_.Open();
  EXPECT_EQ(ReadAll(*file), "");
  ASSERT_TRUE(Write(*file, 5, "x").ok());
  ASSERT_TRUE(file->WriteBack().ok());
  EXPECT_EQ(ReadAll(**disk_.Open()), std::string(5, '\0') + "x");
}

TEST_P(OpenFileTest, ImpossibleSizeIsReadUpToItsLastWholeChunkAndNotWritten) {
  const std::string content = Pattern(2 * kChunkSize, 1);
  ASSERT_TRUE(Write(*disk_.Create(), 0, content).ok());
  const ChunkLayout& layout = disk_.environment->layout;
  ASSERT_TRUE(disk_.Raw()->Truncate(layout.ChunkOffset(1) + 3).ok());
  EXPECT_TRUE(absl::IsDataLoss(disk_.Open(/*for_write=*/true).status()));
  const auto file = *disk_.Open(/*for_write=*/false);
  EXPECT_EQ(file->size(), kChunkSize);
  std::vector<uint8_t> out(kChunkSize);
  EXPECT_EQ(*file->ReadAt(0, absl::MakeSpan(out)), kChunkSize);
  EXPECT_TRUE(
      absl::IsDataLoss(file->ReadAt(kChunkSize, absl::MakeSpan(out)).status()));
  const auto reopen = [&]() -> absl::StatusOr<std::unique_ptr<File>> {
    return disk_.Raw();
  };
  EXPECT_TRUE(absl::IsDataLoss(
      file->EnsureWritable(reopen, OpenFile::Content::kIsKept)));
  ASSERT_TRUE(
      file->EnsureWritable(reopen, OpenFile::Content::kIsDiscarded).ok());
  ASSERT_TRUE(file->Truncate(0, kNeverInterrupted).ok());
  ASSERT_TRUE(Write(*file, 0, "whole again").ok());
  EXPECT_EQ(ReadAll(*file), "whole again");
}

TEST_P(OpenFileTest, TrailingEmptyChunkIsNoContent) {
  const std::string content = Pattern(kChunkSize, 1);
  ASSERT_TRUE(Write(*disk_.Create(), 0, content).ok());
  const ChunkLayout& layout = disk_.environment->layout;
  ASSERT_TRUE(
      disk_.Raw()->Truncate(layout.ChunkOffset(1) + layout.overhead()).ok());
  const auto file = *disk_.Open();
  EXPECT_EQ(ReadAll(*file), content);
  ASSERT_TRUE(Write(*file, kChunkSize, "more").ok());
  ASSERT_TRUE(file->WriteBack().ok());
  EXPECT_EQ(ReadAll(**disk_.Open()), content + "more");
}

TEST_P(OpenFileTest, PastTheLargestSizeIsEFBIG) {
  const auto file = disk_.Create();
  const uint64_t largest = disk_.environment->layout.max_cleartext_size();
  EXPECT_EQ(ErrnoOf(Write(*file, largest, "x")), EFBIG);
  EXPECT_EQ(ErrnoOf(Write(*file, UINT64_MAX - 1, "xyz")), EFBIG);
  EXPECT_EQ(ErrnoOf(file->Truncate(largest + 1, kNeverInterrupted)), EFBIG);
  EXPECT_EQ(file->size(), 0);
}

TEST_P(OpenFileTest, InterruptedGrowthLeavesTheSizeAsItWas) {
  const auto file = disk_.Create();
  ASSERT_TRUE(Write(*file, 0, "begin").ok());
  int polls = 0;
  const absl::Status status =
      file->Truncate(400 * kChunkSize, [&polls] { return ++polls > 3; });
  EXPECT_EQ(ErrnoOf(status), EINTR);
  EXPECT_EQ(ReadAll(*file), "begin");
  ASSERT_TRUE(file->WriteBack().ok());
  EXPECT_EQ(ReadAll(**disk_.Open()), "begin");
}

TEST_P(OpenFileTest, FailedWriteBackKeepsTheBytesAndTriesAgain) {
  const auto file = disk_.Create();
  ASSERT_TRUE(Write(*file, 0, "precious").ok());
  disk_.faults->Fail(StorageCall::kWrite, Fault::From(1, ENOSPC));
  EXPECT_EQ(ErrnoOf(file->WriteBack()), ENOSPC);
  EXPECT_EQ(ReadAll(*file), "precious");
  EXPECT_EQ(ErrnoOf(file->Sync(/*data_only=*/true)), ENOSPC);
  disk_.faults->ClearFaults();
  ASSERT_TRUE(file->WriteBack().ok());
  EXPECT_EQ(ReadAll(**disk_.Open()), "precious");
}

TEST_P(OpenFileTest, TimerWritesBackWhatIsOldAndDefersItsError) {
  const auto file = disk_.Create();
  ASSERT_TRUE(Write(*file, 0, "x").ok());
  file->WriteBackIfOlderThan(absl::Seconds(1));
  EXPECT_TRUE(file->HasDirty());
  disk_.clock.Advance(absl::Seconds(1));
  disk_.faults->Fail(StorageCall::kWrite, Fault::Nth(1, EDQUOT));
  file->WriteBackIfOlderThan(absl::Seconds(1));
  EXPECT_TRUE(file->HasDirty());
  EXPECT_EQ(file->error_count(), 1);
  EXPECT_EQ(ErrnoOf(file->last_error()), EDQUOT);
  EXPECT_EQ(disk_.metrics.write_back_errors().value(), 1);
  file->WriteBackIfOlderThan(absl::Seconds(1));
  EXPECT_FALSE(file->HasDirty());
}

TEST_P(OpenFileTest, StatWritesBackFirstSoThatTimesStayPut) {
  const auto file = disk_.Create();
  ASSERT_TRUE(Write(*file, 0, "x").ok());
  const FileStat stat = *file->Stat();
  EXPECT_EQ(stat.size, 1);
  EXPECT_FALSE(file->HasDirty());
  ASSERT_TRUE(file->WriteBack().ok());
  EXPECT_EQ(file->Stat()->mtime.tv_nsec, stat.mtime.tv_nsec);
}

TEST_P(OpenFileTest, TimesThatWereSetSurviveTheFlushAfterwards) {
  const auto file = disk_.Create();
  ASSERT_TRUE(Write(*file, 0, "x").ok());
  AttributeChange change;
  change.mtime = timespec{1000000000, 123456789};
  ASSERT_TRUE(file->SetAttributes(change).ok());
  ASSERT_TRUE(file->WriteBack().ok());
  EXPECT_EQ(file->Stat()->mtime.tv_sec, 1000000000);
  EXPECT_EQ(file->Stat()->mtime.tv_nsec, 123456789);
}

TEST_P(OpenFileTest, ShortAppendIsCutBackToItsLastWholeChunk) {
  const auto file = disk_.Create();
  const uint32_t sealed = disk_.environment->layout.sealed_chunk_size();
  disk_.faults->Fail(StorageCall::kWrite,
                     Fault::ShortWrite(2 * sealed + 100, ENOSPC));
  EXPECT_EQ(ErrnoOf(Write(*file, 0, Pattern(8 * kChunkSize, 1))), ENOSPC);
  EXPECT_EQ(file->size(), 2 * kChunkSize);
  EXPECT_EQ(ReadAll(*file),
            Pattern(8 * kChunkSize, 1).substr(0, 2 * kChunkSize));
  EXPECT_EQ(disk_.StoredBytes(),
            disk_.environment->layout.CiphertextSize(2 * kChunkSize));
}

// An appended log on a full disk: what was synced before must not go with it.
TEST_P(OpenFileTest, AppendThatDoesNotFitLeavesTheShortLastChunkAsItWas) {
  for (const size_t size : {size_t{100}, size_t{30'000}, kChunkSize + 5ul}) {
    for (const size_t landed : {0, 50, 4096, 32'000}) {
      Disk disk(GetParam());
      const std::string content = Pattern(size, 1);
      {
        const auto file = disk.Create();
        ASSERT_TRUE(Write(*file, 0, content).ok());
        ASSERT_TRUE(file->WriteBack().ok());
      }
      {
        const auto file = *disk.Open();
        ASSERT_TRUE(Write(*file, size, Pattern(40'000, 2)).ok());
        disk.faults->Fail(StorageCall::kWrite,
                          Fault::ShortWrite(landed, ENOSPC));
        EXPECT_EQ(ErrnoOf(file->WriteBack()), ENOSPC);
        EXPECT_GT(file->Abandon(), 0u);  // as the last release does
      }
      const std::string now = ReadAll(**disk.Open());
      EXPECT_TRUE(Same(now.substr(0, size), content)) << size << " " << landed;
      // At most whole chunks of what was appended came after it.
      EXPECT_TRUE(now.size() == size || now.size() % kChunkSize == 0);
    }
  }
}

TEST_P(OpenFileTest, ShortOverwriteLeavesEachChunkOldOrNew) {
  const auto file = disk_.Create();
  const std::string before = Pattern(8 * kChunkSize, 1);
  const std::string after = Pattern(8 * kChunkSize, 2);
  ASSERT_TRUE(Write(*file, 0, before).ok());
  const uint32_t sealed = disk_.environment->layout.sealed_chunk_size();
  disk_.faults->Fail(StorageCall::kWrite,
                     Fault::ShortWrite(2 * sealed + 100, EIO));
  EXPECT_EQ(ErrnoOf(Write(*file, 0, after)), EIO);
  // Two written, the torn one kept in memory, the rest untouched.
  const std::string expected =
      after.substr(0, 3 * kChunkSize) + before.substr(3 * kChunkSize);
  EXPECT_EQ(ReadAll(*file), expected);
  ASSERT_TRUE(file->WriteBack().ok());
  EXPECT_EQ(ReadAll(**disk_.Open()), expected);
}

TEST_P(OpenFileTest, ShortWriteBackKeepsTheTornChunkInMemory) {
  const auto file = disk_.Create();
  ASSERT_TRUE(Write(*file, 0, Pattern(4 * kChunkSize, 1)).ok());
  std::string expected = Pattern(4 * kChunkSize, 1);
  for (int chunk = 0; chunk < 4; ++chunk) {
    ASSERT_TRUE(Write(*file, chunk * kChunkSize + 9, "new").ok());
    expected.replace(chunk * kChunkSize + 9, 3, "new");
  }
  const uint32_t sealed = disk_.environment->layout.sealed_chunk_size();
  disk_.faults->Fail(StorageCall::kWrite, Fault::ShortWrite(sealed + 7, EIO));
  EXPECT_EQ(ErrnoOf(file->WriteBack()), EIO);
  EXPECT_EQ(ReadAll(*file), expected);
  ASSERT_TRUE(file->WriteBack().ok());
  EXPECT_EQ(ReadAll(**disk_.Open()), expected);
}

TEST_P(OpenFileTest, FailedShrinkKeepsAllOfTheOldContent) {
  const std::string content = Pattern(2 * kChunkSize + 50, 1);
  for (const StorageCall call : {StorageCall::kWrite, StorageCall::kTruncate}) {
    Disk disk(GetParam());
    const auto file = disk.Create();
    ASSERT_TRUE(Write(*file, 0, content).ok());
    ASSERT_TRUE(file->WriteBack().ok());
    disk.faults->Fail(call, Fault::Nth(1, EIO));
    EXPECT_EQ(ErrnoOf(file->Truncate(kChunkSize + 5, kNeverInterrupted)), EIO);
    EXPECT_EQ(ReadAll(*file), content);
    ASSERT_TRUE(file->WriteBack().ok());
    EXPECT_EQ(ReadAll(**disk.Open()), content);
  }
}

TEST_P(OpenFileTest, CopyOfAFileSharesNoCachedChunkWithIt) {
  const auto file = disk_.Create();
  ASSERT_TRUE(Write(*file, 0, "original").ok());
  ASSERT_TRUE(file->WriteBack().ok());  // now in the cache
  const auto copy = *disk_.Open();      // same header, as a copied file has
  ASSERT_TRUE(Write(*copy, 0, "changed!").ok());
  ASSERT_TRUE(copy->WriteBack().ok());
  EXPECT_EQ(ReadAll(*file), "original");
  EXPECT_EQ(ReadAll(*copy), "changed!");
}

TEST_P(OpenFileTest, NothingOfAClosedFileStaysInTheCacheOrTheBudget) {
  {
    const auto file = disk_.Create();
    ASSERT_TRUE(Write(*file, 0, "x").ok());
    ASSERT_TRUE(file->WriteBack().ok());
    EXPECT_EQ(disk_.cache.entries(), 1);
    ASSERT_TRUE(Write(*file, 0, "y").ok());
    EXPECT_EQ(file->Abandon(), 1);
  }
  EXPECT_EQ(disk_.cache.entries(), 0);
  EXPECT_EQ(disk_.budget.used(), 0);
}

TEST_P(OpenFileTest, CutToTheStoredSizeKeepsTheBytesThatAreNotStored) {
  const auto file = disk_.Create();
  ASSERT_TRUE(Write(*file, 0, std::string(19, 'o')).ok());
  ASSERT_TRUE(file->WriteBack().ok());
  ASSERT_TRUE(Write(*file, 0, std::string(100, 'n')).ok());
  ASSERT_TRUE(file->Truncate(19, kNeverInterrupted).ok());
  EXPECT_EQ(ReadAll(*file), std::string(19, 'n'));
}

// One file, any operations, any order, some of them failing half-way: always
// what a byte string would be, and always readable by the next open.
void AgreesWithAString(CipherCombo combo) {
  Disk disk(combo);
  std::shared_ptr<OpenFile> file = disk.Create();
  std::string model;
  const int steps = *rc::gen::inRange(1, 40);
  for (int i = 0; i < steps; ++i) {
    const uint64_t near_edge =
        *rc::gen::element<uint64_t>(0, 1, 2, 3) * kChunkSize +
        *rc::gen::inRange(0, 40);
    const uint64_t offset = near_edge < 20 ? near_edge : near_edge - 20;
    switch (*rc::gen::inRange(0, 5)) {
      case 0:
      case 1: {
        const size_t size = *rc::gen::element<size_t>(
            1, 19, kChunkSize - 1, kChunkSize, 2 * kChunkSize + 3);
        const std::string data = Pattern(size, i);
        RC_ASSERT(Write(*file, offset, data).ok());
        if (model.size() < offset + size) model.resize(offset + size);
        model.replace(offset, size, data);
        break;
      }
      case 2:
        RC_ASSERT(file->Truncate(offset, kNeverInterrupted).ok());
        model.resize(offset);
        break;
      case 3:
        RC_ASSERT(file->WriteBack().ok());
        RC_ASSERT(Same(ReadAll(**disk.Open()), model));
        break;
      case 4:
        RC_ASSERT(file->WriteBack().ok());
        file = *disk.Open();
        break;
    }
    RC_ASSERT(file->size() == model.size());
    RC_ASSERT(Same(ReadAll(*file), model));
  }
}

RC_GTEST_PROP(OpenFileProperty, AgreesWithAStringUnderGcm, ()) {
  AgreesWithAString(CipherCombo::kSivGcm);
}

RC_GTEST_PROP(OpenFileProperty, AgreesWithAStringUnderCtrMac, ()) {
  AgreesWithAString(CipherCombo::kSivCtrMac);
}

// H16 under faults: whatever fails, every chunk is its old or its new self.
RC_GTEST_PROP(OpenFileProperty, FaultsLeaveEachChunkOldOrNew, ()) {
  Disk disk(CipherCombo::kSivGcm);
  const std::shared_ptr<OpenFile> file = disk.Create();
  const size_t chunks = *rc::gen::inRange<size_t>(1, 5);
  const std::string before = Pattern(chunks * kChunkSize, 1);
  RC_ASSERT(Write(*file, 0, before).ok());
  const size_t offset = *rc::gen::inRange<size_t>(0, 3) * kChunkSize / 2;
  const std::string data =
      Pattern(*rc::gen::inRange<size_t>(1, 4 * kChunkSize), 2);
  std::string after = before;
  after.resize(std::max(after.size(), offset + data.size()));
  after.replace(offset, data.size(), data);
  disk.faults->Fail(
      *rc::gen::element(StorageCall::kWrite, StorageCall::kRead),
      Fault::ShortWrite(*rc::gen::inRange<size_t>(0, 3 * kChunkSize), EIO));
  const absl::Status status = Write(*file, offset, data);
  disk.faults->ClearFaults();
  RC_ASSERT(file->WriteBack().ok());
  const std::string now = ReadAll(**disk.Open());
  RC_ASSERT(!status.ok() || Same(now, after));
  RC_ASSERT(now.size() >= before.size());
  for (size_t at = 0; at < now.size(); at += kChunkSize) {
    const std::string chunk = now.substr(at, kChunkSize);
    const std::string is_old =
        at < before.size() ? before.substr(at, kChunkSize) : std::string();
    RC_ASSERT(Same(chunk, is_old) ||
              Same(chunk, after.substr(at, chunk.size())));
  }
}

}  // namespace
}  // namespace casemate
