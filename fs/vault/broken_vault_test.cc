// What lies in a vault that no client would have written so: by accident, by a
// synchronisation tool or on purpose.
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/status.h"
#include "fs/vault/node_files.h"
#include "fs/vault/tree_for_test.h"
#include "fs/vault/vault_tree.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace casemate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const NewOwner kNobody;
// Longer than any threshold lets stand.
const std::string kLongName(180, 'l');

class BrokenVaultTest : public testing::Test {
 protected:
  // A path in the root's content directory.
  std::string In(const std::string& path) {
    return vault_.folder().PathOf(vault_.EntryPath(DirId(), path));
  }
  std::string Entry(const std::string& name) {
    return vault_.Entry(DirId(), name);
  }
  void MakeNodeDir(const std::string& entry) {
    ASSERT_TRUE(std::filesystem::create_directory(In(entry)));
  }
  void Write(const std::string& path, const std::string& content) {
    vault_.folder().Write(vault_.EntryPath(DirId(), path), content);
  }
  void MakeShortened(const std::string& name) {
    MakeNodeDir(Entry(name));
    Write(Entry(name) + "/name.c9s", vault_.C9r(DirId(), name));
  }
  int FindErrno(const std::string& name) {
    return ErrnoOf(tree_.Find(*root_, name).status());
  }
  int CreateErrno(const std::string& name) {
    return ErrnoOf(tree_.CreateFile(*root_, name, 0644, kNobody).status());
  }
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    const absl::StatusOr<std::vector<ListedNode>> nodes = tree_.List(*root_);
    EXPECT_TRUE(nodes.ok()) << nodes.status();
    for (const ListedNode& node : *nodes) names.push_back(node.name);
    return names;
  }

  TestVault vault_;
  VaultTree& tree_ = vault_.tree();
  std::shared_ptr<const VaultDir> root_ = vault_.root();
};

TEST_F(BrokenVaultTest, ABackingLinkFifoOrSocketIsEioWhileItsSiblingsWork) {
  ASSERT_EQ(CreateErrno("sibling"), 0);
  ASSERT_EQ(symlink(Entry("sibling").c_str(), In(Entry("link")).c_str()), 0);
  ASSERT_EQ(mkfifo(In(Entry("fifo")).c_str(), 0600), 0);
  MakeNodeDir(Entry("inner"));
  ASSERT_EQ(symlink("/etc/hostname", In(Entry("inner") + "/dir.c9r").c_str()),
            0);
  MakeNodeDir(Entry("inner fifo"));
  ASSERT_EQ(mkfifo(In(Entry("inner fifo") + "/symlink.c9r").c_str(), 0600), 0);
  for (const char* name : {"link", "fifo", "inner", "inner fifo"}) {
    EXPECT_EQ(FindErrno(name), EIO) << name;
    EXPECT_EQ(CreateErrno(name), EEXIST) << name;
  }
  EXPECT_GE(vault_.metrics().broken_nodes().value(), 4);
  EXPECT_EQ(FindErrno("sibling"), 0);
  EXPECT_THAT(Names(), UnorderedElementsAre("sibling", "link", "fifo", "inner",
                                            "inner fifo"));
}

TEST_F(BrokenVaultTest, AFileUnderAShortNameHasNoNameToShow) {
  Write(Entry(kLongName), "content");
  EXPECT_EQ(FindErrno(kLongName), EIO);
  EXPECT_EQ(CreateErrno(kLongName), EEXIST);
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(BrokenVaultTest, BrokenDirectoryIdsAreEio) {
  const struct {
    const char* name;
    std::string id;
  } cases[] = {{"empty", ""},
               {"newline", "recovery\n"},
               {"binary", std::string("\0\1", 2)},
               {"too long", std::string(1001, 'x')},
               {"dangling", "e9250eb8-078d-4fc0-8835-be92a313360c"},
               {"path", "../../../etc"}};
  for (const auto& c : cases) {
    MakeNodeDir(Entry(c.name));
    Write(Entry(c.name) + "/dir.c9r", c.id);
    EXPECT_EQ(FindErrno(c.name), EIO) << c.name;
    EXPECT_EQ(CreateErrno(c.name), EEXIST) << c.name;
  }
  EXPECT_EQ(vault_.metrics().broken_nodes().value(), 6);
}

TEST_F(BrokenVaultTest, ANodeDirectoryWithoutTypeFileIsAbsent) {
  MakeNodeDir(Entry("a"));
  MakeShortened(kLongName);
  EXPECT_EQ(FindErrno("a"), ENOENT);
  EXPECT_EQ(FindErrno(kLongName), ENOENT);
  EXPECT_EQ(ErrnoOf(tree_.Stat(*root_, Entry("a")).status()), ENOENT);
}

TEST_F(BrokenVaultTest, EveryKindOfNodeTakesAnAbsentOnesPlace) {
  for (const std::string& name : {std::string("a"), kLongName}) {
    const auto make_absent = [&] {
      if (name == "a") {
        MakeNodeDir(Entry(name));
      } else {
        MakeShortened(name);
      }
    };
    make_absent();
    absl::StatusOr<CreatedFile> file =
        tree_.CreateFile(*root_, name, 0644, kNobody);
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE(tree_.RemoveNode(*root_, file->node).ok());
    make_absent();
    const absl::StatusOr<Node> link =
        tree_.CreateSymlink(*root_, name, "t", kNobody);
    ASSERT_TRUE(link.ok()) << link.status();
    ASSERT_TRUE(tree_.RemoveNode(*root_, *link).ok());
    make_absent();
    const absl::StatusOr<Node> dir =
        tree_.MakeDirectory(*root_, name, 0755, kNobody);
    ASSERT_TRUE(dir.ok()) << dir.status();
    ASSERT_TRUE(tree_.RemoveDirectory(*root_, *dir).ok());
    make_absent();
    absl::StatusOr<CreatedFile> other =
        tree_.CreateFile(*root_, "other", 0644, kNobody);
    ASSERT_TRUE(other.ok());
    ASSERT_TRUE(tree_
                    .Rename(*root_, other->node, *root_, name, absl::nullopt,
                            RenameMode::kReplace)
                    .ok());
    EXPECT_EQ(tree_.Find(*root_, name)->stat.id, other->node.stat.id);
    EXPECT_THAT(Names(), ElementsAre(name));
    ASSERT_TRUE(tree_.RemoveNode(*root_, *tree_.Find(*root_, name)).ok());
  }
}

TEST_F(BrokenVaultTest, ANamelessShortenedNodeGetsItsNameWhenItIsReused) {
  MakeNodeDir(Entry(kLongName));
  Write(Entry(kLongName) + "/name.c9s", "something else");
  ASSERT_EQ(CreateErrno(kLongName), 0);
  EXPECT_THAT(Names(), ElementsAre(kLongName));
}

TEST_F(BrokenVaultTest, OfTwoTypeFilesDirectoryThenLinkThenContentsCounts) {
  absl::StatusOr<CreatedFile> file =
      tree_.CreateFile(*root_, kLongName, 0644, kNobody);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(tree_.Find(*root_, kLongName)->kind, NodeKind::kFile);
  Write(Entry(kLongName) + "/symlink.c9r", "x");
  const Node link = *tree_.Find(*root_, kLongName);
  EXPECT_EQ(link.kind, NodeKind::kSymlink);
  // Removing what shows does not take along what is hidden behind it.
  ASSERT_TRUE(tree_.RemoveNode(*root_, link).ok());
  EXPECT_EQ(tree_.Find(*root_, kLongName)->stat.id, file->node.stat.id);
  EXPECT_THAT(Names(), ElementsAre(kLongName));
}

TEST_F(BrokenVaultTest, AnUnshortenedNodesContentsFileMeansNothing) {
  MakeNodeDir(Entry("a"));
  Write(Entry("a") + "/contents.c9r", "x");
  EXPECT_EQ(FindErrno("a"), ENOENT);
}

TEST_F(BrokenVaultTest, HostileNamesAreHiddenAndCounted) {
  for (const std::string& name :
       {std::string(".."), std::string("."), std::string("a/b"),
        std::string("a\0", 2), std::string("\xff")}) {
    Write(vault_.C9r(DirId(), name), "");
    EXPECT_EQ(FindErrno(name), ENOENT);
  }
  EXPECT_THAT(Names(), IsEmpty());
  EXPECT_EQ(vault_.metrics().names_invalid().value(), 5);
}

TEST_F(BrokenVaultTest, NamesOfAnotherDirectoryAreHiddenAndCounted) {
  Write(vault_.C9r(*DirId::Parse("other"), "a"), "");
  EXPECT_THAT(Names(), IsEmpty());
  EXPECT_EQ(vault_.metrics().auth_failures(AuthObject::kName).value(), 1);
}

TEST_F(BrokenVaultTest, ConflictCopiesAreHiddenCountedAndLeftAlone) {
  ASSERT_EQ(CreateErrno("hello.txt"), 0);
  const std::string entry = Entry("hello.txt");
  const std::string copy =
      entry.substr(0, entry.size() - 4) + " (conflict).c9r";
  Write(copy, "x");
  EXPECT_THAT(Names(), ElementsAre("hello.txt"));
  EXPECT_EQ(vault_.metrics().sync_conflicts().value(), 1);
  EXPECT_TRUE(std::filesystem::exists(In(copy)));
}

// Section 5.3, case by case: what is not a node's name is hidden, counted as
// what it is, and neither renamed nor removed by listing or by looking.
TEST_F(BrokenVaultTest, UnexpectedNamesAreHiddenCountedAndLeftAlone) {
  ASSERT_EQ(CreateErrno("file"), 0);
  ASSERT_TRUE(tree_.MakeDirectory(*root_, "dir", 0755, kNobody).ok());
  const std::string file = vault_.C9r(DirId(), "file");
  const std::string dir = vault_.C9r(DirId(), "dir");
  const std::string absent = vault_.C9r(DirId(), "absent");
  const auto stem = [](const std::string& c9r) {
    return c9r.substr(0, c9r.size() - 4);
  };
  enum class Counted : uint8_t { kNot, kConflict, kAuthentication, kName };
  const struct {
    std::string entry;
    bool is_directory;
    Counted counted;
  } cases[] = {
      {stem(file) + " (Created by A).c9r", false, Counted::kConflict},
      {stem(file) + "-DESKTOP.c9r", false, Counted::kConflict},
      {"copy of " + file, false, Counted::kConflict},
      {stem(dir) + " (1).c9r", true, Counted::kConflict},
      {stem(absent) + " (1).c9r", false, Counted::kConflict},
      {"." + file, false, Counted::kName},
      {"notes.c9r", false, Counted::kName},
      {".c9r", false, Counted::kName},
      {std::string(24, 'A') + ".c9r", false, Counted::kAuthentication},
      {ShortName(file) + " (1).c9s", true, Counted::kName},
      {ShortName(file), true, Counted::kName},
      {file + ".tmp", false, Counted::kNot},
      {stem(file) + ".C9R", false, Counted::kNot},
      {stem(file) + ".c9u", false, Counted::kNot},
      {".casemate-0123456789abcdef.tmp", false, Counted::kNot},
      {"desktop.ini", false, Counted::kNot},
      {"folder", true, Counted::kNot},
  };
  const Metrics& metrics = vault_.metrics();
  for (const auto& c : cases) {
    SCOPED_TRACE(c.entry);
    if (c.is_directory) {
      MakeNodeDir(c.entry);
      Write(c.entry + "/dir.c9r", "e9250eb8-078d-4fc0-8835-be92a313360c");
    } else {
      Write(c.entry, "somebody's");
    }
    const auto before = vault_.Paths();
    const uint64_t conflicts = metrics.sync_conflicts().value();
    const uint64_t names = metrics.names_invalid().value();
    const uint64_t unauthentic =
        metrics.auth_failures(AuthObject::kName).value();
    EXPECT_THAT(Names(), UnorderedElementsAre("file", "dir"));
    EXPECT_EQ(metrics.sync_conflicts().value() - conflicts,
              c.counted == Counted::kConflict);
    EXPECT_EQ(metrics.names_invalid().value() - names,
              c.counted == Counted::kName);
    EXPECT_EQ(metrics.auth_failures(AuthObject::kName).value() - unauthentic,
              c.counted == Counted::kAuthentication);
    EXPECT_EQ(FindErrno("absent"), ENOENT);
    EXPECT_EQ(FindErrno("file"), 0);
    EXPECT_EQ(vault_.Paths(), before);
    std::filesystem::remove_all(In(c.entry));
  }
}

TEST_F(BrokenVaultTest, ALongNameThatDoesNotMatchItsHashIsHidden) {
  MakeShortened(kLongName);
  Write(Entry(kLongName) + "/contents.c9r", "");
  EXPECT_THAT(Names(), ElementsAre(kLongName));
  for (const std::string& text : {vault_.C9r(DirId(), std::string(181, 'l')),
                                  vault_.C9r(DirId(), kLongName) + "\n",
                                  std::string(), std::string(10241, 'x')}) {
    Write(Entry(kLongName) + "/name.c9s", text);
    EXPECT_THAT(Names(), IsEmpty()) << text.size();
  }
  std::filesystem::remove(In(Entry(kLongName) + "/name.c9s"));
  EXPECT_THAT(Names(), IsEmpty());
  EXPECT_EQ(vault_.metrics().names_invalid().value(), 5);
}

// Its hash is right, so it gets as far as decryption.
TEST_F(BrokenVaultTest, ALongNameThatIsNoCiphertextIsHidden) {
  for (const std::string& text :
       {std::string("x"), std::string("..c9r"), std::string(300, 'x') + ".c9r",
        std::string(300, 'x')}) {
    const std::string entry = ShortName(text);
    MakeNodeDir(entry);
    Write(entry + "/name.c9s", text);
    Write(entry + "/contents.c9r", "");
    EXPECT_THAT(Names(), IsEmpty()) << text.size();
    std::filesystem::remove_all(In(entry));
  }
}

// A vault whose threshold was changed without renaming its nodes.
TEST_F(BrokenVaultTest, NodesInTheFormThatTheThresholdDoesNotSelectAreHidden) {
  const std::string short_c9r = vault_.C9r(DirId(), "a");
  MakeNodeDir(ShortName(short_c9r));
  Write(ShortName(short_c9r) + "/name.c9s", short_c9r);
  Write(ShortName(short_c9r) + "/contents.c9r", "");
  Write(vault_.C9r(DirId(), std::string(150, 'a')), "");
  EXPECT_THAT(Names(), IsEmpty());
  EXPECT_EQ(FindErrno("a"), ENOENT);
  EXPECT_EQ(FindErrno(std::string(150, 'a')), ENOENT);
  EXPECT_EQ(vault_.metrics().names_invalid().value(), 2);
}

// A synchronisation tool's copy of the content, say. It has no other name.
TEST_F(BrokenVaultTest, WhatAnAbsentNodeHoldsKeepsItsName) {
  MakeShortened(kLongName);
  const std::string entry = Entry(kLongName);
  Write(entry + "/contents (1).c9r", "somebody's");
  EXPECT_EQ(
      ErrnoOf(tree_.MakeDirectory(*root_, kLongName, 0755, kNobody).status()),
      EEXIST);
  EXPECT_EQ(
      ErrnoOf(tree_.CreateSymlink(*root_, kLongName, "t", kNobody).status()),
      EEXIST);
  const std::string name_file = vault_.EntryPath(DirId(), entry + "/name.c9s");
  EXPECT_EQ(vault_.folder().Read(name_file), vault_.C9r(DirId(), kLongName));
  // A file goes into the node directory that is there.
  const auto file = tree_.CreateFile(*root_, kLongName, 0644, kNobody);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE(tree_.RemoveNode(*root_, file->node).ok());
  EXPECT_EQ(FindErrno(kLongName), ENOENT);
  EXPECT_EQ(vault_.folder().Read(name_file), vault_.C9r(DirId(), kLongName));
  EXPECT_TRUE(std::filesystem::exists(In(entry + "/contents (1).c9r")));
}

// dirid.c9r is for repairs: whatever it holds, or is, changes nothing.
TEST_F(BrokenVaultTest, TheIdsCopyIsNeitherBelievedNorMended) {
  const Node dir = *tree_.MakeDirectory(*root_, "dir", 0755, kNobody);
  const std::string path = vault_.EntryPath(*dir.dir_id, "dirid.c9r");
  const std::string right = vault_.folder().Read(path);
  const Node other = *tree_.MakeDirectory(*root_, "other", 0755, kNobody);
  const std::string others =
      vault_.folder().Read(vault_.EntryPath(*other.dir_id, "dirid.c9r"));
  for (const std::string& held :
       {others, std::string("junk"), std::string(), right.substr(0, 68)}) {
    vault_.folder().Write(path, held);
    EXPECT_EQ(tree_.Find(*root_, "dir")->dir_id, dir.dir_id);
    const auto opened = vault_.Open(*dir.dir_id);
    const auto file = tree_.CreateFile(*opened, "f", 0644, kNobody);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ(tree_.List(*opened)->size(), 1);
    EXPECT_TRUE(tree_.RemoveNode(*opened, file->node).ok());
    EXPECT_EQ(vault_.folder().Read(path), held);
  }
  EXPECT_EQ(vault_.metrics().broken_nodes().value(), 0);
  EXPECT_TRUE(tree_.RemoveDirectory(*root_, dir).ok());
}

// What newer official versions lay beside a file that they have open.
TEST_F(BrokenVaultTest, InUseMarkersAreIgnoredAndKept) {
  absl::StatusOr<CreatedFile> file =
      tree_.CreateFile(*root_, "file", 0644, kNobody);
  absl::StatusOr<CreatedFile> long_file =
      tree_.CreateFile(*root_, kLongName, 0644, kNobody);
  ASSERT_TRUE(file.ok() && long_file.ok());
  std::string beside = Entry("file");
  beside.replace(beside.size() - 4, 4, ".c9u");
  const std::string inside = Entry(kLongName) + "/contents.c9u";
  Write(beside, "in use");
  Write(inside, "in use");
  EXPECT_THAT(Names(), UnorderedElementsAre("file", kLongName));
  EXPECT_EQ(FindErrno("file"), 0);
  EXPECT_EQ(FindErrno(kLongName), 0);
  EXPECT_EQ(vault_.metrics().names_invalid().value(), 0);
  EXPECT_EQ(vault_.metrics().sync_conflicts().value(), 0);

  const auto rename = [this](const Node& node, const std::string& to) {
    return tree_.Rename(*root_, node, *root_, to, absl::nullopt,
                        RenameMode::kNoReplace);
  };
  ASSERT_TRUE(rename(file->node, "moved").ok());
  EXPECT_EQ(vault_.folder().Read(vault_.EntryPath(DirId(), beside)), "in use");
  ASSERT_TRUE(tree_.RemoveNode(*root_, *tree_.Find(*root_, "moved")).ok());
  EXPECT_EQ(vault_.folder().Read(vault_.EntryPath(DirId(), beside)), "in use");
  // One in a node directory goes with that.
  ASSERT_TRUE(tree_.RemoveNode(*root_, long_file->node).ok());
  EXPECT_FALSE(std::filesystem::exists(In(Entry(kLongName))));
}

// Runs `body` in a thread that has given up its capabilities, in which root is
// a user like any other.
void RunUnprivileged(const std::function<void()>& body) {
  std::thread([&body] {
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
    CHECK(syscall(SYS_capset, &header, none) == 0,
          "a thread may give up its capabilities");
    body();
  }).join();
}

class RemovalTest : public BrokenVaultTest {
 protected:
  void SetUp() override {
    absl::StatusOr<Node> node =
        tree_.MakeDirectory(*root_, "dir", 0755, kNobody);
    ASSERT_TRUE(node.ok());
    node_ = *std::move(node);
    content_ = vault_.folder().PathOf(vault_.ContentPath(*node_.dir_id));
  }
  void Put(const std::string& path, const std::string& content) {
    vault_.folder().Write(vault_.EntryPath(*node_.dir_id, path), content);
  }
  void PutDir(const std::string& path) {
    ASSERT_TRUE(std::filesystem::create_directory(content_ + "/" + path));
  }
  int Remove() { return ErrnoOf(tree_.RemoveDirectory(*root_, node_)); }
  bool IsGone() {
    return FindErrno("dir") == ENOENT && !std::filesystem::exists(content_);
  }

  Node node_;
  std::string content_;
};

TEST_F(RemovalTest, ForeignFilesAndOurTemporaryNamesGoWithTheDirectory) {
  Put(".DS_Store", "x");
  Put("Thumbs.db", "x");
  Put("9ovGh03FYi0-jGCbRkIA80k29tJKo9BfgA==.c9u", "x");
  ASSERT_EQ(symlink("/etc", (content_ + "/foreign link").c_str()), 0);
  Put(TemporaryName(vault_.random()), "x");
  const std::string temporary = TemporaryName(vault_.random());
  PutDir(temporary);
  Put(temporary + "/dir.c9r", "x");
  Put(temporary + "/name.c9s", "x");
  EXPECT_TRUE(*tree_.IsEmpty(*node_.dir_id));
  EXPECT_EQ(Remove(), 0);
  EXPECT_TRUE(IsGone());
}

TEST_F(RemovalTest, AbsentNodesGoWithTheDirectory) {
  const DirId& id = *node_.dir_id;
  PutDir(vault_.C9r(id, "a"));
  const std::string shortened = vault_.Entry(id, kLongName);
  PutDir(shortened);
  Put(shortened + "/name.c9s", vault_.C9r(id, kLongName));
  Put(shortened + "/contents.c9u", "x");
  EXPECT_EQ(Remove(), 0);
  EXPECT_TRUE(IsGone());
}

TEST_F(RemovalTest, WhateverCouldBeSomebodysNodeKeepsTheDirectory) {
  const std::string copy = "9ovGh03FYi0-jGCbRkIA80k29tJKo9BfgA== (1).c9r";
  const struct {
    const char* what;
    std::string name;
    bool directory;
  } cases[] = {{"undecryptable file", "abc.c9r", false},
               {"undecryptable shortened", "abc.c9s", false},
               {"conflict copy", copy, false},
               {"foreign folder", "folder", true},
               {"a directory where the id's copy lies", "dirid.c9r/x", true}};
  for (const auto& c : cases) {
    std::filesystem::remove(content_ + "/dirid.c9r");
    if (c.directory) {
      std::filesystem::create_directories(content_ + "/" + c.name);
    } else {
      Put(c.name, "x");
    }
    EXPECT_FALSE(*tree_.IsEmpty(*node_.dir_id)) << c.what;
    EXPECT_EQ(Remove(), ENOTEMPTY) << c.what;
    EXPECT_EQ(FindErrno("dir"), 0) << c.what;
    const std::string top = c.name.substr(0, c.name.find('/'));
    EXPECT_TRUE(std::filesystem::exists(content_ + "/" + top)) << c.what;
    std::filesystem::remove_all(content_ + "/" + top);
  }
  ASSERT_FALSE(vault_.log().empty());
  EXPECT_THAT(vault_.log().front(), HasSubstr("looks empty"));
  EXPECT_EQ(Remove(), 0);
  EXPECT_TRUE(IsGone());
}

TEST_F(RemovalTest, ANodeDirectoryWithAForeignFileInItKeepsTheDirectory) {
  const std::string entry = vault_.C9r(*node_.dir_id, "a");
  PutDir(entry);
  Put(entry + "/notes", "x");
  EXPECT_EQ(Remove(), ENOTEMPTY);
}

TEST_F(RemovalTest, ADirectoryThatForbidsItsOwnerEverythingCanBeRemoved) {
  AttributeChange change;
  change.permissions = 0;
  ASSERT_TRUE(tree_.SetAttributes(*root_, node_, change).ok());
  RunUnprivileged([this] { EXPECT_EQ(Remove(), 0); });
  EXPECT_TRUE(IsGone());
}

}  // namespace
}  // namespace casemate
