#include "fs/vault/masterkey_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "base/check.h"
#include "base/status.h"
#include "crypto/encoding/base64.h"
#include "crypto/primitive/aes_key_wrap.h"
#include "crypto/primitive/hmac.h"
#include "crypto/primitive/scrypt.h"
#include "crypto/secret/secret_bytes.h"
#include "fs/vault/json.h"
#include "fs/vault/normalization.h"

namespace casemate {
namespace {

constexpr int64_t kFormat8Version = 999;
constexpr uint64_t kMaxN = uint64_t{1} << 20;
constexpr uint32_t kMaxR = 32;
constexpr uint64_t kMaxMemory = uint64_t{1} << 30;
constexpr size_t kMaxSaltSize = 1024;
constexpr size_t kNewSaltSize = 8;
constexpr size_t kKekSize = 32;

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("not a masterkey file: ", what));
}

absl::StatusOr<int64_t> IntegerOf(const JsonObject& json,
                                  absl::string_view name) {
  absl::StatusOr<int64_t> value = json.Integer(name);
  if (!value.ok()) return Damaged(value.status().message());
  return value;
}

absl::StatusOr<std::vector<uint8_t>> BytesFrom(const JsonObject& json,
                                               absl::string_view name) {
  const absl::StatusOr<std::string> text = json.String(name);
  if (!text.ok()) return Damaged(text.status().message());
  absl::optional<std::vector<uint8_t>> bytes = Base64Decode(*text);
  if (!bytes) return Damaged(absl::StrCat("\"", name, "\" is not base64"));
  return *std::move(bytes);
}

// Fills all of `out` from the member `name`.
absl::Status FillFrom(const JsonObject& json, absl::string_view name,
                      MutableBytes out) {
  ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, BytesFrom(json, name));
  if (bytes.size() != out.size()) {
    return Damaged(absl::StrCat("\"", name, "\" has ", bytes.size(),
                                " bytes, not ", out.size()));
  }
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return absl::OkStatus();
}

std::array<uint8_t, 4> BigEndian32(int64_t value) {
  const auto bits = static_cast<uint32_t>(value);
  return {static_cast<uint8_t>(bits >> 24), static_cast<uint8_t>(bits >> 16),
          static_cast<uint8_t>(bits >> 8), static_cast<uint8_t>(bits)};
}

absl::StatusOr<SecretKey<kKekSize>> DeriveKek(ConstBytes password,
                                              ConstBytes salt, KdfCost cost) {
  const absl::StatusOr<SecretBytes> nfc = SecretToNfc(password);
  if (!nfc.ok()) return Annotate(nfc.status(), "the password");
  SecretKey<kKekSize> kek;
  RETURN_IF_ERROR(Scrypt(nfc->bytes(), salt, cost.n, cost.r, /*p=*/1,
                         kek.mutable_bytes(), kMaxMemory));
  return kek;
}

std::string Wrapped(const SecretKey<kKekSize>& kek, ConstBytes key) {
  std::vector<uint8_t> wrapped(key.size() + kKeyWrapOverhead);
  const absl::Status status =
      AesKeyWrap(kek.bytes(), key, absl::MakeSpan(wrapped));
  CHECK(status.ok(), "a key half is of a size that can be wrapped");
  return Base64Encode(wrapped);
}

}  // namespace

absl::Status KdfCost::Check() const {
  if (n < 2 || n > kMaxN || (n & (n - 1)) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("scryptCostParam is ", n,
                     "; accepted are powers of two from 2 to ", kMaxN));
  }
  if (r < 1 || r > kMaxR) {
    return absl::InvalidArgumentError(
        absl::StrCat("scryptBlockSize is ", r, "; accepted are 1 to ", kMaxR));
  }
  if (128 * n * r > kMaxMemory) {
    return absl::InvalidArgumentError(absl::StrCat(
        "scryptCostParam ", n, " with scryptBlockSize ", r, " takes ",
        128 * n * r, " bytes of memory; accepted are up to ", kMaxMemory));
  }
  return absl::OkStatus();
}

KdfCost KdfCost::AtLeastRecommended() const {
  return {std::max(n, kRecommendedN), std::max(r, kRecommendedR)};
}

absl::StatusOr<MasterkeyFile> MasterkeyFile::Parse(absl::string_view json) {
  if (json.size() > kMaxMasterkeyFileSize) {
    return Damaged(
        absl::StrCat("it has more than ", kMaxMasterkeyFileSize, " bytes"));
  }
  const absl::StatusOr<JsonObject> object = JsonObject::Parse(json);
  if (!object.ok()) return Damaged(object.status().message());

  MasterkeyFile file;
  ASSIGN_OR_RETURN(file.version_, IntegerOf(*object, "version"));
  if (file.version_ == 0 ||
      static_cast<int32_t>(file.version_) != file.version_) {
    return Damaged("\"version\" is out of range");
  }
  ASSIGN_OR_RETURN(const int64_t n, IntegerOf(*object, "scryptCostParam"));
  ASSIGN_OR_RETURN(const int64_t r, IntegerOf(*object, "scryptBlockSize"));
  // A number outside these ranges is refused by Check; the cast must not make
  // an acceptable one of it.
  file.cost_.n = n < 0 ? 0 : static_cast<uint64_t>(n);
  file.cost_.r =
      r < 0 || r > UINT32_MAX ? UINT32_MAX : static_cast<uint32_t>(r);
  RETURN_IF_ERROR(file.cost_.Check());
  ASSIGN_OR_RETURN(file.salt_, BytesFrom(*object, "scryptSalt"));
  if (file.salt_.empty() || file.salt_.size() > kMaxSaltSize) {
    return absl::InvalidArgumentError(
        absl::StrCat("scryptSalt has ", file.salt_.size(),
                     " bytes; accepted are 1 to ", kMaxSaltSize));
  }
  RETURN_IF_ERROR(FillFrom(*object, "primaryMasterKey",
                           MutableBytes(file.wrapped_enc_key_)));
  RETURN_IF_ERROR(
      FillFrom(*object, "hmacMasterKey", MutableBytes(file.wrapped_mac_key_)));
  RETURN_IF_ERROR(
      FillFrom(*object, "versionMac", MutableBytes(file.version_mac_)));
  return file;
}

absl::StatusOr<Masterkey> MasterkeyFile::Unlock(ConstBytes password,
                                                VersionMac version_mac) const {
  ASSIGN_OR_RETURN(const SecretKey<kKekSize> kek,
                   DeriveKek(password, salt_, cost_));
  SecretKey<Masterkey::kKeySize> enc_key;
  SecretKey<Masterkey::kKeySize> mac_key;
  if (!AesKeyUnwrap(kek.bytes(), wrapped_enc_key_, enc_key.mutable_bytes())
           .ok()) {
    return absl::UnauthenticatedError("wrong password");
  }
  // One half opened, so the password is right.
  if (!AesKeyUnwrap(kek.bytes(), wrapped_mac_key_, mac_key.mutable_bytes())
           .ok()) {
    return absl::DataLossError("\"hmacMasterKey\" is damaged");
  }
  const HmacKey hmac_key(HmacHash::kSha256, mac_key.bytes());
  Hmac hmac(hmac_key);
  hmac.Update(BigEndian32(version_));
  if (!hmac.Verify(version_mac_) && version_mac == VersionMac::kRequired) {
    return absl::DataLossError("\"versionMac\" does not match \"version\"");
  }
  return Masterkey::FromHalves(enc_key.bytes(), mac_key.bytes());
}

absl::StatusOr<std::string> MasterkeyFile::Create(const Masterkey& masterkey,
                                                  ConstBytes password,
                                                  KdfCost cost,
                                                  RandomSource& random) {
  RETURN_IF_ERROR(cost.Check());
  std::array<uint8_t, kNewSaltSize> salt;
  random.Fill(MutableBytes(salt));
  ASSIGN_OR_RETURN(const SecretKey<kKekSize> kek,
                   DeriveKek(password, salt, cost));
  const HmacKey hmac_key(HmacHash::kSha256, masterkey.mac_key());
  Hmac hmac(hmac_key);
  hmac.Update(BigEndian32(kFormat8Version));
  std::array<uint8_t, kVersionMacSize> version_mac;
  hmac.Sign(MutableBytes(version_mac));

  nlohmann::ordered_json json;
  json["version"] = kFormat8Version;
  json["scryptSalt"] = Base64Encode(salt);
  json["scryptCostParam"] = cost.n;
  json["scryptBlockSize"] = cost.r;
  json["primaryMasterKey"] = Wrapped(kek, masterkey.enc_key());
  json["hmacMasterKey"] = Wrapped(kek, masterkey.mac_key());
  json["versionMac"] = Base64Encode(version_mac);
  return json.dump(/*indent=*/2);
}

}  // namespace casemate
