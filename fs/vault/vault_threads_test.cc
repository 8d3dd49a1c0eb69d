// Several threads, each in a directory of its own as fs/core's locks allow, and
// all in one cache that is too small for them.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/status.h"
#include "fs/vault/tree_for_test.h"
#include "fs/vault/vault_tree.h"
#include "gtest/gtest.h"

namespace casemate {
namespace {

constexpr int kThreads = 4;
constexpr int kRounds = 15;

// One round of every verb; true when all of them did what they should.
bool Round(VaultTree& tree, const VaultDir& root, const DirId& id) {
  const auto dir = tree.OpenDir(id);
  if (!dir.ok()) return false;
  const std::string long_name(200, 'x');
  auto file = tree.CreateFile(**dir, "file", 0600, NewOwner());
  auto link = tree.CreateSymlink(**dir, "link", "file", NewOwner());
  auto sub = tree.MakeDirectory(**dir, "sub", 0700, NewOwner());
  if (!file.ok() || !link.ok() || !sub.ok()) return false;
  auto moved = tree.Rename(**dir, file->node, **dir, long_name, absl::nullopt,
                           RenameMode::kNoReplace);
  if (!moved.ok() || tree.List(**dir)->size() != 3) return false;
  if (!tree.SyncDirectory(**dir, &root).ok()) return false;
  const auto found = tree.Find(**dir, long_name);
  return found.ok() && *tree.ReadSymlink(**dir, *link) == "file" &&
         tree.RemoveNode(**dir, *found).ok() &&
         tree.RemoveNode(**dir, *link).ok() &&
         tree.RemoveDirectory(**dir, *sub).ok() && *tree.IsEmpty(id);
}

TEST(VaultThreadsTest, DirectoriesAreIndependentOfEachOther) {
  TestVault::Options options;
  options.max_open_dirs = 2;
  TestVault vault(options);
  const auto root = vault.root();
  std::atomic<int> good_rounds{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    const Node node = *vault.tree().MakeDirectory(
        *root, "dir" + std::to_string(t), 0700, NewOwner());
    threads.emplace_back([&, id = *node.dir_id] {
      for (int i = 0; i < kRounds; ++i) {
        if (Round(vault.tree(), *root, id)) ++good_rounds;
      }
    });
  }
  for (int i = 0; i < kRounds; ++i) {
    EXPECT_EQ(vault.tree().List(*root)->size(), kThreads);
    EXPECT_TRUE(vault.tree().Find(*root, "dir0").ok());
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good_rounds.load(), kThreads * kRounds);
}

}  // namespace
}  // namespace casemate
