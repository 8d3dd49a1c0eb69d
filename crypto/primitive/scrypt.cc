#include "crypto/primitive/scrypt.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include "crypto/secret/secret_bytes.h"

namespace casemate {
namespace {

// RFC 7914, section 2: r·p < 2^30, and n < 2^(128·r/8). The latter binds only
// below r = 4; BoringSSL allows n up to 2^32.
absl::Status CheckParameters(uint64_t n, uint64_t r, uint64_t p) {
  constexpr uint64_t kMaxN = uint64_t{1} << 32;
  constexpr uint64_t kMaxRTimesP = (uint64_t{1} << 30) - 1;
  if (n < 2 || n > kMaxN || (n & (n - 1)) != 0) {
    return absl::InvalidArgumentError("scrypt: N is no power of two in range");
  }
  if (r == 0 || p == 0 || p > kMaxRTimesP / r) {
    return absl::InvalidArgumentError("scrypt: r or p out of range");
  }
  if (16 * r < 64 && n >= uint64_t{1} << (16 * r)) {
    return absl::InvalidArgumentError("scrypt: N too large for r");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Scrypt(ConstBytes password, ConstBytes salt, uint64_t n,
                    uint64_t r, uint64_t p, MutableBytes out,
                    uint64_t max_memory) {
  const absl::Status valid = CheckParameters(n, r, p);
  if (!valid.ok()) return valid;
  const uint64_t block = 128 * r;
  if (n > max_memory / block) {
    return absl::ResourceExhaustedError("scrypt: more memory than allowed");
  }
  // BoringSSL also counts its p + 1 working blocks.
  const uint64_t with_blocks = block * (n + p + 1);
  if (EVP_PBE_scrypt(reinterpret_cast<const char*>(password.data()),
                     password.size(), salt.data(), salt.size(), n, r, p,
                     with_blocks, out.data(), out.size()) != 1) {
    ERR_clear_error();
    Wipe(out);
    return absl::ResourceExhaustedError("scrypt: no memory");
  }
  return absl::OkStatus();
}

}  // namespace casemate
