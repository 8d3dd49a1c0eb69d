#include "fs/vault/path_translator.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "fs/vault/tree_for_test.h"
#include "gtest/gtest.h"

namespace casemate {
namespace {

class PathTranslatorTest : public testing::Test {
 protected:
  PathTranslatorTest()
      : translator_(&vault_.tree(),
                    vault_.vault().config.shortening_threshold) {}

  DirId MakeFolder(const DirId& parent, const std::string& name) {
    const auto made = vault_.tree().MakeDirectory(*vault_.Open(parent), name,
                                                  0700, NewOwner());
    CHECK(made.ok(), "a test can make its folder");
    return *made->dir_id;
  }
  void MakeFile(const DirId& parent, const std::string& name) {
    CHECK(vault_.tree()
              .CreateFile(*vault_.Open(parent), name, 0600, NewOwner())
              .ok(),
          "a test can make its file");
  }
  std::string EntryPath(const DirId& parent, const std::string& name) {
    return vault_.EntryPath(parent, vault_.Entry(parent, name));
  }

  std::string Encrypt(absl::string_view path) {
    return TextOf(translator_.Encrypt(path));
  }
  std::string Decrypt(absl::string_view path) {
    return TextOf(translator_.Decrypt(path, [this] {
      ++directories_;
      return absl::OkStatus();
    }));
  }
  static std::string TextOf(const absl::StatusOr<std::string>& result) {
    return result.ok() ? *result
                       : absl::StrCat("errno ", ErrnoOf(result.status()));
  }
  static std::string Error(int error) { return absl::StrCat("errno ", error); }

  TestVault vault_;
  PathTranslator translator_;
  int directories_ = 0;
};

TEST_F(PathTranslatorTest, EveryNodeIsFoundBothWays) {
  const std::string long_name(200, 'n');
  const DirId a = MakeFolder(DirId(), "a");
  const DirId b = MakeFolder(a, long_name);
  MakeFile(b, "file");
  MakeFile(b, long_name);
  CHECK(vault_.tree()
            .CreateSymlink(*vault_.Open(a), "link", "target", NewOwner())
            .ok(),
        "a test can make its link");
  for (const auto& [path, ciphertext] :
       std::vector<std::pair<std::string, std::string>>{
           {"/", vault_.ContentPath(DirId())},
           {"/a", EntryPath(DirId(), "a")},
           {"/a/link", EntryPath(a, "link")},
           {"/a/" + long_name, EntryPath(a, long_name)},
           {"/a/" + long_name + "/file", EntryPath(b, "file")},
           {"/a/" + long_name + "/" + long_name, EntryPath(b, long_name)}}) {
    EXPECT_EQ(Encrypt(path), ciphertext);
    EXPECT_EQ(Decrypt(ciphertext), path);
  }
  EXPECT_EQ(Encrypt("./a//link/"), EntryPath(a, "link"));
  EXPECT_EQ(Decrypt("./" + EntryPath(a, "link") + "/"), "/a/link");
}

TEST_F(PathTranslatorTest, PartsOfANodeAreTheNode) {
  const std::string long_name(200, 'n');
  const DirId a = MakeFolder(DirId(), "a");
  MakeFile(a, long_name);
  EXPECT_EQ(Decrypt(vault_.ContentPath(a)), "/a");
  EXPECT_EQ(Decrypt(vault_.ContentPath(a) + "/dirid.c9r"), "/a");
  EXPECT_EQ(Decrypt(EntryPath(DirId(), "a") + "/dir.c9r"), "/a");
  EXPECT_EQ(Decrypt(EntryPath(a, long_name) + "/name.c9s"), "/a/" + long_name);
  EXPECT_EQ(Decrypt(EntryPath(a, long_name) + "/contents.c9r"),
            "/a/" + long_name);
}

TEST_F(PathTranslatorTest, WhatIsNotThereIsNotFound) {
  MakeFile(DirId(), "file");
  const std::string root = vault_.ContentPath(DirId());
  for (const absl::string_view path : {"/b", "/..", "/file\xff"}) {
    EXPECT_EQ(Encrypt(path), Error(ENOENT)) << path;
  }
  EXPECT_EQ(Encrypt("/file/below"), Error(ENOTDIR));
  std::ofstream(vault_.folder().PathOf(root + "/notes.txt")) << "x";
  for (const std::string& path :
       {std::string("d"), std::string("vault.cryptomator"), std::string(""),
        std::string("d/AA"), std::string("d/AA/BBBB"), root + "/notes.txt",
        vault_.EntryPath(DirId(), vault_.C9r(DirId(), "absent")),
        root + "/../" + root.substr(5), "e" + root.substr(1),
        EntryPath(DirId(), "file") + "/a/b"}) {
    EXPECT_EQ(Decrypt(path), Error(ENOENT)) << path;
  }
  EXPECT_EQ(Decrypt(EntryPath(DirId(), "file") + "/dir.c9r"), Error(ENOTDIR));
}

TEST_F(PathTranslatorTest, NamesThatTheFormatDoesNotMakeAreToldApart) {
  const DirId a = MakeFolder(DirId(), "a");
  const std::string copy =
      vault_.EntryPath(a, "x" + vault_.C9r(a, "file") + " (1).c9r");
  std::ofstream(vault_.folder().PathOf(copy)) << "x";
  EXPECT_EQ(Decrypt(copy), Error(EILSEQ));
  // Bound to its parent: a name of another directory.
  const std::string foreign = vault_.EntryPath(a, vault_.C9r(DirId(), "file"));
  std::ofstream(vault_.folder().PathOf(foreign)) << "x";
  EXPECT_EQ(Decrypt(foreign), Error(EIO));
  const std::string nameless =
      vault_.EntryPath(a, std::string(28, 'A') + ".c9s");
  std::filesystem::create_directory(vault_.folder().PathOf(nameless));
  EXPECT_EQ(Decrypt(nameless), Error(EIO));
  // A long name, whole and of this directory, but of another entry.
  std::ofstream(vault_.folder().PathOf(nameless + "/name.c9s"))
      << vault_.C9r(a, std::string(200, 'n'));
  EXPECT_EQ(Decrypt(nameless), Error(EIO));
}

TEST_F(PathTranslatorTest, ABrokenNodeHasAPathToo) {
  const DirId a = MakeFolder(DirId(), "a");
  std::filesystem::remove_all(vault_.folder().PathOf(vault_.ContentPath(a)));
  std::ofstream(vault_.folder().PathOf(EntryPath(DirId(), "a") + "/dir.c9r"))
      << "another id";
  EXPECT_EQ(Encrypt("/a"), EntryPath(DirId(), "a"));
  EXPECT_EQ(Encrypt("/a/below"), Error(EIO));
  EXPECT_EQ(Decrypt(EntryPath(DirId(), "a")), "/a");
}

TEST_F(PathTranslatorTest, ALoopEnds) {
  const DirId a = MakeFolder(DirId(), "a");
  const DirId b = MakeFolder(a, "b");
  const DirId c = MakeFolder(b, "c");
  std::ofstream(vault_.folder().PathOf(EntryPath(b, "c") + "/dir.c9r"))
      << a.text();
  EXPECT_EQ(Decrypt(vault_.ContentPath(c)), Error(ENOENT));
  EXPECT_EQ(Decrypt(EntryPath(b, "c")), "/a/b/c");
}

TEST_F(PathTranslatorTest, LooksNoFurtherThanItMustAndOnlyOnce) {
  const DirId a = MakeFolder(DirId(), "a");
  const DirId b = MakeFolder(a, "b");
  MakeFolder(b, "c");
  EXPECT_EQ(Decrypt(vault_.ContentPath(DirId())), "/");
  EXPECT_EQ(directories_, 0);
  EXPECT_EQ(Decrypt(vault_.ContentPath(a)), "/a");
  EXPECT_EQ(directories_, 1);
  EXPECT_EQ(Decrypt(vault_.ContentPath(b)), "/a/b");
  EXPECT_EQ(Decrypt(vault_.ContentPath(a)), "/a");
  EXPECT_EQ(directories_, 2);
}

TEST_F(PathTranslatorTest, StopsWhenItIsTold) {
  const absl::StatusOr<std::string> path = translator_.Decrypt(
      "d/AA/BBBB", [] { return absl::CancelledError("stop"); });
  EXPECT_TRUE(absl::IsCancelled(path.status()));
}

}  // namespace
}  // namespace casemate
