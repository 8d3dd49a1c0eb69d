// Rows of the settings' table as flags of a verb: what `mount` has, and the
// password's flags that other verbs share with it.
#ifndef TOOLS_CASEMATE_SETTING_FLAGS_H_
#define TOOLS_CASEMATE_SETTING_FLAGS_H_

#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "tools/casemate/mount_settings.h"
#include "tools/casemate/password_options.h"

namespace casemate {

// The flags that were given, in their order, with their values.
using SettingFlags = std::vector<std::pair<const SettingRow*, std::string>>;

// Adds a flag to `verb` for each row. What is given when the line is parsed
// goes to `flags`, which lives until then.
void AddSettingFlags(absl::Span<const SettingRow> rows, CLI::App& verb,
                     SettingFlags& flags);

// The password flags once more, for another secret.
void AddSecret(PasswordUse use, CLI::App& verb, SettingFlags& flags);

// Where the secret for `use` comes from. A usage error for two sources.
absl::StatusOr<PasswordOptions> SecretOf(const SettingFlags& flags,
                                         PasswordUse use);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_SETTING_FLAGS_H_
