// masterkey.cryptomator: the vault's two keys, wrapped with a key derived from
// the password (vault-format-8.md section 3).
//
//   ASSIGN_OR_RETURN(MasterkeyFile file, MasterkeyFile::Parse(json));
//   ASSIGN_OR_RETURN(Masterkey keys, file.Unlock(password,
//                                            VersionMac::kRequired));
//
// The file is untrusted: Parse bounds every parameter before anything is
// allocated or derived, so a hostile file costs at most 1 GiB of memory.
// Passwords are normalised to NFC, as all known applications do, and never
// trimmed. Immutable; any thread.
#ifndef FS_VAULT_MASTERKEY_FILE_H_
#define FS_VAULT_MASTERKEY_FILE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/bytes.h"
#include "crypto/random/random_source.h"
#include "fs/vault/masterkey.h"

namespace casemate {

inline constexpr size_t kMaxMasterkeyFileSize = 64 * 1024;

// The work that a password guess costs: scrypt's N and r, with p = 1.
struct KdfCost {
  // Below this N the file is read with a warning, and never written but by
  // tests.
  static constexpr uint64_t kRecommendedN = uint64_t{1} << 15;
  static constexpr uint32_t kRecommendedR = 8;

  uint64_t n = kRecommendedN;
  uint32_t r = kRecommendedR;

  // InvalidArgument, naming the parameter, its value and its bound, unless N
  // is a power of two in 2…2^20, r is in 1…32 and 128·N·r is at most 1 GiB.
  absl::Status Check() const;

  // This cost, raised to the default where it is lower: what a new password
  // gets. Within the bounds if this is.
  KdfCost AtLeastRecommended() const;
};

enum class VersionMac : uint8_t {
  kRequired,
  // For a file whose versionMac was damaged: the keys unwrapped, so the
  // password was right.
  kIgnored,
};

class MasterkeyFile {
 public:
  // InvalidArgument for a hostile or unusable parameter, DataLoss for text
  // that is not a masterkey file.
  static absl::StatusOr<MasterkeyFile> Parse(absl::string_view json);

  // Derives the key and unwraps. Takes as long as the file's cost demands.
  // Unauthenticated: wrong password. DataLoss: the keys unwrapped, but
  // versionMac contradicts them. InvalidArgument: the password is not UTF-8.
  absl::StatusOr<Masterkey> Unlock(ConstBytes password,
                                   VersionMac version_mac) const;

  // The JSON text that wraps `masterkey` under `password`, with a fresh salt.
  // InvalidArgument when the password is not UTF-8 or `cost` out of bounds.
  static absl::StatusOr<std::string> Create(const Masterkey& masterkey,
                                            ConstBytes password, KdfCost cost,
                                            RandomSource& random);

  const KdfCost& cost() const { return cost_; }
  int64_t version() const { return version_; }

 private:
  static constexpr size_t kWrappedKeySize = 40;
  static constexpr size_t kVersionMacSize = 32;

  MasterkeyFile() = default;

  int64_t version_ = 0;
  KdfCost cost_;
  std::vector<uint8_t> salt_;
  std::array<uint8_t, kWrappedKeySize> wrapped_enc_key_ = {};
  std::array<uint8_t, kWrappedKeySize> wrapped_mac_key_ = {};
  std::array<uint8_t, kVersionMacSize> version_mac_ = {};
};

}  // namespace casemate

#endif  // FS_VAULT_MASTERKEY_FILE_H_
