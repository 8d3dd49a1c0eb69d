#include "fs/vault/name_codec.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/status.h"
#include "crypto/encoding/base32.h"
#include "crypto/encoding/base64.h"
#include "crypto/primitive/sha.h"
#include "fs/vault/name_shortener.h"
#include "fs/vault/normalization.h"

namespace casemate {
namespace {

// What the longest name that is shown takes as ciphertext; anything longer is
// refused before it is decoded.
constexpr size_t kMaxEncodedNameSize = (kMaxNameSize + kSivSize + 2) / 3 * 4;

AesSiv MakeSiv(const Masterkey& masterkey) {
  absl::StatusOr<AesSiv> siv =
      AesSiv::Create(masterkey.mac_key(), masterkey.enc_key());
  CHECK(siv.ok(), "both halves of a masterkey are AES-256 keys");
  return *std::move(siv);
}

absl::Status NotCanonical() {
  return absl::InvalidArgumentError(
      "the entry's name is not the encoding of an encrypted name");
}

}  // namespace

NameCodec::NameCodec(const Masterkey& masterkey) : siv_(MakeSiv(masterkey)) {}

NameContext NameCodec::ContextFor(const DirId& parent) const {
  // The root's id is one component of associated data of length zero, which is
  // not the same as none (section 0, T2).
  return NameContext(siv_.WithAd(parent.bytes()));
}

std::string NameCodec::ContentPath(const DirId& id) const {
  std::vector<uint8_t> sealed(id.bytes().size() + kSivSize);
  siv_.WithoutAd().Seal(id.bytes(), absl::MakeSpan(sealed));
  const std::string hash = Base32Encode(Sha1(sealed));
  return absl::StrCat(hash.substr(0, 2), "/", hash.substr(2));
}

std::string EncryptName(const NameContext& names, absl::string_view nfc) {
  std::vector<uint8_t> sealed(nfc.size() + kSivSize);
  names.siv().Seal(BytesOf(nfc), absl::MakeSpan(sealed));
  std::string c9r;
  c9r.reserve((sealed.size() + 2) / 3 * 4 + kNameSuffix.size());
  Base64UrlEncode(sealed, Base64Padding::kPadded, &c9r);
  absl::StrAppend(&c9r, kNameSuffix);
  return c9r;
}

absl::StatusOr<std::string> AuthenticateName(const NameContext& names,
                                             absl::string_view c9r) {
  if (!absl::EndsWith(c9r, kNameSuffix)) return NotCanonical();
  c9r.remove_suffix(kNameSuffix.size());
  if (c9r.size() < kMinEncodedNameSize || c9r.size() > kMaxEncodedNameSize) {
    return NotCanonical();
  }
  std::array<uint8_t, Base64DecodedBound(kMaxEncodedNameSize)> sealed;
  const absl::optional<size_t> size =
      Base64UrlDecode(c9r, Base64Padding::kPadded, MutableBytes(sealed));
  if (!size || *size <= kSivSize) return NotCanonical();

  std::string name(*size - kSivSize, '\0');
  RETURN_IF_ERROR(names.siv().Open(
      ConstBytes(sealed.data(), *size),
      MutableBytes(reinterpret_cast<uint8_t*>(&name[0]), name.size())));
  return name;
}

absl::StatusOr<std::string> DecryptName(const NameContext& names,
                                        absl::string_view c9r) {
  ASSIGN_OR_RETURN(std::string name, AuthenticateName(names, c9r));
  if (!IsValidName(name)) {
    return absl::InvalidArgumentError(
        "the entry's decrypted name is not one that a directory can have");
  }
  return name;
}

bool IsValidName(absl::string_view name) {
  return !name.empty() && name.size() <= kMaxNameSize && name != "." &&
         name != ".." && !absl::StrContains(name, '/') &&
         !absl::StrContains(name, '\0') && IsValidUtf8(name);
}

absl::StatusOr<std::string> ValidateNewName(absl::string_view name) {
  if (name.empty() || name == "." || name == ".." ||
      absl::StrContains(name, '/') || absl::StrContains(name, '\0')) {
    return ErrnoError(EINVAL, "a new name");
  }
  ASSIGN_OR_RETURN(std::string nfc, ToNfc(name));
  if (nfc.size() > kMaxNewNameSize)
    return ErrnoError(ENAMETOOLONG, "a new name");
  return nfc;
}

}  // namespace casemate
