// Findings about what lies at one entry of a content directory: which kind of
// node it is (vault-format-8.md section 5.2), and whether its type file is one.
#ifndef TOOLS_DOCTOR_NODE_CHECKS_H_
#define TOOLS_DOCTOR_NODE_CHECKS_H_

#include "absl/status/status.h"
#include "fs/storage/storage.h"
#include "tools/doctor/scan.h"

namespace casemate {

// `entry` is any of `place` but dirid.c9r; its type is known.
absl::Status CheckEntry(Scan& scan, const Place& place, const DirEntry& entry);

}  // namespace casemate

#endif  // TOOLS_DOCTOR_NODE_CHECKS_H_
