// A link, a fifo or a socket in the place of each file and folder that makes
// up a vault. A link leads to the real object, moved aside: following it would
// work, and be seen.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/check.h"
#include "base/status.h"
#include "fs/storage/posix_storage.h"
#include "fs/vault/tree_for_test.h"
#include "fs/vault/vault_access.h"
#include "fs/vault/vault_tree.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace casemate {
namespace {

const NewOwner kNobody;
const std::string kLongName(180, 'l');

enum class Plant : uint8_t { kLink, kFifo, kSocket };
constexpr Plant kPlants[] = {Plant::kLink, Plant::kFifo, Plant::kSocket};

// A vault with a node of each kind, and a tree that has not seen it yet.
class PlantedVault {
 public:
  PlantedVault() {
    VaultTree& tree = vault_.tree();
    const auto root = vault_.root();
    CHECK(tree.CreateFile(*root, "file", 0644, kNobody).ok() &&
              tree.CreateFile(*root, "sibling", 0644, kNobody).ok() &&
              tree.CreateFile(*root, kLongName, 0644, kNobody).ok() &&
              tree.CreateSymlink(*root, "link", "target", kNobody).ok(),
          "a test can fill its vault");
    absl::StatusOr<Node> dir = tree.MakeDirectory(*root, "dir", 0755, kNobody);
    CHECK(dir.ok(), "a test can fill its vault");
    dir_id_ = *dir->dir_id;
    tree_ = std::make_unique<VaultTree>(
        *OpenPosixDir(vault_.folder().path()), vault_.vault().config,
        &vault_.vault().masterkey, &vault_.random(), &vault_.metrics(),
        &logger_, &clock_, VaultTree::Options());
  }

  // Moves the object at `path` aside, and plants something in its place.
  void PlantAt(const std::string& path, Plant plant) {
    const std::string at = vault_.folder().PathOf(path);
    aside_ = vault_.folder().PathOf("aside");
    std::filesystem::rename(at, aside_);
    before_ = Aside();
    int result = 0;
    switch (plant) {
      case Plant::kLink:
        result = symlink(aside_.c_str(), at.c_str());
        break;
      case Plant::kFifo:
        result = mkfifo(at.c_str(), 0666);
        break;
      case Plant::kSocket:
        result = mknod(at.c_str(), S_IFSOCK | 0666, 0);
        break;
    }
    CHECK(result == 0, "a test can plant its object");
  }
  bool AsideIsUntouched() const { return Aside() == before_; }

  std::string InRoot(const std::string& path) {
    return vault_.EntryPath(DirId(), path);
  }
  std::string Entry(const std::string& name) {
    return vault_.Entry(DirId(), name);
  }
  int FindErrno(const std::string& name) {
    return ErrnoOf(tree_->Find(*root(), name).status());
  }
  int CreateErrno(const std::string& name) {
    return ErrnoOf(tree_->CreateFile(*root(), name, 0644, kNobody).status());
  }
  bool Lists(const std::string& name) {
    const auto nodes = tree_->List(*root());
    EXPECT_TRUE(nodes.ok()) << nodes.status();
    for (const ListedNode& node : *nodes) {
      if (node.name == name) return true;
    }
    return false;
  }
  void ExpectSiblingWorks() {
    const absl::StatusOr<Node> sibling = tree_->Find(*root(), "sibling");
    ASSERT_TRUE(sibling.ok()) << sibling.status();
    EXPECT_TRUE(tree_->OpenContent(*root(), *sibling, Access::kReadWrite).ok());
    EXPECT_TRUE(Lists("sibling"));
  }

  std::shared_ptr<const VaultDir> root() {
    absl::StatusOr<std::shared_ptr<const VaultDir>> dir =
        tree_->OpenDir(DirId());
    CHECK(dir.ok(), "the root is not what was planted on");
    return *std::move(dir);
  }
  TestVault& vault() { return vault_; }
  VaultTree& tree() { return *tree_; }
  const DirId& dir_id() const { return dir_id_; }

 private:
  // What lies aside, to the last time stamp.
  std::string Aside() const {
    std::string found;
    const auto add = [&found](const std::string& path) {
      struct stat stat = {};
      CHECK(lstat(path.c_str(), &stat) == 0, "what lies aside is there");
      absl::StrAppend(&found, path, " ", stat.st_mode, " ", stat.st_size, " ",
                      stat.st_mtim.tv_sec, ".", stat.st_mtim.tv_nsec, "\n");
    };
    add(aside_);
    if (std::filesystem::is_directory(aside_)) {
      for (const auto& entry :
           std::filesystem::recursive_directory_iterator(aside_)) {
        add(entry.path());
      }
    }
    return found;
  }

  TestVault vault_;
  FakeClock clock_;
  RecordingLogger log_;
  RateLimitedLogger logger_{&log_, &clock_, absl::Hours(1)};
  std::unique_ptr<VaultTree> tree_;
  DirId dir_id_;
  std::string aside_;
  std::string before_;
};

TEST(PlantedVaultTest, InPlaceOfANodeItIsEioAndItsSiblingsWork) {
  const struct {
    std::string name;
    const char* inner;
  } places[] = {{"file", ""},
                {"dir", ""},
                {"dir", "/dir.c9r"},
                {"link", ""},
                {"link", "/symlink.c9r"},
                {kLongName, ""},
                {kLongName, "/contents.c9r"}};
  for (const Plant plant : kPlants) {
    for (const auto& [name, inner] : places) {
      SCOPED_TRACE(absl::StrCat(name, inner, " ", static_cast<int>(plant)));
      PlantedVault vault;
      vault.PlantAt(vault.InRoot(vault.Entry(name) + inner), plant);
      EXPECT_EQ(vault.FindErrno(name), EIO);
      EXPECT_EQ(vault.CreateErrno(name), EEXIST);
      EXPECT_EQ(
          ErrnoOf(vault.tree().Stat(*vault.root(), vault.Entry(name)).status()),
          EIO);
      EXPECT_GT(vault.vault().metrics().broken_nodes().value(), 0);
      vault.ExpectSiblingWorks();
      EXPECT_TRUE(vault.AsideIsUntouched());
    }
  }
}

TEST(PlantedVaultTest, InPlaceOfALongNameItHidesTheNodeFromListingsOnly) {
  for (const Plant plant : kPlants) {
    PlantedVault vault;
    vault.PlantAt(vault.InRoot(vault.Entry(kLongName) + "/name.c9s"), plant);
    EXPECT_FALSE(vault.Lists(kLongName));
    EXPECT_EQ(vault.vault().metrics().names_invalid().value(), 1);
    EXPECT_EQ(vault.FindErrno(kLongName), 0);
    vault.ExpectSiblingWorks();
    EXPECT_TRUE(vault.AsideIsUntouched());
  }
}

// A link to a directory would give its content a second place, and a path out
// of the vault.
TEST(PlantedVaultTest, InPlaceOfAContentDirectoryItsDirectoryIsEio) {
  for (const Plant plant : kPlants) {
    for (const bool outer : {false, true}) {
      PlantedVault vault;
      std::string path = vault.vault().ContentPath(vault.dir_id());
      if (outer) path.resize(4);  // d/XX
      vault.PlantAt(path, plant);
      EXPECT_EQ(vault.FindErrno("dir"), EIO);
      EXPECT_EQ(vault.CreateErrno("dir"), EEXIST);
      vault.ExpectSiblingWorks();
      EXPECT_TRUE(vault.AsideIsUntouched());
    }
  }
}

TEST(PlantedVaultTest, InPlaceOfTheIdsCopyItIsRemovedWithItsDirectory) {
  for (const Plant plant : kPlants) {
    PlantedVault vault;
    vault.PlantAt(vault.vault().EntryPath(vault.dir_id(), "dirid.c9r"), plant);
    const absl::StatusOr<Node> dir = vault.tree().Find(*vault.root(), "dir");
    ASSERT_TRUE(dir.ok()) << dir.status();
    EXPECT_TRUE(vault.tree().List(*vault.vault().Open(vault.dir_id())).ok());
    EXPECT_TRUE(vault.tree().RemoveDirectory(*vault.root(), *dir).ok());
    EXPECT_FALSE(
        vault.vault().folder().Has(vault.vault().ContentPath(vault.dir_id())));
    EXPECT_TRUE(vault.AsideIsUntouched());
  }
}

TEST(PlantedVaultTest, InPlaceOfWhatEveryNodeLiesInTheVaultDoesNotOpen) {
  for (const Plant plant : kPlants) {
    for (const char* what : {"d", "d/XX", "d/XX/Y", "vault.cryptomator",
                             "masterkey.cryptomator"}) {
      PlantedVault vault;
      std::string path = what;
      if (path == "d/XX" || path == "d/XX/Y") {
        const std::string root = vault.vault().ContentPath(DirId());
        path = path == "d/XX" ? root.substr(0, 4) : root;
      }
      SCOPED_TRACE(absl::StrCat(what, " ", static_cast<int>(plant)));
      vault.PlantAt(path, plant);
      const auto folder = *OpenPosixDir(vault.vault().folder().path());
      EXPECT_FALSE(OpenVault(*folder, BytesOf("pw"), OpenVaultOptions()).ok());
      // A tree opens d/ when it is made, and the rest when it is asked for.
      if (absl::StartsWith(path, "d/")) {
        EXPECT_FALSE(vault.tree().OpenDir(DirId()).ok());
      }
      EXPECT_TRUE(vault.AsideIsUntouched());
    }
  }
}

}  // namespace
}  // namespace casemate
