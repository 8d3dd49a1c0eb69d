#include "tools/casemate/command_line.h"

#include <algorithm>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/status.h"
#include "tools/casemate/cli_error.h"
#include "tools/casemate/offline_verbs.h"
#include "tools/casemate/setting_flags.h"

namespace casemate {
namespace {

constexpr int kMinThreshold = 36;
constexpr int kMaxThreshold = 220;

struct Alias {
  absl::string_view from;
  absl::string_view to;
};

constexpr Alias kVerbAliases[] = {
    {"unlock", "mount"}, {"umount", "unmount"}, {"fsck", "doctor"}};

constexpr Alias kFlagAliases[] = {
    {"--passfile", "--password-file"},
    {"--password:stdin", "--password-stdin"},
    {"--password:env", "--password-env"},
    {"--password:file", "--password-file"},
};

absl::string_view Resolve(absl::Span<const Alias> aliases,
                          absl::string_view word) {
  for (const Alias& alias : aliases) {
    if (alias.from == word) return alias.to;
  }
  return word;
}

// Catches --password before CLI11 would quote its value in a message.
absl::Status RefusePasswordArgument(absl::Span<const std::string> arguments) {
  for (const std::string& argument : arguments) {
    if (argument == "--") break;
    const absl::string_view flag =
        absl::string_view(argument).substr(0, argument.find('='));
    if (flag != "--password" && flag != "--pass" && flag != "--new-password" &&
        flag != "--recovery-key") {
      continue;
    }
    return CliError(ExitCode::kUsage,
                    "a password does not belong on the command line, where "
                    "every user of this machine can read it",
                    "Use --password-file, --password-stdin, --password-fd or "
                    "--extpass, or the variable CASEMATE_PASSWORD.");
  }
  return absl::OkStatus();
}

// What CLI11 found, before it is checked.
struct Found {
  InitCommand init;
  MountCommand mount;
  UnmountCommand unmount;
  InfoCommand info;
  ListCommand list;
  CatCommand cat;
  std::string combo = std::string(CipherComboName(CipherCombo::kSivGcm));
  std::string threshold = absl::StrCat(kMaxThreshold);
  bool lazy = false;
  bool json = false;
  bool is_long = false;
  std::vector<std::string> option_lists;
  // Of mount's flags, and of the password flags of any verb.
  SettingFlags flags;
  PasswdCommand passwd;
  ShowRecoveryKeyCommand show_recovery_key;
  ResetPasswordCommand reset_password;
  bool ignore_version_mac = false;
  DoctorCommand doctor;
  bool all = false;
  bool no_progress = false;
  OfflineVerbs offline;
  // Of the flags that say where these come from.
  SettingFlags new_password_flags;
  SettingFlags recovery_key_flags;
};

void AddSettings(absl::Span<const SettingRow> rows, CLI::App& verb,
                 Found& found) {
  AddSettingFlags(rows, verb, found.flags);
}

void AddInit(CLI::App& app, Found& found) {
  CLI::App* verb = app.add_subcommand("init", "create a vault in a folder");
  verb->add_option("VAULT", found.init.vault, "absent, or an empty folder")
      ->required();
  verb->add_option("--cipher-combo", found.combo,
                   "SIV_GCM (default) or SIV_CTRMAC");
  verb->add_option("--shortening-threshold", found.threshold,
                   "36 to 220 (default): encrypted names longer than this are "
                   "shortened");
  AddSettings(PasswordSettingTable(), *verb, found);
}

void AddMount(CLI::App& app, Found& found) {
  CLI::App* verb = app.add_subcommand(
      "mount", "mount a vault; returns when the mount answers");
  verb->add_option("VAULT", found.mount.vault, "the vault's folder")
      ->required();
  verb->add_option("MOUNTPOINT", found.mount.mountpoint, "an empty folder")
      ->required();
  verb->add_option("-o", found.option_lists,
                   "the flags below as mount(8) writes them: -o ro,umask=077")
      ->type_name("OPTION[=VALUE],...")
      ->allow_extra_args(false);
  AddSettings(SettingTable(), *verb, found);
  AddSettings(PasswordSettingTable(), *verb, found);
}

void AddUnmount(CLI::App& app, Found& found) {
  CLI::App* verb =
      app.add_subcommand("unmount", "unmount, and wait for the daemon to end");
  verb->add_option("MOUNTPOINT", found.unmount.mountpoint)->required();
  verb->add_flag("--lazy", found.lazy,
                 "detach now; the daemon ends when the last file is closed");
}

void AddReaders(CLI::App& app, Found& found) {
  CLI::App* info = app.add_subcommand(
      "info", "what a vault says about itself, without a password");
  info->add_option("VAULT", found.info.vault)->required();
  info->add_flag("--json", found.json, "as one JSON object");

  CLI::App* list =
      app.add_subcommand("ls", "list a folder of a vault without mounting");
  list->add_option("VAULT", found.list.vault)->required();
  list->add_option("PATH", found.list.path, "within the vault; its root");
  list->add_flag("-l", found.is_long, "with mode, owner, size and time");
  AddSettings(PasswordSettingTable(), *list, found);

  CLI::App* cat =
      app.add_subcommand("cat", "print a file of a vault without mounting");
  cat->add_option("VAULT", found.cat.vault)->required();
  cat->add_option("PATH", found.cat.path, "within the vault")->required();
  cat->add_flag_callback(
      "-q,--no-progress",
      [&found] { found.cat.progress = ProgressDisplay::kNever; },
      "no line that says how far it is");
  AddSettings(PasswordSettingTable(), *cat, found);
}

void AddKeyVerbs(CLI::App& app, Found& found) {
  CLI::App* passwd =
      app.add_subcommand("passwd", "change a vault's password, mounted or not");
  passwd->add_option("VAULT", found.passwd.vault)->required();
  AddSettings(PasswordSettingTable(), *passwd, found);
  AddSecret(PasswordUse::kChange, *passwd, found.new_password_flags);
  passwd->add_flag("--ignore-version-mac", found.ignore_version_mac,
                   "for a masterkey file whose versionMac is damaged");

  CLI::App* key = app.add_subcommand(
      "recovery-key", "44 words that open a vault without its password");
  key->require_subcommand(1);
  CLI::App* show = key->add_subcommand("show", "print a vault's recovery key");
  show->add_option("VAULT", found.show_recovery_key.vault)->required();
  AddSettings(PasswordSettingTable(), *show, found);

  CLI::App* reset = key->add_subcommand(
      "reset-password", "give a vault a new password by its recovery key");
  reset->add_option("VAULT", found.reset_password.vault)->required();
  AddSecret(PasswordUse::kRecoveryKey, *reset, found.recovery_key_flags);
  AddSecret(PasswordUse::kChange, *reset, found.new_password_flags);
}

void AddDoctor(CLI::App& app, Found& found) {
  CLI::App* verb = app.add_subcommand(
      "doctor", "look for damage, and repair it without losing anything");
  verb->add_option("VAULT", found.doctor.vault)->required();
  verb->add_flag("--repair", found.doctor.repairs,
                 "carry out the repairs that are safe; not on a mounted vault");
  verb->add_flag("--content", found.doctor.reads_content,
                 "authenticate the content of every file, too");
  verb->add_flag("--json", found.json, "as one JSON object");
  verb->add_flag("--all", found.all, "show every finding, not ten of a class");
  verb->add_flag("-q,--no-progress", found.no_progress,
                 "draw nothing on the terminal");
  AddSettings(PasswordSettingTable(), *verb, found);
}

absl::StatusOr<PasswordOptions> PasswordOf(const Found& found) {
  return SecretOf(found.flags, PasswordUse::kUnlock);
}

// Two secrets from one stream are a line each, the first one first.
void ShareInput(PasswordOptions& first, PasswordOptions& second) {
  const auto descriptor = [](const PasswordOptions& options) {
    return options.standard_input ? 0 : options.descriptor.value_or(-1);
  };
  if (descriptor(first) < 0 || descriptor(first) != descriptor(second)) return;
  first.one_line = true;
  second.one_line = true;
}

absl::StatusOr<Command> FinishPasswd(Found& found) {
  PasswdCommand& passwd = found.passwd;
  ASSIGN_OR_RETURN(passwd.password, PasswordOf(found));
  ASSIGN_OR_RETURN(passwd.new_password,
                   SecretOf(found.new_password_flags, PasswordUse::kChange));
  ShareInput(passwd.password, passwd.new_password);
  if (found.ignore_version_mac) passwd.version_mac = VersionMac::kIgnored;
  return Command(std::move(passwd));
}

absl::StatusOr<Command> FinishDoctor(Found& found) {
  DoctorCommand& doctor = found.doctor;
  if (found.json) doctor.format = InfoFormat::kJson;
  if (found.all) doctor.listing = FindingListing::kAll;
  if (found.no_progress) doctor.progress = ProgressDisplay::kNever;
  ASSIGN_OR_RETURN(doctor.password, PasswordOf(found));
  return Command(std::move(doctor));
}

absl::StatusOr<Command> FinishRecoveryKey(const CLI::App& verb, Found& found) {
  if (verb.got_subcommand("show")) {
    ASSIGN_OR_RETURN(found.show_recovery_key.password, PasswordOf(found));
    return Command(std::move(found.show_recovery_key));
  }
  ResetPasswordCommand& reset = found.reset_password;
  ASSIGN_OR_RETURN(reset.recovery_key, SecretOf(found.recovery_key_flags,
                                                PasswordUse::kRecoveryKey));
  ASSIGN_OR_RETURN(reset.new_password,
                   SecretOf(found.new_password_flags, PasswordUse::kChange));
  ShareInput(reset.recovery_key, reset.new_password);
  return Command(std::move(reset));
}

absl::StatusOr<Command> FinishInit(Found& found) {
  const absl::optional<CipherCombo> combo = CipherComboFromName(found.combo);
  if (!combo) {
    return UsageError(absl::StrCat("\"", found.combo,
                                   "\" is no cipher combo: it is SIV_GCM or "
                                   "SIV_CTRMAC"));
  }
  int threshold = 0;
  if (!absl::SimpleAtoi(found.threshold, &threshold) ||
      threshold < kMinThreshold || threshold > kMaxThreshold) {
    return UsageError(absl::StrCat("the shortening threshold is a number from ",
                                   kMinThreshold, " to ", kMaxThreshold));
  }
  found.init.combo = *combo;
  found.init.shortening_threshold = threshold;
  ASSIGN_OR_RETURN(found.init.password, PasswordOf(found));
  return Command(std::move(found.init));
}

// Flags come after -o, wherever they stand: `--ro` holds against the `rw`
// that mount(8) adds to every list.
absl::StatusOr<Command> FinishMount(Found& found) {
  MountSettings& settings = found.mount.settings;
  for (const std::string& list : found.option_lists) {
    for (const MountOption& option : ParseOptionList(list)) {
      RETURN_IF_ERROR(ApplyMountOption(option, settings));
    }
  }
  for (const auto& [row, value] : found.flags) {
    RETURN_IF_ERROR(row->apply(value, settings));
  }
  RETURN_IF_ERROR(CheckPasswordOptions(settings.password));
  return Command(std::move(found.mount));
}

// CLI11 makes two words of "[a,b]", which may be a file's name. In front of it
// this hides it.
constexpr char kBracketGuard = '\x01';

void GuardBrackets(std::vector<std::string>& words) {
  for (std::string& word : words) {
    if (!word.empty() &&
        (word.front() == '[' || word.front() == kBracketGuard)) {
      word.insert(word.begin(), kBracketGuard);
    }
  }
}

// The reverse, for whatever an option of `app` or its verbs is given.
void UnguardBrackets(CLI::App& app) {
  for (CLI::Option* const option : app.get_options()) {
    option->transform([](std::string word) {
      if (!word.empty() && word.front() == kBracketGuard) word.erase(0, 1);
      return word;
    });
  }
  for (CLI::App* const verb :
       app.get_subcommands([](const CLI::App*) { return true; })) {
    UnguardBrackets(*verb);
  }
}

absl::StatusOr<Command> Finish(const CLI::App& app, Found& found) {
  if (app.got_subcommand("init")) return FinishInit(found);
  if (app.got_subcommand("mount")) return FinishMount(found);
  if (app.got_subcommand("unmount")) {
    found.unmount.detach = found.lazy ? Detach::kLazy : Detach::kWhenIdle;
    return Command(std::move(found.unmount));
  }
  if (app.got_subcommand("info")) {
    found.info.format = found.json ? InfoFormat::kJson : InfoFormat::kText;
    return Command(std::move(found.info));
  }
  if (app.got_subcommand("ls")) {
    found.list.format = found.is_long ? ListFormat::kLong : ListFormat::kNames;
    ASSIGN_OR_RETURN(found.list.password, PasswordOf(found));
    return Command(std::move(found.list));
  }
  if (app.got_subcommand("cat")) {
    ASSIGN_OR_RETURN(found.cat.password, PasswordOf(found));
    return Command(std::move(found.cat));
  }
  if (app.got_subcommand("passwd")) return FinishPasswd(found);
  if (app.got_subcommand("doctor")) return FinishDoctor(found);
  if (app.got_subcommand("recovery-key")) {
    return FinishRecoveryKey(*app.get_subcommand("recovery-key"), found);
  }
  if (HasOfflineVerb(app)) return FinishOfflineVerb(app, found.offline);
  return Command(VersionCommand());
}

}  // namespace

std::vector<std::string> ReplaceAliases(
    absl::Span<const std::string> arguments) {
  std::vector<std::string> replaced;
  bool verb_seen = false;
  bool flags_ended = false;
  for (const std::string& argument : arguments) {
    flags_ended = flags_ended || argument == "--";
    if (!verb_seen && !absl::StartsWith(argument, "-")) {
      verb_seen = true;
      replaced.emplace_back(Resolve(kVerbAliases, argument));
      continue;
    }
    if (flags_ended || !absl::StartsWith(argument, "--")) {
      replaced.push_back(argument);
      continue;
    }
    const size_t end = std::min(argument.find('='), argument.size());
    const absl::string_view flag = absl::string_view(argument).substr(0, end);
    replaced.push_back(
        absl::StrCat(Resolve(kFlagAliases, flag), argument.substr(end)));
  }
  return replaced;
}

absl::StatusOr<Command> ParseCommandLine(
    absl::Span<const std::string> arguments) {
  RETURN_IF_ERROR(RefusePasswordArgument(arguments));
  Found found;
  CLI::App app("Encrypted vaults, mounted.", "casemate");
  app.require_subcommand(0, 1);
  bool version = false;
  app.add_flag("--version", version, "print the version");
  AddInit(app, found);
  AddMount(app, found);
  AddUnmount(app, found);
  AddReaders(app, found);
  AddOfflineVerbs(app, found.offline);
  AddKeyVerbs(app, found);
  AddDoctor(app, found);
  app.add_subcommand("version", "print the version");
  UnguardBrackets(app);

  std::vector<std::string> words = ReplaceAliases(arguments);
  GuardBrackets(words);
  std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
  try {
    app.parse(std::move(words));
  } catch (const CLI::CallForHelp&) {
    return Command(HelpCommand{app.help()});
  } catch (const CLI::ParseError& error) {
    const auto verb = std::find_if(
        arguments.begin(), arguments.end(),
        [](const std::string& word) { return !absl::StartsWith(word, "-"); });
    if (app.get_subcommands().empty() && verb != arguments.end()) {
      return UsageError(absl::StrCat("unknown verb \"", *verb, "\""));
    }
    return UsageError(absl::StrReplaceAll(
        error.what(), {{absl::string_view(&kBracketGuard, 1), ""}}));
  }
  if (app.get_subcommands().empty() && !version) {
    return UsageError("no verb was given");
  }
  return Finish(app, found);
}

}  // namespace casemate
