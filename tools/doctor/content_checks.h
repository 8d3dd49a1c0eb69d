// Findings about content: sizes, and what does not authenticate
// (vault-format-8.md sections 6 to 8).
#ifndef TOOLS_DOCTOR_CONTENT_CHECKS_H_
#define TOOLS_DOCTOR_CONTENT_CHECKS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/optional.h"
#include "tools/doctor/scan.h"

namespace casemate {

// The content file at `path` of `place`, whose node is called `name` if that is
// known. Its size always; header and chunks when the scan authenticates.
absl::Status CheckContentFile(Scan& scan, const Place& place,
                              const std::string& path,
                              const absl::optional<std::string>& name);

// The symlink.c9r at `path`.
absl::Status CheckSymlink(Scan& scan, const Place& place,
                          const std::string& path,
                          const absl::optional<std::string>& name);

// "3, 7-9" for the ascending `numbers` 3, 7, 8, 9; at most `limit` ranges, then
// " and more". Pure.
std::string FormatRanges(const std::vector<uint64_t>& numbers, size_t limit);

}  // namespace casemate

#endif  // TOOLS_DOCTOR_CONTENT_CHECKS_H_
