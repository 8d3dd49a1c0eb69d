#include "crypto/primitive/aes_gcm.h"

#include <openssl/err.h>

#include "base/check.h"

namespace casemate {
namespace {

const EVP_AEAD* AlgorithmFor(size_t key_size) {
  switch (key_size) {
    case 16:
      return EVP_aead_aes_128_gcm();
    case 24:
      return EVP_aead_aes_192_gcm();
    case 32:
      return EVP_aead_aes_256_gcm();
  }
  return nullptr;
}

}  // namespace

absl::StatusOr<AesGcm> AesGcm::Create(ConstBytes key) {
  const EVP_AEAD* const algorithm = AlgorithmFor(key.size());
  if (algorithm == nullptr) {
    return absl::InvalidArgumentError("AES-GCM: bad size of the key");
  }
  AesGcm gcm;
  EVP_AEAD_CTX_zero(gcm.context_.get());
  CHECK(EVP_AEAD_CTX_init(gcm.context_.get(), algorithm, key.data(), key.size(),
                          kGcmTagSize, nullptr) == 1,
        "the size of the key was checked");
  return gcm;
}

absl::Status AesGcm::Seal(ConstBytes nonce, ConstBytes ad, ConstBytes plaintext,
                          MutableBytes out) const {
  CHECK(out.size() == plaintext.size() + kGcmTagSize,
        "sealing adds the tag and nothing else");
  size_t size = 0;
  if (EVP_AEAD_CTX_seal(context_.get(), out.data(), &size, out.size(),
                        nonce.data(), nonce.size(), plaintext.data(),
                        plaintext.size(), ad.data(), ad.size()) != 1) {
    ERR_clear_error();
    return absl::InvalidArgumentError("AES-GCM: bad size of the nonce");
  }
  return absl::OkStatus();
}

absl::Status AesGcm::Open(ConstBytes nonce, ConstBytes ad, ConstBytes sealed,
                          MutableBytes out) const {
  CHECK(sealed.size() == out.size() + kGcmTagSize,
        "opening removes the tag and nothing else");
  size_t size = 0;
  if (EVP_AEAD_CTX_open(context_.get(), out.data(), &size, out.size(),
                        nonce.data(), nonce.size(), sealed.data(),
                        sealed.size(), ad.data(), ad.size()) != 1) {
    // BoringSSL queues its errors per thread; nobody reads them here.
    ERR_clear_error();
    Wipe(out);
    return absl::DataLossError("AES-GCM: the tag does not verify");
  }
  return absl::OkStatus();
}

}  // namespace casemate
