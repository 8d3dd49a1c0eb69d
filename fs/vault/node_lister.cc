#include "fs/vault/node_lister.h"

#include <cerrno>
#include <utility>

#include "absl/strings/match.h"
#include "base/status.h"
#include "fs/vault/conflict_name.h"
#include "fs/vault/name_codec.h"
#include "fs/vault/name_shortener.h"
#include "fs/vault/node_files.h"

namespace casemate {
namespace {

// Failures that say something about this process or machine and not about the
// entry: a listing that went on would leave out nodes that are there.
bool EndsListing(const absl::Status& status) {
  const int error = ErrnoOf(status);
  return error == ENFILE || error == EMFILE || error == ENOMEM ||
         error == ENODEV || error == ENOTCONN;
}

}  // namespace

absl::StatusOr<std::vector<ListedNode>> NodeLister::List(const VaultDir& dir) {
  ASSIGN_OR_RETURN(const std::vector<DirEntry> entries, dir.content().List());
  std::vector<ListedNode> nodes;
  nodes.reserve(entries.size());
  for (const DirEntry& entry : entries) {
    ASSIGN_OR_RETURN(absl::optional<ListedNode> node, Show(dir, entry));
    if (node) nodes.push_back(*std::move(node));
  }
  return nodes;
}

absl::StatusOr<absl::optional<ListedNode>> NodeLister::Show(
    const VaultDir& dir, const DirEntry& entry) {
  absl::optional<ListedNode> hidden;
  if (entry.name == kDirIdBackupFile) return hidden;
  const bool shortened = IsShortenedEntry(entry.name);
  if (!shortened && !absl::EndsWith(entry.name, kNameSuffix)) return hidden;

  absl::optional<std::string> c9r = entry.name;
  if (shortened) {
    ASSIGN_OR_RETURN(c9r, LongNameOf(dir, entry.name));
    if (!c9r) return hidden;
  }
  absl::StatusOr<std::string> name = DecryptName(dir.names(), *c9r);
  if (!name.ok()) {
    CountHidden(dir, entry.name, name.status());
    return hidden;
  }
  // Find looks only for the form that the threshold selects.
  if (IsShortened(context_->shortening_threshold, *c9r) != shortened) {
    context_->metrics->names_invalid().Increment();
    return hidden;
  }
  ListedNode node;
  node.name = *std::move(name);
  node.entry = entry.name;
  if (!shortened && entry.type == FileType::kRegular) {
    node.kind = NodeKind::kFile;
    node.inode = entry.inode;
  }
  return absl::optional<ListedNode>(std::move(node));
}

absl::StatusOr<absl::optional<std::string>> NodeLister::LongNameOf(
    const VaultDir& dir, absl::string_view entry) {
  absl::StatusOr<std::string> c9r = ReadSmallFile(
      dir.content(), InnerPath(entry, kLongNameFile), kMaxLongNameSize);
  if (EndsListing(c9r.status())) return c9r.status();
  if (!c9r.ok() || ShortName(*c9r) != entry) {
    context_->metrics->names_invalid().Increment();
    return absl::optional<std::string>();
  }
  return absl::optional<std::string>(*std::move(c9r));
}

void NodeLister::CountHidden(const VaultDir& dir, absl::string_view entry,
                             const absl::Status& why) {
  if (ClassifyEntry(dir.names(), entry).entry_class ==
      EntryClass::kConflictCopy) {
    context_->metrics->sync_conflicts().Increment();
  } else if (absl::IsDataLoss(why)) {
    context_->metrics->auth_failures(AuthObject::kName).Increment();
  } else {
    context_->metrics->names_invalid().Increment();
  }
}

absl::StatusOr<DirectorySurvey> NodeLister::Survey(const VaultDir& dir) {
  ASSIGN_OR_RETURN(const std::vector<DirEntry> entries, dir.content().List());
  DirectorySurvey survey;
  for (const DirEntry& entry : entries) {
    RETURN_IF_ERROR(SurveyEntry(dir, entry, survey));
    if (!survey.removable) break;
  }
  return survey;
}

absl::Status NodeLister::SurveyEntry(const VaultDir& dir, const DirEntry& entry,
                                     DirectorySurvey& survey) {
  FileType type = entry.type;
  if (type == FileType::kOther) {
    ASSIGN_OR_RETURN(const FileStat stat, dir.content().Stat(entry.name));
    type = stat.type;
  }
  const bool is_directory = type == FileType::kDirectory;
  if (entry.name == kDirIdBackupFile && !is_directory) {
    survey.files.push_back(entry.name);
    return absl::OkStatus();
  }
  if (IsTemporaryName(entry.name)) {
    survey.temporaries.push_back(entry.name);
    return absl::OkStatus();
  }
  if (!IsShortenedEntry(entry.name) &&
      !absl::EndsWith(entry.name, kNameSuffix)) {
    if (is_directory) {
      survey.removable = false;  // someone keeps something in there
    } else {
      survey.files.push_back(entry.name);
    }
    return absl::OkStatus();
  }
  if (!is_directory) {
    survey.removable = false;
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const bool absent, IsAbsentNode(dir.content(), entry.name));
  if (absent) {
    survey.absent_nodes.push_back(entry.name);
  } else {
    survey.removable = false;
  }
  return absl::OkStatus();
}

}  // namespace casemate
