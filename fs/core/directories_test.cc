// Directory streams: snapshots, cookies, and what changes meanwhile (D1-D13).
#include <algorithm>
#include <cerrno>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "testing/model/core_fixture.h"

namespace casemate {
namespace {

class DirectoriesTest : public CoreTest {
 protected:
  using Names = std::vector<std::string>;

  HandleId OpenDir(Ino ino) { return *fs().OpenDirectory(caller(), ino); }
  // Up to `room` names from `*cookie` on, which is moved past them.
  Names Take(Ino ino, HandleId handle, uint64_t* cookie, size_t room) {
    CollectingSink sink(room);
    EXPECT_EQ(Errno(fs().ReadDirectory(caller(), ino, handle, *cookie, sink)),
              0);
    Names names;
    for (const auto& entry : sink.taken) {
      names.push_back(entry.name);
      EXPECT_GT(entry.next_cookie, *cookie);
      *cookie = entry.next_cookie;
    }
    return names;
  }
  Names TakePlus(Ino ino, HandleId handle, uint64_t* cookie, size_t room) {
    CollectingPlusSink sink(room);
    EXPECT_EQ(
        Errno(fs().ReadDirectoryPlus(caller(), ino, handle, *cookie, sink)), 0);
    Names names;
    for (const auto& entry : sink.taken) {
      names.push_back(entry.name);
      *cookie = entry.next_cookie;
      if (entry.entry.ino != kNoIno) fs().Forget(entry.entry.ino, 1);
    }
    return names;
  }
  void Close(Ino ino, HandleId handle) {
    EXPECT_EQ(Errno(fs().ReleaseDirectory(ino, handle)), 0);
  }
  // Ten names of every kind in the root, forgotten.
  Names Populate() {
    Names names;
    for (int i = 0; i < 4; ++i) {
      names.push_back(absl::StrCat("file", i));
      fs().Forget(vault_.MakeFile(kRootIno, names.back(), "x"), 1);
      names.push_back(absl::StrCat("dir", i));
      fs().Forget(vault_.MakeDir(kRootIno, names.back()), 1);
    }
    names.push_back("link");
    fs().Forget(vault_.MakeLink(kRootIno, names.back(), "t"), 1);
    names.push_back(std::string(200, 'l'));
    fs().Forget(vault_.MakeFile(kRootIno, names.back(), "x"), 1);
    return names;
  }
};

TEST_F(DirectoriesTest, EveryNameComesOnceHoweverSmallTheBuffer) {
  const Names made = Populate();
  for (const size_t room : {1, 2, 3, 5, 100}) {
    const HandleId handle = OpenDir(kRootIno);
    uint64_t cookie = 0;
    Names listed;
    for (;;) {
      const Names some = Take(kRootIno, handle, &cookie, room);
      if (some.empty()) break;
      listed.insert(listed.end(), some.begin(), some.end());
    }
    ASSERT_GE(listed.size(), 2u);
    EXPECT_EQ(listed[0], ".");
    EXPECT_EQ(listed[1], "..");
    EXPECT_EQ(std::set<std::string>(listed.begin() + 2, listed.end()),
              std::set<std::string>(made.begin(), made.end()));
    EXPECT_EQ(listed.size(), made.size() + 2);
    Close(kRootIno, handle);
  }
}

TEST_F(DirectoriesTest, EarlierCookieResumesRightAfterItsEntry) {
  Populate();
  const HandleId handle = OpenDir(kRootIno);
  CollectingSink whole;
  ASSERT_TRUE(fs().ReadDirectory(caller(), kRootIno, handle, 0, whole).ok());
  for (size_t i = 0; i + 1 < whole.taken.size(); ++i) {
    uint64_t cookie = whole.taken[i].next_cookie;
    EXPECT_EQ(Take(kRootIno, handle, &cookie, 1),
              Names{whole.taken[i + 1].name});
  }
  Close(kRootIno, handle);
}

TEST_F(DirectoriesTest, PlainAndPlusShareOrderAndCookies) {
  Populate();
  const HandleId handle = OpenDir(kRootIno);
  uint64_t plain_cookie = 0;
  const Names plain = Take(kRootIno, handle, &plain_cookie, 100);
  uint64_t cookie = 0;
  Names mixed = TakePlus(kRootIno, handle, &cookie, 4);
  for (bool plus = false;; plus = !plus) {
    const Names some = plus ? TakePlus(kRootIno, handle, &cookie, 3)
                            : Take(kRootIno, handle, &cookie, 3);
    if (some.empty()) break;
    mixed.insert(mixed.end(), some.begin(), some.end());
  }
  EXPECT_EQ(mixed, plain);
  EXPECT_EQ(cookie, plain_cookie);
  Close(kRootIno, handle);
}

TEST_F(DirectoriesTest, KindAndNumberAreThoseOfGetattr) {
  const Names made = Populate();
  const HandleId handle = OpenDir(kRootIno);
  CollectingSink sink;
  ASSERT_TRUE(fs().ReadDirectory(caller(), kRootIno, handle, 0, sink).ok());
  ASSERT_EQ(sink.taken.size(), made.size() + 2);
  EXPECT_EQ(sink.taken[0].inode_number, vault_.Stat(kRootIno).inode_number);
  for (size_t i = 2; i < sink.taken.size(); ++i) {
    const Attributes found =
        vault_.Stat(vault_.Find(kRootIno, sink.taken[i].name));
    EXPECT_EQ(sink.taken[i].inode_number, found.inode_number);
    EXPECT_EQ(sink.taken[i].kind, found.kind);
  }
  Close(kRootIno, handle);
}

TEST_F(DirectoriesTest, RemovedMeanwhileIsSkippedAndAddedMeanwhileIsNot) {
  Names made = Populate();
  for (const bool plus : {false, true}) {
    const HandleId handle = OpenDir(kRootIno);
    uint64_t cookie = 0;
    Names listed = plus ? TakePlus(kRootIno, handle, &cookie, 3)
                        : Take(kRootIno, handle, &cookie, 3);
    // One that is still to come; a directory, whose kind is looked up.
    const std::string victim = listed[2] == (plus ? "dir1" : "dir0") ? "dir3"
                               : plus                                ? "dir1"
                                                                     : "dir0";
    ASSERT_EQ(Errno(fs().RemoveDirectory(caller(), kRootIno, victim)), 0);
    const std::string added = plus ? "added1" : "added0";
    fs().Forget(vault_.MakeFile(kRootIno, added, ""), 1);
    const Names rest = plus ? TakePlus(kRootIno, handle, &cookie, 100)
                            : Take(kRootIno, handle, &cookie, 100);
    listed.insert(listed.end(), rest.begin(), rest.end());
    EXPECT_EQ(std::count(listed.begin(), listed.end(), victim), 0);
    EXPECT_EQ(std::count(listed.begin(), listed.end(), added), 0);
    made.erase(std::find(made.begin(), made.end(), victim));
    for (const std::string& name : made) {
      EXPECT_EQ(std::count(listed.begin(), listed.end(), name), 1) << name;
    }
    // From the start again, it is the directory of now.
    cookie = 0;
    Names fresh = Take(kRootIno, handle, &cookie, 2);
    const Names others = Take(kRootIno, handle, &cookie, 100);
    fresh.insert(fresh.end(), others.begin(), others.end());
    EXPECT_EQ(std::count(fresh.begin(), fresh.end(), added), 1);
    made.push_back(added);
    Close(kRootIno, handle);
  }
}

TEST_F(DirectoriesTest, CookieThatWasNeverGivenEndsTheListing) {
  Populate();
  const HandleId handle = OpenDir(kRootIno);
  CollectingSink sink;
  EXPECT_EQ(Errno(fs().ReadDirectory(caller(), kRootIno, handle, 5, sink)),
            EINVAL);
  uint64_t cookie = 0;
  Take(kRootIno, handle, &cookie, 100);
  for (const uint64_t beyond :
       {cookie, cookie + 1, uint64_t{1} << 40, UINT64_MAX}) {
    uint64_t at = beyond;
    EXPECT_TRUE(Take(kRootIno, handle, &at, 100).empty());
    EXPECT_TRUE(TakePlus(kRootIno, handle, &at, 100).empty());
  }
  Close(kRootIno, handle);
}

TEST_F(DirectoriesTest, PlainListingEntersNothingInTheTable) {
  Populate();
  EXPECT_EQ(vault_.List(kRootIno).size(), 10u);
  EXPECT_EQ(fs().inode_count(), 1u);
}

TEST_F(DirectoriesTest, PlusCountsWhatWasTakenAndNothingElse) {
  const Names made = Populate();
  const HandleId handle = OpenDir(kRootIno);
  for (size_t room = 0; room <= made.size() + 2; ++room) {
    CollectingPlusSink sink(room);
    ASSERT_TRUE(
        fs().ReadDirectoryPlus(caller(), kRootIno, handle, 0, sink).ok());
    ASSERT_EQ(sink.taken.size(), room);
    EXPECT_EQ(fs().inode_count(), 1 + (room > 2 ? room - 2 : 0));
    for (const auto& taken : sink.taken) {
      if (taken.entry.ino != kNoIno) fs().Forget(taken.entry.ino, 1);
    }
    EXPECT_EQ(fs().inode_count(), 1u);
  }
  EXPECT_EQ(vault_.metrics().forget_underflows().value(), 0u);
  Close(kRootIno, handle);
}

TEST_F(DirectoriesTest, RemovedDirectoryListsAsEmptyThroughItsHandle) {
  const Ino dir = vault_.MakeDir(kRootIno, "d");
  vault_.MakeFile(dir, "f", "x");
  const HandleId handle = OpenDir(dir);
  uint64_t cookie = 0;
  ASSERT_EQ(Take(dir, handle, &cookie, 2), (Names{".", ".."}));
  ASSERT_TRUE(fs().Unlink(caller(), dir, "f").ok());
  ASSERT_TRUE(fs().RemoveDirectory(caller(), kRootIno, "d").ok());
  EXPECT_TRUE(Take(dir, handle, &cookie, 100).empty());
  cookie = 0;
  EXPECT_EQ(Take(dir, handle, &cookie, 100), (Names{".", ".."}));
  cookie = 0;
  EXPECT_EQ(TakePlus(dir, handle, &cookie, 100), (Names{".", ".."}));
  EXPECT_EQ(Errno(fs().SyncDirectory(caller(), dir, handle)), 0);
  EXPECT_EQ(fs().GetAttributes(caller(), dir, handle)->links, 0u);
  Close(dir, handle);
}

TEST_F(DirectoriesTest, FsyncReachesTheDirectoryAndItsParent) {
  const Ino dir = vault_.MakeDir(kRootIno, "d");
  const HandleId handle = OpenDir(dir);
  vault_.faults().ClearCalls();
  EXPECT_EQ(Errno(fs().SyncDirectory(caller(), dir, handle)), 0);
  EXPECT_GE(vault_.faults().CallsOf(StorageCall::kSyncDir).size(), 2u);
  vault_.faults().Fail(StorageCall::kSyncDir, Fault::From(1, EIO));
  EXPECT_EQ(Errno(fs().SyncDirectory(caller(), dir, handle)), EIO);
  vault_.faults().ClearFaults();
  Close(dir, handle);
}

TEST_F(DirectoriesTest, HandlesOfFilesAndOthersAreEBADF) {
  const Ino dir = vault_.MakeDir(kRootIno, "d");
  const Ino file = vault_.MakeFile(kRootIno, "f", "");
  const HandleId of_file = vault_.Open(file, kForReading);
  const HandleId of_root = OpenDir(kRootIno);
  const HandleId released = OpenDir(dir);
  Close(dir, released);
  CollectingSink sink;
  CollectingPlusSink plus;
  for (const HandleId bad : {of_file, of_root, released, HandleId{0}}) {
    EXPECT_EQ(Errno(fs().ReadDirectory(caller(), dir, bad, 0, sink)), EBADF);
    EXPECT_EQ(Errno(fs().ReadDirectoryPlus(caller(), dir, bad, 0, plus)),
              EBADF);
    EXPECT_EQ(Errno(fs().SyncDirectory(caller(), dir, bad)), EBADF);
    EXPECT_EQ(Errno(fs().ReleaseDirectory(dir, bad)), EBADF);
    EXPECT_EQ(Errno(fs().GetAttributes(caller(), dir, bad)), EBADF);
  }
  EXPECT_EQ(Errno(fs().ReleaseDirectory(file, of_file)), EBADF);
  Close(kRootIno, of_root);
  EXPECT_TRUE(fs().Release(file, of_file).ok());
}

TEST_F(DirectoriesTest, ListingThatTakesTooMuchMemoryIsENOMEM) {
  Populate();
  FileSystemOptions options;
  options.listing_limit_bytes = 1000;
  vault_.Remount(options);
  const HandleId handle = OpenDir(kRootIno);
  CollectingSink sink;
  EXPECT_EQ(Errno(fs().ReadDirectory(caller(), kRootIno, handle, 0, sink)),
            ENOMEM);
  EXPECT_TRUE(sink.taken.empty());
  Close(kRootIno, handle);
}

TEST_F(DirectoriesTest, StoreThatCannotListIsAnErrorAndNotAnEmptyDirectory) {
  Populate();
  const HandleId handle = OpenDir(kRootIno);
  vault_.faults().Fail(StorageCall::kList, Fault::Nth(1, EIO));
  CollectingSink sink;
  EXPECT_EQ(Errno(fs().ReadDirectory(caller(), kRootIno, handle, 0, sink)),
            EIO);
  Close(kRootIno, handle);
}

}  // namespace
}  // namespace casemate
