// The mark of a vault that somebody writes to: flock(2) on its folder d/. A
// mount holds it as long as it lasts, other verbs while they change something.
#ifndef TOOLS_CASEMATE_VAULT_LOCK_H_
#define TOOLS_CASEMATE_VAULT_LOCK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "fs/storage/storage.h"

namespace casemate {

// d/ of the vault in `folder`, locked until it is destroyed. `vault` is its
// path, for messages. kAlreadyMounted, with who holds it, when somebody does.
absl::StatusOr<std::unique_ptr<Dir>> LockVault(const std::string& vault,
                                               Dir& folder);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_VAULT_LOCK_H_
