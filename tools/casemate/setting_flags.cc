#include "tools/casemate/setting_flags.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/status.h"

namespace casemate {
namespace {

std::string FlagSpelling(const SettingRow& row) {
  return row.short_flag.empty()
             ? absl::StrCat("--", row.name)
             : absl::StrCat("-", row.short_flag, ",--", row.name);
}

// The flag of one row; what is given goes to `flags`.
void AddSetting(const SettingRow& row, const std::string& spelling,
                const std::string& help, CLI::App& verb, SettingFlags& flags) {
  if (row.value.empty()) {
    verb.add_flag_callback(
        spelling, [&row, &flags] { flags.emplace_back(&row, ""); }, help);
    return;
  }
  verb.add_option(
          spelling,
          [&row, &flags](const CLI::results_t& values) {
            flags.emplace_back(&row, values.back());
            return true;
          },
          help)
      ->type_name(std::string(row.value))
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

}  // namespace

void AddSettingFlags(absl::Span<const SettingRow> rows, CLI::App& verb,
                     SettingFlags& flags) {
  for (const SettingRow& row : rows) {
    AddSetting(row, FlagSpelling(row), std::string(row.help), verb, flags);
  }
}

void AddSecret(PasswordUse use, CLI::App& verb, SettingFlags& flags) {
  for (const SettingRow& row : PasswordSettingTable()) {
    const std::string flag = SecretFlag(row, use);
    if (flag.empty()) continue;
    const std::string help =
        absl::StrReplaceAll(row.help, {{"password", SecretName(use)}});
    AddSetting(row, absl::StrCat("--", flag), help, verb, flags);
  }
}

absl::StatusOr<PasswordOptions> SecretOf(const SettingFlags& flags,
                                         PasswordUse use) {
  MountSettings settings;
  for (const auto& [row, value] : flags) {
    RETURN_IF_ERROR(row->apply(value, settings));
  }
  RETURN_IF_ERROR(CheckPasswordOptions(settings.password, use));
  return settings.password;
}

}  // namespace casemate
