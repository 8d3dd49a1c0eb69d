// Random histories of a directory against a map from name to kind.
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "base/status.h"
#include "fs/vault/normalization.h"
#include "fs/vault/tree_for_test.h"
#include "fs/vault/vault_tree.h"
#include "rapidcheck/gtest.h"

namespace casemate {
namespace {

const NewOwner kNobody;

using Model = std::map<std::string, NodeKind>;

absl::Status Make(VaultTree& tree, const VaultDir& dir, const std::string& name,
                  NodeKind kind) {
  switch (kind) {
    case NodeKind::kFile:
      return tree.CreateFile(dir, name, 0644, kNobody).status();
    case NodeKind::kDirectory:
      return tree.MakeDirectory(dir, name, 0755, kNobody).status();
    case NodeKind::kSymlink:
      break;
  }
  return tree.CreateSymlink(dir, name, name, kNobody).status();
}

// Some names in two spellings, some on both sides of either threshold.
rc::Gen<std::string> NameGen() {
  return rc::gen::element<std::string>(
      "a", "12345678", "123456789", "\xc3\xa4", "a\xcc\x88", "dir.c9r",
      std::string(146, 'n'), std::string(147, 'n'), std::string(255, 'n'));
}

void Step(VaultTree& tree, const VaultDir& dir, Model& model) {
  const std::string given = *NameGen();
  const std::string name = *ToNfc(given);
  const auto kind = *rc::gen::element(NodeKind::kFile, NodeKind::kDirectory,
                                      NodeKind::kSymlink);
  const auto at = model.find(name);
  const auto found = tree.Find(dir, given);
  RC_ASSERT(found.ok() == (at != model.end()));
  if (at == model.end()) {
    RC_ASSERT(Make(tree, dir, given, kind).ok());
    model[name] = kind;
    return;
  }
  RC_ASSERT(found->kind == at->second);
  if (*rc::gen::arbitrary<bool>()) {
    RC_ASSERT((at->second == NodeKind::kDirectory
                   ? tree.RemoveDirectory(dir, *found)
                   : tree.RemoveNode(dir, *found))
                  .ok());
    model.erase(at);
    return;
  }
  const std::string to = *ToNfc(*NameGen());
  if (to == name || model.count(to) > 0) return;
  RC_ASSERT(
      tree.Rename(dir, *found, dir, to, absl::nullopt, RenameMode::kNoReplace)
          .ok());
  model[to] = at->second;
  model.erase(at);
}

void ListingEqualsModel(VaultTree& tree, const VaultDir& dir,
                        const Model& model) {
  const auto listed = tree.List(dir);
  RC_ASSERT(listed.ok());
  RC_ASSERT(listed->size() == model.size());
  for (const ListedNode& node : *listed) {
    const auto at = model.find(node.name);
    RC_ASSERT(at != model.end());
    const auto found = tree.Find(dir, node.name);
    RC_ASSERT(found.ok());
    // The node it was listed for, and no other.
    RC_ASSERT(found->entry == node.entry);
    RC_ASSERT(found->kind == at->second);
    if (node.kind) {
      RC_ASSERT(*node.kind == at->second);
      RC_ASSERT(found->stat.id.inode == node.inode);
    }
  }
}

RC_GTEST_PROP(VaultTreeProperty, ListingAndLookupAgreeWithTheHistory, ()) {
  TestVault::Options options;
  options.combo =
      *rc::gen::element(CipherCombo::kSivGcm, CipherCombo::kSivCtrMac);
  options.threshold = *rc::gen::element(36, 220);
  options.max_open_dirs = *rc::gen::element<size_t>(1, 256);
  TestVault vault(options);
  const auto root = vault.root();
  Model model;
  const int steps = *rc::gen::inRange(1, 30);
  for (int i = 0; i < steps; ++i) Step(vault.tree(), *root, model);
  ListingEqualsModel(vault.tree(), *root, model);
  RC_ASSERT(*vault.tree().IsEmpty(DirId()) == model.empty());
  RC_ASSERT(vault.log().empty());
}

}  // namespace
}  // namespace casemate
