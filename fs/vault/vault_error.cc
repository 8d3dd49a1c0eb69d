#include "fs/vault/vault_error.h"

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/string_view.h"

namespace casemate {
namespace {

constexpr absl::string_view kPayload = "casemate/vault_error";

}  // namespace

absl::Status WithVaultError(absl::Status status, VaultErrorKind kind) {
  const char value = static_cast<char>(kind);
  status.SetPayload(kPayload, absl::Cord(absl::string_view(&value, 1)));
  return status;
}

absl::optional<VaultErrorKind> VaultErrorOf(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kPayload);
  if (!payload || payload->size() != 1) return absl::nullopt;
  return static_cast<VaultErrorKind>((*payload)[0]);
}

}  // namespace casemate
