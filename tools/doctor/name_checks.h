// Findings about names: whether an entry decrypts here, to what, and in which
// form it is stored (vault-format-8.md sections 5, 5.1 and 5.3).
#ifndef TOOLS_DOCTOR_NAME_CHECKS_H_
#define TOOLS_DOCTOR_NAME_CHECKS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/optional.h"
#include "fs/storage/storage.h"
#include "fs/vault/node_kind.h"
#include "tools/doctor/scan.h"

namespace casemate {

// An entry of a content directory that may be a node.
struct EntryView {
  std::string entry;
  bool is_shortened = false;  // ".c9s"
  // Of a node directory: what is in it.
  std::vector<DirEntry> inner;
  // What the entry is, by its type files: the first is what clients see. Empty
  // for what is nothing.
  std::vector<NodeKind> kinds;
  // Its cleartext, once CheckName has found a good one.
  absl::optional<std::string> name;
};

// Sets `view.name` when the node is one that a mount shows.
absl::Status CheckName(Scan& scan, const Place& place, EntryView& view);

}  // namespace casemate

#endif  // TOOLS_DOCTOR_NAME_CHECKS_H_
