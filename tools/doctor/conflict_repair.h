// What becomes of a copy that a synchronisation program renamed
// (vault-format-8.md section 5.3, 3a to 3c): what the official application does
// while it lists a folder, the doctor does when it is asked to.
#ifndef TOOLS_DOCTOR_CONFLICT_REPAIR_H_
#define TOOLS_DOCTOR_CONFLICT_REPAIR_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "fs/vault/conflict_name.h"
#include "tools/doctor/repairer.h"
#include "tools/doctor/scan.h"

namespace casemate {

// The repair of the copy at `entry`, which is `found`:
//   - the original is absent: the copy takes its name;
//   - both are the same folder, or links with the same ciphertext: the copy,
//     which holds nothing of its own, is removed;
//   - else the copy is named by ConflictCopyName, the first that is free.
std::function<absl::Status(Repairer&)> ResolveConflict(
    const Place& place, const std::string& entry, const ClassifiedEntry& found);

// The `attempt`th (from 0 on) cleartext name for the copy at `entry`: what the
// tool added goes before the extension, "a (Created by X).txt" for "a.txt",
// then " (1)" and so on. At most kMaxNewNameSize bytes. Unlike upstream's it
// may be a shortened name: cutting it to the threshold would leave nothing of
// it at a threshold of 36. Pure.
std::string ConflictCopyName(absl::string_view entry,
                             const ClassifiedEntry& found, int attempt);

}  // namespace casemate

#endif  // TOOLS_DOCTOR_CONFLICT_REPAIR_H_
