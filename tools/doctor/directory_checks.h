// Findings about the shape of the vault: content directories without a name,
// names without a content directory, and each directory's own dirid.c9r
// (vault-format-8.md section 4).
#ifndef TOOLS_DOCTOR_DIRECTORY_CHECKS_H_
#define TOOLS_DOCTOR_DIRECTORY_CHECKS_H_

#include <vector>

#include "absl/status/status.h"
#include "fs/storage/storage.h"
#include "tools/doctor/scan.h"

namespace casemate {

// The dirid.c9r of `place`, all of whose entries are `entries`.
absl::Status CheckDirIdBackup(Scan& scan, const Place& place,
                              const std::vector<DirEntry>& entries);

// Once all directories have been looked through.
void CheckShape(Scan& scan);

}  // namespace casemate

#endif  // TOOLS_DOCTOR_DIRECTORY_CHECKS_H_
