// The two ways a vault encrypts contents; names are AES-SIV in both.
// The texts are the token's (vault-format-8.md, 2).
#ifndef CRYPTO_CONTENT_CIPHER_COMBO_H_
#define CRYPTO_CONTENT_CIPHER_COMBO_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace casemate {

enum class CipherCombo : uint8_t { kSivGcm, kSivCtrMac };

constexpr absl::string_view CipherComboName(CipherCombo combo) {
  return combo == CipherCombo::kSivGcm ? "SIV_GCM" : "SIV_CTRMAC";
}

// nullopt for any other text.
constexpr absl::optional<CipherCombo> CipherComboFromName(
    absl::string_view name) {
  for (const CipherCombo combo :
       {CipherCombo::kSivGcm, CipherCombo::kSivCtrMac}) {
    if (name == CipherComboName(combo)) return combo;
  }
  return absl::nullopt;
}

}  // namespace casemate

#endif  // CRYPTO_CONTENT_CIPHER_COMBO_H_
