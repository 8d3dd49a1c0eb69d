#include "fs/storage/posix_storage.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/status.h"
#include "fs/storage/posix_fixture_for_test.h"
#include "fs/storage/storage.h"
#include "fs/storage/temp_dir_for_test.h"
#include "fs/storage/unique_fd.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace casemate {
namespace {

using Use = PosixStorageOptions::Use;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

timespec TimeAt(int64_t seconds, int64_t nanoseconds) {
  timespec time = {};
  time.tv_sec = seconds;
  time.tv_nsec = nanoseconds;
  return time;
}

// Everything that must hold however a path is resolved.
class PosixStorageTest : public testing::TestWithParam<Use>,
                         public PosixStorageFixture {
 protected:
  PosixStorageTest()
      : PosixStorageFixture(
            PosixStorageOptions{GetParam(), Use::kIfAvailable}) {}
};

INSTANTIATE_TEST_SUITE_P(PathResolution, PosixStorageTest,
                         testing::Values(Use::kIfAvailable, Use::kNever),
                         [](const testing::TestParamInfo<Use>& info) {
                           return info.param == Use::kNever ? "ByComponents"
                                                            : "ByOpenAt2";
                         });

TEST_P(PosixStorageTest, CreatedObjectsReadBackAndHaveThePermissionsAskedFor) {
  const mode_t old_umask = umask(0);
  {
    auto file = dir().CreateFile("a.c9r", 0646);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_TRUE((*file)->writable());
    const WriteResult wrote = (*file)->WriteAt(0, BytesOf("cipher"));
    EXPECT_TRUE(wrote.status.ok());
    EXPECT_EQ(wrote.written, 6);
    EXPECT_TRUE((*file)->SyncData().ok());
    EXPECT_TRUE((*file)->Sync().ok());
    EXPECT_TRUE(dir().MakeDir("d", 01753).ok());
  }
  umask(old_umask);
  EXPECT_EQ(dir().Stat("d")->permissions, 01753);
  EXPECT_EQ(ReadAll(dir(), "a.c9r"), "cipher");
  EXPECT_EQ(dir().Stat("a.c9r")->permissions, 0646);
  EXPECT_TRUE(dir().Sync().ok());
}

TEST_P(PosixStorageTest, TwoComponentsReachIntoADirectory) {
  ASSERT_TRUE(dir().MakeDir("n.c9r", 0700).ok());
  ASSERT_TRUE(dir().CreateFile("n.c9r/dir.c9r", 0600).ok());
  temp().Write("n.c9r/dir.c9r", "id");
  EXPECT_EQ(ReadAll(dir(), "n.c9r/dir.c9r"), "id");
  EXPECT_EQ(dir().Stat("n.c9r/dir.c9r")->size, 2);
  ASSERT_TRUE(
      dir()
          .Rename("n.c9r/dir.c9r", dir(), "moved.c9r", RenameMode::kNoReplace)
          .ok());
  EXPECT_EQ(ReadAll(dir(), "moved.c9r"), "id");
  ASSERT_TRUE(
      dir()
          .Rename("moved.c9r", dir(), "n.c9r/symlink.c9r", RenameMode::kReplace)
          .ok());
  ASSERT_TRUE(dir().RemoveFile("n.c9r/symlink.c9r").ok());
  EXPECT_TRUE(dir().RemoveDir("n.c9r").ok());
}

TEST_P(PosixStorageTest, OpenDirReachesTwoLevelsDown) {
  ASSERT_TRUE(dir().MakeDir("d", 0700).ok());
  auto d = dir().OpenDir("d");
  ASSERT_TRUE(d.ok()) << d.status();
  ASSERT_TRUE((*d)->MakeDir("XX", 0700).ok());
  auto xx = dir().OpenDir("d/XX");
  ASSERT_TRUE(xx.ok()) << xx.status();
  ASSERT_TRUE((*xx)->CreateFile("f.c9r", 0600).ok());
  EXPECT_EQ((*xx)->StatSelf()->id, (*d)->Stat("XX")->id);
  EXPECT_EQ((*d)->Stat("XX/f.c9r")->type, FileType::kRegular);
}

TEST_P(PosixStorageTest, PathsThatCouldLeadElsewhereAreEINVAL) {
  temp().MakeDir("n");
  const std::string nul("a\0b", 3);
  for (const std::string& path :
       {std::string(), std::string("."), std::string(".."), std::string("/"),
        std::string("/etc"), std::string("n/"), std::string("n/."),
        std::string("n/.."), std::string("../n"), std::string("./n"),
        std::string("n//x"), std::string("n/a/b"), nul}) {
    EXPECT_EQ(ErrnoOf(dir().Stat(path).status()), EINVAL) << path;
    EXPECT_EQ(ErrnoOf(dir().OpenDir(path).status()), EINVAL) << path;
    EXPECT_EQ(ErrnoOf(dir().OpenFile(path, Access::kRead).status()), EINVAL);
    EXPECT_EQ(ErrnoOf(dir().CreateFile(path, 0600).status()), EINVAL);
    EXPECT_EQ(ErrnoOf(dir().MakeDir(path, 0700)), EINVAL) << path;
    EXPECT_EQ(ErrnoOf(dir().RemoveFile(path)), EINVAL) << path;
    EXPECT_EQ(ErrnoOf(dir().RemoveDir(path)), EINVAL) << path;
    EXPECT_EQ(ErrnoOf(dir().SetAttributes(path, {})), EINVAL) << path;
    EXPECT_EQ(ErrnoOf(dir().Rename(path, dir(), "to", RenameMode::kReplace)),
              EINVAL);
    EXPECT_EQ(ErrnoOf(dir().Rename("n", dir(), path, RenameMode::kReplace)),
              EINVAL);
  }
  EXPECT_EQ(ErrnoOf(dir().MakeDir("n/x", 0700)), EINVAL);
  EXPECT_EQ(ErrnoOf(dir().RemoveDir("n/x")), EINVAL);
}

TEST_P(PosixStorageTest, AbsentNamesAreENOENT) {
  temp().MakeDir("n");
  for (const char* path : {"x", "n/x", "x/y"}) {
    EXPECT_EQ(ErrnoOf(dir().Stat(path).status()), ENOENT) << path;
    EXPECT_EQ(ErrnoOf(dir().OpenDir(path).status()), ENOENT) << path;
    EXPECT_EQ(ErrnoOf(dir().OpenFile(path, Access::kRead).status()), ENOENT);
    EXPECT_EQ(ErrnoOf(dir().RemoveFile(path)), ENOENT) << path;
    EXPECT_EQ(ErrnoOf(dir().SetAttributes(path, {})), ENOENT) << path;
    EXPECT_EQ(ErrnoOf(dir().Rename(path, dir(), "to", RenameMode::kReplace)),
              ENOENT);
  }
  EXPECT_EQ(ErrnoOf(dir().CreateFile("x/y", 0600).status()), ENOENT);
  EXPECT_EQ(ErrnoOf(dir().RemoveDir("x")), ENOENT);
}

TEST_P(PosixStorageTest, TakenNamesAreEEXIST) {
  temp().Write("file", "");
  temp().MakeDir("n");
  temp().Symlink("nowhere", "link");
  for (const char* name : {"file", "n", "link"}) {
    EXPECT_EQ(ErrnoOf(dir().CreateFile(name, 0600).status()), EEXIST) << name;
    EXPECT_EQ(ErrnoOf(dir().MakeDir(name, 0700)), EEXIST) << name;
  }
}

TEST_P(PosixStorageTest, WrongKindsKeepTheirErrno) {
  temp().Write("file", "");
  temp().MakeDir("n");
  temp().Write("n/inner", "");
  EXPECT_EQ(ErrnoOf(dir().OpenDir("file").status()), ENOTDIR);
  EXPECT_EQ(ErrnoOf(dir().Stat("file/x").status()), ENOTDIR);
  EXPECT_EQ(ErrnoOf(dir().OpenFile("file/x", Access::kRead).status()), ENOTDIR);
  EXPECT_EQ(ErrnoOf(dir().RemoveFile("file/x")), ENOTDIR);
  EXPECT_EQ(ErrnoOf(dir().RemoveFile("n")), EISDIR);
  EXPECT_EQ(ErrnoOf(dir().RemoveDir("file")), ENOTDIR);
  EXPECT_EQ(ErrnoOf(dir().RemoveDir("n")), ENOTEMPTY);
}

TEST_P(PosixStorageTest, NameOver255BytesIsENAMETOOLONG) {
  const std::string name(256, 'n');
  EXPECT_EQ(ErrnoOf(dir().CreateFile(name, 0600).status()), ENAMETOOLONG);
  EXPECT_EQ(ErrnoOf(dir().Stat(name).status()), ENAMETOOLONG);
  EXPECT_EQ(ErrnoOf(dir().MakeDir(name, 0700)), ENAMETOOLONG);
  EXPECT_TRUE(dir().CreateFile(std::string(255, 'n'), 0600).ok());
}

TEST_P(PosixStorageTest, OpenFileOfWhatIsNoRegularFileIsEIOAndNeverBlocks) {
  temp().MakeDir("directory");
  temp().MakeFifo("fifo");
  temp().MakeSocket("socket");
  for (const char* name : {"directory", "fifo", "socket"}) {
    for (const Access access : {Access::kRead, Access::kReadWrite}) {
      EXPECT_EQ(ErrnoOf(dir().OpenFile(name, access).status()), EIO) << name;
    }
  }
}

TEST_P(PosixStorageTest, SymlinkInLastPlaceIsNeverFollowed) {
  temp().MakeDir("target");
  temp().Write("target_file", "secret");
  temp().Symlink("target_file", "to_file");
  temp().Symlink("target", "to_dir");
  EXPECT_EQ(ErrnoOf(dir().OpenFile("to_file", Access::kRead).status()), EIO);
  EXPECT_EQ(ErrnoOf(dir().OpenDir("to_dir").status()), EIO);
  EXPECT_EQ(dir().Stat("to_file")->type, FileType::kSymlink);
  EXPECT_EQ(dir().Stat("to_dir")->type, FileType::kSymlink);

  AttributeChange change;
  change.mtime = TimeAt(1, 0);
  EXPECT_EQ(ErrnoOf(dir().SetAttributes("to_file", change)), EIO);
  change.permissions = 0;
  EXPECT_EQ(ErrnoOf(dir().SetAttributes("to_file", change)), EIO);
  EXPECT_NE(dir().Stat("target_file")->permissions, 0);
  EXPECT_NE(dir().Stat("to_file")->mtime.tv_sec, 1);

  EXPECT_TRUE(dir().RemoveFile("to_file").ok());
  EXPECT_EQ(ReadAll(dir(), "target_file"), "secret");
  EXPECT_TRUE(
      dir().Rename("to_dir", dir(), "moved", RenameMode::kReplace).ok());
  EXPECT_EQ(dir().Stat("moved")->type, FileType::kSymlink);
}

TEST_P(PosixStorageTest, SymlinkInFirstPlaceIsNeverFollowed) {
  temp().MakeDir("target");
  temp().Write("target/f", "secret");
  temp().Symlink("target", "n");
  temp().Write("own", "");
  EXPECT_EQ(ErrnoOf(dir().OpenFile("n/f", Access::kRead).status()), EIO);
  EXPECT_EQ(ErrnoOf(dir().OpenDir("n/f").status()), EIO);
  EXPECT_EQ(ErrnoOf(dir().Stat("n/f").status()), EIO);
  EXPECT_EQ(ErrnoOf(dir().CreateFile("n/new", 0600).status()), EIO);
  EXPECT_EQ(ErrnoOf(dir().RemoveFile("n/f")), EIO);
  EXPECT_EQ(ErrnoOf(dir().SetAttributes("n/f", {})), EIO);
  EXPECT_EQ(ErrnoOf(dir().Rename("n/f", dir(), "x", RenameMode::kReplace)),
            EIO);
  EXPECT_EQ(ErrnoOf(dir().Rename("own", dir(), "n/x", RenameMode::kReplace)),
            EIO);
  EXPECT_EQ(ReadAll(dir(), "target/f"), "secret");
  EXPECT_EQ(ErrnoOf(dir().Stat("target/new").status()), ENOENT);
}

TEST_P(PosixStorageTest, MountPointIsEIO) {
  auto root = OpenPosixDir("/", {GetParam(), Use::kIfAvailable});
  ASSERT_TRUE(root.ok()) << root.status();
  EXPECT_EQ(ErrnoOf((*root)->Stat("proc").status()), EIO);
  EXPECT_EQ(ErrnoOf((*root)->Stat("proc/version").status()), EIO);
  EXPECT_EQ(ErrnoOf((*root)->OpenDir("proc").status()), EIO);
  EXPECT_EQ(ErrnoOf((*root)->OpenFile("proc/version", Access::kRead).status()),
            EIO);
}

TEST_P(PosixStorageTest, OpenPosixDirFollowsTheUsersOwnSymlink) {
  temp().MakeDir("folder");
  temp().Write("folder/f", "x");
  temp().Symlink("folder", "link");
  auto opened =
      OpenPosixDir(temp().path() + "/link", {GetParam(), Use::kIfAvailable});
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(ReadAll(**opened, "f"), "x");
}

TEST_P(PosixStorageTest, StatTellsWhatTheKernelTells) {
  temp().Write("f", "12345");
  ASSERT_EQ(chmod(temp().PathOf("f").c_str(), 04640), 0);
  ASSERT_EQ(link(temp().PathOf("f").c_str(), temp().PathOf("g").c_str()), 0);
  struct stat expected = {};
  ASSERT_EQ(lstat(temp().PathOf("f").c_str(), &expected), 0);
  const FileStat found = *dir().Stat("f");
  EXPECT_EQ(found.id.device, expected.st_dev);
  EXPECT_EQ(found.id.inode, expected.st_ino);
  EXPECT_EQ(found.type, FileType::kRegular);
  EXPECT_EQ(found.permissions, 04640);
  EXPECT_EQ(found.uid, expected.st_uid);
  EXPECT_EQ(found.gid, expected.st_gid);
  EXPECT_EQ(found.links, 2);
  EXPECT_EQ(found.size, 5);
  EXPECT_EQ(found.atime.tv_sec, expected.st_atim.tv_sec);
  EXPECT_EQ(found.atime.tv_nsec, expected.st_atim.tv_nsec);
  EXPECT_EQ(found.mtime.tv_nsec, expected.st_mtim.tv_nsec);
  EXPECT_EQ(found.ctime.tv_sec, expected.st_ctim.tv_sec);
  EXPECT_EQ(found.ctime.tv_nsec, expected.st_ctim.tv_nsec);

  EXPECT_EQ(dir().Stat("g")->id, found.id);
  EXPECT_EQ((*dir().OpenFile("f", Access::kRead))->Stat()->id, found.id);
  EXPECT_EQ(dir().StatSelf()->type, FileType::kDirectory);
}

TEST_P(PosixStorageTest, BackingIdSurvivesARenameAndDiffersBetweenObjects) {
  temp().Write("f", "");
  temp().Write("g", "");
  const BackingId id = dir().Stat("f")->id;
  EXPECT_NE(id, dir().Stat("g")->id);
  ASSERT_TRUE(dir().Rename("f", dir(), "h", RenameMode::kReplace).ok());
  EXPECT_EQ(dir().Stat("h")->id, id);
  // The temporary directory's file system has birth times: a regression that
  // loses them would go unnoticed otherwise.
  EXPECT_GT(id.birth_ns, int64_t{1'500'000'000} * 1'000'000'000);
}

TEST_P(PosixStorageTest, TimesKeepNanosecondsAndYearsBefore1970) {
  temp().MakeDir("n");
  temp().Write("n/f", "");
  AttributeChange change;
  change.atime = TimeAt(-1'000'000'000, 123'456'789);
  change.mtime = TimeAt(-1, 999'999'999);
  ASSERT_TRUE(dir().SetAttributes("n/f", change).ok());
  FileStat found = *dir().Stat("n/f");
  EXPECT_EQ(found.atime.tv_sec, -1'000'000'000);
  EXPECT_EQ(found.atime.tv_nsec, 123'456'789);
  EXPECT_EQ(found.mtime.tv_sec, -1);
  EXPECT_EQ(found.mtime.tv_nsec, 999'999'999);

  AttributeChange only_mtime;
  only_mtime.mtime = TimeAt(7, 8);
  auto file = dir().OpenFile("n/f", Access::kRead);
  ASSERT_TRUE((*file)->SetAttributes(only_mtime).ok());
  found = *dir().Stat("n/f");
  EXPECT_EQ(found.atime.tv_sec, -1'000'000'000);
  EXPECT_EQ(found.mtime.tv_sec, 7);
  EXPECT_EQ(found.mtime.tv_nsec, 8);

  AttributeChange only_atime;
  only_atime.atime = TimeAt(9, 10);
  ASSERT_TRUE(dir().SetAttributes("n/f", only_atime).ok());
  found = *dir().Stat("n/f");
  EXPECT_EQ(found.atime.tv_nsec, 10);
  EXPECT_EQ(found.mtime.tv_nsec, 8);

  auto n = dir().OpenDir("n");
  ASSERT_TRUE((*n)->SetSelfAttributes(only_mtime).ok());
  EXPECT_EQ(dir().Stat("n")->mtime.tv_nsec, 8);
}

TEST_P(PosixStorageTest, NanosecondsThatAreNoTimeAreEINVAL) {
  temp().Write("f", "");
  for (const int64_t nanoseconds : {int64_t{-1}, int64_t{1'000'000'000},
                                    int64_t{UTIME_NOW}, int64_t{UTIME_OMIT}}) {
    AttributeChange change;
    change.mtime = TimeAt(0, nanoseconds);
    EXPECT_EQ(ErrnoOf(dir().SetAttributes("f", change)), EINVAL);
  }
}

TEST_P(PosixStorageTest, PermissionsAreSetOnPathsFilesAndDirectories) {
  temp().MakeDir("n");
  temp().Write("n/f", "");
  AttributeChange change;
  change.permissions = 06751;
  ASSERT_TRUE(dir().SetAttributes("n/f", change).ok());
  EXPECT_EQ(dir().Stat("n/f")->permissions, 06751);
  change.permissions = 0604;
  ASSERT_TRUE(
      (*dir().OpenFile("n/f", Access::kRead))->SetAttributes(change).ok());
  EXPECT_EQ(dir().Stat("n/f")->permissions, 0604);
  change.permissions = 01755;
  ASSERT_TRUE((*dir().OpenDir("n"))->SetSelfAttributes(change).ok());
  EXPECT_EQ(dir().Stat("n")->permissions, 01755);
}

TEST_P(PosixStorageTest, SetuidAskedForTogetherWithAnOwnerStays) {
  temp().Write("f", "");
  ASSERT_EQ(chmod(temp().PathOf("f").c_str(), 0755), 0);
  AttributeChange change;
  change.uid = geteuid();
  change.gid = getegid();
  change.permissions = 04755;
  ASSERT_TRUE(dir().SetAttributes("f", change).ok());
  EXPECT_EQ(dir().Stat("f")->permissions, 04755);
  EXPECT_EQ(dir().Stat("f")->uid, geteuid());
}

TEST_P(PosixStorageTest, ChownAloneClearsSetuid) {
  temp().Write("f", "");
  ASSERT_EQ(chmod(temp().PathOf("f").c_str(), 04755), 0);
  AttributeChange change;
  change.uid = geteuid();
  ASSERT_TRUE(dir().SetAttributes("f", change).ok());
  EXPECT_EQ(dir().Stat("f")->permissions, 0755);
}

TEST_P(PosixStorageTest, EmptyChangeChangesNothing) {
  temp().Write("f", "");
  const FileStat before = *dir().Stat("f");
  ASSERT_TRUE(dir().SetAttributes("f", {}).ok());
  const FileStat after = *dir().Stat("f");
  EXPECT_EQ(after.ctime.tv_sec, before.ctime.tv_sec);
  EXPECT_EQ(after.ctime.tv_nsec, before.ctime.tv_nsec);
}

TEST(PosixListTest, ListsEveryKindAndNeitherDotNorDotDot) {
  PosixStorageFixture storage;
  storage.temp().Write("f", "");
  storage.temp().MakeDir("d");
  storage.temp().Symlink("nowhere", "l");
  storage.temp().MakeFifo("p");
  std::vector<std::string> found;
  const auto entries = storage.dir().List();
  for (const DirEntry& entry : *entries) {
    found.push_back(
        absl::StrCat(entry.name, " ", static_cast<int>(entry.type)));
    EXPECT_EQ(entry.inode, storage.dir().Stat(entry.name)->id.inode);
  }
  EXPECT_THAT(found, UnorderedElementsAre("f 0", "d 1", "l 2", "p 3"));
}

TEST(PosixListTest, LongDirectoryIsListedWholeEachTime) {
  PosixStorageFixture storage;
  constexpr int kFiles = 400;
  std::vector<std::string> names;
  for (int i = 0; i < kFiles; ++i) {
    names.push_back(absl::StrCat(std::string(200, 'n'), 1000 + i));
    ASSERT_TRUE(storage.dir().CreateFile(names.back(), 0600).ok());
  }
  for (int round = 0; round < 2; ++round) {
    std::vector<std::string> found;
    const auto entries = storage.dir().List();
    for (const DirEntry& entry : *entries) {
      found.push_back(entry.name);
    }
    std::sort(found.begin(), found.end());
    EXPECT_EQ(found, names);
  }
}

TEST(PosixListTest, ParallelListingsAreEachWhole) {
  PosixStorageFixture storage;
  static constexpr size_t kFiles = 300;
  for (size_t i = 0; i < kFiles; ++i) {
    storage.temp().Write(absl::StrCat(std::string(150, 'n'), i), "");
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&storage] {
      for (int round = 0; round < 20; ++round) {
        EXPECT_EQ(storage.dir().List()->size(), kFiles);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(PosixLockTest, SecondHolderIsEWOULDBLOCKUntilTheFirstIsGone) {
  TempDir temp;
  std::unique_ptr<Dir> first = *OpenPosixDir(temp.path());
  std::unique_ptr<Dir> second = *OpenPosixDir(temp.path());
  ASSERT_TRUE(first->LockExclusive().ok());
  const absl::Status refused = second->LockExclusive();
  EXPECT_EQ(ErrnoOf(refused), EWOULDBLOCK);
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  first.reset();
  EXPECT_TRUE(second->LockExclusive().ok());
}

TEST(PosixSpaceTest, TellsTheFileSystemsBlocks) {
  PosixStorageFixture storage;
  const SpaceInfo space = *storage.dir().Space();
  EXPECT_GT(space.block_size, 0);
  EXPECT_GT(space.blocks, 0);
  EXPECT_LE(space.free_blocks, space.blocks);
  EXPECT_LE(space.available_blocks, space.free_blocks);
  EXPECT_LE(space.free_files, space.files);
}

TEST(OpenPosixDirTest, KeepsTheErrnoAndNotThePath) {
  TempDir temp;
  temp.Write("file", "");
  const absl::Status absent =
      OpenPosixDir(temp.PathOf("private-name")).status();
  EXPECT_EQ(ErrnoOf(absent), ENOENT);
  EXPECT_THAT(std::string(absent.message()),
              testing::Not(HasSubstr("private-name")));
  EXPECT_EQ(ErrnoOf(OpenPosixDir(temp.PathOf("file")).status()), ENOTDIR);
}

TEST(ReadSmallFileTest, LimitIsInclusiveAndBeyondItIsOutOfRange) {
  PosixStorageFixture storage;
  storage.temp().Write("f", "12345");
  EXPECT_EQ(*ReadSmallFile(storage.dir(), "f", 5), "12345");
  const absl::Status too_long = ReadSmallFile(storage.dir(), "f", 4).status();
  EXPECT_EQ(too_long.code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(ErrnoOf(too_long), EIO);
  storage.temp().Write("empty", "");
  EXPECT_EQ(*ReadSmallFile(storage.dir(), "empty", 0), "");
  EXPECT_EQ(ErrnoOf(ReadSmallFile(storage.dir(), "x", 1).status()), ENOENT);
}

TEST(UniqueFdTest, ClosesOnceAndOnlyWhatItOwns) {
  const int raw = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const auto is_open = [raw] { return fcntl(raw, F_GETFD) >= 0; };
  {
    UniqueFd first(raw);
    UniqueFd second(std::move(first));
    EXPECT_FALSE(first.valid());
    first.reset();
    EXPECT_TRUE(is_open());
    EXPECT_EQ(second.get(), raw);
    EXPECT_EQ(second.release(), raw);
  }
  EXPECT_TRUE(is_open());
  {
    const UniqueFd owner(raw);
  }
  EXPECT_FALSE(is_open());
}

}  // namespace
}  // namespace casemate
