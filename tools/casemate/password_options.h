// Where a password is to come from, as the command line says it.
#ifndef TOOLS_CASEMATE_PASSWORD_OPTIONS_H_
#define TOOLS_CASEMATE_PASSWORD_OPTIONS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace casemate {

// What the secret is for: decides which flags say where it comes from, what the
// implicit sources are, and how it is asked for.
enum class PasswordUse : uint8_t {
  kUnlock,
  kCreate,
  kChange,       // the new password of a vault that has one
  kRecoveryKey,  // 44 words instead of a password
};

// "password", "new password", "recovery key": for messages.
inline absl::string_view SecretName(PasswordUse use) {
  switch (use) {
    case PasswordUse::kUnlock:
    case PasswordUse::kCreate:
      return "password";
    case PasswordUse::kChange:
      return "new password";
    case PasswordUse::kRecoveryKey:
      break;
  }
  return "recovery key";
}

// The explicit sources; at most one may be set. None: CASEMATE_PASSWORD, then
// systemd's credential, then a prompt (password.h).
struct PasswordOptions {
  absl::optional<std::string> file;
  absl::optional<int> descriptor;
  bool standard_input = false;
  absl::optional<std::string> variable;  // the name of one
  absl::optional<std::string> command;   // for /bin/sh -c
  // Of standard input or the descriptor the next line and not a byte more:
  // another secret follows.
  bool one_line = false;

  int count() const {
    return int{file.has_value()} + int{descriptor.has_value()} +
           int{standard_input} + int{variable.has_value()} +
           int{command.has_value()};
  }
};

}  // namespace casemate

#endif  // TOOLS_CASEMATE_PASSWORD_OPTIONS_H_
