#include "fs/vault/node_creator.h"

#include <array>
#include <cerrno>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "base/bytes.h"
#include "base/status.h"
#include "fs/vault/content_directory.h"
#include "fs/vault/name_codec.h"
#include "fs/vault/node_finder.h"
#include "fs/vault/normalization.h"

namespace casemate {
namespace {

absl::Status CheckTarget(absl::string_view target) {
  if (target.empty()) return ErrnoError(ENOENT, "symlink target");
  if (target.size() > kMaxSymlinkTarget) {
    return ErrnoError(ENAMETOOLONG, "symlink target");
  }
  if (absl::StrContains(target, '\0')) {
    return ErrnoError(EINVAL, "symlink target");
  }
  // Other clients read targets as UTF-8 text.
  if (!IsValidUtf8(target)) return ErrnoError(EILSEQ, "symlink target");
  return absl::OkStatus();
}

// Creates the content file at `stored`, whose node directory is there if it
// needs one. An absent node in the way of an unshortened file is removed.
absl::StatusOr<std::unique_ptr<File>> CreateFreeFile(Dir& content,
                                                     const StoredName& stored,
                                                     mode_t permissions) {
  const std::string path = TypeFilePath(stored.entry, NodeKind::kFile);
  absl::StatusOr<std::unique_ptr<File>> file =
      content.CreateFile(path, permissions);
  if (!IsErrno(file.status(), EEXIST) || stored.shortened()) return file;
  if (!RemoveNodeDirectory(content, stored.entry).ok()) return file;
  return content.CreateFile(path, permissions);
}

}  // namespace

absl::StatusOr<CreatedFile> NodeCreator::CreateFile(const VaultDir& parent,
                                                    absl::string_view name,
                                                    mode_t permissions,
                                                    const NewOwner& owner) {
  ASSIGN_OR_RETURN(const StoredName stored, StoreNew(parent, name));
  Dir& content = parent.content();
  if (!stored.shortened()) {
    return CreateContent(content, stored, permissions, owner);
  }
  // The content file comes last: until it is there the node is absent.
  RETURN_IF_ERROR(Maker(owner, NodeMaker::Durability::kLater)
                      .PrepareNodeDirectory(content, stored.entry, stored.c9r));
  absl::StatusOr<CreatedFile> created =
      CreateContent(content, stored, permissions, owner);
  if (created.ok()) {
    unsynced_->Add(parent, stored.entry);
  } else {
    RemoveNodeDirectory(content, stored.entry).IgnoreError();
  }
  return created;
}

absl::StatusOr<CreatedFile> NodeCreator::CreateContent(Dir& content,
                                                       const StoredName& stored,
                                                       mode_t permissions,
                                                       const NewOwner& owner) {
  ASSIGN_OR_RETURN(std::unique_ptr<File> file,
                   CreateFreeFile(content, stored, permissions));
  FileHeader header =
      FileHeader::Create(context_->header_codec->combo(), *context_->random);
  std::array<uint8_t, kMaxHeaderSize> buffer;
  const MutableBytes sealed(buffer.data(), context_->layout->header_size());
  context_->header_codec->Seal(header, sealed);
  absl::Status status = file->WriteAt(0, sealed).status;
  if (status.ok() && (owner.uid || owner.gid)) {
    AttributeChange change;
    change.uid = owner.uid;
    change.gid = owner.gid;
    // A change of owner takes the set-user-id bits away.
    if ((permissions & 06000) != 0) change.permissions = permissions;
    status = file->SetAttributes(change);
  }
  absl::StatusOr<FileStat> stat = FileStat();
  if (status.ok()) {
    stat = file->Stat();
    status = stat.status();
  }
  if (!status.ok()) {
    content.RemoveFile(TypeFilePath(stored.entry, NodeKind::kFile))
        .IgnoreError();
    return status;
  }
  Node node;
  node.kind = NodeKind::kFile;
  node.entry = stored.entry;
  node.stat = *stat;
  return CreatedFile{std::move(node), std::move(file), std::move(header)};
}

absl::StatusOr<Node> NodeCreator::MakeDirectory(const VaultDir& parent,
                                                absl::string_view name,
                                                mode_t permissions,
                                                const NewOwner& owner) {
  ASSIGN_OR_RETURN(const StoredName stored, StoreNew(parent, name));
  ASSIGN_OR_RETURN(Dir* const d, directories_->store());
  const DirId id = DirId::Random(*context_->random);
  NewContentDirectory options;
  options.permissions = permissions;
  options.owner = owner;
  ASSIGN_OR_RETURN(
      const std::unique_ptr<Dir> content,
      MakeContentDirectory(*d, directories_->names(), id,
                           context_->sealed_files, *context_->random, options));
  absl::StatusOr<FileStat> stat = content->StatSelf();
  absl::Status status = stat.status();
  if (status.ok()) {
    status = Publish(parent, stored, NodeKind::kDirectory, id.bytes(),
                     Maker(owner, NodeMaker::Durability::kNow));
  }
  if (!status.ok()) {
    RemoveContentDirectory(*d, directories_->names(), id).IgnoreError();
    return status;
  }
  Node node;
  node.kind = NodeKind::kDirectory;
  node.entry = stored.entry;
  node.stat = *stat;
  node.dir_id = id;
  return node;
}

absl::StatusOr<Node> NodeCreator::CreateSymlink(const VaultDir& parent,
                                                absl::string_view name,
                                                absl::string_view target,
                                                const NewOwner& owner) {
  RETURN_IF_ERROR(CheckTarget(target));
  ASSIGN_OR_RETURN(const StoredName stored, StoreNew(parent, name));
  RETURN_IF_ERROR(
      Publish(parent, stored, NodeKind::kSymlink,
              context_->sealed_files.Seal(target, *context_->random),
              Maker(owner, NodeMaker::Durability::kLater)));
  unsynced_->Add(parent, stored.entry);
  Node node;
  node.kind = NodeKind::kSymlink;
  node.entry = stored.entry;
  ASSIGN_OR_RETURN(node.stat, parent.content().Stat(TypeFilePath(
                                  stored.entry, NodeKind::kSymlink)));
  return node;
}

absl::StatusOr<StoredName> NodeCreator::StoreNew(const VaultDir& parent,
                                                 absl::string_view name) {
  ASSIGN_OR_RETURN(const std::string nfc, ValidateNewName(name));
  if (nfc != name) {
    const StoredName given = context_->Store(parent.names(), name);
    const absl::Status status =
        InspectNode(parent.content(), given.entry).status();
    if (status.ok() || absl::IsDataLoss(status)) {
      return ErrnoError(EEXIST, "a new node");
    }
    if (!IsErrno(status, ENOENT)) return status;
  }
  return context_->Store(parent.names(), nfc);
}

NodeMaker NodeCreator::Maker(const NewOwner& owner,
                             NodeMaker::Durability durability) const {
  NodeMaker maker;
  maker.mode = mode_;
  maker.owner = owner;
  maker.durability = durability;
  return maker;
}

absl::Status NodeCreator::Publish(const VaultDir& parent,
                                  const StoredName& stored, NodeKind kind,
                                  ConstBytes data, const NodeMaker& maker) {
  Dir& content = parent.content();
  const bool durable = maker.durability == NodeMaker::Durability::kNow;
  const std::string temporary = TemporaryName(*context_->random);
  absl::Status status = maker.MakeDir(content, temporary);
  if (status.ok() && stored.shortened()) {
    status = maker.WriteFile(content, InnerPath(temporary, kLongNameFile),
                             BytesOf(stored.c9r));
  }
  if (status.ok()) {
    status = maker.WriteFile(content, TypeFilePath(temporary, kind), data);
  }
  if (status.ok() && durable) {
    const absl::StatusOr<std::unique_ptr<Dir>> node =
        content.OpenDir(temporary);
    status = node.ok() ? (*node)->Sync() : node.status();
  }
  if (status.ok()) {
    status = MoveToFreeEntry(content, temporary, content, stored.entry);
  }
  if (!status.ok()) {
    RemoveTemporary(content, temporary).IgnoreError();
    return status;
  }
  if (!durable) return absl::OkStatus();
  status = content.Sync();
  if (!status.ok()) {
    // It is not certain to stay, so it must not stay.
    content.RemoveFile(TypeFilePath(stored.entry, kind)).IgnoreError();
    RemoveNodeDirectory(content, stored.entry).IgnoreError();
  }
  return status;
}

}  // namespace casemate
