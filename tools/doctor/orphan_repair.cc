#include "tools/doctor/orphan_repair.h"

#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "base/status.h"
#include "fs/vault/name_shortener.h"
#include "fs/vault/node_files.h"
#include "tools/doctor/directory_map.h"

namespace casemate {
namespace {

constexpr int kMaxAttempts = 1000;
constexpr size_t kOuterSize = 2;

// What is in the orphan, sorted by what becomes of it.
struct Contents {
  std::vector<std::string> nodes;
  std::vector<std::string> absent_nodes;
  std::vector<std::string> others;
};

absl::StatusOr<Contents> LookInto(Dir& content) {
  Contents contents;
  ASSIGN_OR_RETURN(const std::vector<DirEntry> entries, ListTyped(content));
  for (const DirEntry& entry : entries) {
    if (entry.name == kDirIdBackupFile && entry.type == FileType::kRegular) {
      continue;
    }
    const bool may_be_node = entry.name != kDirIdFile &&
                             entry.name != kDirIdBackupFile &&
                             (absl::EndsWith(entry.name, kNameSuffix) ||
                              IsShortenedEntry(entry.name));
    if (!may_be_node) {
      contents.others.push_back(entry.name);
      continue;
    }
    bool is_absent = false;
    if (entry.type == FileType::kDirectory) {
      ASSIGN_OR_RETURN(is_absent, IsAbsentNode(content, entry.name));
    }
    (is_absent ? contents.absent_nodes : contents.nodes).push_back(entry.name);
  }
  return contents;
}

// The content directory, in which there is no node any more.
absl::Status RemoveOrphan(Repairer& repairer, Dir& content,
                          const std::string& content_path,
                          const Contents& contents) {
  for (const std::string& entry : contents.absent_nodes) {
    RETURN_IF_ERROR(RemoveNodeDirectory(content, entry));
  }
  for (const std::string& entry : contents.others) {
    RETURN_IF_ERROR(
        repairer.Quarantine(content, entry, StorePath(content_path, entry)));
  }
  const absl::string_view path = content_path;
  ASSIGN_OR_RETURN(const std::unique_ptr<Dir> outer,
                   repairer.view().d->OpenDir(path.substr(0, kOuterSize)));
  const absl::string_view inner = path.substr(kOuterSize + 1);
  const absl::Status removed =
      outer->RemoveFile(InnerPath(inner, kDirIdBackupFile));
  if (!removed.ok() && !IsErrno(removed, ENOENT)) return removed;
  return outer->RemoveDir(inner);
}

// Gives the orphan itself a name.
absl::Status LinkOrphan(Repairer& repairer, const VaultDir& recovery,
                        const std::string& hash, const DirId& id) {
  absl::Status status;
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    status = repairer.Link(
        recovery, attempt == 0 ? hash : absl::StrCat(hash, "-", attempt), id);
    if (!IsErrno(status, EEXIST)) break;
  }
  return status;
}

// The folder that an orphan's entries move to: an earlier try's, if there is
// one.
absl::StatusOr<std::shared_ptr<const VaultDir>> StepParent(
    Repairer& repairer, const VaultDir& recovery, const std::string& hash) {
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    const std::string name =
        attempt == 0 ? hash : absl::StrCat(hash, "-", attempt);
    absl::StatusOr<Node> node = repairer.tree().Find(recovery, name);
    if (IsErrno(node.status(), ENOENT)) {
      node =
          repairer.tree().MakeDirectory(recovery, name, 0700, repairer.Owner());
      RETURN_IF_ERROR(node.status());
    }
    if (node.ok() && node->kind == NodeKind::kDirectory) {
      return repairer.tree().OpenDir(*node->dir_id);
    }
  }
  return ErrnoError(EEXIST, "a folder for an orphan's entries");
}

}  // namespace

absl::Status AdoptOrphan(Repairer& repairer, const std::string& content_path,
                         const absl::optional<DirId>& id) {
  const std::string hash = absl::StrReplaceAll(content_path, {{"/", ""}});
  ASSIGN_OR_RETURN(const std::shared_ptr<const VaultDir> orphan,
                   repairer.Open(content_path, id));
  ASSIGN_OR_RETURN(Contents contents, LookInto(orphan->content()));
  if (!contents.nodes.empty()) {
    ASSIGN_OR_RETURN(const std::shared_ptr<const VaultDir> recovery,
                     repairer.RecoveryDirectory());
    // LOST+FOUND had lost its own name.
    if (id && recovery->id() == *id) return absl::OkStatus();
    if (id) return LinkOrphan(repairer, *recovery, hash, *id);
    ASSIGN_OR_RETURN(const std::shared_ptr<const VaultDir> parent,
                     StepParent(repairer, *recovery, hash));
    for (const std::string& entry : contents.nodes) {
      ASSIGN_OR_RETURN(const Node node, repairer.NodeAt(*orphan, entry));
      RETURN_IF_ERROR(repairer.RenameToFree(*orphan, node, *parent, ""));
    }
    ASSIGN_OR_RETURN(contents, LookInto(orphan->content()));
  }
  return RemoveOrphan(repairer, orphan->content(), content_path, contents);
}

}  // namespace casemate
