// AES key wrap (RFC 3394) with its default initial value: how the masterkey
// file holds the two keys.
#ifndef CRYPTO_PRIMITIVE_AES_KEY_WRAP_H_
#define CRYPTO_PRIMITIVE_AES_KEY_WRAP_H_

#include <cstddef>

#include "absl/status/status.h"
#include "base/bytes.h"

namespace casemate {

constexpr size_t kKeyWrapOverhead = 8;

// Both take a `kek` of 16, 24 or 32 bytes and a key whose size is a multiple
// of 8 and at least 16, and say InvalidArgument otherwise.

// `out` is kKeyWrapOverhead larger than `key`.
absl::Status AesKeyWrap(ConstBytes kek, ConstBytes key, MutableBytes out);

// `out` is kKeyWrapOverhead smaller than `wrapped`. DataLoss, with `out`
// zeroed, when `wrapped` was not made with `kek`: a wrong password, or a
// damaged file.
absl::Status AesKeyUnwrap(ConstBytes kek, ConstBytes wrapped, MutableBytes out);

}  // namespace casemate

#endif  // CRYPTO_PRIMITIVE_AES_KEY_WRAP_H_
