#include "crypto/secret/secret_bytes.h"

#include <openssl/mem.h>

#include <cstring>

namespace casemate {

bool ConstantTimeEquals(ConstBytes a, ConstBytes b) {
  return a.size() == b.size() &&
         CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void Wipe(MutableBytes bytes) { OPENSSL_cleanse(bytes.data(), bytes.size()); }

SecretBytes::SecretBytes(size_t size) : size_(size), allocated_(size) {
  if (size > 0) data_ = static_cast<uint8_t*>(AllocateSecret(size));
}

SecretBytes SecretBytes::CopyOf(ConstBytes bytes) {
  SecretBytes copy(bytes.size());
  if (!bytes.empty()) std::memcpy(copy.data_, bytes.data(), bytes.size());
  return copy;
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      allocated_(std::exchange(other.allocated_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  SecretBytes old(std::move(other));
  std::swap(data_, old.data_);
  std::swap(size_, old.size_);
  std::swap(allocated_, old.allocated_);
  return *this;
}

SecretBytes::~SecretBytes() {
  if (data_ != nullptr) FreeSecret(data_, allocated_);
}

void SecretBytes::Truncate(size_t size) {
  CHECK(size <= size_, "a secret never grows");
  Wipe(mutable_bytes().subspan(size));
  size_ = size;
}

}  // namespace casemate
