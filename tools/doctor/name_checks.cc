#include "tools/doctor/name_checks.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "base/bytes.h"
#include "base/status.h"
#include "fs/vault/conflict_name.h"
#include "fs/vault/name_codec.h"
#include "fs/vault/name_shortener.h"
#include "fs/vault/node_files.h"
#include "fs/vault/normalization.h"
#include "tools/doctor/conflict_repair.h"
#include "tools/doctor/repairer.h"

namespace casemate {
namespace {

using Repair = std::function<absl::Status(Repairer&)>;

// The entry gets `name`, or is found in LOST+FOUND if that is not free.
Repair RenameOrRescue(const Place& place, const EntryView& view,
                      const std::string& name) {
  return [path = place.content_path, id = place.id, entry = view.entry,
          name](Repairer& repairer) -> absl::Status {
    ASSIGN_OR_RETURN(const auto dir, repairer.Open(path, id));
    ASSIGN_OR_RETURN(const Node node, repairer.NodeAt(*dir, entry));
    const absl::Status status = repairer.Rename(*dir, node, *dir, name);
    return IsErrno(status, EEXIST) ? repairer.Rescue(*dir, node, name) : status;
  };
}

Repair Rescue(const Place& place, const EntryView& view) {
  return [path = place.content_path, id = place.id,
          entry = view.entry](Repairer& repairer) -> absl::Status {
    ASSIGN_OR_RETURN(const auto dir, repairer.Open(path, id));
    ASSIGN_OR_RETURN(const Node node, repairer.NodeAt(*dir, entry));
    return repairer.Rescue(*dir, node, "");
  };
}

Finding& AddAt(Scan& scan, FindingClass finding_class, const Place& place,
               const std::string& path_in_place,
               const absl::optional<std::string>& name = absl::nullopt) {
  return scan.Add(finding_class, place.PathOf(path_in_place),
                  place.CleartextOf(name));
}

// `view.name` is good; `c9r` is its encryption.
void CheckForm(Scan& scan, const Place& place, EntryView& view,
               absl::string_view c9r) {
  const std::string name = *view.name;
  if (IsShortened(scan.view->threshold(), c9r) != view.is_shortened) {
    AddAt(scan, FindingClass::kWrongNameForm, place, view.entry, name).repair =
        RenameOrRescue(place, view, name);
    view.name.reset();  // nobody sees it by that name
    return;
  }
  absl::StatusOr<std::string> nfc = ToNfc(name);
  if (!nfc.ok() || *nfc == name) return;
  AddAt(scan, FindingClass::kNotNormalizedName, place, view.entry, name)
      .repair = [path = place.content_path, id = place.id, entry = view.entry,
                 nfc = *std::move(nfc)](Repairer& repairer) -> absl::Status {
    ASSIGN_OR_RETURN(const auto dir, repairer.Open(path, id));
    ASSIGN_OR_RETURN(const Node node, repairer.NodeAt(*dir, entry));
    return repairer.Rename(*dir, node, *dir, nfc);
  };
}

void CheckPlainName(Scan& scan, const Place& place, EntryView& view) {
  const ClassifiedEntry found = ClassifyEntry(*place.names, view.entry);
  switch (found.entry_class) {
    case EntryClass::kNormal:
      view.name = found.name;
      CheckForm(scan, place, view, view.entry);
      return;
    case EntryClass::kConflictCopy:
      AddAt(scan, FindingClass::kConflictCopy, place, view.entry, found.name)
          .repair = ResolveConflict(place, view.entry, found);
      return;
    case EntryClass::kIgnored:
      break;
  }
  if (AuthenticateName(*place.names, view.entry).ok()) {
    AddAt(scan, FindingClass::kInvalidName, place, view.entry).repair =
        Rescue(place, view);
  } else if (absl::StartsWith(view.entry, ".")) {
    AddAt(scan, FindingClass::kForeignFile, place, view.entry);
  } else {
    AddAt(scan, FindingClass::kUndecryptableName, place, view.entry);
  }
}

// `text` up to its first ".c9r", when something comes behind that.
absl::optional<std::string> WithoutTail(absl::string_view text) {
  const size_t suffix = text.find(kNameSuffix);
  if (suffix == absl::string_view::npos) return absl::nullopt;
  const absl::string_view c9r = text.substr(0, suffix + kNameSuffix.size());
  if (c9r.size() == text.size()) return absl::nullopt;
  return std::string(c9r);
}

void CheckLongNameText(Scan& scan, const Place& place, EntryView& view,
                       const std::string& text) {
  const std::string file = InnerPath(view.entry, kLongNameFile);
  const absl::StatusOr<std::string> name = DecryptName(*place.names, text);
  if (name.ok()) {
    if (ShortName(text) != view.entry) {
      AddAt(scan, FindingClass::kLongShortNamesMismatch, place, view.entry,
            *name)
          .repair = RenameOrRescue(place, view, *name);
      return;
    }
    view.name = *name;
    CheckForm(scan, place, view, text);
    return;
  }
  const absl::optional<std::string> c9r = WithoutTail(text);
  if (c9r && DecryptName(*place.names, *c9r).ok()) {
    AddAt(scan, FindingClass::kTrailingBytesInNameFile, place, file).repair =
        [path = place.content_path, id = place.id, file,
         c9r = *c9r](Repairer& repairer) -> absl::Status {
      ASSIGN_OR_RETURN(const auto dir, repairer.Open(path, id));
      return repairer.PutFile(dir->content(), file, BytesOf(c9r));
    };
    return;
  }
  const bool is_authentic = AuthenticateName(*place.names, text).ok();
  AddAt(scan,
        is_authentic ? FindingClass::kInvalidName
                     : FindingClass::kNotDecodableLongName,
        place, is_authentic ? view.entry : file)
      .repair = Rescue(place, view);
}

absl::Status CheckLongName(Scan& scan, const Place& place, EntryView& view) {
  const std::string file = InnerPath(view.entry, kLongNameFile);
  const auto found = std::find_if(
      view.inner.begin(), view.inner.end(),
      [](const DirEntry& inner) { return inner.name == kLongNameFile; });
  if (found == view.inner.end()) {
    AddAt(scan, FindingClass::kMissingLongName, place, view.entry).repair =
        Rescue(place, view);
    return absl::OkStatus();
  }
  if (found->type != FileType::kRegular) return absl::OkStatus();  // said
  const absl::StatusOr<std::string> text =
      ReadSmallFile(*place.content, file, kMaxLongNameSize);
  if (absl::IsOutOfRange(text.status())) {
    AddAt(scan, FindingClass::kObeseNameFile, place, file).repair =
        Rescue(place, view);
    return absl::OkStatus();
  }
  if (!text.ok()) {
    return scan.NoteUnreadable(text.status(), place.PathOf(file),
                               place.CleartextOf(absl::nullopt));
  }
  CheckLongNameText(scan, place, view, *text);
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckName(Scan& scan, const Place& place, EntryView& view) {
  // An orphan's names cannot be judged before somebody knows its id.
  if (!place.names) return absl::OkStatus();
  if (view.is_shortened) return CheckLongName(scan, place, view);
  CheckPlainName(scan, place, view);
  return absl::OkStatus();
}

}  // namespace casemate
