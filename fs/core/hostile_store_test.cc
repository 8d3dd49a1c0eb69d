// Whoever can write to the store but has no keys: broken nodes, directories
// with two names, and nodes replaced behind our back (L10, D11).
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "testing/model/core_fixture.h"

namespace casemate {
namespace {

class HostileStoreTest : public CoreTest {
 protected:
  // A directory, and the path of its dir.c9r.
  std::string MakeDirAt(Ino parent, absl::string_view name) {
    const std::set<std::string> made = vault_.PathsMadeBy(
        [&] { fs().Forget(vault_.MakeDir(parent, name), 1); });
    for (const std::string& path : made) {
      if (absl::EndsWith(path, "/dir.c9r")) {
        return vault_.folder() + "/" + path;
      }
    }
    ADD_FAILURE() << "a new directory has no dir.c9r";
    return "";
  }
  static std::string Load(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream content;
    content << file.rdbuf();
    return content.str();
  }
  static void Store(const std::string& path, const std::string& content) {
    std::ofstream(path, std::ios::binary) << content;
  }
  uint64_t aliases() { return vault_.metrics().directory_aliases().value(); }
};

TEST_F(HostileStoreTest, BrokenNodeKeepsItsNameAndHarmsNoSibling) {
  const std::string path = MakeDirAt(kRootIno, "broken");
  const Ino sibling = vault_.MakeFile(kRootIno, "sibling", "fine");
  Store(path, "not\x01printable");
  EXPECT_EQ(LookupErrno(kRootIno, "broken"), EIO);
  EXPECT_GT(vault_.metrics().broken_nodes().value(), 0u);
  EXPECT_EQ(Errno(fs().MakeDirectory(caller(), kRootIno, "broken", 0755)),
            EEXIST);
  EXPECT_EQ(vault_.List(kRootIno),
            (std::vector<std::string>{"broken", "sibling"}));

  const HandleId handle = *fs().OpenDirectory(caller(), kRootIno);
  CollectingSink plain;
  ASSERT_TRUE(fs().ReadDirectory(caller(), kRootIno, handle, 0, plain).ok());
  CollectingPlusSink plus;
  ASSERT_TRUE(fs().ReadDirectoryPlus(caller(), kRootIno, handle, 0, plus).ok());
  ASSERT_EQ(plus.taken.size(), 4u);
  for (size_t i = 2; i < 4; ++i) {
    const bool is_broken = plus.taken[i].name == "broken";
    EXPECT_EQ(plain.taken[i].kind.has_value(), !is_broken);
    EXPECT_EQ(plus.taken[i].entry.ino, is_broken ? kNoIno : sibling);
  }
  EXPECT_TRUE(fs().ReleaseDirectory(kRootIno, handle).ok());
  EXPECT_EQ(vault_.Content(sibling), "fine");
}

TEST_F(HostileStoreTest, SecondNameOfADirectoryIsRefusedWhileTheFirstIsKnown) {
  const std::string a = MakeDirAt(kRootIno, "a");
  const std::string b = MakeDirAt(kRootIno, "b");
  Store(b, Load(a));
  const Ino first = vault_.Find(kRootIno, "a");
  EXPECT_EQ(LookupErrno(kRootIno, "b"), EIO);
  EXPECT_EQ(aliases(), 1u);
  EXPECT_EQ(vault_.Find(kRootIno, "a"), first);
  // In a listing it keeps its name and counts no lookup.
  const HandleId handle = *fs().OpenDirectory(caller(), kRootIno);
  CollectingPlusSink sink;
  ASSERT_TRUE(fs().ReadDirectoryPlus(caller(), kRootIno, handle, 0, sink).ok());
  EXPECT_TRUE(fs().ReleaseDirectory(kRootIno, handle).ok());
  ASSERT_EQ(sink.taken.size(), 4u);
  for (size_t i = 2; i < 4; ++i) {
    EXPECT_EQ(sink.taken[i].entry.ino,
              sink.taken[i].name == "a" ? first : kNoIno);
  }
  fs().Forget(first, 3);
  // Whichever is known is the one.
  EXPECT_EQ(LookupErrno(kRootIno, "b"), 0);
}

TEST_F(HostileStoreTest, DirectoryInsideItselfCannotBeEnteredMovedOrRemoved) {
  const std::string a = MakeDirAt(kRootIno, "a");
  const Ino a_ino = vault_.Find(kRootIno, "a");
  const Ino b_ino = vault_.MakeDir(a_ino, "b");
  const std::string in_a = MakeDirAt(a_ino, "loop");
  const std::string in_b = MakeDirAt(b_ino, "loop");
  Store(in_a, Load(a));
  Store(in_b, Load(a));
  for (const Ino parent : {a_ino, b_ino}) {
    EXPECT_EQ(LookupErrno(parent, "loop"), EIO);
    EXPECT_EQ(Errno(fs().RemoveDirectory(caller(), parent, "loop")), EIO);
    EXPECT_EQ(Errno(fs().Rename(caller(), parent, "loop", kRootIno, "x",
                                RenameFlag::kNone)),
              EIO);
    vault_.MakeDir(kRootIno, "d");
    EXPECT_EQ(Errno(fs().Rename(caller(), kRootIno, "d", parent, "loop",
                                RenameFlag::kNone)),
              EIO);
    EXPECT_EQ(Errno(fs().RemoveDirectory(caller(), kRootIno, "d")), 0);
  }
  EXPECT_GE(aliases(), 8u);
  EXPECT_EQ(vault_.List(a_ino), (std::vector<std::string>{"b", "loop"}));
}

TEST_F(HostileStoreTest, EmptyDirectoryIsNotLostByRemovingItsSecondName) {
  const std::string a = MakeDirAt(kRootIno, "a");
  const std::string b = MakeDirAt(kRootIno, "b");
  Store(b, Load(a));
  const Ino ino = vault_.Find(kRootIno, "a");
  EXPECT_EQ(Errno(fs().RemoveDirectory(caller(), kRootIno, "b")), EIO);
  vault_.MakeFile(ino, "f", "still works");
  EXPECT_EQ(vault_.List(ino), std::vector<std::string>{"f"});
}

// Every verb that takes a name, on the second name "b" of the directory "a".
TEST_F(HostileStoreTest,
       SecondNameIsRefusedByEveryVerbAndCostsTheFirstNothing) {
  const std::string a = MakeDirAt(kRootIno, "a");
  const std::string b = MakeDirAt(kRootIno, "b");
  const Ino first = vault_.Find(kRootIno, "a");
  const Ino file = vault_.MakeFile(first, "f", "content");
  vault_.MakeFile(kRootIno, "sibling", "fine");
  vault_.MakeDir(kRootIno, "empty");
  Store(b, Load(a));
  const auto rename = [this](const char* from, const char* to,
                             RenameFlag flag) {
    return Errno(fs().Rename(caller(), kRootIno, from, kRootIno, to, flag));
  };
  uint64_t refused = aliases();
  const auto expect_refused = [&](int error) {
    EXPECT_EQ(error, EIO);
    EXPECT_GT(aliases(), refused);
    refused = aliases();
  };
  expect_refused(LookupErrno(kRootIno, "b"));
  expect_refused(Errno(fs().RemoveDirectory(caller(), kRootIno, "b")));
  expect_refused(rename("b", "x", RenameFlag::kNone));
  expect_refused(rename("b", "x", RenameFlag::kNoReplace));
  expect_refused(rename("empty", "b", RenameFlag::kNone));
  for (const char* other : {"a", "empty", "sibling"}) {
    expect_refused(rename("b", other, RenameFlag::kExchange));
    expect_refused(rename(other, "b", RenameFlag::kExchange));
  }
  expect_refused(rename("a", "b", RenameFlag::kNone));
  expect_refused(rename("b", "a", RenameFlag::kNone));
  EXPECT_EQ(Errno(fs().MakeDirectory(caller(), kRootIno, "b", 0755)), EEXIST);
  EXPECT_EQ(Errno(fs().MakeNode(caller(), kRootIno, "b", 0644)), EEXIST);
  EXPECT_EQ(Errno(fs().MakeSymlink(caller(), kRootIno, "b", "t")), EEXIST);
  EXPECT_EQ(Errno(fs().Unlink(caller(), kRootIno, "b")), EISDIR);

  EXPECT_EQ(vault_.List(kRootIno),
            (std::vector<std::string>{"a", "b", "empty", "sibling"}));
  EXPECT_EQ(vault_.Find(kRootIno, "a"), first);
  EXPECT_EQ(vault_.List(first), std::vector<std::string>{"f"});
  EXPECT_EQ(vault_.Content(file), "content");
  EXPECT_EQ(vault_.Content(vault_.Find(kRootIno, "sibling")), "fine");
}

// The kernel has forgotten both, or never knew them: a rename of one onto the
// other must not take its target's content along, which is its own.
TEST_F(HostileStoreTest, TwoNamesUnknownToTheKernelAreStillTwoNamesOfOne) {
  const std::string a = MakeDirAt(kRootIno, "a");
  const std::string b = MakeDirAt(kRootIno, "b");
  const Ino other = vault_.MakeDir(kRootIno, "other");
  const std::string c = MakeDirAt(other, "c");
  Store(b, Load(a));
  Store(c, Load(a));
  vault_.Remount();
  const Ino other_dir = vault_.Find(kRootIno, "other");
  for (const RenameFlag flag : {RenameFlag::kNone, RenameFlag::kExchange}) {
    EXPECT_EQ(Errno(fs().Rename(caller(), kRootIno, "a", kRootIno, "b", flag)),
              EIO);
    EXPECT_EQ(Errno(fs().Rename(caller(), kRootIno, "b", kRootIno, "a", flag)),
              EIO);
    EXPECT_EQ(Errno(fs().Rename(caller(), kRootIno, "a", other_dir, "c", flag)),
              EIO);
    EXPECT_EQ(Errno(fs().Rename(caller(), other_dir, "c", kRootIno, "b", flag)),
              EIO);
  }
  EXPECT_EQ(aliases(), 8u);
  // Whichever is looked up first is the directory, until it is forgotten.
  for (const auto& [parent, name] :
       {std::make_pair(other_dir, "c"), std::make_pair(kRootIno, "b"),
        std::make_pair(kRootIno, "a")}) {
    const Ino found = vault_.Find(parent, name);
    vault_.MakeFile(found, std::string("by ") + name, name);
    EXPECT_EQ(LookupErrno(kRootIno, "a"), std::string(name) == "a" ? 0 : EIO);
    fs().Forget(found, std::string(name) == "a" ? 2 : 1);
  }
  EXPECT_EQ(vault_.List(vault_.Find(kRootIno, "a")),
            (std::vector<std::string>{"by a", "by b", "by c"}));
  EXPECT_EQ(Errno(fs().RemoveDirectory(caller(), kRootIno, "a")), ENOTEMPTY);
}

// The root's id is the empty text, which dir.c9r may not hold.
TEST_F(HostileStoreTest, NoDirectoryShowsTheRootsContent) {
  const std::string path = MakeDirAt(kRootIno, "root");
  vault_.MakeFile(kRootIno, "sibling", "fine");
  Store(path, "");
  EXPECT_EQ(LookupErrno(kRootIno, "root"), EIO);
  EXPECT_EQ(Errno(fs().RemoveDirectory(caller(), kRootIno, "root")), EIO);
  EXPECT_EQ(Errno(fs().Rename(caller(), kRootIno, "root", kRootIno, "x",
                              RenameFlag::kNone)),
            EIO);
  EXPECT_EQ(vault_.List(kRootIno),
            (std::vector<std::string>{"root", "sibling"}));
  EXPECT_GE(vault_.metrics().broken_nodes().value(), 3u);
}

// a/b/c, where c is b again, below a second name of a.
TEST_F(HostileStoreTest, ChainOfLoopsEndsAtItsFirstRepetition) {
  const std::string a = MakeDirAt(kRootIno, "a");
  const Ino a_ino = vault_.Find(kRootIno, "a");
  const std::string b = MakeDirAt(a_ino, "b");
  const Ino b_ino = vault_.Find(a_ino, "b");
  const std::string c = MakeDirAt(b_ino, "c");
  const std::string up = MakeDirAt(b_ino, "up");
  Store(c, Load(b));
  Store(up, Load(a));
  vault_.MakeFile(b_ino, "f", "content");
  EXPECT_EQ(LookupErrno(b_ino, "c"), EIO);
  EXPECT_EQ(LookupErrno(b_ino, "up"), EIO);
  EXPECT_EQ(Errno(fs().Rename(caller(), kRootIno, "a", b_ino, "up",
                              RenameFlag::kNone)),
            EIO);
  EXPECT_EQ(
      Errno(fs().Rename(caller(), a_ino, "b", b_ino, "c", RenameFlag::kNone)),
      EIO);
  EXPECT_EQ(Errno(fs().Rename(caller(), b_ino, "c", kRootIno, "c",
                              RenameFlag::kNone)),
            EIO);
  EXPECT_EQ(vault_.List(b_ino), (std::vector<std::string>{"c", "f", "up"}));
  EXPECT_EQ(aliases(), 5u);
}

TEST_F(HostileStoreTest, DirectoryMovedBehindUsIsTheSameNodeAtItsNewPlace) {
  const Ino dir = vault_.MakeDir(kRootIno, "before");
  const Ino file = vault_.MakeFile(dir, "f", "content");
  std::filesystem::rename(vault_.RootPathOf("before"),
                          vault_.RootPathOf("after"));
  EXPECT_EQ(vault_.Find(kRootIno, "after"), dir);
  EXPECT_EQ(LookupErrno(kRootIno, "before"), ENOENT);
  EXPECT_EQ(vault_.Content(file), "content");
  EXPECT_EQ(aliases(), 0u);
}

// To follow it would make a tree that hangs on nothing but itself.
TEST_F(HostileStoreTest, DirectoryMovedIntoItselfBehindUsIsRefused) {
  const std::string a = MakeDirAt(kRootIno, "a");
  const Ino a_ino = vault_.Find(kRootIno, "a");
  const Ino b_ino = vault_.MakeDir(a_ino, "b");
  const Ino file = vault_.MakeFile(b_ino, "f", "content");
  for (const Ino parent : {a_ino, b_ino}) {
    Store(MakeDirAt(parent, "loop"), Load(a));
  }
  std::filesystem::remove_all(vault_.RootPathOf("a"));
  for (const Ino parent : {a_ino, b_ino}) {
    EXPECT_EQ(LookupErrno(parent, "loop"), EIO);
    EXPECT_EQ(Errno(fs().RemoveDirectory(caller(), parent, "loop")), EIO);
    EXPECT_EQ(Errno(fs().Rename(caller(), parent, "loop", kRootIno, "x",
                                RenameFlag::kNone)),
              EIO);
  }
  EXPECT_EQ(aliases(), 6u);
  EXPECT_EQ(LookupErrno(kRootIno, "a"), ENOENT);
  EXPECT_EQ(vault_.Content(file), "content");
}

TEST_F(HostileStoreTest, FileReplacedBehindUsIsStaleAndItsNameIsANewNode) {
  const Ino old_file = vault_.MakeFile(kRootIno, "f", "old");
  const Ino other = vault_.MakeFile(kRootIno, "g", "replacement");
  std::filesystem::copy(vault_.RootPathOf("g"), vault_.folder() + "/tmp");
  std::filesystem::rename(vault_.folder() + "/tmp", vault_.RootPathOf("f"));
  const auto stat = [this](Ino ino) {
    return Errno(fs().GetAttributes(caller(), ino, absl::nullopt));
  };
  EXPECT_EQ(stat(old_file), ESTALE);
  EXPECT_EQ(Errno(fs().Open(caller(), old_file, kForReading)), ESTALE);
  const Ino new_file = vault_.Find(kRootIno, "f");
  EXPECT_NE(new_file, old_file);
  EXPECT_NE(new_file, other);
  EXPECT_EQ(vault_.Content(new_file), "replacement");
  EXPECT_EQ(stat(old_file), ESTALE);
}

TEST_F(HostileStoreTest, FileRemovedBehindUsIsStaleAndWorksWhileOpen) {
  const Ino open = vault_.MakeFile(kRootIno, "open", "kept");
  const Ino closed = vault_.MakeFile(kRootIno, "closed", "");
  const HandleId handle = vault_.Open(open, kForBoth);
  std::filesystem::remove(vault_.RootPathOf("open"));
  std::filesystem::remove(vault_.RootPathOf("closed"));
  EXPECT_EQ(Errno(fs().GetAttributes(caller(), closed, absl::nullopt)), ESTALE);
  EXPECT_EQ(vault_.Content(open, handle), "kept");
  EXPECT_EQ(Errno(vault_.Write(open, handle, 0, "KEPT")), 0);
  EXPECT_EQ(Errno(fs().Flush(caller(), open, handle)), 0);
  EXPECT_EQ(Errno(fs().Release(open, handle)), 0);
}

TEST_F(HostileStoreTest, HardLinkMadeBehindUsKeepsTheNodeWhenOneNameGoes) {
  const Ino file = vault_.MakeFile(kRootIno, "f", "content");
  std::filesystem::create_hard_link(vault_.RootPathOf("f"),
                                    vault_.RootPathOf("g"));
  EXPECT_EQ(vault_.Find(kRootIno, "g"), file);
  EXPECT_EQ(Errno(fs().Unlink(caller(), kRootIno, "f")), 0);
  EXPECT_EQ(vault_.Stat(file).links, 1u);
  EXPECT_EQ(vault_.Content(file), "content");
}

}  // namespace
}  // namespace casemate
