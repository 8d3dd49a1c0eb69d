// Open files: handles, content, errors that come late.
#include <cerrno>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "testing/model/core_fixture.h"

namespace casemate {
namespace {

constexpr size_t kChunk = 32768;
constexpr uint64_t kPebibyte = uint64_t{1} << 50;

class FilesTest : public CoreTest {
 protected:
  int Write(Ino ino, HandleId handle, uint64_t offset, absl::string_view data) {
    return Errno(vault_.Write(ino, handle, offset, data));
  }
  int Flush(Ino ino, HandleId handle) {
    return Errno(fs().Flush(caller(), ino, handle));
  }
  int Release(Ino ino, HandleId handle) {
    return Errno(fs().Release(ino, handle));
  }
  int SetSize(Ino ino, uint64_t size,
              absl::optional<HandleId> handle = absl::nullopt) {
    SetAttributesRequest request;
    request.size = size;
    return Errno(fs().SetAttributes(caller(), ino, request, handle));
  }
  // The timer's write-back, with the store refusing every write.
  void FailWriteBack(int error) {
    vault_.faults().Fail(StorageCall::kWrite, Fault::From(1, error));
    vault_.clock().Advance(absl::Seconds(2));
    fs().WriteBackOlderThan(absl::Seconds(1));
    vault_.faults().ClearFaults();
  }
};

TEST_F(FilesTest, HandleOfAnotherNodeKindOrTimeIsEBADF) {
  const Ino a = vault_.MakeFile(kRootIno, "a", "a");
  const Ino b = vault_.MakeFile(kRootIno, "b", "b");
  const HandleId of_b = vault_.Open(b, kForBoth);
  const HandleId of_dir = *fs().OpenDirectory(caller(), kRootIno);
  const HandleId released = vault_.Open(a, kForBoth);
  ASSERT_EQ(Release(a, released), 0);
  const HandleId reused = vault_.Open(a, kForBoth);  // the same slot
  EXPECT_NE(reused, released);

  for (const HandleId bad :
       {of_b, of_dir, released, HandleId{0}, HandleId{UINT64_MAX}}) {
    EXPECT_EQ(Errno(vault_.Read(a, bad, 0, 1)), EBADF);
    EXPECT_EQ(Write(a, bad, 0, "x"), EBADF);
    EXPECT_EQ(Flush(a, bad), EBADF);
    EXPECT_EQ(Errno(fs().Sync(caller(), a, bad, SyncScope::kAll)), EBADF);
    EXPECT_EQ(Release(a, bad), EBADF);
    EXPECT_EQ(Errno(fs().GetAttributes(caller(), a, bad)), EBADF);
    EXPECT_EQ(SetSize(a, 0, bad), EBADF);
    CollectingSink sink;
    EXPECT_EQ(Errno(fs().ReadDirectory(caller(), a, bad, 0, sink)), EBADF);
  }
  EXPECT_EQ(vault_.Content(a), "a");
  EXPECT_EQ(Release(b, of_b), 0);
  EXPECT_EQ(Release(a, reused), 0);
  EXPECT_EQ(Errno(fs().ReleaseDirectory(kRootIno, of_dir)), 0);
}

TEST_F(FilesTest, AccessIsDecidedAtOpen) {
  const Ino file = vault_.MakeFile(kRootIno, "f", "content");
  const HandleId reader = vault_.Open(file, kForReading);
  const HandleId writer = vault_.Open(file, kForWriting);
  EXPECT_EQ(Write(file, reader, 0, "x"), EBADF);
  EXPECT_EQ(Errno(vault_.Read(file, writer, 0, 1)), EBADF);
  // A partial chunk needs the rest of it all the same.
  EXPECT_EQ(Write(file, writer, 0, "CON"), 0);
  EXPECT_EQ(*vault_.Read(file, reader, 0, 100), "CONtent");
  EXPECT_EQ(SetSize(file, 3, reader), EINVAL);
  EXPECT_EQ(SetSize(file, 3, writer), 0);
  EXPECT_EQ(Release(file, reader), 0);
  EXPECT_EQ(Release(file, writer), 0);
}

// H17: dropping the pages of a file in use takes from its users what they
// wrote.
TEST_F(FilesTest, OnlyTheFirstOfSeveralOpensMayDropCachedPages) {
  const Ino file = vault_.MakeFile(kRootIno, "f", "content");
  const HandleId first = vault_.Open(file, kForReading);
  const HandleId second = vault_.Open(file, kForWriting);
  EXPECT_FALSE(fs().IsKernelCacheRight(first));
  EXPECT_TRUE(fs().IsKernelCacheRight(second));
  EXPECT_EQ(Release(file, first), 0);
  const HandleId third = vault_.Open(file, kForReading);
  EXPECT_TRUE(fs().IsKernelCacheRight(third));
  EXPECT_EQ(Release(file, second), 0);
  EXPECT_EQ(Release(file, third), 0);
  // Anybody may have changed it meanwhile.
  const HandleId again = vault_.Open(file, kForReading);
  EXPECT_FALSE(fs().IsKernelCacheRight(again));
  EXPECT_EQ(Release(file, again), 0);
}

TEST_F(FilesTest, ReadsAreExactButAtTheEnd) {
  const std::string content = PatternText(2 * kChunk + 10, 1);
  const Ino file = vault_.MakeFile(kRootIno, "f", content);
  const HandleId handle = vault_.Open(file, kForReading);
  EXPECT_TRUE(*vault_.Read(file, handle, 5, 2 * kChunk) ==
              content.substr(5, 2 * kChunk));
  EXPECT_EQ(vault_.Read(file, handle, 2 * kChunk, 500)->size(), 10u);
  EXPECT_EQ(*vault_.Read(file, handle, content.size(), 1), "");
  EXPECT_EQ(*vault_.Read(file, handle, INT64_MAX, 1), "");
  EXPECT_EQ(Errno(vault_.Read(file, handle, UINT64_MAX, 2)), EINVAL);
  EXPECT_EQ(Release(file, handle), 0);
}

TEST_F(FilesTest, TwoHandlesShareOneContent) {
  const Ino file = vault_.MakeFile(kRootIno, "f", "");
  const HandleId a = vault_.Open(file, kForBoth);
  const HandleId b = vault_.Open(file, kForBoth);
  EXPECT_EQ(fs().open_file_count(), 1u);
  EXPECT_EQ(Write(file, a, 0, "unflushed"), 0);
  EXPECT_EQ(*vault_.Read(file, b, 0, 100), "unflushed");
  EXPECT_EQ(vault_.Stat(file).size, 9u);
  EXPECT_EQ(SetSize(file, 2, b), 0);
  EXPECT_EQ(*vault_.Read(file, a, 0, 100), "un");
  EXPECT_EQ(Release(file, a), 0);
  EXPECT_EQ(*vault_.Read(file, b, 0, 100), "un");
  EXPECT_EQ(Release(file, b), 0);
  EXPECT_EQ(fs().open_file_count(), 0u);
}

TEST_F(FilesTest, LookupSeesTheSizeThatIsNotYetOnTheStore) {
  const Ino file = vault_.MakeFile(kRootIno, "f", "");
  const HandleId handle = vault_.Open(file, kForWriting);
  ASSERT_EQ(Write(file, handle, 0, "12345"), 0);
  EXPECT_EQ(fs().Lookup(caller(), kRootIno, "f")->attributes.size, 5u);
  EXPECT_EQ(Release(file, handle), 0);
}

TEST_F(FilesTest, UnlinkedFileLivesAsLongAsItIsOpen) {
  const Ino file = vault_.MakeFile(kRootIno, "f", "content");
  const HandleId handle = vault_.Open(file, kForBoth);
  ASSERT_EQ(Errno(fs().Unlink(caller(), kRootIno, "f")), 0);
  fs().Forget(file, 1);  // may come before RELEASE (L7)
  EXPECT_EQ(Write(file, handle, 7, " and more"), 0);
  EXPECT_EQ(Errno(fs().Sync(caller(), file, handle, SyncScope::kAll)), 0);
  EXPECT_EQ(vault_.Content(file, handle), "content and more");
  EXPECT_EQ(SetSize(file, 3, handle), 0);
  EXPECT_EQ(fs().GetAttributes(caller(), file, handle)->size, 3u);
  EXPECT_EQ(fs().GetAttributes(caller(), file, handle)->links, 0u);
  const HandleId again = vault_.Open(file, kForReading);  // /proc/self/fd
  EXPECT_EQ(vault_.Content(file, again), "con");
  EXPECT_EQ(Release(file, again), 0);
  EXPECT_EQ(Release(file, handle), 0);
  EXPECT_EQ(fs().inode_count(), 1u);
  EXPECT_EQ(Errno(fs().GetAttributes(caller(), file, absl::nullopt)), ESTALE);
}

TEST_F(FilesTest, LateErrorIsToldOnceToEachHandleAndTheBytesAreKept) {
  const Ino file = vault_.MakeFile(kRootIno, "f", "");
  const HandleId a = vault_.Open(file, kForBoth);
  const HandleId b = vault_.Open(file, kForBoth);
  ASSERT_EQ(Write(file, a, 0, "precious"), 0);
  FailWriteBack(ENOSPC);
  EXPECT_EQ(vault_.metrics().write_back_errors().value(), 1u);
  const HandleId later = vault_.Open(file, kForBoth);

  EXPECT_EQ(Flush(file, a), ENOSPC);
  EXPECT_EQ(Flush(file, a), 0);
  EXPECT_EQ(Write(file, b, 0, "refused!"), ENOSPC);
  EXPECT_EQ(Write(file, b, 8, " and more"), 0);
  EXPECT_EQ(Errno(fs().Sync(caller(), file, later, SyncScope::kAll)), 0);
  for (const HandleId handle : {a, b, later}) {
    EXPECT_EQ(Flush(file, handle), 0);
    EXPECT_EQ(Release(file, handle), 0);
  }
  vault_.Remount();
  EXPECT_EQ(vault_.Content(vault_.Find(kRootIno, "f")), "precious and more");
}

TEST_F(FilesTest, LateErrorIsToldBySyncToo) {
  const Ino file = vault_.MakeFile(kRootIno, "f", "");
  const HandleId handle = vault_.Open(file, kForBoth);
  ASSERT_EQ(Write(file, handle, 0, "x"), 0);
  FailWriteBack(EDQUOT);
  EXPECT_EQ(Errno(fs().Sync(caller(), file, handle, SyncScope::kData)), EDQUOT);
  EXPECT_EQ(Errno(fs().Sync(caller(), file, handle, SyncScope::kData)), 0);
  EXPECT_EQ(Release(file, handle), 0);
}

TEST_F(FilesTest, FlushThatFailsIsToldToTheOtherHandlesOnceAsWell) {
  const Ino file = vault_.MakeFile(kRootIno, "f", "");
  const HandleId a = vault_.Open(file, kForBoth);
  const HandleId b = vault_.Open(file, kForBoth);
  ASSERT_EQ(Write(file, a, 0, "x"), 0);
  vault_.faults().Fail(StorageCall::kWrite, Fault::Nth(1, EIO));
  EXPECT_EQ(Flush(file, a), EIO);
  EXPECT_EQ(Flush(file, a), 0);
  EXPECT_EQ(Flush(file, b), EIO);
  EXPECT_EQ(Flush(file, b), 0);
  EXPECT_EQ(Release(file, a), 0);
  EXPECT_EQ(Release(file, b), 0);
}

TEST_F(FilesTest, FsyncThatTheStoreRefusesIsAnError) {
  const Ino file = vault_.MakeFile(kRootIno, "f", "x");
  const HandleId handle = vault_.Open(file, kForBoth);
  vault_.faults().Fail(StorageCall::kSync, Fault::Nth(1, EIO));
  EXPECT_EQ(Errno(fs().Sync(caller(), file, handle, SyncScope::kAll)), EIO);
  EXPECT_EQ(Errno(fs().Sync(caller(), file, handle, SyncScope::kAll)), 0);
  EXPECT_EQ(Release(file, handle), 0);
}

TEST_F(FilesTest, OnlyTheLastReleaseGivesUpAndSaysSo) {
  const Ino file = vault_.MakeFile(kRootIno, "f", "old");
  const HandleId a = vault_.Open(file, kForBoth);
  const HandleId b = vault_.Open(file, kForBoth);
  ASSERT_EQ(Write(file, a, 0, "new"), 0);
  vault_.faults().Fail(StorageCall::kWrite, Fault::From(1, ENOSPC));
  EXPECT_EQ(Release(file, a), 0);  // nothing is tried, nothing is lost
  EXPECT_FALSE(absl::StrContains(vault_.log().text(), "are lost"));
  EXPECT_EQ(*vault_.Read(file, b, 0, 10), "new");
  EXPECT_EQ(Release(file, b), 0);
  EXPECT_TRUE(absl::StrContains(vault_.log().text(), "3 bytes could not"));
  EXPECT_EQ(vault_.metrics().write_back_errors().value(), 1u);
  EXPECT_EQ(vault_.metrics().dirty_bytes().value(), 0);
  vault_.faults().ClearFaults();
  EXPECT_EQ(vault_.Content(file), "old");
}

TEST_F(FilesTest, WriteBackAllTriesEveryFileAndAnswersTheFirstError) {
  const Ino a = vault_.MakeFile(kRootIno, "a", "");
  const Ino b = vault_.MakeFile(kRootIno, "b", "");
  const HandleId of_a = vault_.Open(a, kForBoth);
  const HandleId of_b = vault_.Open(b, kForBoth);
  ASSERT_EQ(Write(a, of_a, 0, "a"), 0);
  ASSERT_EQ(Write(b, of_b, 0, "b"), 0);
  vault_.faults().Fail(StorageCall::kWrite, Fault::Nth(1, ENOSPC));
  EXPECT_EQ(Errno(fs().WriteBackAll()), ENOSPC);
  EXPECT_EQ(vault_.metrics().dirty_bytes().value(), int64_t{kChunk});
  EXPECT_EQ(Errno(fs().WriteBackAll()), 0);
  EXPECT_EQ(vault_.metrics().dirty_bytes().value(), 0);
  // One of the two is told.
  EXPECT_EQ(Flush(a, of_a) + Flush(b, of_b), ENOSPC);
  EXPECT_EQ(Release(a, of_a), 0);
  EXPECT_EQ(Release(b, of_b), 0);
}

TEST_F(FilesTest, TimerLeavesYoungWritesAlone) {
  const Ino file = vault_.MakeFile(kRootIno, "f", "");
  const HandleId handle = vault_.Open(file, kForBoth);
  ASSERT_EQ(Write(file, handle, 0, "x"), 0);
  vault_.clock().Advance(absl::Milliseconds(900));
  fs().WriteBackOlderThan(absl::Seconds(1));
  EXPECT_EQ(vault_.metrics().dirty_bytes().value(), int64_t{kChunk});
  vault_.clock().Advance(absl::Milliseconds(200));
  fs().WriteBackOlderThan(absl::Seconds(1));
  EXPECT_EQ(vault_.metrics().dirty_bytes().value(), 0);
  EXPECT_EQ(Release(file, handle), 0);
}

TEST_F(FilesTest, HugeGrowthIsRefusedBeforeItStarts) {
  const Ino file = vault_.MakeFile(kRootIno, "f", "x");
  const HandleId handle = vault_.Open(file, kForBoth);
  vault_.faults().ClearCalls();
  EXPECT_EQ(SetSize(file, kPebibyte), ENOSPC);
  EXPECT_EQ(SetSize(file, kPebibyte, handle), ENOSPC);
  EXPECT_EQ(Write(file, handle, kPebibyte, "x"), ENOSPC);
  EXPECT_EQ(SetSize(file, INT64_MAX), EFBIG);
  EXPECT_EQ(Write(file, handle, INT64_MAX, "x"), EFBIG);
  EXPECT_TRUE(vault_.faults().CallsOf(kMutatingCalls).empty());
  EXPECT_EQ(vault_.Stat(file).size, 1u);
  EXPECT_EQ(Release(file, handle), 0);
}

TEST_F(FilesTest, InterruptedGrowthChangesNothing) {
  const Ino file = vault_.MakeFile(kRootIno, "f", "x");
  Context hurried = caller();
  int polls = 0;
  hurried.interrupted = [&polls] { return ++polls > 2; };
  SetAttributesRequest request;
  request.size = 200 * kChunk;
  EXPECT_EQ(Errno(fs().SetAttributes(hurried, file, request, absl::nullopt)),
            EINTR);
  EXPECT_EQ(vault_.Content(file), "x");
}

TEST_F(FilesTest, BlockedReadStopsNobodyElse) {
  const std::string content = PatternText(kChunk, 1);
  const Ino slow = vault_.MakeFile(kRootIno, "slow", content);
  const Ino dir = vault_.MakeDir(kRootIno, "d");
  vault_.Remount();  // nothing cached
  const Ino again = vault_.Find(kRootIno, "slow");
  const Ino dir_again = vault_.Find(kRootIno, "d");
  ASSERT_TRUE(slow != kNoIno && dir != kNoIno);
  const HandleId handle = vault_.Open(again, kForReading);
  vault_.faults().Block(StorageCall::kRead);
  std::string read;
  std::thread reader([&] { read = *vault_.Read(again, handle, 0, kChunk); });
  vault_.faults().WaitUntilBlocked(StorageCall::kRead);

  for (const Ino parent : {kRootIno, dir_again}) {
    const Ino other = vault_.MakeFile(parent, "other", "x");
    EXPECT_EQ(vault_.Stat(other).size, 1u);
    EXPECT_EQ(LookupErrno(parent, "other"), 0);
    EXPECT_EQ(Errno(fs().Rename(caller(), parent, "other", parent, "moved",
                                RenameFlag::kNone)),
              0);
    EXPECT_EQ(Errno(fs().Unlink(caller(), parent, "moved")), 0);
  }
  EXPECT_EQ(vault_.List(dir_again), std::vector<std::string>());
  // Not even those who look at that very file.
  EXPECT_EQ(vault_.Stat(again).size, kChunk);
  fs().WriteBackOlderThan(absl::ZeroDuration());

  vault_.faults().Unblock(StorageCall::kRead);
  reader.join();
  EXPECT_TRUE(read == content);
  EXPECT_EQ(Release(again, handle), 0);
}

// A mount that can keep four chunks.
class DirtyLimitTest : public FilesTest {
 protected:
  DirtyLimitTest() : vault_with_limit_(SmallLimit()) {}

  static MountedVault::Options SmallLimit() {
    MountedVault::Options options;
    options.file_system.dirty_limit_bytes = 4 * kChunk;
    return options;
  }

  MountedVault vault_with_limit_;
};

TEST_F(DirtyLimitTest, PressureWritesBackOtherFilesToo) {
  MountedVault& vault = vault_with_limit_;
  std::vector<std::pair<Ino, HandleId>> open;
  for (int i = 0; i < 10; ++i) {
    const Ino file = vault.MakeFile(kRootIno, absl::StrCat("f", i), "");
    open.emplace_back(file, vault.Open(file, kForBoth));
    ASSERT_TRUE(vault.Write(file, open.back().second, 0, "part").ok());
    EXPECT_LE(vault.metrics().dirty_bytes().value(), int64_t{4 * kChunk});
  }
  for (const auto& [file, handle] : open) {
    EXPECT_EQ(vault.Content(file, handle), "part");
    EXPECT_EQ(Errno(vault.fs().Release(file, handle)), 0);
  }
}

TEST_F(DirtyLimitTest, WhenNothingCanBeWrittenBackNewWritesGetTheError) {
  MountedVault& vault = vault_with_limit_;
  const Ino file = vault.MakeFile(kRootIno, "f", "");
  const HandleId handle = vault.Open(file, kForBoth);
  vault.faults().Fail(StorageCall::kWrite, Fault::From(1, ENOSPC));
  int refused = 0;
  for (int chunk = 0; chunk < 50; ++chunk) {
    // One byte less than a chunk: kept in memory.
    const auto status =
        vault.Write(file, handle, chunk * kChunk, std::string(kChunk - 1, 'x'));
    if (Errno(status) == ENOSPC) ++refused;
  }
  EXPECT_GT(refused, 40);
  EXPECT_LE(vault.metrics().dirty_bytes().value(), int64_t{6 * kChunk});
  EXPECT_EQ(Errno(vault.fs().Release(file, handle)), 0);
}

// What somebody did to the store.
class DamagedFileTest : public FilesTest {
 protected:
  // A file of two chunks, and where its ciphertext lies.
  Ino MakeVictim() {
    const std::set<std::string> made = vault_.PathsMadeBy([&] {
      vault_.MakeFile(kRootIno, "victim", PatternText(2 * kChunk, 1));
    });
    path_ = vault_.folder() + "/" + *made.begin();
    return vault_.Find(kRootIno, "victim");
  }
  void Flip(uint64_t offset) {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(offset);
    const char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(offset);
    file.put(byte);
  }
  void Cut(uint64_t size) { ASSERT_EQ(truncate(path_.c_str(), size), 0); }

  static constexpr OpenRequest kTruncating{true, true, true, false};
  std::string path_;
};

TEST_F(DamagedFileTest, DamagedHeaderIsEIOToOpenAndHarmlessToTruncation) {
  const Ino file = MakeVictim();
  Flip(30);
  EXPECT_EQ(Errno(fs().Open(caller(), file, kForReading)), EIO);
  EXPECT_EQ(Errno(fs().Open(caller(), file, kForWriting)), EIO);
  EXPECT_EQ(SetSize(file, 1), EIO);
  EXPECT_EQ(fs().open_file_count(), 0u);
  const auto handle = fs().Open(caller(), file, kTruncating);
  ASSERT_TRUE(handle.ok()) << handle.status();
  EXPECT_EQ(Write(file, *handle, 0, "fresh"), 0);
  EXPECT_EQ(Release(file, *handle), 0);
  EXPECT_EQ(vault_.Content(file), "fresh");
}

TEST_F(DamagedFileTest, SizeZeroWithoutAHandleRepairsAnUnreadableFile) {
  const Ino file = MakeVictim();
  Cut(10);
  EXPECT_EQ(Errno(fs().Open(caller(), file, kForReading)), EIO);
  EXPECT_EQ(SetSize(file, 0), 0);
  EXPECT_EQ(vault_.Content(file), "");
}

TEST_F(DamagedFileTest, DamagedChunkIsEIOForThatChunkAlone) {
  const Ino file = MakeVictim();
  Flip(68 + 100);
  const HandleId handle = vault_.Open(file, kForBoth);
  EXPECT_EQ(Errno(vault_.Read(file, handle, 0, 10)), EIO);
  EXPECT_TRUE(*vault_.Read(file, handle, kChunk, kChunk) ==
              PatternText(2 * kChunk, 1).substr(kChunk));
  EXPECT_EQ(Release(file, handle), 0);
}

TEST_F(DamagedFileTest, CutChunkCanBeReadAroundAndTruncatedEvenWhileOpen) {
  const Ino file = MakeVictim();
  Cut(68 + 32796 + 5);
  EXPECT_EQ(vault_.Stat(file).size, kChunk);
  EXPECT_EQ(Errno(fs().Open(caller(), file, kForWriting)), EIO);
  const HandleId reader = vault_.Open(file, kForReading);
  EXPECT_TRUE(*vault_.Read(file, reader, 0, kChunk) ==
              PatternText(2 * kChunk, 1).substr(0, kChunk));
  EXPECT_EQ(Errno(vault_.Read(file, reader, kChunk, 10)), EIO);
  EXPECT_EQ(Errno(fs().Open(caller(), file, kForWriting)), EIO);
  const auto handle = fs().Open(caller(), file, kTruncating);
  ASSERT_TRUE(handle.ok()) << handle.status();
  EXPECT_EQ(Write(file, *handle, 0, "fresh"), 0);
  EXPECT_EQ(*vault_.Read(file, reader, 0, 10), "fresh");
  EXPECT_EQ(Release(file, *handle), 0);
  EXPECT_EQ(Release(file, reader), 0);
}

}  // namespace
}  // namespace casemate
