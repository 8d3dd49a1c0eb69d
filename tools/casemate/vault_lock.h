// The mark that a vault is in use for writing: by a mount, or by a verb that
// writes without mounting. It keeps programs of this machine apart.
#ifndef TOOLS_CASEMATE_VAULT_LOCK_H_
#define TOOLS_CASEMATE_VAULT_LOCK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "fs/storage/storage.h"

namespace casemate {

// The folder d/ of the vault in `folder`, locked until it is destroyed. `vault`
// is its path, for messages. kAlreadyMounted, naming the process that has it;
// kVaultDamaged when there is no d/; kOther where locks are not to be had.
absl::StatusOr<std::unique_ptr<Dir>> LockVault(const std::string& vault,
                                               Dir& folder);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_VAULT_LOCK_H_
