#include "fs/vault/content_directory.h"

#include <cerrno>
#include <string>

#include "absl/strings/string_view.h"
#include "base/status.h"
#include "fs/vault/node_files.h"

namespace casemate {
namespace {

// While it is being filled: the caller's permissions may forbid even that.
constexpr mode_t kWorkingPermissions = 0700;

// d/XX, which is shared by whatever hashes there; made like d/ itself.
absl::StatusOr<std::unique_ptr<Dir>> OpenOuter(Dir& d, absl::string_view name) {
  absl::StatusOr<std::unique_ptr<Dir>> outer = d.OpenDir(name);
  if (!IsErrno(outer.status(), ENOENT)) return outer;
  const absl::Status made = d.MakeDir(name, StructureMode::Of(d).directory);
  if (!made.ok() && !IsErrno(made, EEXIST)) return made;
  const absl::StatusOr<FileStat> store = d.StatSelf();
  const absl::StatusOr<FileStat> stat = d.Stat(name);
  if (store.ok() && stat.ok() &&
      (store->uid != stat->uid || store->gid != stat->gid)) {
    AttributeChange change;
    change.uid = store->uid;
    change.gid = store->gid;
    // Only a privileged daemon can, and only it needs to.
    d.SetAttributes(name, change).IgnoreError();
  }
  return d.OpenDir(name);
}

absl::Status Fill(Dir& content, const DirId& id,
                  const SealedFileCodec& sealed_files, RandomSource& random,
                  const NewContentDirectory& options, mode_t file_mode) {
  NodeMaker maker;
  maker.mode.file = file_mode;
  maker.owner = options.owner;
  maker.durability = NodeMaker::Durability::kNow;
  RETURN_IF_ERROR(maker.WriteFile(content, kDirIdBackupFile,
                                  sealed_files.Seal(id.text(), random)));
  AttributeChange change;
  change.uid = options.owner.uid;
  change.gid = options.owner.gid;
  change.permissions = options.permissions;
  RETURN_IF_ERROR(content.SetSelfAttributes(change));
  return content.Sync();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Dir>> MakeContentDirectory(
    Dir& d, const NameCodec& names, const DirId& id,
    const SealedFileCodec& sealed_files, RandomSource& random,
    const NewContentDirectory& options) {
  const std::string path = names.ContentPath(id);
  const absl::string_view outer_name = absl::string_view(path).substr(0, 2);
  const absl::string_view inner_name = absl::string_view(path).substr(3);
  ASSIGN_OR_RETURN(const std::unique_ptr<Dir> outer, OpenOuter(d, outer_name));
  RETURN_IF_ERROR(outer->MakeDir(inner_name, kWorkingPermissions));

  absl::StatusOr<std::unique_ptr<Dir>> content = outer->OpenDir(inner_name);
  absl::Status status = content.status();
  if (status.ok()) {
    status = Fill(**content, id, sealed_files, random, options,
                  StructureMode::Of(d).file);
  }
  if (status.ok()) status = outer->Sync();
  if (status.ok()) status = d.Sync();
  if (!status.ok()) {
    RemoveContentDirectory(d, names, id).IgnoreError();
    return status;
  }
  return content;
}

absl::Status RemoveContentDirectory(Dir& d, const NameCodec& names,
                                    const DirId& id) {
  const std::string path = names.ContentPath(id);
  ASSIGN_OR_RETURN(const std::unique_ptr<Dir> outer,
                   d.OpenDir(absl::string_view(path).substr(0, 2)));
  const absl::string_view inner_name = absl::string_view(path).substr(3);
  const absl::Status status =
      outer->RemoveFile(InnerPath(inner_name, kDirIdBackupFile));
  if (!status.ok() && !IsErrno(status, ENOENT)) return status;
  return outer->RemoveDir(inner_name);
}

}  // namespace casemate
