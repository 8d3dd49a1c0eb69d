#include "tools/doctor/repairer.h"

#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "fs/vault/content_directory.h"
#include "fs/vault/name_codec.h"
#include "fs/vault/name_shortener.h"

namespace casemate {
namespace {

// How many names are tried before a repair gives up.
constexpr int kMaxAttempts = 1000;
// Enough of an entry to tell it from others of its kind.
constexpr size_t kEntryPrefix = 8;
constexpr mode_t kPrivateDirectory = 0700;

absl::string_view KindPrefix(NodeKind kind) {
  switch (kind) {
    case NodeKind::kDirectory:
      return "folder-";
    case NodeKind::kSymlink:
      return "link-";
    case NodeKind::kFile:
      break;
  }
  return "file-";
}

// The names to try for a rescued node, in this order.
std::string RescueName(absl::string_view wanted, NodeKind kind,
                       const std::string& entry, int attempt) {
  const std::string plain =
      absl::StrCat(KindPrefix(kind), entry.substr(0, kEntryPrefix));
  if (wanted.empty()) {
    return attempt == 0 ? plain : absl::StrCat(plain, "-", attempt);
  }
  if (attempt == 0) return std::string(wanted);
  return attempt == 1 ? plain : absl::StrCat(plain, "-", attempt - 1);
}

bool IsTaken(const absl::Status& status) {
  // A name that cannot be given here is as good as taken.
  return IsErrno(status, EEXIST) || IsErrno(status, ENAMETOOLONG) ||
         IsErrno(status, EILSEQ) || IsErrno(status, EINVAL);
}

absl::Status Exists() { return ErrnoError(EEXIST, "a repair's target"); }

// The `attempt`th name for a thing called `name`, no longer than one may be.
std::string NumberedName(absl::string_view name, int attempt) {
  if (attempt == 0) return std::string(name);
  const std::string number = absl::StrCat(".", attempt);
  return absl::StrCat(name.substr(0, NAME_MAX - number.size()), number);
}

}  // namespace

NewOwner Repairer::Owner() const {
  NewOwner owner;
  if (geteuid() != 0) return owner;
  const absl::StatusOr<FileStat> stat =
      view_->d ? view_->d->StatSelf() : view_->folder->StatSelf();
  if (stat.ok()) {
    owner.uid = stat->uid;
    owner.gid = stat->gid;
  }
  return owner;
}

NodeMaker Repairer::Maker() const {
  NodeMaker maker;
  if (view_->d) maker.mode = StructureMode::Of(*view_->d);
  maker.owner = Owner();
  maker.durability = NodeMaker::Durability::kNow;
  return maker;
}

absl::StatusOr<std::shared_ptr<const VaultDir>> Repairer::Open(
    const std::string& content_path, const absl::optional<DirId>& id) const {
  if (id) return tree_->OpenDir(*id);
  ASSIGN_OR_RETURN(std::unique_ptr<Dir> content,
                   view_->d->OpenDir(content_path));
  return std::make_shared<const VaultDir>(DirId(), std::move(content),
                                          view_->names.ContextFor(DirId()));
}

absl::StatusOr<Node> Repairer::NodeAt(const VaultDir& dir,
                                      const std::string& entry) const {
  ASSIGN_OR_RETURN(const FoundNode found, InspectNode(dir.content(), entry));
  Node node;
  node.kind = found.kind;
  node.entry = entry;
  ASSIGN_OR_RETURN(node.stat, dir.content().Stat(entry));
  return node;
}

absl::Status Repairer::Rename(const VaultDir& from, const Node& node,
                              const VaultDir& to, absl::string_view name) {
  const absl::StatusOr<Node> present = tree_->Find(to, name);
  if (!IsErrno(present.status(), ENOENT)) {
    return IsErrno(present.status(), ENAMETOOLONG) ? present.status()
                                                   : Exists();
  }
  RETURN_IF_ERROR(
      tree_->Rename(from, node, to, name, absl::nullopt, RenameMode::kNoReplace)
          .status());
  RETURN_IF_ERROR(tree_->SyncDirectory(to, nullptr));
  return from.content().Sync();
}

absl::Status Repairer::RenameToFree(const VaultDir& from, const Node& node,
                                    const VaultDir& to,
                                    absl::string_view wanted) {
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    const absl::Status status = Rename(
        from, node, to, RescueName(wanted, node.kind, node.entry, attempt));
    if (!IsTaken(status)) return status;
  }
  return Exists();
}

absl::Status Repairer::Rescue(const VaultDir& from, const Node& node,
                              absl::string_view wanted) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const VaultDir> recovery,
                   RecoveryDirectory());
  return RenameToFree(from, node, *recovery, wanted);
}

absl::Status Repairer::RescueFile(const VaultDir& from,
                                  const std::string& entry,
                                  const std::string& file, NodeKind kind,
                                  absl::string_view wanted) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const VaultDir> recovery,
                   RecoveryDirectory());
  Dir& content = recovery->content();
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    const std::string name = RescueName(wanted, kind, entry, attempt);
    if (!IsErrno(tree_->Find(*recovery, name).status(), ENOENT)) continue;
    const std::string c9r = EncryptName(recovery->names(), name);
    const std::string target =
        IsShortened(view_->threshold(), c9r) ? ShortName(c9r) : c9r;
    if (HasNodeDirectory(target, kind)) {
      RETURN_IF_ERROR(Maker().PrepareNodeDirectory(content, target, c9r));
    }
    RETURN_IF_ERROR(from.content().Rename(InnerPath(entry, file), content,
                                          TypeFilePath(target, kind),
                                          RenameMode::kNoReplace));
    return content.Sync();
  }
  return Exists();
}

absl::StatusOr<std::unique_ptr<Dir>> Repairer::EnterQuarantine(
    const std::string& store_path) {
  std::vector<std::string> parts = absl::StrSplit(store_path, '/');
  parts.back() = std::string(kQuarantine);
  std::rotate(parts.begin(), parts.end() - 1, parts.end());
  std::unique_ptr<Dir> place;
  for (const std::string& part : parts) {
    Dir& dir = place ? *place : *view_->folder;
    const absl::Status made = Maker().MakeDir(dir, part);
    if (!made.ok() && !IsErrno(made, EEXIST)) return made;
    if (made.ok()) RETURN_IF_ERROR(dir.Sync());
    ASSIGN_OR_RETURN(place, dir.OpenDir(part));
  }
  return place;
}

absl::Status Repairer::Quarantine(Dir& dir, const std::string& path,
                                  const std::string& store_path) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Dir> place,
                   EnterQuarantine(store_path));
  const std::string name = store_path.substr(store_path.rfind('/') + 1);
  absl::Status status = Exists();
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    status = dir.Rename(path, *place, NumberedName(name, attempt),
                        RenameMode::kNoReplace);
    if (!IsErrno(status, EEXIST)) break;
  }
  RETURN_IF_ERROR(status);
  RETURN_IF_ERROR(place->Sync());
  return dir.Sync();
}

absl::Status Repairer::KeepText(const std::string& store_path,
                                absl::string_view text) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Dir> place,
                   EnterQuarantine(store_path));
  const std::string name = store_path.substr(store_path.rfind('/') + 1);
  absl::Status status = Exists();
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    status =
        Maker().WriteFile(*place, NumberedName(name, attempt), BytesOf(text));
    if (!IsErrno(status, EEXIST)) break;
  }
  RETURN_IF_ERROR(status);
  return place->Sync();
}

bool Repairer::HasNameElsewhere(const std::string& id,
                                const std::string& content_path) const {
  const absl::StatusOr<DirId> parsed = DirId::Parse(id);
  if (!parsed.ok()) return false;
  const auto record = map_->records.find(view_->names.ContentPath(*parsed));
  return record != map_->records.end() &&
         std::any_of(record->second.referrers.begin(),
                     record->second.referrers.end(),
                     [&content_path](const Referrer& referrer) {
                       return referrer.content_path != content_path;
                     });
}

absl::StatusOr<std::string> Repairer::WriteTemporary(Dir& dir,
                                                     ConstBytes data) {
  std::string name = TemporaryName(random());
  RETURN_IF_ERROR(Maker().WriteFile(dir, name, data));
  return name;
}

absl::Status Repairer::PutFile(Dir& dir, const std::string& path,
                               ConstBytes data) {
  ASSIGN_OR_RETURN(const std::string temporary, WriteTemporary(dir, data));
  const absl::Status status =
      dir.Rename(temporary, dir, path, RenameMode::kReplace);
  if (!status.ok()) dir.RemoveFile(temporary).IgnoreError();
  RETURN_IF_ERROR(status);
  return dir.Sync();
}

absl::Status Repairer::ReplaceFile(Dir& dir, const std::string& path,
                                   ConstBytes data,
                                   const std::string& store_path) {
  ASSIGN_OR_RETURN(const std::string temporary, WriteTemporary(dir, data));
  absl::Status status = dir.Rename(temporary, dir, path, RenameMode::kExchange);
  if (status.ok()) {
    // The old one has the temporary name now.
    RETURN_IF_ERROR(Quarantine(dir, temporary, store_path));
    return dir.Sync();
  }
  if (IsErrno(status, EINVAL)) {  // the store cannot exchange
    status = Quarantine(dir, path, store_path);
    if (status.ok()) {
      status = dir.Rename(temporary, dir, path, RenameMode::kNoReplace);
    }
  }
  if (!status.ok()) dir.RemoveFile(temporary).IgnoreError();
  RETURN_IF_ERROR(status);
  return dir.Sync();
}

absl::StatusOr<std::shared_ptr<const VaultDir>> Repairer::RecoveryDirectory() {
  ASSIGN_OR_RETURN(const std::shared_ptr<const VaultDir> root,
                   tree_->OpenDir(DirId()));
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    const std::string name =
        attempt == 0 ? std::string(kRecoveryName)
                     : absl::StrCat(kRecoveryName, " ", attempt + 1);
    const absl::StatusOr<Node> node = tree_->Find(*root, name);
    if (IsErrno(node.status(), ENOENT)) {
      return MakeRecoveryDirectory(*root, name);
    }
    if (node.ok() && node->kind == NodeKind::kDirectory) {
      return tree_->OpenDir(*node->dir_id);
    }
  }
  return Exists();
}

absl::StatusOr<std::shared_ptr<const VaultDir>> Repairer::MakeRecoveryDirectory(
    const VaultDir& root, const std::string& name) {
  ASSIGN_OR_RETURN(DirId id, DirId::Parse(kRecoveryId));
  const auto record = map_->records.find(view_->names.ContentPath(id));
  const bool is_taken =
      record != map_->records.end() && !record->second.referrers.empty();
  if (is_taken) id = DirId::Random(random());
  const absl::Status made = MakeContent(id);
  if (!made.ok() && !IsErrno(made, EEXIST)) return made;
  RETURN_IF_ERROR(Link(root, name, id));
  return tree_->OpenDir(id);
}

absl::Status Repairer::Link(const VaultDir& parent, const std::string& name,
                            const DirId& id) {
  Dir& content = parent.content();
  const std::string c9r = EncryptName(parent.names(), name);
  const std::string entry =
      IsShortened(view_->threshold(), c9r) ? ShortName(c9r) : c9r;
  RETURN_IF_ERROR(Maker().PrepareNodeDirectory(content, entry, c9r));
  // From here on it is an absent node, which the next try takes over.
  ASSIGN_OR_RETURN(const std::string temporary,
                   WriteTemporary(content, id.bytes()));
  const absl::Status status = content.Rename(
      temporary, content, InnerPath(entry, kDirIdFile), RenameMode::kNoReplace);
  if (!status.ok()) content.RemoveFile(temporary).IgnoreError();
  RETURN_IF_ERROR(status);
  return content.Sync();
}

absl::Status Repairer::MakeContent(const DirId& id) {
  NewContentDirectory options;
  options.owner = Owner();
  std::unique_ptr<Dir> made;
  Dir* d = view_->d.get();
  if (d == nullptr) {
    RETURN_IF_ERROR(view_->folder->MakeDir("d", kPrivateDirectory));
    ASSIGN_OR_RETURN(made, view_->folder->OpenDir("d"));
    AttributeChange change;
    change.uid = options.owner.uid;
    change.gid = options.owner.gid;
    made->SetSelfAttributes(change)
        .IgnoreError();  // only root can, or needs to
    d = made.get();
  }
  options.permissions = StructureMode::Of(*d).directory;
  return MakeContentDirectory(*d, view_->names, id, view_->sealed_files,
                              random(), options)
      .status();
}

}  // namespace casemate
