// How to mount. One table holds every setting; each row is a flag of `mount`
// and, under the same name, an option of `-o`:
//
//   casemate mount --ro --umask 077 VAULT DIR
//   casemate mount -o ro,umask=077 VAULT DIR
//
// -o is what mount(8) and fstab write: comma lists, repeated, `_` as good as
// `-`, `\,` for a comma inside a value. An option that is in neither table is
// an error, never handed on to the kernel: a misspelt `ro` must not become a
// writable mount.
#ifndef TOOLS_CASEMATE_MOUNT_SETTINGS_H_
#define TOOLS_CASEMATE_MOUNT_SETTINGS_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "tools/casemate/password_options.h"

namespace casemate {

enum class Verbosity : uint8_t { kQuiet, kNormal, kVerbose };

struct MountSettings {
  bool read_only = false;
  bool allow_other = false;
  bool foreground = false;
  bool nonempty = false;
  Verbosity verbosity = Verbosity::kNormal;
  absl::optional<uid_t> uid;
  absl::optional<gid_t> gid;
  absl::optional<mode_t> umask;
  absl::optional<std::string> metrics_listen;
  absl::optional<std::string> fsname;
  absl::optional<absl::Duration> entry_timeout;
  absl::optional<absl::Duration> attr_timeout;
  absl::optional<absl::Duration> negative_timeout;
  absl::optional<int> threads;
  PasswordOptions password;
};

// One `name` or `name=value` of an option list.
struct MountOption {
  std::string name;
  absl::optional<std::string> value;

  friend bool operator==(const MountOption& a, const MountOption& b) {
    return a.name == b.name && a.value == b.value;
  }
};

// A row of the table.
struct SettingRow {
  absl::string_view name;        // of --name and of -o name
  absl::string_view short_flag;  // "f" of -f, or empty
  absl::string_view value;       // what the help calls it; empty: takes none
  absl::string_view help;
  // `value` is empty for a row that takes none.
  absl::Status (*apply)(absl::string_view value, MountSettings& settings);
};

absl::Span<const SettingRow> SettingTable();
// The rows that say where the password comes from: `init`, `ls` and `cat` have
// them too.
absl::Span<const SettingRow> PasswordSettingTable();

// The name, without "--", of the flag that takes a secret for `use` as the row
// `row` of PasswordSettingTable takes a password: "new-password-file",
// "recovery-key-fd". Empty: there is none.
std::string SecretFlag(const SettingRow& row, PasswordUse use);

// Splits an argument of -o. Empty options are left out, as mount(8) does.
std::vector<MountOption> ParseOptionList(absl::string_view list);
// ParseOptionList of it gives back what ParseOptionList gave.
std::string FormatOptionList(absl::Span<const MountOption> options);

// Applies an option of -o. Usage errors name the option and those there are.
absl::Status ApplyMountOption(const MountOption& option,
                              MountSettings& settings);

// What cannot be seen on one option alone: two sources of the password.
absl::Status CheckPasswordOptions(const PasswordOptions& options,
                                  PasswordUse use = PasswordUse::kUnlock);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_MOUNT_SETTINGS_H_
