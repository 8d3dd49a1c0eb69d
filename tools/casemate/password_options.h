// Where a password is to come from, as the command line says it.
#ifndef TOOLS_CASEMATE_PASSWORD_OPTIONS_H_
#define TOOLS_CASEMATE_PASSWORD_OPTIONS_H_

#include <string>

#include "absl/types/optional.h"

namespace casemate {

// The explicit sources; at most one may be set. None: CASEMATE_PASSWORD, then
// systemd's credential, then a prompt (password.h).
struct PasswordOptions {
  absl::optional<std::string> file;
  absl::optional<int> descriptor;
  bool standard_input = false;
  absl::optional<std::string> variable;  // the name of one
  absl::optional<std::string> command;   // for /bin/sh -c

  int count() const {
    return int{file.has_value()} + int{descriptor.has_value()} +
           int{standard_input} + int{variable.has_value()} +
           int{command.has_value()};
  }
};

}  // namespace casemate

#endif  // TOOLS_CASEMATE_PASSWORD_OPTIONS_H_
