#include "crypto/primitive/aes_key_wrap.h"

#include <openssl/aes.h>

#include "base/check.h"
#include "crypto/secret/secret_bytes.h"

namespace casemate {
namespace {

// The bound is ours: no key is that large, and BoringSSL answers in an int.
constexpr size_t kMaxKeySize = 1 << 20;

absl::Status CheckSizes(ConstBytes kek, size_t key_size) {
  if (kek.size() != 16 && kek.size() != 24 && kek.size() != 32) {
    return absl::InvalidArgumentError("key wrap: bad size of the wrapping key");
  }
  if (key_size < 16 || key_size % 8 != 0 || key_size > kMaxKeySize) {
    return absl::InvalidArgumentError("key wrap: bad size of the wrapped key");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status AesKeyWrap(ConstBytes kek, ConstBytes key, MutableBytes out) {
  const absl::Status sizes = CheckSizes(kek, key.size());
  if (!sizes.ok()) return sizes;
  CHECK(out.size() == key.size() + kKeyWrapOverhead,
        "a wrapped key is 8 bytes longer");
  SecretObject<AES_KEY> schedule;
  CHECK(AES_set_encrypt_key(kek.data(), 8 * kek.size(), schedule.get()) == 0,
        "the size of the wrapping key was checked");
  CHECK(AES_wrap_key(schedule.get(), nullptr, out.data(), key.data(),
                     key.size()) == static_cast<int>(out.size()),
        "the size of the key to wrap was checked");
  return absl::OkStatus();
}

absl::Status AesKeyUnwrap(ConstBytes kek, ConstBytes wrapped,
                          MutableBytes out) {
  if (wrapped.size() < kKeyWrapOverhead) {
    return absl::InvalidArgumentError("key wrap: bad size of the wrapped key");
  }
  const absl::Status sizes = CheckSizes(kek, wrapped.size() - kKeyWrapOverhead);
  if (!sizes.ok()) return sizes;
  CHECK(out.size() == wrapped.size() - kKeyWrapOverhead,
        "an unwrapped key is 8 bytes shorter");
  SecretObject<AES_KEY> schedule;
  CHECK(AES_set_decrypt_key(kek.data(), 8 * kek.size(), schedule.get()) == 0,
        "the size of the wrapping key was checked");
  if (AES_unwrap_key(schedule.get(), nullptr, out.data(), wrapped.data(),
                     wrapped.size()) != static_cast<int>(out.size())) {
    Wipe(out);
    return absl::DataLossError("key wrap: wrong key or damaged");
  }
  return absl::OkStatus();
}

}  // namespace casemate
