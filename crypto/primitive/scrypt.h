// scrypt (RFC 7914): from a password to a key.
#ifndef CRYPTO_PRIMITIVE_SCRYPT_H_
#define CRYPTO_PRIMITIVE_SCRYPT_H_

#include <cstdint>

#include "absl/status/status.h"
#include "base/bytes.h"

namespace casemate {

// Fills `out` from `password`. The cost is `n`, a power of two of at least 2,
// the block size `r` and the parallelism `p`. InvalidArgument for numbers that
// scrypt does not know, ResourceExhausted when 128·n·r, the memory it takes,
// is more than `max_memory` or is not to be had. Both are decided before
// anything is allocated or computed, so hostile parameters cost nothing.
absl::Status Scrypt(ConstBytes password, ConstBytes salt, uint64_t n,
                    uint64_t r, uint64_t p, MutableBytes out,
                    uint64_t max_memory);

}  // namespace casemate

#endif  // CRYPTO_PRIMITIVE_SCRYPT_H_
