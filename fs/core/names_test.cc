// Names to nodes: finding, making and removing them.
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "testing/model/core_fixture.h"

namespace casemate {
namespace {

const char* const kNfc = "caf\xc3\xa9";
const char* const kNfd = "cafe\xcc\x81";
constexpr Ino kUnknown{12345};

class NamesTest : public CoreTest {};

TEST_F(NamesTest, UnknownInodeIsESTALEForEveryVerb) {
  FileSystem& f = fs();
  const Context& c = caller();
  CollectingSink sink;
  EXPECT_EQ(Errno(f.Lookup(c, kUnknown, "x")), ESTALE);
  EXPECT_EQ(Errno(f.GetAttributes(c, kUnknown, absl::nullopt)), ESTALE);
  EXPECT_EQ(Errno(f.SetAttributes(c, kUnknown, {}, absl::nullopt)), ESTALE);
  EXPECT_EQ(Errno(f.ReadLink(c, kUnknown)), ESTALE);
  EXPECT_EQ(Errno(f.MakeDirectory(c, kUnknown, "x", 0755)), ESTALE);
  EXPECT_EQ(Errno(f.MakeNode(c, kUnknown, "x", S_IFREG | 0644)), ESTALE);
  EXPECT_EQ(Errno(f.MakeSymlink(c, kUnknown, "x", "t")), ESTALE);
  EXPECT_EQ(Errno(f.Unlink(c, kUnknown, "x")), ESTALE);
  EXPECT_EQ(Errno(f.RemoveDirectory(c, kUnknown, "x")), ESTALE);
  EXPECT_EQ(Errno(f.Open(c, kUnknown, kForReading)), ESTALE);
  EXPECT_EQ(Errno(f.Create(c, kUnknown, "x", 0644, kForBoth)), ESTALE);
  EXPECT_EQ(Errno(f.OpenDirectory(c, kUnknown)), ESTALE);
  f.Forget(kUnknown, 3);  // counted, not obeyed
  EXPECT_EQ(vault_.metrics().forget_underflows().value(), 1u);
}

TEST_F(NamesTest, FileIsNoDirectory) {
  const Ino file = vault_.MakeFile(kRootIno, "f", "");
  EXPECT_EQ(LookupErrno(file, "x"), ENOTDIR);
  EXPECT_EQ(Errno(fs().MakeDirectory(caller(), file, "x", 0755)), ENOTDIR);
  EXPECT_EQ(Errno(fs().Create(caller(), file, "x", 0644, kForBoth)), ENOTDIR);
  EXPECT_EQ(Errno(fs().Unlink(caller(), file, "x")), ENOTDIR);
  EXPECT_EQ(Errno(fs().OpenDirectory(caller(), file)), ENOTDIR);
  EXPECT_EQ(Errno(fs().RemoveDirectory(caller(), kRootIno, "f")), ENOTDIR);
}

TEST_F(NamesTest, DirectoryIsNoFile) {
  const Ino dir = vault_.MakeDir(kRootIno, "d");
  EXPECT_EQ(Errno(fs().Unlink(caller(), kRootIno, "d")), EISDIR);
  EXPECT_EQ(Errno(fs().Open(caller(), dir, kForReading)), EISDIR);
  EXPECT_EQ(Errno(fs().Create(caller(), kRootIno, "d", 0644, kForBoth)),
            EISDIR);
  EXPECT_EQ(Errno(fs().ReadLink(caller(), dir)), EINVAL);
  // What the failed create looked up is not kept.
  fs().Forget(dir, 1);
  EXPECT_EQ(fs().inode_count(), 1u);
}

TEST_F(NamesTest, DotNamesAreRefusedAsVFSWould) {
  for (const absl::string_view dots : {"", ".", ".."}) {
    EXPECT_EQ(LookupErrno(kRootIno, dots), ENOENT);
    EXPECT_EQ(Errno(fs().MakeDirectory(caller(), kRootIno, dots, 0755)),
              EINVAL);
    EXPECT_EQ(Errno(fs().Unlink(caller(), kRootIno, dots)), EISDIR);
    EXPECT_EQ(Errno(fs().RemoveDirectory(caller(), kRootIno, dots)),
              dots == "." ? EINVAL : ENOTEMPTY);
  }
  EXPECT_TRUE(vault_.List(kRootIno).empty());
}

TEST_F(NamesTest, LengthCountsInTheStoredSpelling) {
  const std::string longest(255, 'x');
  const std::string too_long(256, 'x');
  // 256 bytes as given, 255 composed.
  const std::string composed = std::string(253, 'y') + "\xc3\xa9";
  const std::string decomposed = std::string(253, 'y') + "e\xcc\x81";
  vault_.MakeFile(kRootIno, longest, "");
  EXPECT_EQ(LookupErrno(kRootIno, longest), 0);
  EXPECT_EQ(LookupErrno(kRootIno, too_long), ENAMETOOLONG);
  EXPECT_EQ(Errno(fs().MakeDirectory(caller(), kRootIno, too_long, 0755)),
            ENAMETOOLONG);
  EXPECT_EQ(LookupErrno(kRootIno, decomposed), ENOENT);
  vault_.MakeFile(kRootIno, decomposed, "");
  EXPECT_EQ(vault_.List(kRootIno),
            (std::vector<std::string>{longest, composed}));
}

TEST_F(NamesTest, NameThatIsNotUTF8CannotBeMade) {
  EXPECT_EQ(LookupErrno(kRootIno, "\xff"), ENOENT);
  EXPECT_EQ(Errno(fs().Create(caller(), kRootIno, "\xff", 0644, kForBoth)),
            EILSEQ);
  EXPECT_EQ(Errno(fs().MakeSymlink(caller(), kRootIno, "\xff", "t")), EILSEQ);
}

TEST_F(NamesTest, OneNodeForEverySpellingAndOnlyTheStoredOneMayBeKept) {
  const Ino file = vault_.MakeFile(kRootIno, kNfd, "x");
  const auto stored = fs().Lookup(caller(), kRootIno, kNfc);
  const auto other = fs().Lookup(caller(), kRootIno, kNfd);
  ASSERT_TRUE(stored.ok() && other.ok());
  EXPECT_EQ(stored->ino, file);
  EXPECT_EQ(other->ino, file);
  EXPECT_FALSE(stored->is_other_spelling);
  EXPECT_TRUE(other->is_other_spelling);
  EXPECT_EQ(vault_.List(kRootIno), std::vector<std::string>{kNfc});
  EXPECT_EQ(Errno(fs().MakeDirectory(caller(), kRootIno, kNfd, 0755)), EEXIST);
  EXPECT_EQ(Errno(fs().MakeDirectory(caller(), kRootIno, kNfc, 0755)), EEXIST);
}

TEST_F(NamesTest, CaseMatters) {
  EXPECT_NE(vault_.MakeFile(kRootIno, "Name", "a"),
            vault_.MakeFile(kRootIno, "name", "b"));
}

TEST_F(NamesTest, KernelIsToldToForgetTheStoredSpellingOfWhatIsRemoved) {
  vault_.MakeFile(kRootIno, kNfc, "");
  vault_.MakeFile(kRootIno, "plain", "");
  EXPECT_EQ(Errno(fs().Unlink(caller(), kRootIno, "plain")), 0);
  EXPECT_TRUE(vault_.kernel_cache().TakeEntries().empty());
  EXPECT_EQ(Errno(fs().Unlink(caller(), kRootIno, kNfd)), 0);
  EXPECT_EQ(vault_.kernel_cache().TakeEntries(),
            (std::vector<FakeKernelCache::Name>{{kRootIno, kNfc}}));
  vault_.MakeDir(kRootIno, kNfc);
  EXPECT_EQ(Errno(fs().RemoveDirectory(caller(), kRootIno, kNfd)), 0);
  EXPECT_EQ(vault_.kernel_cache().TakeEntries(),
            (std::vector<FakeKernelCache::Name>{{kRootIno, kNfc}}));
  EXPECT_EQ(Errno(fs().Unlink(caller(), kRootIno, kNfd)), ENOENT);
  EXPECT_TRUE(vault_.kernel_cache().TakeEntries().empty());
}

TEST_F(NamesTest, CreateOfAnExistingNameOpensItAndCountsOneLookup) {
  const Ino file = vault_.MakeFile(kRootIno, "f", "there");
  fs().Forget(file, 1);
  ASSERT_EQ(fs().inode_count(), 1u);
  const auto created = fs().Create(caller(), kRootIno, "f", 0600, kForBoth);
  ASSERT_TRUE(created.ok());
  const Ino ino = created->entry.ino;
  EXPECT_EQ(vault_.Content(ino, created->handle), "there");
  EXPECT_EQ(created->entry.attributes.permissions, 0644u);
  ASSERT_EQ(Errno(fs().Release(ino, created->handle)), 0);
  fs().Forget(ino, 1);
  EXPECT_EQ(fs().inode_count(), 1u);
  EXPECT_EQ(vault_.metrics().forget_underflows().value(), 0u);
}

TEST_F(NamesTest, ExclusiveCreateOfAnExistingNameIsEEXISTAndCountsNothing) {
  fs().Forget(vault_.MakeFile(kRootIno, "f", "there"), 1);
  const OpenRequest exclusive = {true, true, true, true};
  EXPECT_EQ(Errno(fs().Create(caller(), kRootIno, "f", 0600, exclusive)),
            EEXIST);
  EXPECT_EQ(fs().inode_count(), 1u);
  EXPECT_EQ(vault_.Content(vault_.Find(kRootIno, "f")), "there");
}

TEST_F(NamesTest, CreateWithTruncationAnswersWithTheNewSize) {
  vault_.MakeFile(kRootIno, "f", "content");
  OpenRequest request = kForBoth;
  request.truncate = true;
  const auto created = fs().Create(caller(), kRootIno, "f", 0600, request);
  ASSERT_TRUE(created.ok());
  EXPECT_EQ(created->entry.attributes.size, 0u);
  EXPECT_EQ(Errno(fs().Release(created->entry.ino, created->handle)), 0);
}

TEST_F(NamesTest, OnlyRegularFilesCanBeMadeAsNodes) {
  for (const mode_t type : {S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK}) {
    EXPECT_EQ(Errno(fs().MakeNode(caller(), kRootIno, "n", type | 0644)),
              EPERM);
  }
  EXPECT_TRUE(vault_.List(kRootIno).empty());
  EXPECT_EQ(Errno(fs().MakeNode(caller(), kRootIno, "a", S_IFREG | 0640)), 0);
  EXPECT_EQ(Errno(fs().MakeNode(caller(), kRootIno, "b", 0640)), 0);
  EXPECT_EQ(vault_.Stat(vault_.Find(kRootIno, "a")).permissions, 0640u);
}

TEST_F(NamesTest, SymlinksKeepWhatTheyAreGivenWithinTheKernelsLimit) {
  const std::string longest(4095, 't');
  const Ino link = vault_.MakeLink(kRootIno, "l", longest);
  EXPECT_EQ(*fs().ReadLink(caller(), link), longest);
  EXPECT_EQ(vault_.Stat(link).size, 4095u);
  EXPECT_EQ(vault_.Stat(link).permissions, 0777u);
  const auto make = [this](absl::string_view target) {
    return Errno(fs().MakeSymlink(caller(), kRootIno, "x", target));
  };
  EXPECT_EQ(make(longest + "t"), ENAMETOOLONG);
  EXPECT_EQ(make(""), ENOENT);
  EXPECT_EQ(Errno(fs().Open(caller(), link, kForReading)), EINVAL);
}

TEST_F(NamesTest, RemovedNodeKeepsItsAttributesWithoutLinksUntilForgotten) {
  const Ino file = vault_.MakeFile(kRootIno, "f", "12345");
  const Ino link = vault_.MakeLink(kRootIno, "l", "target");
  ASSERT_EQ(Errno(fs().Unlink(caller(), kRootIno, "f")), 0);
  ASSERT_EQ(Errno(fs().Unlink(caller(), kRootIno, "l")), 0);
  EXPECT_EQ(vault_.Stat(file).links, 0u);
  EXPECT_EQ(vault_.Stat(file).size, 5u);
  EXPECT_EQ(vault_.Stat(link).links, 0u);
  EXPECT_EQ(vault_.Stat(link).kind, NodeKind::kSymlink);
  EXPECT_EQ(Errno(fs().Open(caller(), file, kForReading)), ESTALE);
  EXPECT_EQ(Errno(fs().ReadLink(caller(), link)), ESTALE);
  EXPECT_EQ(LookupErrno(kRootIno, "f"), ENOENT);
  fs().Forget(file, 1);
  EXPECT_EQ(Errno(fs().GetAttributes(caller(), file, absl::nullopt)), ESTALE);
}

TEST_F(NamesTest, NewFileUnderARemovedNameIsAnotherNode) {
  const Ino first = vault_.MakeFile(kRootIno, "f", "first");
  ASSERT_EQ(Errno(fs().Unlink(caller(), kRootIno, "f")), 0);
  const Ino second = vault_.MakeFile(kRootIno, "f", "second");
  EXPECT_NE(first, second);
  EXPECT_EQ(vault_.Stat(first).links, 0u);
  EXPECT_EQ(vault_.Stat(second).links, 1u);
}

TEST_F(NamesTest, OnlyEmptyDirectoriesCanBeRemoved) {
  const Ino dir = vault_.MakeDir(kRootIno, "d");
  vault_.MakeFile(dir, "f", "");
  EXPECT_EQ(Errno(fs().RemoveDirectory(caller(), kRootIno, "d")), ENOTEMPTY);
  ASSERT_EQ(Errno(fs().Unlink(caller(), dir, "f")), 0);
  EXPECT_EQ(Errno(fs().RemoveDirectory(caller(), kRootIno, "d")), 0);
  EXPECT_EQ(Errno(fs().RemoveDirectory(caller(), kRootIno, "d")), ENOENT);
  EXPECT_EQ(vault_.Stat(dir).links, 0u);
}

TEST_F(NamesTest, NothingCanBeMadeInARemovedDirectory) {
  const Ino dir = vault_.MakeDir(kRootIno, "d");
  ASSERT_EQ(Errno(fs().RemoveDirectory(caller(), kRootIno, "d")), 0);
  EXPECT_EQ(Errno(fs().Create(caller(), dir, "x", 0644, kForBoth)), ENOENT);
  EXPECT_EQ(Errno(fs().MakeNode(caller(), dir, "x", S_IFREG | 0644)), ENOENT);
  EXPECT_EQ(Errno(fs().MakeDirectory(caller(), dir, "x", 0755)), ENOENT);
  EXPECT_EQ(Errno(fs().MakeSymlink(caller(), dir, "x", "t")), ENOENT);
  EXPECT_EQ(Errno(fs().Unlink(caller(), dir, "x")), ENOENT);
  EXPECT_EQ(LookupErrno(dir, "x"), ENOENT);
  EXPECT_EQ(Errno(fs().OpenDirectory(caller(), dir)), ENOENT);
}

TEST_F(NamesTest, FailedCreationLeavesNoNameAndNoNode) {
  vault_.faults().Fail(StorageCall::kWrite, Fault::From(1, ENOSPC));
  EXPECT_EQ(Errno(fs().Create(caller(), kRootIno, "f", 0644, kForBoth)),
            ENOSPC);
  EXPECT_EQ(Errno(fs().MakeDirectory(caller(), kRootIno, "d", 0755)), ENOSPC);
  EXPECT_EQ(Errno(fs().MakeSymlink(caller(), kRootIno, "l", "t")), ENOSPC);
  vault_.faults().ClearFaults();
  EXPECT_TRUE(vault_.List(kRootIno).empty());
  EXPECT_EQ(fs().inode_count(), 1u);
  EXPECT_EQ(fs().open_file_count(), 0u);
}

}  // namespace
}  // namespace casemate
