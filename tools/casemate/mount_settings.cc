#include "tools/casemate/mount_settings.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "tools/casemate/cli_error.h"

namespace casemate {
namespace {

constexpr int kMaxThreads = 64;
// The kernel keeps timeouts in 64-bit jiffies; ten years are for ever.
constexpr double kMaxTimeoutSeconds = 10.0 * 365 * 24 * 3600;

absl::Status BadValue(absl::string_view name, absl::string_view value,
                      absl::string_view wanted) {
  return UsageError(absl::StrCat("\"", value, "\" is no value for ", name,
                                 ": it takes ", wanted));
}

// A decimal or octal number of digits only: no sign, no space, no 0x.
absl::optional<uint32_t> ParseDigits(absl::string_view text, int base) {
  uint64_t number = 0;
  if (text.empty() || text.size() > 11) return absl::nullopt;
  for (const char c : text) {
    if (c < '0' || c >= '0' + base) return absl::nullopt;
    number = number * base + (c - '0');
  }
  // The last one means "leave alone" to chown(2).
  if (number >= UINT32_MAX) return absl::nullopt;
  return static_cast<uint32_t>(number);
}

template <auto kField>
absl::Status SetTrue(absl::string_view, MountSettings& settings) {
  settings.*kField = true;
  return absl::OkStatus();
}

template <auto kField>
absl::Status SetText(absl::string_view value, MountSettings& settings) {
  settings.*kField = std::string(value);
  return absl::OkStatus();
}

template <Verbosity kVerbosity>
absl::Status SetVerbosity(absl::string_view, MountSettings& settings) {
  settings.verbosity = kVerbosity;
  return absl::OkStatus();
}

template <auto kField>
absl::Status SetId(absl::string_view value, MountSettings& settings) {
  const absl::optional<uint32_t> id = ParseDigits(value, 10);
  if (!id) return BadValue("uid and gid", value, "a decimal number");
  settings.*kField = *id;
  return absl::OkStatus();
}

absl::Status SetUmask(absl::string_view value, MountSettings& settings) {
  const absl::optional<uint32_t> mask = ParseDigits(value, 8);
  if (!mask || *mask > 0777) {
    return BadValue("umask", value, "an octal number up to 777");
  }
  settings.umask = *mask;
  return absl::OkStatus();
}

template <auto kField>
absl::Status SetTimeout(absl::string_view value, MountSettings& settings) {
  double seconds = 0;
  if (!absl::SimpleAtod(value, &seconds) || !std::isfinite(seconds) ||
      seconds < 0 || seconds > kMaxTimeoutSeconds) {
    return BadValue("a timeout", value, "seconds, 0 or more");
  }
  settings.*kField = absl::Seconds(seconds);
  return absl::OkStatus();
}

absl::Status SetThreads(absl::string_view value, MountSettings& settings) {
  const absl::optional<uint32_t> threads = ParseDigits(value, 10);
  if (!threads || *threads < 1 || *threads > kMaxThreads) {
    return BadValue("threads", value, absl::StrCat("1 to ", kMaxThreads));
  }
  settings.threads = static_cast<int>(*threads);
  return absl::OkStatus();
}

// Shown as the source of the mount: one word, or the tables that list mounts
// could not be read back.
absl::Status SetFsname(absl::string_view value, MountSettings& settings) {
  const bool is_word = !value.empty() && value.size() <= 255 &&
                       std::all_of(value.begin(), value.end(), [](char c) {
                         return absl::ascii_isgraph(c) && c != ',' && c != '\\';
                       });
  if (!is_word) {
    return BadValue("fsname", value,
                    "printable characters without space, comma and backslash");
  }
  settings.fsname = std::string(value);
  return absl::OkStatus();
}

absl::Status SetPasswordFile(absl::string_view value, MountSettings& settings) {
  settings.password.file = std::string(value);
  return absl::OkStatus();
}

absl::Status SetPasswordFd(absl::string_view value, MountSettings& settings) {
  const absl::optional<uint32_t> fd = ParseDigits(value, 10);
  if (!fd || *fd > INT32_MAX) {
    return BadValue("password-fd", value, "the number of an open descriptor");
  }
  settings.password.descriptor = static_cast<int>(*fd);
  return absl::OkStatus();
}

absl::Status SetPasswordStdin(absl::string_view, MountSettings& settings) {
  settings.password.standard_input = true;
  return absl::OkStatus();
}

absl::Status SetPasswordEnv(absl::string_view value, MountSettings& settings) {
  settings.password.variable = std::string(value);
  return absl::OkStatus();
}

absl::Status SetExtpass(absl::string_view value, MountSettings& settings) {
  settings.password.command = std::string(value);
  return absl::OkStatus();
}

constexpr SettingRow kPasswordRows[] = {
    {"password-file", "", "FILE", "read the password from FILE",
     SetPasswordFile},
    {"password-fd", "", "N", "read the password from descriptor N",
     SetPasswordFd},
    {"password-stdin", "", "", "read the password from standard input",
     SetPasswordStdin},
    {"password-env", "", "NAME", "take the password from the variable NAME",
     SetPasswordEnv},
    {"extpass", "", "COMMAND",
     "take the first line that COMMAND prints as the password", SetExtpass},
};

using S = MountSettings;
constexpr SettingRow kRows[] = {
    {"foreground", "f", "", "stay in the foreground", SetTrue<&S::foreground>},
    {"ro", "", "", "mount read-only", SetTrue<&S::read_only>},
    {"allow-other", "", "", "let other users in (file modes apply)",
     SetTrue<&S::allow_other>},
    {"nonempty", "", "", "mount over a folder that is not empty",
     SetTrue<&S::nonempty>},
    {"uid", "", "N", "show every file as owned by user N", SetId<&S::uid>},
    {"gid", "", "N", "show every file as owned by group N", SetId<&S::gid>},
    {"umask", "", "OCTAL", "show every file with mode 0777 less these bits",
     SetUmask},
    {"fsname", "", "NAME", "the source shown by mount(8)", SetFsname},
    {"metrics-listen", "", "ADDR:PORT", "serve Prometheus metrics there",
     SetText<&S::metrics_listen>},
    {"entry-timeout", "", "SECONDS", "how long the kernel may keep names",
     SetTimeout<&S::entry_timeout>},
    {"attr-timeout", "", "SECONDS", "how long the kernel may keep attributes",
     SetTimeout<&S::attr_timeout>},
    {"negative-timeout", "", "SECONDS",
     "how long the kernel may keep that a name is absent",
     SetTimeout<&S::negative_timeout>},
    {"threads", "", "N", "threads that answer the kernel", SetThreads},
    {"verbose", "v", "", "say more", SetVerbosity<Verbosity::kVerbose>},
    {"quiet", "q", "", "say errors only", SetVerbosity<Verbosity::kQuiet>},
};

// What mount(8), fstab and systemd write besides, and what it means here:
// either it is so in any case (nosuid, nodev, noatime: fuse-invariants N9,
// A10), or it asks for less protection than there is (suid, dev, exec), or it
// is addressed to mount(8) itself. `noexec`, `sync` and the like are not here:
// they ask for something that would not be done.
constexpr absl::string_view kIgnored[] = {
    "_netdev",
    "async",
    "atime",
    "auto",
    "default-permissions",
    "defaults",
    "dev",
    "diratime",
    "exec",
    "group",
    "noatime",
    "noauto",
    "nodev",
    "nodiratime",
    "nofail",
    "nolazytime",
    "norelatime",
    "nostrictatime",
    "nosuid",
    "nouser",
    "nousers",
    "owner",
    "relatime",
    "suid",
    "user",
    "users",
};

bool IsIgnored(absl::string_view name) {
  return absl::StartsWithIgnoreCase(name, "x-") || name == "comment" ||
         std::find(std::begin(kIgnored), std::end(kIgnored), name) !=
             std::end(kIgnored);
}

const SettingRow* FindRow(absl::string_view name) {
  for (const absl::Span<const SettingRow> rows :
       {SettingTable(), PasswordSettingTable()}) {
    for (const SettingRow& row : rows) {
      if (row.name == name) return &row;
    }
  }
  return nullptr;
}

std::string KnownOptions() {
  std::vector<absl::string_view> names = {"rw"};
  for (const SettingRow& row : SettingTable()) names.push_back(row.name);
  for (const SettingRow& row : PasswordSettingTable()) {
    names.push_back(row.name);
  }
  names.insert(names.end(), std::begin(kIgnored), std::end(kIgnored));
  return absl::StrCat(absl::StrJoin(names, ", "), ", x-*");
}

void AppendEscaped(absl::string_view text, absl::string_view special,
                   std::string& out) {
  for (const char c : text) {
    if (absl::StrContains(special, c)) out.push_back('\\');
    out.push_back(c);
  }
}

}  // namespace

absl::Span<const SettingRow> SettingTable() { return kRows; }

absl::Span<const SettingRow> PasswordSettingTable() { return kPasswordRows; }

std::string SecretFlag(const SettingRow& row, PasswordUse use) {
  switch (use) {
    case PasswordUse::kUnlock:
    case PasswordUse::kCreate:
      return std::string(row.name);
    case PasswordUse::kChange:
      return absl::StrCat("new-", row.name);
    case PasswordUse::kRecoveryKey:
      break;
  }
  absl::string_view name = row.name;
  return absl::ConsumePrefix(&name, "password-")
             ? absl::StrCat("recovery-key-", name)
             : "";
}

std::vector<MountOption> ParseOptionList(absl::string_view list) {
  std::vector<MountOption> options;
  MountOption option;
  const auto finish = [&] {
    if (!option.name.empty() || option.value) {
      options.push_back(std::move(option));
    }
    option = MountOption();
  };
  for (size_t i = 0; i < list.size(); ++i) {
    char c = list[i];
    if (c == ',') {
      finish();
      continue;
    }
    if (c == '=' && !option.value) {
      option.value.emplace();
      continue;
    }
    if (c == '\\' && i + 1 < list.size()) c = list[++i];
    (option.value ? *option.value : option.name).push_back(c);
  }
  finish();
  return options;
}

std::string FormatOptionList(absl::Span<const MountOption> options) {
  std::string list;
  for (const MountOption& option : options) {
    if (!list.empty()) list.push_back(',');
    AppendEscaped(option.name, ",=\\", list);
    if (!option.value) continue;
    list.push_back('=');
    AppendEscaped(*option.value, ",\\", list);
  }
  return list;
}

absl::Status ApplyMountOption(const MountOption& option,
                              MountSettings& settings) {
  std::string name = absl::StrReplaceAll(option.name, {{"_", "-"}});
  if (name == "-netdev") name = "_netdev";
  if (name == "passfile") name = "password-file";
  if (name == "password" || name == "pass") {
    return CliError(ExitCode::kUsage,
                    "a password does not belong on the command line",
                    "Use password-file=FILE or extpass=COMMAND.");
  }
  // The last of ro and rw counts, as in mount(8).
  if (name == "rw") {
    settings.read_only = false;
    return absl::OkStatus();
  }
  if (IsIgnored(name)) return absl::OkStatus();
  const SettingRow* row = FindRow(name);
  if (row == nullptr) {
    return CliError(ExitCode::kUsage,
                    absl::StrCat("unknown mount option \"", option.name, "\""),
                    absl::StrCat("Those there are: ", KnownOptions(), "."));
  }
  const bool wants_value = !row->value.empty();
  if (wants_value != option.value.has_value()) {
    return UsageError(
        absl::StrCat("the mount option ", row->name,
                     wants_value ? " needs a value" : " takes no value"));
  }
  return row->apply(option.value.value_or(""), settings);
}

absl::Status CheckPasswordOptions(const PasswordOptions& options,
                                  PasswordUse use) {
  if (options.count() <= 1) return absl::OkStatus();
  std::vector<std::string> flags;
  for (const SettingRow& row : PasswordSettingTable()) {
    const std::string flag = SecretFlag(row, use);
    if (!flag.empty()) flags.push_back(absl::StrCat("--", flag));
  }
  return UsageError(absl::StrCat("two places to take the ", SecretName(use),
                                 " from; give one of ",
                                 absl::StrJoin(flags, ", ")));
}

}  // namespace casemate
