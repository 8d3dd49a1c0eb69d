#include "fs/vault/node_finder.h"

#include <cerrno>
#include <utility>

#include "absl/strings/match.h"
#include "base/bytes.h"
#include "base/status.h"
#include "fs/vault/dir_id.h"
#include "fs/vault/name_codec.h"
#include "fs/vault/node_files.h"
#include "fs/vault/normalization.h"

namespace casemate {

absl::StatusOr<Node> NodeFinder::Find(const VaultDir& parent,
                                      absl::string_view name) {
  if (IsValidName(name)) {
    absl::StatusOr<Node> node =
        Stat(parent, context_->Store(parent.names(), name).entry);
    if (!IsErrno(node.status(), ENOENT)) return node;
    ASSIGN_OR_RETURN(const std::string nfc, ToNfc(name));
    if (nfc != name) {
      node = Stat(parent, context_->Store(parent.names(), nfc).entry);
      if (!IsErrno(node.status(), ENOENT)) return node;
    }
    if (nfc.size() <= kMaxNewNameSize) return ErrnoError(ENOENT, "find");
  }
  return ErrnoError(name.size() > kMaxNewNameSize ? ENAMETOOLONG : ENOENT,
                    "find");
}

absl::StatusOr<Node> NodeFinder::Stat(const VaultDir& parent,
                                      absl::string_view entry) {
  absl::StatusOr<FoundNode> found = InspectNode(parent.content(), entry);
  if (absl::IsDataLoss(found.status())) {
    return context_->Broken(std::move(found).status());
  }
  RETURN_IF_ERROR(found.status());
  if (found->kind == NodeKind::kDirectory) {
    return DescribeDirectory(entry, found->dir_id);
  }
  Node node;
  node.kind = found->kind;
  node.entry = std::string(entry);
  node.stat = found->stat;
  return node;
}

absl::StatusOr<Node> NodeFinder::DescribeDirectory(absl::string_view entry,
                                                   absl::string_view dir_id) {
  absl::StatusOr<DirId> id = DirId::Parse(dir_id);
  if (!id.ok()) {
    return context_->Broken(BrokenNode(entry, id.status().message()));
  }
  const absl::StatusOr<DirectoryCache::Opened> opened =
      directories_->OpenWithStat(*id);
  if (IsErrno(opened.status(), ENOENT) || IsErrno(opened.status(), ENOTDIR)) {
    return context_->Broken(
        BrokenNode(entry, "its content directory is missing or none"));
  }
  RETURN_IF_ERROR(opened.status());
  Node node;
  node.kind = NodeKind::kDirectory;
  node.entry = std::string(entry);
  node.stat = opened->stat;
  node.dir_id = *std::move(id);
  return node;
}

absl::StatusOr<std::string> NodeFinder::ReadSymlink(const VaultDir& parent,
                                                    const Node& node) {
  if (node.kind != NodeKind::kSymlink) return ErrnoError(EINVAL, "readlink");
  const absl::StatusOr<std::string> sealed =
      ReadSmallFile(parent.content(), InnerPath(node.entry, kSymlinkFile),
                    context_->sealed_files.max_sealed_size());
  if (absl::IsOutOfRange(sealed.status())) {
    return ErrnoError(ENAMETOOLONG, "readlink");
  }
  RETURN_IF_ERROR(sealed.status());
  absl::StatusOr<std::string> target =
      context_->sealed_files.Open(BytesOf(*sealed));
  if (!target.ok()) {
    context_->metrics->auth_failures(AuthObject::kChunk).Increment();
    return BrokenNode(node.entry, target.status().message());
  }
  if (target->empty() || absl::StrContains(*target, '\0')) {
    return context_->Broken(
        BrokenNode(node.entry, "its target is not one that a link can have"));
  }
  if (target->size() > kMaxSymlinkTarget) {
    return ErrnoError(ENAMETOOLONG, "readlink");
  }
  return target;
}

absl::StatusOr<std::unique_ptr<File>> NodeFinder::OpenContent(
    const VaultDir& parent, const Node& node, Access access) {
  if (node.kind == NodeKind::kDirectory) return ErrnoError(EISDIR, "open");
  if (node.kind == NodeKind::kSymlink) return ErrnoError(EINVAL, "open");
  return parent.content().OpenFile(TypeFilePath(node.entry, node.kind), access);
}

absl::Status NodeFinder::SetAttributes(const VaultDir& parent, const Node& node,
                                       const AttributeChange& change) {
  if (node.kind != NodeKind::kDirectory) {
    return parent.content().SetAttributes(TypeFilePath(node.entry, node.kind),
                                          change);
  }
  ASSIGN_OR_RETURN(const DirectoryCache::Opened opened,
                   directories_->OpenWithStat(*node.dir_id));
  return opened.dir->content().SetSelfAttributes(change);
}

}  // namespace casemate
