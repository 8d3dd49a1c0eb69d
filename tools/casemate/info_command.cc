#include "tools/casemate/info_command.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "fs/storage/storage.h"
#include "fs/vault/vault_config.h"
#include "nlohmann/json.hpp"
#include "tools/casemate/terminal_text.h"
#include "tools/casemate/vault_opening.h"

namespace casemate {
namespace {

constexpr int kFormat = 8;  // the only one ReadVaultInfo accepts

std::string FormatJson(const VaultInfo& info) {
  // In the order of the text. Strings are escaped before, since the name of
  // the masterkey file comes from the vault and may be no UTF-8.
  nlohmann::ordered_json json;
  json["format"] = kFormat;
  json["cipher_combo"] = std::string(CipherComboName(info.config.combo));
  json["shortening_threshold"] = info.config.shortening_threshold;
  json["writable"] = info.config.threshold_writable;
  json["masterkey_file"] = EscapeName(info.config.masterkey_file);
  json["scrypt_n"] = info.cost.n;
  json["scrypt_r"] = info.cost.r;
  json["verified"] = false;
  return absl::StrCat(json.dump(), "\n");
}

std::string FormatText(const VaultInfo& info) {
  return absl::StrCat(
      "format                ", kFormat, "\n",  //
      "cipher combo          ", CipherComboName(info.config.combo), "\n",
      "shortening threshold  ", info.config.shortening_threshold,
      info.config.threshold_writable ? "" : " (out of bounds: read-only)", "\n",
      "masterkey file        ", EscapeName(info.config.masterkey_file), "\n",
      "scrypt                N = ", info.cost.n, ", r = ", info.cost.r, "\n",
      "unverified: anybody who can write to the folder can change this\n");
}

}  // namespace

std::string FormatVaultInfo(const VaultInfo& info, InfoFormat format) {
  return format == InfoFormat::kJson ? FormatJson(info) : FormatText(info);
}

absl::StatusOr<std::string> RunInfo(const InfoCommand& command) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Dir> folder,
                   OpenVaultFolder(command.vault));
  const absl::StatusOr<VaultInfo> info = ReadVaultInfo(*folder);
  if (!info.ok()) return FromVaultError(info.status());
  return FormatVaultInfo(*info, command.format);
}

}  // namespace casemate
