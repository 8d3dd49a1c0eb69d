// Hashes that name things (directory paths, shortened names, backups). Nothing
// here authenticates anything; that is hmac.h.
#ifndef CRYPTO_PRIMITIVE_SHA_H_
#define CRYPTO_PRIMITIVE_SHA_H_

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace casemate {

std::array<uint8_t, 20> Sha1(ConstBytes bytes);
std::array<uint8_t, 32> Sha256(ConstBytes bytes);

}  // namespace casemate

#endif  // CRYPTO_PRIMITIVE_SHA_H_
