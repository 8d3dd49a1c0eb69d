// Secrets as types. They live in locked memory (secret_memory.h), have one
// owner, are overwritten when it goes, and can be neither copied nor printed.
//
//   SecretBytes password(1024);
//   password.Truncate(ReadLine(password.mutable_bytes()));
//   SecretKey<32> kek;
//   RETURN_IF_ERROR(Scrypt(password.bytes(), ..., kek.mutable_bytes(), ...));
//
// A moved-from secret is empty. Not thread-safe, as a vector is not.
#ifndef CRYPTO_SECRET_SECRET_BYTES_H_
#define CRYPTO_SECRET_SECRET_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <new>
#include <type_traits>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "crypto/secret/secret_memory.h"

namespace casemate {

// Compares without telling by its timing where the inputs differ. Their sizes
// are no secret.
bool ConstantTimeEquals(ConstBytes a, ConstBytes b);

// Overwrites `bytes` with zeros; the compiler may not leave it out.
void Wipe(MutableBytes bytes);

class SecretBytes {
 public:
  SecretBytes() = default;
  // `size` zero bytes.
  explicit SecretBytes(size_t size);
  // The caller still owns, and has to wipe, `bytes`.
  static SecretBytes CopyOf(ConstBytes bytes);

  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  ConstBytes bytes() const { return ConstBytes(data_, size_); }
  MutableBytes mutable_bytes() { return MutableBytes(data_, size_); }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Keeps the first `size` bytes (at most size()) and wipes the others.
  void Truncate(size_t size);

  friend std::ostream& operator<<(std::ostream&, const SecretBytes&) = delete;

 private:
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
  size_t allocated_ = 0;
};

// A key of N bytes.
template <size_t N>
class SecretKey {
 public:
  // All zeros, to be filled.
  SecretKey() : key_(N) {}
  // `bytes` are N.
  static SecretKey CopyOf(ConstBytes bytes) {
    CHECK(bytes.size() == N, "a key has the size of its type");
    return SecretKey(SecretBytes::CopyOf(bytes));
  }

  ConstBytes bytes() const { return key_.bytes(); }
  MutableBytes mutable_bytes() { return key_.mutable_bytes(); }
  static constexpr size_t size() { return N; }

  friend std::ostream& operator<<(std::ostream&, const SecretKey&) = delete;

 private:
  explicit SecretKey(SecretBytes key) : key_(std::move(key)) {}

  SecretBytes key_;
};

// A key in the form an algorithm wants it: a key schedule, a MAC state.
// T is plain data. Holds nothing after a move.
template <typename T>
class SecretObject {
 public:
  static_assert(std::is_trivially_copyable_v<T> &&
                    std::is_trivially_destructible_v<T>,
                "wiping the bytes must be all it takes to destroy a T");
  static_assert(alignof(T) <= 64, "see AllocateSecret");

  SecretObject() : memory_(sizeof(T)) { new (get()) T(); }

  T* get() { return reinterpret_cast<T*>(memory_.mutable_bytes().data()); }
  const T* get() const {
    return reinterpret_cast<const T*>(memory_.bytes().data());
  }
  T& operator*() { return *get(); }
  const T& operator*() const { return *get(); }
  T* operator->() { return get(); }
  const T* operator->() const { return get(); }

  friend std::ostream& operator<<(std::ostream&, const SecretObject&) = delete;

 private:
  SecretBytes memory_;
};

}  // namespace casemate

#endif  // CRYPTO_SECRET_SECRET_BYTES_H_
