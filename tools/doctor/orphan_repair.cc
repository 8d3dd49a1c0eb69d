#include "tools/doctor/orphan_repair.h"

#include <cerrno>
#include <memory>
#include <set>
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
                             !IsDirIdBackup(entry.name) &&
                             (absl::EndsWith(entry.name, kNameSuffix) ||
                              IsShortenedEntry(entry.name));
    if (!may_be_node) {
      contents.others.push_back(entry.name);
      continue;
    }
    // One that cannot be looked into may be a node.
    const bool is_absent = entry.type == FileType::kDirectory &&
                           IsAbsentNode(content, entry.name).value_or(false);
    (is_absent ? contents.absent_nodes : contents.nodes).push_back(entry.name);
  }
  return contents;
}

// The content directory, in which there is no node any more. Its dirid.c9r says
// nothing new when the id was known, and may be of use to somebody when not.
absl::Status RemoveOrphan(Repairer& repairer, Dir& content,
                          const std::string& content_path, Contents contents,
                          bool is_id_known) {
  std::vector<std::string> kept = std::move(contents.absent_nodes);
  kept.insert(kept.end(), contents.others.begin(), contents.others.end());
  if (!is_id_known && content.Stat(kDirIdBackupFile).ok()) {
    kept.emplace_back(kDirIdBackupFile);
  }
  for (const std::string& entry : kept) {
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

// The encrypted names that the nodes had, a line each, with what name.c9s held
// behind it: should a dirid.c9r turn up some day, they can be decrypted.
absl::Status KeepNames(Repairer& repairer, Dir& content,
                       const std::string& content_path,
                       const std::vector<std::string>& nodes) {
  std::string text;
  for (const std::string& entry : nodes) {
    const std::string long_name =
        ReadSmallFile(content, InnerPath(entry, kLongNameFile),
                      kMaxLongNameSize)
            .value_or("");
    absl::StrAppend(&text, entry, "\t", long_name, "\n");
  }
  return repairer.KeepText(StorePath(content_path, "names.txt"), text);
}

// Moves one node of an orphan without id to `parent`. A second name of a folder
// that has one already would hide it; that goes to quarantine.
absl::Status MoveNode(Repairer& repairer, const VaultDir& orphan,
                      const std::string& content_path, const std::string& entry,
                      const VaultDir& parent, std::set<std::string>& folders) {
  ASSIGN_OR_RETURN(const Node node, repairer.NodeAt(orphan, entry));
  if (node.kind == NodeKind::kDirectory) {
    ASSIGN_OR_RETURN(
        const std::string id,
        ReadSmallFile(orphan.content(), TypeFilePath(entry, node.kind),
                      DirId::kMaxSize));
    if (!folders.insert(id).second ||
        repairer.HasNameElsewhere(id, content_path)) {
      return repairer.Quarantine(orphan.content(), entry,
                                 StorePath(content_path, entry));
    }
  }
  return repairer.RenameToFree(orphan, node, parent, "");
}

absl::Status MoveNodes(Repairer& repairer, const VaultDir& orphan,
                       const std::string& content_path,
                       const std::vector<std::string>& nodes,
                       const VaultDir& parent) {
  RETURN_IF_ERROR(KeepNames(repairer, orphan.content(), content_path, nodes));
  std::set<std::string> folders;
  absl::Status first;
  for (const std::string& entry : nodes) {
    // One that cannot be moved does not keep the others.
    const absl::Status status =
        MoveNode(repairer, orphan, content_path, entry, parent, folders);
    if (first.ok()) first = status;
  }
  return first;
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
    RETURN_IF_ERROR(
        MoveNodes(repairer, *orphan, content_path, contents.nodes, *parent));
    ASSIGN_OR_RETURN(contents, LookInto(orphan->content()));
  }
  return RemoveOrphan(repairer, orphan->content(), content_path,
                      std::move(contents), id.has_value());
}

}  // namespace casemate
