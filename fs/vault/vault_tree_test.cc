#include "fs/vault/vault_tree.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "fs/vault/node_files.h"
#include "fs/vault/sealed_file.h"
#include "fs/vault/tree_for_test.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace casemate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const NewOwner kNobody;

// Both ciphers, and a threshold at which most names are shortened.
class VaultTreeTest
    : public testing::TestWithParam<std::tuple<CipherCombo, int>> {
 protected:
  static TestVault::Options OptionsOf() {
    TestVault::Options options;
    std::tie(options.combo, options.threshold) = GetParam();
    return options;
  }

  Node MakeDir(const VaultDir& parent, const std::string& name) {
    absl::StatusOr<Node> node =
        tree_.MakeDirectory(parent, name, 0755, kNobody);
    CHECK(node.ok(), "the test's directory can be made");
    return *std::move(node);
  }
  Node MakeFile(const VaultDir& parent, const std::string& name) {
    absl::StatusOr<CreatedFile> file =
        tree_.CreateFile(parent, name, 0644, kNobody);
    CHECK(file.ok(), "the test's file can be made");
    return std::move(file->node);
  }
  Node MakeLink(const VaultDir& parent, const std::string& name,
                const std::string& target) {
    absl::StatusOr<Node> node =
        tree_.CreateSymlink(parent, name, target, kNobody);
    CHECK(node.ok(), "the test's link can be made");
    return *std::move(node);
  }
  int FindErrno(const VaultDir& parent, const std::string& name) {
    return ErrnoOf(tree_.Find(parent, name).status());
  }
  std::vector<std::string> Names(const VaultDir& dir) {
    std::vector<std::string> names;
    const absl::StatusOr<std::vector<ListedNode>> nodes = tree_.List(dir);
    EXPECT_TRUE(nodes.ok()) << nodes.status();
    for (const ListedNode& node : *nodes) names.push_back(node.name);
    std::sort(names.begin(), names.end());
    return names;
  }

  TestVault vault_{OptionsOf()};
  VaultTree& tree_ = vault_.tree();
  std::shared_ptr<const VaultDir> root_ = vault_.root();
};

INSTANTIATE_TEST_SUITE_P(
    Vaults, VaultTreeTest,
    testing::Combine(testing::Values(CipherCombo::kSivGcm,
                                     CipherCombo::kSivCtrMac),
                     testing::Values(36, 220)));

TEST_P(VaultTreeTest, ANewVaultIsEmpty) {
  EXPECT_THAT(Names(*root_), IsEmpty());
  EXPECT_TRUE(*tree_.IsEmpty(DirId()));
  EXPECT_EQ(FindErrno(*root_, "a"), ENOENT);
}

TEST_P(VaultTreeTest, WhatWasMadeIsFoundAsItsKind) {
  const Node dir = MakeDir(*root_, "directory with a long name");
  const Node file = MakeFile(*root_, "f");
  const Node link = MakeLink(*root_, "link with a long name", "f");
  for (const auto& [name, made] :
       std::map<std::string, Node>{{"directory with a long name", dir},
                                   {"f", file},
                                   {"link with a long name", link}}) {
    const absl::StatusOr<Node> found = tree_.Find(*root_, name);
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(found->kind, made.kind);
    EXPECT_EQ(found->entry, made.entry);
    EXPECT_EQ(found->entry, vault_.Entry(DirId(), name));
    EXPECT_EQ(found->stat.id, made.stat.id);
    EXPECT_EQ(found->dir_id, made.dir_id);
    EXPECT_EQ(tree_.Stat(*root_, found->entry)->stat.id, made.stat.id);
  }
  EXPECT_THAT(Names(*root_), ElementsAre("directory with a long name", "f",
                                         "link with a long name"));
}

TEST_P(VaultTreeTest, ANewFileIsItsHeaderAndNothingElse) {
  absl::StatusOr<CreatedFile> file =
      tree_.CreateFile(*root_, "file", 0640, kNobody);
  ASSERT_TRUE(file.ok());
  const size_t header = tree_.layout().header_size();
  EXPECT_EQ(file->node.stat.size, header);
  EXPECT_EQ(file->node.stat.permissions, 0640);
  const absl::StatusOr<std::unique_ptr<File>> opened =
      tree_.OpenContent(*root_, file->node, Access::kRead);
  ASSERT_TRUE(opened.ok());
  std::vector<uint8_t> sealed(header);
  ASSERT_EQ(*(*opened)->ReadAt(0, absl::MakeSpan(sealed)), header);
  const absl::StatusOr<FileHeader> read = tree_.header_codec().Open(sealed);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->nonce(), file->header.nonce());
}

TEST_P(VaultTreeTest, ADirectoryCarriesItsModeAndItsOwnIdInside) {
  const absl::StatusOr<Node> node =
      tree_.MakeDirectory(*root_, "dir", 0500, kNobody);
  ASSERT_TRUE(node.ok()) << node.status();
  EXPECT_EQ(node->stat.permissions, 0500);
  const std::string content = vault_.ContentPath(*node->dir_id);
  const SealedFileCodec sealed(std::get<0>(GetParam()),
                               &vault_.vault().masterkey);
  EXPECT_EQ(*sealed.Open(BytesOf(vault_.folder().Read(content + "/dirid.c9r"))),
            node->dir_id->text());
  EXPECT_EQ(
      vault_.folder().Read(vault_.EntryPath(DirId(), node->entry + "/dir.c9r")),
      node->dir_id->text());
  const std::string root_backup =
      vault_.folder().Read(vault_.EntryPath(DirId(), "dirid.c9r"));
  EXPECT_EQ(*sealed.Open(BytesOf(root_backup)), "");
}

TEST_P(VaultTreeTest, SymlinkTargetsRoundTripUpToTheirLimit) {
  for (const std::string& target :
       {std::string("f"), std::string("../\xc3\xa4"), std::string("//"),
        std::string(4095, 't')}) {
    const Node link =
        MakeLink(*root_, "link" + std::to_string(target.size()), target);
    EXPECT_EQ(*tree_.ReadSymlink(*root_, link), target);
    EXPECT_EQ(tree_.layout().FromCiphertextSize(link.stat.size).size,
              target.size());
  }
  const auto error = [this](const std::string& target) {
    return ErrnoOf(
        tree_.CreateSymlink(*root_, "bad", target, kNobody).status());
  };
  EXPECT_EQ(error(""), ENOENT);
  EXPECT_EQ(error(std::string(4096, 't')), ENAMETOOLONG);
  EXPECT_EQ(error(std::string("a\0b", 3)), EINVAL);
  EXPECT_EQ(error("\xff"), EILSEQ);
  EXPECT_EQ(FindErrno(*root_, "bad"), ENOENT);
}

TEST_P(VaultTreeTest, SymlinksThatOtherClientsWroteAreReadOrRefused) {
  const Node link = MakeLink(*root_, "link", "target");
  const std::string path =
      vault_.EntryPath(DirId(), link.entry + "/symlink.c9r");
  const SealedFileCodec sealed(std::get<0>(GetParam()),
                               &vault_.vault().masterkey);
  const auto read_after = [&](const std::string& content) {
    vault_.folder().Write(path, content);
    return ErrnoOf(tree_.ReadSymlink(*root_, link).status());
  };
  const auto seal = [&](const std::string& target) {
    return std::string(TextOf(sealed.Seal(target, vault_.random())));
  };
  EXPECT_EQ(read_after(seal(std::string(4096, 't'))), ENAMETOOLONG);
  EXPECT_EQ(read_after(std::string(100000, 'x')), ENAMETOOLONG);
  EXPECT_EQ(read_after(seal("")), EIO);
  EXPECT_EQ(read_after(seal(std::string("a\0b", 3))), EIO);
  EXPECT_EQ(read_after(""), EIO);
  std::string damaged = seal("target");
  damaged.back() ^= 1;
  EXPECT_EQ(read_after(damaged), EIO);
  EXPECT_EQ(vault_.metrics().auth_failures(AuthObject::kChunk).value(), 2);
  EXPECT_EQ(read_after(seal("target")), 0);
}

TEST_P(VaultTreeTest, NamesAreStoredAsNfcAndFoundInEitherSpelling) {
  const std::string composed = "\xc3\xa4", decomposed = "a\xcc\x88";
  const Node file = MakeFile(*root_, decomposed);
  EXPECT_EQ(file.entry, vault_.Entry(DirId(), composed));
  EXPECT_EQ(tree_.Find(*root_, decomposed)->stat.id, file.stat.id);
  EXPECT_EQ(tree_.Find(*root_, composed)->stat.id, file.stat.id);
  EXPECT_THAT(Names(*root_), ElementsAre(composed));
}

// Such a node comes from a client that does not normalise.
TEST_P(VaultTreeTest, ANodeStoredDecomposedIsListedAndFoundAsItIs) {
  const std::string composed = "\xc3\xa4", decomposed = "a\xcc\x88";
  const std::string entry = vault_.Entry(DirId(), decomposed);
  vault_.folder().Write(vault_.EntryPath(DirId(), entry), "");
  EXPECT_THAT(Names(*root_), ElementsAre(decomposed));
  EXPECT_EQ(tree_.Find(*root_, decomposed)->entry, entry);
  EXPECT_EQ(FindErrno(*root_, composed), ENOENT);
  EXPECT_EQ(
      ErrnoOf(tree_.CreateFile(*root_, decomposed, 0644, kNobody).status()),
      EEXIST);
  // The other spelling is another node, and both resolve to themselves.
  const Node second = MakeFile(*root_, composed);
  EXPECT_NE(second.entry, entry);
  EXPECT_THAT(Names(*root_), UnorderedElementsAre(composed, decomposed));
  EXPECT_EQ(tree_.Find(*root_, decomposed)->entry, entry);
  EXPECT_EQ(tree_.Find(*root_, composed)->entry, second.entry);
}

TEST_P(VaultTreeTest, CreatingAnExistingNameIsEexistWhateverItIs) {
  MakeFile(*root_, "file");
  MakeDir(*root_, "directory");
  MakeLink(*root_, "link", "x");
  MakeFile(*root_, "\xc3\xa4");
  const auto before = vault_.Paths();
  for (const std::string& name :
       {std::string("file"), std::string("directory"), std::string("link"),
        std::string("\xc3\xa4"), std::string("a\xcc\x88")}) {
    EXPECT_EQ(ErrnoOf(tree_.CreateFile(*root_, name, 0644, kNobody).status()),
              EEXIST)
        << name;
    EXPECT_EQ(
        ErrnoOf(tree_.MakeDirectory(*root_, name, 0755, kNobody).status()),
        EEXIST)
        << name;
    EXPECT_EQ(ErrnoOf(tree_.CreateSymlink(*root_, name, "t", kNobody).status()),
              EEXIST)
        << name;
  }
  EXPECT_EQ(vault_.Paths(), before);
}

TEST_P(VaultTreeTest, NamesThatCannotBeAreRefusedWithTheirErrno) {
  const auto create = [this](const std::string& name) {
    return ErrnoOf(tree_.CreateFile(*root_, name, 0644, kNobody).status());
  };
  EXPECT_EQ(create(std::string(256, 'a')), ENAMETOOLONG);
  EXPECT_EQ(create("\xff"), EILSEQ);
  EXPECT_EQ(create(".."), EINVAL);
  EXPECT_EQ(create("a/b"), EINVAL);
  EXPECT_EQ(create(std::string(255, 'a')), 0);
  EXPECT_EQ(FindErrno(*root_, std::string(256, 'a')), ENAMETOOLONG);
  EXPECT_EQ(FindErrno(*root_, std::string(5000, 'a')), ENAMETOOLONG);
  EXPECT_EQ(FindErrno(*root_, "\xff"), ENOENT);
  EXPECT_EQ(FindErrno(*root_, ".."), ENOENT);
  EXPECT_EQ(FindErrno(*root_, ""), ENOENT);
}

// Upstream allows longer names than a new one may have.
TEST_P(VaultTreeTest, AStoredNameOfMoreThan255BytesIsFoundAndListed) {
  const std::string name(300, 'n');
  const std::string c9r = vault_.C9r(DirId(), name);
  const std::string node = vault_.EntryPath(DirId(), ShortName(c9r));
  std::filesystem::create_directory(vault_.folder().PathOf(node));
  vault_.folder().Write(node + "/name.c9s", c9r);
  vault_.folder().Write(node + "/contents.c9r", "");
  EXPECT_THAT(Names(*root_), ElementsAre(name));
  EXPECT_EQ(tree_.Find(*root_, name)->kind, NodeKind::kFile);
}

TEST_P(VaultTreeTest, RemovingLeavesNothingBehind) {
  const auto before = vault_.Paths();
  for (const std::string& name :
       {std::string("a"), std::string("longer than eight"),
        std::string(200, 'n')}) {
    const Node file = MakeFile(*root_, name);
    EXPECT_TRUE(tree_.RemoveNode(*root_, file).ok());
    const Node link = MakeLink(*root_, name, "t");
    EXPECT_TRUE(tree_.RemoveNode(*root_, link).ok());
    const Node dir = MakeDir(*root_, name);
    EXPECT_TRUE(tree_.RemoveDirectory(*root_, dir).ok());
    EXPECT_EQ(FindErrno(*root_, name), ENOENT);
    EXPECT_EQ(vault_.Paths(), before);
  }
  EXPECT_THAT(vault_.log(), IsEmpty());
}

TEST_P(VaultTreeTest, RemovingAsTheWrongKindChangesNothing) {
  const Node file = MakeFile(*root_, "file");
  const Node dir = MakeDir(*root_, "dir");
  EXPECT_EQ(ErrnoOf(tree_.RemoveNode(*root_, dir)), EISDIR);
  EXPECT_EQ(ErrnoOf(tree_.RemoveDirectory(*root_, file)), ENOTDIR);
  EXPECT_THAT(Names(*root_), ElementsAre("dir", "file"));
}

TEST_P(VaultTreeTest, ADirectoryWithANodeInItIsNotEmpty) {
  const Node node = MakeDir(*root_, "dir");
  const auto dir = vault_.Open(*node.dir_id);
  const auto check = [&](bool empty) {
    EXPECT_EQ(*tree_.IsEmpty(*node.dir_id), empty);
    if (!empty) {
      EXPECT_EQ(ErrnoOf(tree_.RemoveDirectory(*root_, node)), ENOTEMPTY);
      EXPECT_TRUE(tree_.Find(*root_, "dir").ok());
    }
  };
  check(true);
  const Node file = MakeFile(*dir, "file");
  check(false);
  ASSERT_TRUE(tree_.RemoveNode(*dir, file).ok());
  const Node link = MakeLink(*dir, "a name that is long enough", "t");
  check(false);
  ASSERT_TRUE(tree_.RemoveNode(*dir, link).ok());
  check(true);
  EXPECT_TRUE(tree_.RemoveDirectory(*root_, node).ok());
}

TEST_P(VaultTreeTest, ARemovedDirectoryIsForgotten) {
  const Node node = MakeDir(*root_, "dir");
  const auto held = vault_.Open(*node.dir_id);
  ASSERT_TRUE(tree_.RemoveDirectory(*root_, node).ok());
  EXPECT_EQ(ErrnoOf(tree_.OpenDir(*node.dir_id).status()), ENOENT);
  EXPECT_EQ(ErrnoOf(tree_.CreateFile(*held, "late", 0644, kNobody).status()),
            ENOENT);
}

TEST_P(VaultTreeTest, ADirectoryMadeAnewByAnotherClientIsSeenAnew) {
  const Node node = MakeDir(*root_, "dir");
  const std::string content =
      vault_.folder().PathOf(vault_.ContentPath(*node.dir_id));
  vault_.Open(*node.dir_id);  // and so it is in the cache
  std::filesystem::remove_all(content);
  EXPECT_EQ(FindErrno(*root_, "dir"), EIO);
  std::filesystem::create_directory(content);
  EXPECT_EQ(FindErrno(*root_, "dir"), 0);
  EXPECT_TRUE(
      tree_.CreateFile(*vault_.Open(*node.dir_id), "f", 0644, kNobody).ok());
}

// Nobody holds a lock during a lookup: a rename may put a file where a node
// directory was between two calls, and the next look sees it.
TEST_P(VaultTreeTest, ALookupThatARenameOvertookLooksAgain) {
  MakeDir(*root_, "dir");
  vault_.plan().Fail(StorageCall::kOpen,
                     Fault::Nth(1, ENOTDIR).OnPath("dir.c9r"));
  EXPECT_EQ(FindErrno(*root_, "dir"), 0);
  vault_.plan().Fail(StorageCall::kOpen,
                     Fault::From(1, ENOTDIR).OnPath("dir.c9r"));
  EXPECT_EQ(FindErrno(*root_, "dir"), ENOTDIR);
}

TEST_P(VaultTreeTest, SetAttributesReachesWhatStatShows) {
  const Node nodes[] = {MakeDir(*root_, "directory of some length"),
                        MakeFile(*root_, "file of some length"),
                        MakeLink(*root_, "link of some length", "t")};
  AttributeChange change;
  change.permissions = 0711;
  change.mtime = timespec{12345, 678};
  for (const Node& node : nodes) {
    ASSERT_TRUE(tree_.SetAttributes(*root_, node, change).ok());
    const FileStat stat = tree_.Stat(*root_, node.entry)->stat;
    EXPECT_EQ(stat.permissions, 0711);
    EXPECT_EQ(stat.mtime.tv_sec, 12345);
    EXPECT_EQ(stat.mtime.tv_nsec, 678);
  }
}

TEST_P(VaultTreeTest, RenameKeepsTheNodeAndEverythingBelow) {
  const std::string names[] = {"a", "a name longer than eight bytes",
                               std::string(180, 'z')};
  for (const std::string& from : names) {
    for (const std::string& to : names) {
      if (from == to) continue;
      const Node target_dir = MakeDir(*root_, "target");
      const auto target = vault_.Open(*target_dir.dir_id);
      for (const NodeKind kind :
           {NodeKind::kDirectory, NodeKind::kFile, NodeKind::kSymlink}) {
        const Node made = kind == NodeKind::kDirectory ? MakeDir(*root_, from)
                          : kind == NodeKind::kFile
                              ? MakeFile(*root_, from)
                              : MakeLink(*root_, from, "t");
        if (made.dir_id) MakeFile(*vault_.Open(*made.dir_id), "child");
        const absl::StatusOr<RenameResult> moved = tree_.Rename(
            *root_, made, *target, to, absl::nullopt, RenameMode::kNoReplace);
        ASSERT_TRUE(moved.ok()) << moved.status();
        EXPECT_EQ(FindErrno(*root_, from), ENOENT);
        absl::StatusOr<Node> found = tree_.Find(*target, to);
        ASSERT_TRUE(found.ok()) << found.status();
        EXPECT_EQ(found->entry, moved->entry);
        EXPECT_EQ(found->kind, kind);
        EXPECT_EQ(found->stat.id, made.stat.id);
        EXPECT_THAT(Names(*target), ElementsAre(to));
        if (found->dir_id) {
          const auto inside = vault_.Open(*found->dir_id);
          ASSERT_TRUE(
              tree_.RemoveNode(*inside, *tree_.Find(*inside, "child")).ok());
          ASSERT_TRUE(tree_.RemoveDirectory(*target, *found).ok());
        } else {
          ASSERT_TRUE(tree_.RemoveNode(*target, *found).ok());
        }
      }
      ASSERT_TRUE(tree_.RemoveDirectory(*root_, target_dir).ok());
    }
  }
  EXPECT_THAT(vault_.log(), IsEmpty());
}

TEST_P(VaultTreeTest, RenameOverAnEmptyDirectoryCollectsItsContent) {
  const Node source = MakeDir(*root_, "source directory");
  const Node target = MakeDir(*root_, "t");
  ASSERT_TRUE(
      tree_.Rename(*root_, source, *root_, "t", target, RenameMode::kReplace)
          .ok());
  EXPECT_EQ(*tree_.Find(*root_, "t")->dir_id, *source.dir_id);
  EXPECT_FALSE(vault_.folder().Has(vault_.ContentPath(*target.dir_id)));
  EXPECT_EQ(ErrnoOf(tree_.OpenDir(*target.dir_id).status()), ENOENT);
  EXPECT_THAT(Names(*root_), ElementsAre("t"));
}

TEST_P(VaultTreeTest, RenameToTheOtherSpellingChangesTheStoredOne) {
  const std::string entry = vault_.Entry(DirId(), "a\xcc\x88");
  vault_.folder().Write(vault_.EntryPath(DirId(), entry), "");
  const Node node = *tree_.Find(*root_, "a\xcc\x88");
  ASSERT_TRUE(tree_
                  .Rename(*root_, node, *root_, "\xc3\xa4", absl::nullopt,
                          RenameMode::kReplace)
                  .ok());
  EXPECT_THAT(Names(*root_), ElementsAre("\xc3\xa4"));
}

TEST_P(VaultTreeTest, ExchangeTellsWhereBothWent) {
  const Node one = MakeFile(*root_, "1");
  const Node two = MakeFile(*root_, "the second one");
  const absl::StatusOr<RenameResult> result = tree_.Rename(
      *root_, one, *root_, "the second one", two, RenameMode::kExchange);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->entry, two.entry);
  EXPECT_EQ(result->exchanged_entry, one.entry);
  EXPECT_EQ(tree_.Find(*root_, "1")->stat.id, two.stat.id);
  EXPECT_EQ(tree_.Find(*root_, "the second one")->stat.id, one.stat.id);
}

TEST_P(VaultTreeTest, SpaceIsTheStores) {
  const absl::StatusOr<SpaceInfo> space = tree_.Space();
  ASSERT_TRUE(space.ok());
  EXPECT_GT(space->blocks, 0);
}

}  // namespace
}  // namespace casemate
