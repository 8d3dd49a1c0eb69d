#include "tools/casemate/tree_copier.h"

#include <cerrno>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "tools/casemate/cli_error.h"

namespace casemate {
namespace {

// For a set-user-ID program the owner matters, and that is not copied.
constexpr mode_t kCopiedPermissions = 01777;

std::string Below(const std::string& path, const std::string& name) {
  const bool needs_slash =
      !path.empty() && !absl::EndsWith(path, "/") && path.back() != ':';
  return absl::StrCat(path, needs_slash ? "/" : "", name);
}

// What every further file would fail with.
bool EndsEverything(const absl::Status& error) {
  const int number = ErrnoOf(error);
  return ExitCodeOf(error) == ExitCode::kInterrupted || number == ENOSPC ||
         number == EDQUOT || number == EROFS;
}

absl::Status About(const std::string& path, const absl::Status& error) {
  if (ExitCodeOf(error) == ExitCode::kInterrupted) return error;
  absl::Status about =
      CliError(ExitCodeOf(error), absl::StrCat(path, ": ", error.message()),
               NextStepOf(error));
  const int number = ErrnoOf(error);
  return number == 0 ? about : WithErrno(std::move(about), number);
}

}  // namespace

absl::Status TreeCopier::Told(const std::string& path,
                              const absl::Status& error) {
  if (error.ok()) return error;
  const absl::Status about = About(path, error);
  if (EndsEverything(error)) return about;
  errors_->Tell(about);
  return absl::OkStatus();
}

CopyAttributes TreeCopier::AttributesOf(const CopyNode& node) const {
  CopyAttributes attributes;
  attributes.permissions = node.permissions & kCopiedPermissions;
  if (options_.preserves) {
    attributes.atime = node.atime;
    attributes.mtime = node.mtime;
  } else {
    attributes.permissions &= 0777 & ~options_.umask;
    attributes.permissions_matter = false;
  }
  return attributes;
}

absl::StatusOr<uint64_t> TreeCopier::Measure(SourceFolder& folder,
                                             const std::string& name) {
  RETURN_IF_ERROR(check_());
  progress_->Advance(0);  // it may take long, too
  const absl::StatusOr<CopyNode> node = folder.Describe(name);
  if (!node.ok() || !node->kind) return 0;
  if (node->kind == NodeKind::kFile) return node->size;
  if (node->kind != NodeKind::kDirectory || !options_.is_recursive) return 0;
  const absl::StatusOr<std::unique_ptr<SourceFolder>> inner = folder.Open(name);
  if (!inner.ok()) return 0;
  return MeasureContents(**inner);
}

absl::StatusOr<uint64_t> TreeCopier::MeasureContents(SourceFolder& folder) {
  const absl::StatusOr<std::vector<std::string>> names = folder.List();
  if (!names.ok()) return 0;
  uint64_t total = 0;
  for (const std::string& name : *names) {
    ASSIGN_OR_RETURN(const uint64_t size, Measure(folder, name));
    total += size;
  }
  return total;
}

absl::Status TreeCopier::Copy(const CopySource& source,
                              const CopyTarget& target) {
  RETURN_IF_ERROR(check_());
  const absl::StatusOr<CopyNode> node = source.folder->Describe(source.name);
  if (!node.ok()) return Told(source.path, node.status());
  if (!node->kind) {
    return Told(source.path,
                CliError(ExitCode::kOther,
                         "this is neither a file nor a folder nor a link"));
  }
  switch (*node->kind) {
    case NodeKind::kDirectory:
      return CopyFolder(source, *node, target);
    case NodeKind::kSymlink:
      return CopyLink(source, *node, target);
    case NodeKind::kFile:
      break;
  }
  return CopyFile(source, *node, target);
}

absl::Status TreeCopier::CopyContents(SourceFolder& source,
                                      const std::string& source_path,
                                      TargetFolder& target,
                                      const std::string& target_path) {
  absl::StatusOr<std::vector<std::string>> names = source.List();
  if (!names.ok()) return Told(source_path, names.status());
  for (const std::string& name : *names) {
    RETURN_IF_ERROR(Copy({&source, name, Below(source_path, name)},
                         {&target, name, Below(target_path, name)}));
  }
  return Told(target_path, target.Sync());
}

// Before anything is read: a copy that takes hours must not end in this.
absl::Status TreeCopier::CheckTarget(const CopyNode& node,
                                     const CopyTarget& target) {
  ASSIGN_OR_RETURN(const absl::optional<CopyNode> there,
                   target.folder->Find(target.name));
  if (!there) return absl::OkStatus();
  const bool is_folder = there->kind == NodeKind::kDirectory;
  if (node.kind == NodeKind::kDirectory) {
    if (is_folder) return absl::OkStatus();
    return CliError(ExitCode::kExists, "this is no folder, but one is copied");
  }
  if (is_folder) {
    return CliError(ExitCode::kExists, "a folder of this name is there",
                    "A folder is never replaced by something else.");
  }
  if (options_.overwrite == Overwrite::kYes) return absl::OkStatus();
  return CliError(ExitCode::kExists, "it exists already",
                  "Use --force to replace it.");
}

absl::Status TreeCopier::CopyFile(const CopySource& source,
                                  const CopyNode& node,
                                  const CopyTarget& target) {
  if (const absl::Status status = CheckTarget(node, target); !status.ok()) {
    return Told(target.path, status);
  }
  absl::StatusOr<std::unique_ptr<NewFile>> file = target.folder->MakeFile();
  if (!file.ok()) return Told(target.path, file.status());
  absl::Status target_error;
  const absl::Status read =
      source.folder->Read(source.name, [&](ConstBytes block) {
        RETURN_IF_ERROR(check_());
        target_error = (*file)->Append(block);
        if (target_error.ok()) progress_->Advance(block.size());
        return target_error;
      });
  if (!target_error.ok()) return Told(target.path, target_error);
  if (!read.ok()) return Told(source.path, read);
  return Told(target.path, (*file)->Commit(target.name, AttributesOf(node),
                                           options_.overwrite));
}

absl::Status TreeCopier::CopyLink(const CopySource& source,
                                  const CopyNode& node,
                                  const CopyTarget& target) {
  const absl::StatusOr<std::string> link_target =
      source.folder->ReadLink(source.name);
  if (!link_target.ok()) return Told(source.path, link_target.status());
  absl::Status status = CheckTarget(node, target);
  if (status.ok()) {
    status = target.folder->MakeLink(target.name, *link_target,
                                     AttributesOf(node), options_.overwrite);
  }
  return Told(target.path, status);
}

absl::Status TreeCopier::CopyFolder(const CopySource& source,
                                    const CopyNode& node,
                                    const CopyTarget& target) {
  if (!options_.is_recursive) {
    return Told(source.path, CliError(ExitCode::kUsage, "this is a folder",
                                      "Use -r to copy it with all that is in "
                                      "it."));
  }
  const absl::StatusOr<std::unique_ptr<SourceFolder>> from =
      source.folder->Open(source.name);
  if (!from.ok()) return Told(source.path, from.status());
  if (const absl::Status status = CheckTarget(node, target); !status.ok()) {
    return Told(target.path, status);
  }
  const absl::Status made = target.folder->MakeFolder(target.name);
  const bool is_new = made.ok();
  if (!is_new && ExitCodeOf(made) != ExitCode::kExists) {
    return Told(target.path, made);
  }
  const absl::StatusOr<std::unique_ptr<TargetFolder>> to =
      target.folder->Open(target.name);
  if (!to.ok()) return Told(target.path, to.status());
  RETURN_IF_ERROR(CopyContents(**from, source.path, **to, target.path));
  // Last: entries change its times, and it may be read-only.
  if (!is_new) return absl::OkStatus();
  return Told(target.path, (*to)->SetAttributes(AttributesOf(node)));
}

}  // namespace casemate
