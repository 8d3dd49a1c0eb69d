#include "fs/vault/path_translator.h"

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "fs/vault/name_shortener.h"
#include "fs/vault/node_files.h"
#include "fs/vault/normalization.h"

namespace casemate {
namespace {

std::vector<std::string> Components(absl::string_view path) {
  std::vector<std::string> components;
  for (const absl::string_view component :
       absl::StrSplit(path, '/', absl::SkipEmpty())) {
    if (component != ".") components.emplace_back(component);
  }
  return components;
}

absl::Status NoNode(absl::string_view why) {
  return WithErrno(absl::NotFoundError(why), ENOENT);
}

// A broken or removed directory hides what is below it, and nothing else.
bool HidesOneDirectory(const absl::Status& status) {
  return absl::IsDataLoss(status) || ErrnoOf(status) == ENOENT ||
         ErrnoOf(status) == ENOTDIR || ErrnoOf(status) == EIO;
}

// The ".c9r" name behind `entry` of `dir`, which is there.
absl::StatusOr<std::string> C9rOf(const VaultDir& dir,
                                  absl::string_view entry) {
  if (!IsShortenedEntry(entry)) return std::string(entry);
  absl::StatusOr<std::string> c9r = ReadSmallFile(
      dir.content(), InnerPath(entry, kLongNameFile), kMaxLongNameSize);
  if (!c9r.ok() || ShortName(*c9r) != entry) {
    return BrokenNode(entry, "name.c9s is missing or not this entry's");
  }
  return c9r;
}

absl::StatusOr<std::string> NameOf(const VaultDir& dir,
                                   absl::string_view entry) {
  if (!IsShortenedEntry(entry) && !absl::EndsWith(entry, kNameSuffix)) {
    return NoNode(absl::StrCat(entry, " is no part of the vault"));
  }
  ASSIGN_OR_RETURN(const std::string c9r, C9rOf(dir, entry));
  absl::StatusOr<std::string> name = DecryptName(dir.names(), c9r);
  if (name.ok()) return name;
  if (absl::IsDataLoss(name.status())) {
    return BrokenNode(entry, name.status().message());
  }
  return ErrnoError(EILSEQ, absl::StrCat(entry, ": ", name.status().message()));
}

}  // namespace

absl::StatusOr<std::string> PathTranslator::Encrypt(absl::string_view path) {
  DirId id;
  std::string entry;
  const std::vector<std::string> names = Components(path);
  for (size_t i = 0; i < names.size(); ++i) {
    ASSIGN_OR_RETURN(const std::shared_ptr<const VaultDir> dir,
                     tree_->OpenDir(id));
    if (i + 1 == names.size()) {
      ASSIGN_OR_RETURN(entry, EntryOf(*dir, names[i]));
      break;
    }
    ASSIGN_OR_RETURN(const Node node, tree_->Find(*dir, names[i]));
    if (node.kind != NodeKind::kDirectory) {
      return ErrnoError(ENOTDIR, "on the way is something else");
    }
    id = *node.dir_id;
  }
  return absl::StrCat("d/", codec_.ContentPath(id), entry.empty() ? "" : "/",
                      entry);
}

absl::StatusOr<std::string> PathTranslator::EntryOf(const VaultDir& dir,
                                                    absl::string_view name) {
  absl::StatusOr<Node> node = tree_->Find(dir, name);
  if (node.ok()) return node->entry;
  if (!absl::IsDataLoss(node.status())) return node.status();
  // Broken, but there: as Find looks for it, the bytes as given first.
  ASSIGN_OR_RETURN(const std::string nfc, ToNfc(name));
  for (const absl::string_view spelling : {name, absl::string_view(nfc)}) {
    const std::string c9r = EncryptName(dir.names(), spelling);
    const std::string entry =
        IsShortened(threshold_, c9r) ? ShortName(c9r) : c9r;
    if (dir.content().Stat(entry).ok()) return entry;
  }
  return node.status();
}

absl::StatusOr<std::string> PathTranslator::Decrypt(
    absl::string_view path, const std::function<absl::Status()>& on_directory) {
  const std::vector<std::string> parts = Components(path);
  if (parts.size() < 3 || parts.size() > 5 || parts[0] != "d" ||
      std::count(parts.begin(), parts.end(), "..") != 0) {
    return NoNode("it is not below a content directory, d/XX/YYYY");
  }
  ASSIGN_OR_RETURN(
      const Place place,
      FindDirectory(absl::StrCat(parts[1], "/", parts[2]), on_directory));
  const bool is_directory_itself =
      parts.size() == 3 || (parts.size() == 4 && parts[3] == kDirIdBackupFile);
  ASSIGN_OR_RETURN(const std::shared_ptr<const VaultDir> dir,
                   tree_->OpenDir(place.id));
  if (parts.size() > 3) {
    const std::string inner =
        parts.size() == 4 ? parts[3] : InnerPath(parts[3], parts[4]);
    RETURN_IF_ERROR(dir->content().Stat(inner).status());
  }
  if (is_directory_itself) return place.path.empty() ? "/" : place.path;
  ASSIGN_OR_RETURN(const std::string name, NameOf(*dir, parts[3]));
  return absl::StrCat(place.path, "/", name);
}

absl::StatusOr<PathTranslator::Place> PathTranslator::FindDirectory(
    const std::string& content_path,
    const std::function<absl::Status()>& on_directory) {
  if (known_.empty()) Remember(DirId(), "");
  while (true) {
    if (const auto found = known_.find(content_path); found != known_.end()) {
      return found->second;
    }
    if (pending_.empty()) {
      return NoNode("no directory of the vault has its content there");
    }
    RETURN_IF_ERROR(on_directory());
    const Place place = std::move(pending_.front());
    pending_.pop_front();
    const absl::Status status = LookInto(place);
    if (!status.ok() && !HidesOneDirectory(status)) return status;
  }
}

absl::Status PathTranslator::LookInto(const Place& place) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const VaultDir> dir,
                   tree_->OpenDir(place.id));
  ASSIGN_OR_RETURN(const std::vector<ListedNode> nodes, tree_->List(*dir));
  for (const ListedNode& listed : nodes) {
    if (listed.kind) continue;  // known to be a file
    const absl::StatusOr<Node> node = tree_->Stat(*dir, listed.entry);
    if (!node.ok()) {
      if (HidesOneDirectory(node.status())) continue;
      return node.status();
    }
    if (node->dir_id) {
      Remember(*node->dir_id, absl::StrCat(place.path, "/", listed.name));
    }
  }
  return absl::OkStatus();
}

void PathTranslator::Remember(const DirId& id, std::string path) {
  // Two names for one directory, maybe a loop: the first one counts.
  Place place{id, std::move(path)};
  if (known_.emplace(codec_.ContentPath(id), place).second) {
    pending_.push_back(std::move(place));
  }
}

}  // namespace casemate
