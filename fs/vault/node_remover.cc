#include "fs/vault/node_remover.h"

#include <cerrno>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "fs/storage/storage.h"
#include "fs/vault/content_directory.h"
#include "fs/vault/node_files.h"

namespace casemate {

absl::Status NodeRemover::RemoveNode(const VaultDir& parent, const Node& node) {
  if (node.kind == NodeKind::kDirectory) return ErrnoError(EISDIR, "unlink");
  RETURN_IF_ERROR(
      parent.content().RemoveFile(TypeFilePath(node.entry, node.kind)));
  if (HasNodeDirectory(node.entry, node.kind)) Tidy(parent, node.entry);
  return absl::OkStatus();
}

absl::Status NodeRemover::RemoveDirectory(const VaultDir& parent,
                                          const Node& node) {
  if (node.kind != NodeKind::kDirectory) return ErrnoError(ENOTDIR, "rmdir");
  ASSIGN_OR_RETURN(const DirectoryCache::Opened opened,
                   directories_->OpenWithStat(*node.dir_id));
  ASSIGN_OR_RETURN(const DirectorySurvey survey, lister_->Survey(*opened.dir));
  if (!survey.removable) {
    const absl::StatusOr<std::vector<ListedNode>> shown =
        lister_->List(*opened.dir);
    if (shown.ok() && shown->empty()) {
      context_->logger->LogLimited(
          "vault: rmdir", Severity::kWarning,
          absl::StrCat("the directory at ", node.entry,
                       " looks empty, but holds entries that cannot be shown; "
                       "it is not removed. casemate doctor tells more"));
    }
    return ErrnoError(ENOTEMPTY, "rmdir");
  }
  RETURN_IF_ERROR(parent.content().RemoveFile(
      TypeFilePath(node.entry, NodeKind::kDirectory)));
  Tidy(parent, node.entry);
  CollectSurveyed(*opened.dir, survey);
  return absl::OkStatus();
}

absl::StatusOr<bool> NodeRemover::IsEmpty(const DirId& id) {
  ASSIGN_OR_RETURN(const DirectoryCache::Opened opened,
                   directories_->OpenWithStat(id));
  ASSIGN_OR_RETURN(const DirectorySurvey survey, lister_->Survey(*opened.dir));
  return survey.removable;
}

void NodeRemover::Collect(const DirId& id) {
  const absl::StatusOr<DirectoryCache::Opened> opened =
      directories_->OpenWithStat(id);
  if (!opened.ok()) return;
  const absl::StatusOr<DirectorySurvey> survey = lister_->Survey(*opened->dir);
  if (survey.ok() && survey->removable) {
    CollectSurveyed(*opened->dir, *survey);
  } else {
    LogLeftOver(
        "a replaced directory's content",
        survey.ok() ? ErrnoError(ENOTEMPTY, "survey") : survey.status());
  }
}

void NodeRemover::CollectSurveyed(const VaultDir& dir,
                                  const DirectorySurvey& survey) {
  Dir& content = dir.content();
  // Its own permissions may forbid an unprivileged daemon to empty it.
  AttributeChange widened;
  widened.permissions = 0700;
  content.SetSelfAttributes(widened).IgnoreError();

  absl::Status first;
  const auto note = [&first](const absl::Status& status) {
    if (first.ok()) first = status;
  };
  for (const std::string& name : survey.absent_nodes) {
    note(RemoveNodeDirectory(content, name));
  }
  for (const std::string& name : survey.temporaries) {
    note(RemoveTemporary(content, name));
  }
  for (const std::string& name : survey.files) note(content.RemoveFile(name));
  const absl::StatusOr<Dir*> d = directories_->store();
  if (d.ok()) {
    note(RemoveContentDirectory(**d, directories_->names(), dir.id()));
  }
  directories_->Drop(dir.id());
  unsynced_->Forget(dir.id());
  if (!first.ok()) LogLeftOver("a removed directory's content", first);
}

void NodeRemover::Tidy(const VaultDir& parent, absl::string_view entry) {
  const absl::Status status = RemoveNodeDirectory(parent.content(), entry);
  if (!status.ok()) LogLeftOver(entry, status);
}

void NodeRemover::LogLeftOver(absl::string_view entry,
                              const absl::Status& why) {
  context_->logger->LogLimited(
      "vault: left over", Severity::kWarning,
      absl::StrCat("left over after a removal: ", entry, ": ", why.message()));
}

}  // namespace casemate
