// Folders of a vault as a side of `casemate cp`, over any FileSystem.
//
// Files and links are made under a temporary name first, ".casemate-<16 hex
// digits>.tmp", encrypted as every name is.
//
// Errors besides copy_side.h's: kContentDamaged for what does not
// authenticate, kPathNotFound for what the vault has not.
#ifndef TOOLS_CASEMATE_VAULT_SIDE_H_
#define TOOLS_CASEMATE_VAULT_SIDE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "crypto/random/random_source.h"
#include "fs/core/file_system.h"
#include "tools/casemate/copy_side.h"

namespace casemate {

// The folder at `path`, the user's: components with '/' between, "." and empty
// ones left out. `file_system` and `random` outlive what is returned, and what
// that opens.
absl::StatusOr<std::unique_ptr<SourceFolder>> OpenVaultSource(
    FileSystem* file_system, absl::string_view path);
absl::StatusOr<std::unique_ptr<TargetFolder>> OpenVaultTarget(
    FileSystem* file_system, absl::string_view path, RandomSource* random);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_VAULT_SIDE_H_
