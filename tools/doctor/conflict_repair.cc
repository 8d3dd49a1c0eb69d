#include "tools/doctor/conflict_repair.h"

#include <algorithm>
#include <cerrno>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "fs/vault/name_codec.h"
#include "fs/vault/name_shortener.h"
#include "fs/vault/node.h"
#include "fs/vault/node_files.h"
#include "fs/vault/normalization.h"

namespace casemate {
namespace {

// As upstream: so many names are tried before the copy is left alone.
constexpr int kMaxAttempts = 10;

// The first `size` bytes at most, not ending within a character.
absl::string_view Cut(absl::string_view text, size_t size) {
  if (text.size() <= size) return text;
  const auto is_continuation = [&text](size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;
  };
  while (size > 0 && is_continuation(size)) --size;
  return text.substr(0, size);
}

// What the tool wrote between the encrypted name and ".c9r".
std::string AddedText(absl::string_view entry, const ClassifiedEntry& found) {
  absl::string_view run = found.canonical;
  absl::ConsumeSuffix(&run, kNameSuffix);
  absl::ConsumeSuffix(&entry, kNameSuffix);
  const size_t at = entry.find(run);
  if (at == absl::string_view::npos) return "";
  const absl::string_view added = entry.substr(at + run.size());
  const bool is_text =
      IsValidUtf8(added) && std::all_of(added.begin(), added.end(), [](char c) {
        return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
      });
  return is_text ? std::string(added) : " (copy)";
}

// True when both node directories hold a type file with the same bytes: then
// they are one folder, or one link, entered twice.
absl::StatusOr<bool> AreOneNode(const Dir& content, absl::string_view copy,
                                absl::string_view original, size_t limit) {
  ASSIGN_OR_RETURN(const FoundNode copied, InspectNode(content, copy));
  const absl::StatusOr<FoundNode> present = InspectNode(content, original);
  if (!present.ok() || present->kind != copied.kind) return false;
  if (copied.kind == NodeKind::kFile) return false;
  const auto read = [&](absl::string_view entry) {
    return ReadSmallFile(content, TypeFilePath(entry, copied.kind), limit);
  };
  ASSIGN_OR_RETURN(const std::string one, read(copy));
  ASSIGN_OR_RETURN(const std::string other, read(original));
  return one == other;
}

absl::Status RemoveSecondEntry(Dir& content, const Node& copy) {
  RETURN_IF_ERROR(content.RemoveFile(TypeFilePath(copy.entry, copy.kind)));
  return RemoveNodeDirectory(content, copy.entry);
}

absl::Status Resolve(Repairer& repairer, const VaultDir& dir,
                     const std::string& entry, const ClassifiedEntry& found) {
  ASSIGN_OR_RETURN(const Node copy, repairer.NodeAt(dir, entry));
  absl::Status status = repairer.Rename(dir, copy, dir, found.name);
  if (!IsErrno(status, EEXIST)) return status;
  ASSIGN_OR_RETURN(const bool is_one_node,
                   AreOneNode(dir.content(), entry, found.canonical,
                              repairer.view().sealed_files.max_sealed_size()));
  if (is_one_node) return RemoveSecondEntry(dir.content(), copy);
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    status = repairer.Rename(dir, copy, dir,
                             ConflictCopyName(entry, found, attempt));
    if (!IsErrno(status, EEXIST)) return status;
  }
  return status;
}

}  // namespace

std::string ConflictCopyName(absl::string_view entry,
                             const ClassifiedEntry& found, int attempt) {
  const absl::string_view name = found.name;
  const size_t dot = name.rfind('.');
  const bool has_extension = dot != absl::string_view::npos && dot > 0;
  absl::string_view base = name.substr(0, has_extension ? dot : name.size());
  absl::string_view extension = name.substr(base.size());
  const std::string number =
      attempt == 0 ? "" : absl::StrCat(" (", attempt, ")");

  size_t room = kMaxNewNameSize - number.size();
  extension = Cut(extension, room / 4);
  room -= extension.size();
  const std::string added(Cut(AddedText(entry, found), room / 2));
  base = Cut(base, room - added.size());
  return absl::StrCat(base, added, number, extension);
}

std::function<absl::Status(Repairer&)> ResolveConflict(
    const Place& place, const std::string& entry,
    const ClassifiedEntry& found) {
  return [path = place.content_path, id = place.id, entry,
          found](Repairer& repairer) -> absl::Status {
    ASSIGN_OR_RETURN(const std::shared_ptr<const VaultDir> dir,
                     repairer.Open(path, id));
    return Resolve(repairer, *dir, entry, found);
  };
}

}  // namespace casemate
