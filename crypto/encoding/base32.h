// Base32 of RFC 4648, section 6: how a directory's hash becomes a path.
#ifndef CRYPTO_ENCODING_BASE32_H_
#define CRYPTO_ENCODING_BASE32_H_

#include <string>

#include "base/bytes.h"

namespace casemate {

// Upper case, padded to a multiple of 8 characters; 20 bytes, a SHA-1, give
// 32 characters without padding.
std::string Base32Encode(ConstBytes bytes);

}  // namespace casemate

#endif  // CRYPTO_ENCODING_BASE32_H_
