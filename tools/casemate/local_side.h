// Folders of this machine as a side of `casemate cp`: openat(2)-style, and no
// symbolic link below the path that the user gave is followed.
//
// Files and links are made as ".casemate-<16 hex digits>.tmp" first.
#ifndef TOOLS_CASEMATE_LOCAL_SIDE_H_
#define TOOLS_CASEMATE_LOCAL_SIDE_H_

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "crypto/random/random_source.h"
#include "tools/casemate/copy_side.h"

namespace casemate {

// A folder that is never opened, whatever its path: that of the vault, which
// must not be copied into itself.
struct LocalId {
  dev_t device = 0;
  ino_t inode = 0;
};

// The folder at `path`, in which symbolic links are followed. `random` outlives
// what is returned, and what that opens. kOther when it is none or not to be
// had.
absl::StatusOr<std::unique_ptr<SourceFolder>> OpenLocalSource(
    const std::string& path, const absl::optional<LocalId>& forbidden);
absl::StatusOr<std::unique_ptr<TargetFolder>> OpenLocalTarget(
    const std::string& path, RandomSource* random);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_LOCAL_SIDE_H_
