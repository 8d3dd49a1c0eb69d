// The vectors of the vault format (README.md), for tests. Their keys are
// always encKey = 00 01 … 1f and macKey = 20 21 … 3f, also under "keys".
#ifndef TESTING_VECTORS_VAULT_FORMAT_8_H_
#define TESTING_VECTORS_VAULT_FORMAT_8_H_

#include "nlohmann/json.hpp"

namespace casemate {

// The section called `name`, such as "aes_siv". A section that is absent or
// empty is a failed test.
nlohmann::json VaultFormat8Vectors(const char* name);

}  // namespace casemate

#endif  // TESTING_VECTORS_VAULT_FORMAT_8_H_
