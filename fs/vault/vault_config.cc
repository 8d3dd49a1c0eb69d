#include "fs/vault/vault_config.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/types/optional.h"
#include "base/status.h"
#include "fs/vault/json.h"

namespace casemate {
namespace {

constexpr int64_t kFormat = 8;
constexpr absl::string_view kMasterkeyScheme = "masterkeyfile:";
constexpr size_t kMaxFileName = 255;
constexpr size_t kMaxJtiSize = 256;

absl::Status Damaged(absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("the vault configuration ", what));
}

absl::Status Unsupported(absl::string_view what) {
  return absl::UnimplementedError(
      absl::StrCat("the vault configuration ", what));
}

absl::StatusOr<JsonObject> ParsePart(absl::string_view json,
                                     absl::string_view part) {
  absl::StatusOr<JsonObject> object = JsonObject::Parse(json);
  if (!object.ok()) {
    return Damaged(
        absl::StrCat("has a bad ", part, ": ", object.status().message()));
  }
  return object;
}

absl::StatusOr<JwsParts> Split(absl::string_view token) {
  if (token.size() > kMaxVaultConfigSize) {
    return Damaged(
        absl::StrCat("has more than ", kMaxVaultConfigSize, " bytes"));
  }
  absl::optional<JwsParts> parts =
      SplitJws(absl::StripTrailingAsciiWhitespace(token));
  if (!parts) return Damaged("is not three base64url parts joined by dots");
  return *std::move(parts);
}

absl::StatusOr<std::string> MasterkeyFileOf(const JsonObject& header) {
  const absl::StatusOr<std::string> kid = header.String("kid");
  if (!kid.ok()) return Damaged("does not say where its masterkey is");
  absl::string_view name = *kid;
  if (absl::StartsWith(name, "hub+http:") ||
      absl::StartsWith(name, "hub+https:")) {
    return Unsupported(
        "asks for a key from Cryptomator Hub, which casemate "
        "does not support");
  }
  if (!absl::ConsumePrefix(&name, kMasterkeyScheme)) {
    return Unsupported("keeps its masterkey in an unknown kind of place");
  }
  if (name.empty() || name.size() > kMaxFileName || name == "." ||
      name == ".." || absl::StrContains(name, '/') ||
      absl::StrContains(name, '\0')) {
    return Damaged("names a masterkey file that is not a plain file name");
  }
  return std::string(name);
}

absl::Status ReadHeader(absl::string_view json, VaultConfig& config) {
  ASSIGN_OR_RETURN(const JsonObject header, ParsePart(json, "header"));
  const absl::StatusOr<std::string> alg = header.String("alg");
  if (!alg.ok()) return Damaged("does not name its signature algorithm");
  const absl::optional<JwsAlgorithm> algorithm = JwsAlgorithmFromName(*alg);
  if (!algorithm) {
    return Damaged("is not signed with HS256, HS384 or HS512");
  }
  config.algorithm = *algorithm;
  if (header.Has("typ")) {
    const absl::StatusOr<std::string> type = header.String("typ");
    if (!type.ok() || *type != "JWT") return Damaged("is not of type JWT");
  }
  // RFC 7515, 4.1.11: extensions that must be understood, and are not.
  if (header.Has("crit")) return Unsupported("has critical extensions");
  ASSIGN_OR_RETURN(config.masterkey_file, MasterkeyFileOf(header));
  return absl::OkStatus();
}

absl::Status ReadThreshold(const JsonObject& claims, VaultConfig& config) {
  // Without the claim one client fails and another assumes 220: names can be
  // read that way, but writing could make ones that nobody else finds.
  if (!claims.Has("shorteningThreshold")) {
    config.shortening_threshold = kMaxShorteningThreshold;
    config.threshold_writable = false;
    return absl::OkStatus();
  }
  const absl::StatusOr<int64_t> threshold =
      claims.Integer("shorteningThreshold");
  if (!threshold.ok()) {
    return Damaged("has a shorteningThreshold that is not an integer");
  }
  // Every threshold below 0 means that all names are shortened, every one
  // above the longest name that none is.
  constexpr int64_t kNever = 1 << 20;
  config.shortening_threshold =
      static_cast<int>(std::clamp<int64_t>(*threshold, 0, kNever));
  config.threshold_writable = *threshold >= kMinShorteningThreshold &&
                              *threshold <= kMaxShorteningThreshold;
  return absl::OkStatus();
}

absl::Status ReadClaims(absl::string_view json, VaultConfig& config) {
  ASSIGN_OR_RETURN(const JsonObject claims, ParsePart(json, "body"));
  const absl::StatusOr<int64_t> format = claims.Integer("format");
  if (!format.ok()) return Damaged("does not say which format the vault has");
  if (*format != kFormat) {
    return Unsupported(absl::StrCat("says vault format ", *format,
                                    "; casemate knows format ", kFormat));
  }
  const absl::StatusOr<std::string> combo = claims.String("cipherCombo");
  if (!combo.ok()) return Damaged("does not name its cipherCombo");
  const absl::optional<CipherCombo> known = CipherComboFromName(*combo);
  if (!known) {
    return Unsupported("names a cipherCombo other than SIV_GCM and SIV_CTRMAC");
  }
  config.combo = *known;
  if (claims.Has("exp") || claims.Has("nbf")) {
    return Unsupported("is limited in time, which casemate does not support");
  }
  if (claims.Has("jti")) {
    const absl::StatusOr<std::string> jti = claims.String("jti");
    if (!jti.ok()) return Damaged("has a jti that is not a string");
    const bool fit_for_logs =
        jti->size() <= kMaxJtiSize &&
        std::all_of(jti->begin(), jti->end(), [](char c) {
          return absl::ascii_isprint(static_cast<unsigned char>(c));
        });
    if (fit_for_logs) config.jti = *jti;
  }
  return ReadThreshold(claims, config);
}

}  // namespace

absl::StatusOr<VaultConfig> VaultConfig::ParseUnverified(
    absl::string_view token) {
  ASSIGN_OR_RETURN(const JwsParts parts, Split(token));
  VaultConfig config;
  RETURN_IF_ERROR(ReadHeader(parts.header, config));
  RETURN_IF_ERROR(ReadClaims(parts.claims, config));
  return config;
}

absl::StatusOr<VaultConfig> VaultConfig::Verify(absl::string_view token,
                                                const Masterkey& masterkey) {
  ASSIGN_OR_RETURN(const JwsParts parts, Split(token));
  VaultConfig config;
  RETURN_IF_ERROR(ReadHeader(parts.header, config));
  if (!VerifyJws(parts, config.algorithm, masterkey.raw())) {
    return absl::DataLossError(
        "the vault configuration is not signed with this masterkey");
  }
  RETURN_IF_ERROR(ReadClaims(parts.claims, config));
  return config;
}

std::string VaultConfig::Serialize(const Masterkey& masterkey) const {
  nlohmann::ordered_json header;
  header["kid"] = absl::StrCat(kMasterkeyScheme, masterkey_file);
  header["typ"] = "JWT";
  header["alg"] = std::string(JwsAlgorithmName(algorithm));
  nlohmann::ordered_json claims;
  claims["jti"] = jti;
  claims["format"] = kFormat;
  claims["cipherCombo"] = std::string(CipherComboName(combo));
  claims["shorteningThreshold"] = shortening_threshold;
  return SignJws(header.dump(), claims.dump(), algorithm, masterkey.raw());
}

}  // namespace casemate
