#include "fs/vault/vault_tree.h"

#include <utility>

#include "base/status.h"
#include "fs/vault/directory_cache.h"
#include "fs/vault/node_creator.h"
#include "fs/vault/node_files.h"
#include "fs/vault/node_finder.h"
#include "fs/vault/node_lister.h"
#include "fs/vault/node_mover.h"
#include "fs/vault/node_remover.h"
#include "fs/vault/sealed_file.h"
#include "fs/vault/tree_context.h"
#include "fs/vault/unsynced_nodes.h"

namespace casemate {
namespace {

StructureMode ModeOf(const DirectoryCache& directories) {
  const absl::StatusOr<Dir*> d = directories.store();
  return d.ok() ? StructureMode::Of(**d) : StructureMode();
}

}  // namespace

struct VaultTree::Parts {
  Parts(TreeContext tree_context, std::unique_ptr<Dir> root, NameCodec names,
        size_t max_open_dirs, const Clock* clock)
      : context(std::move(tree_context)),
        directories(std::move(root), std::move(names), max_open_dirs,
                    context.metrics, clock),
        finder(&context, &directories),
        lister(&context),
        remover(&context, &directories, &lister, &unsynced),
        creator(&context, &directories, &unsynced, ModeOf(directories)),
        mover(&context, &remover, &unsynced, ModeOf(directories)) {}

  const TreeContext context;
  DirectoryCache directories;
  UnsyncedNodes unsynced;
  NodeFinder finder;
  NodeLister lister;
  NodeRemover remover;
  NodeCreator creator;
  NodeMover mover;
};

VaultTree::VaultTree(std::unique_ptr<Dir> root, const VaultConfig& config,
                     const Masterkey* masterkey, RandomSource* random,
                     Metrics* metrics, RateLimitedLogger* logger,
                     const Clock* clock, Options options)
    : layout_(config.combo),
      header_codec_(config.combo, masterkey->enc_key(), masterkey->mac_key()),
      masterkey_(masterkey),
      random_(random),
      parts_(std::make_unique<Parts>(
          TreeContext{config.shortening_threshold, &layout_, &header_codec_,
                      SealedFileCodec(config.combo, masterkey), random, metrics,
                      logger},
          std::move(root), NameCodec(*masterkey), options.max_open_dirs,
          clock)) {}

VaultTree::~VaultTree() = default;

absl::StatusOr<std::shared_ptr<const VaultDir>> VaultTree::OpenDir(
    const DirId& id) {
  return parts_->directories.Open(id);
}

absl::StatusOr<Node> VaultTree::Find(const VaultDir& parent,
                                     absl::string_view name) {
  return parts_->finder.Find(parent, name);
}

absl::StatusOr<Node> VaultTree::Stat(const VaultDir& parent,
                                     absl::string_view entry) {
  return parts_->finder.Stat(parent, entry);
}

absl::StatusOr<std::vector<ListedNode>> VaultTree::List(
    const VaultDir& parent) {
  return parts_->lister.List(parent);
}

absl::StatusOr<CreatedFile> VaultTree::CreateFile(const VaultDir& parent,
                                                  absl::string_view name,
                                                  mode_t permissions,
                                                  const NewOwner& owner) {
  return parts_->creator.CreateFile(parent, name, permissions, owner);
}

absl::StatusOr<Node> VaultTree::MakeDirectory(const VaultDir& parent,
                                              absl::string_view name,
                                              mode_t permissions,
                                              const NewOwner& owner) {
  return parts_->creator.MakeDirectory(parent, name, permissions, owner);
}

absl::StatusOr<Node> VaultTree::CreateSymlink(const VaultDir& parent,
                                              absl::string_view name,
                                              absl::string_view target,
                                              const NewOwner& owner) {
  return parts_->creator.CreateSymlink(parent, name, target, owner);
}

absl::Status VaultTree::RemoveNode(const VaultDir& parent, const Node& node) {
  return parts_->remover.RemoveNode(parent, node);
}

absl::Status VaultTree::RemoveDirectory(const VaultDir& parent,
                                        const Node& node) {
  return parts_->remover.RemoveDirectory(parent, node);
}

absl::StatusOr<bool> VaultTree::IsEmpty(const DirId& id) {
  return parts_->remover.IsEmpty(id);
}

absl::StatusOr<RenameResult> VaultTree::Rename(
    const VaultDir& from, const Node& source, const VaultDir& to,
    absl::string_view name, const absl::optional<Node>& target,
    RenameMode mode) {
  return parts_->mover.Rename(from, source, to, name, target, mode);
}

absl::StatusOr<std::string> VaultTree::ReadSymlink(const VaultDir& parent,
                                                   const Node& node) {
  return parts_->finder.ReadSymlink(parent, node);
}

absl::StatusOr<std::unique_ptr<File>> VaultTree::OpenContent(
    const VaultDir& parent, const Node& node, Access access) {
  return parts_->finder.OpenContent(parent, node, access);
}

absl::Status VaultTree::SetAttributes(const VaultDir& parent, const Node& node,
                                      const AttributeChange& change) {
  return parts_->finder.SetAttributes(parent, node, change);
}

absl::Status VaultTree::SyncDirectory(const VaultDir& dir,
                                      const VaultDir* parent) {
  RETURN_IF_ERROR(parts_->unsynced.Sync(dir));
  RETURN_IF_ERROR(dir.content().Sync());
  if (parent == nullptr) return absl::OkStatus();
  // The node of `dir` may itself have moved into another node directory.
  RETURN_IF_ERROR(parts_->unsynced.Sync(*parent));
  return parent->content().Sync();
}

absl::StatusOr<SpaceInfo> VaultTree::Space() const {
  ASSIGN_OR_RETURN(const Dir* const d, parts_->directories.store());
  return d->Space();
}

}  // namespace casemate
