// What becomes of a content directory that nothing names.
#ifndef TOOLS_DOCTOR_ORPHAN_REPAIR_H_
#define TOOLS_DOCTOR_ORPHAN_REPAIR_H_

#include <string>

#include "absl/status/status.h"
#include "absl/types/optional.h"
#include "fs/vault/dir_id.h"
#include "tools/doctor/repairer.h"

namespace casemate {

// Brings what the orphan at `content_path` holds back into the vault, below
// LOST+FOUND, in a folder that is called by the orphan's hash:
//   - with a known id the folder is the orphan itself, names and all;
//   - without, its entries move to a new folder, under names made of their
//     kind and entry.
// An orphan without any node is removed; what else lies in it goes to
// quarantine.
absl::Status AdoptOrphan(Repairer& repairer, const std::string& content_path,
                         const absl::optional<DirId>& id);

}  // namespace casemate

#endif  // TOOLS_DOCTOR_ORPHAN_REPAIR_H_
