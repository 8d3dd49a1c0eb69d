#include "tools/casemate/command_line.h"

#include <string>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "tools/casemate/cli_error.h"

namespace casemate {
namespace {

using Words = std::vector<std::string>;

template <typename T>
T Parse(const Words& words) {
  absl::StatusOr<Command> command = ParseCommandLine(words);
  EXPECT_TRUE(command.ok()) << command.status();
  if (!command.ok() || !std::holds_alternative<T>(*command)) {
    ADD_FAILURE() << "another command than asked for";
    return T();
  }
  return std::get<T>(*command);
}

absl::Status ParseError(const Words& words) {
  const absl::Status status = ParseCommandLine(words).status();
  EXPECT_EQ(ExitCodeOf(status), ExitCode::kUsage);
  return status;
}

void ExpectUsageError(const Words& words) {
  EXPECT_EQ(ExitCodeOf(ParseCommandLine(words).status()), ExitCode::kUsage)
      << absl::StrJoin(words, " ");
}

TEST(ParseCommandLineTest, InitHasTheFormatsDefaults) {
  const InitCommand init = Parse<InitCommand>({"init", "v"});
  EXPECT_EQ(init.vault, "v");
  EXPECT_EQ(init.combo, CipherCombo::kSivGcm);
  EXPECT_EQ(init.shortening_threshold, 220);
  EXPECT_EQ(init.password.count(), 0);
}

TEST(ParseCommandLineTest, InitTakesComboThresholdAndPassword) {
  const InitCommand init = Parse<InitCommand>(
      {"init", "--cipher-combo", "SIV_CTRMAC", "--shortening-threshold", "36",
       "--password-fd", "4", "v"});
  EXPECT_EQ(init.combo, CipherCombo::kSivCtrMac);
  EXPECT_EQ(init.shortening_threshold, 36);
  EXPECT_EQ(init.password.descriptor, 4);
}

TEST(ParseCommandLineTest, InitRefusesWhatTheFormatHasNot) {
  ExpectUsageError({"init", "v", "--cipher-combo", "siv_gcm"});
  ExpectUsageError({"init", "v", "--shortening-threshold", "35"});
  ExpectUsageError({"init", "v", "--shortening-threshold", "221"});
  ExpectUsageError({"init", "v", "--shortening-threshold", "x"});
  ExpectUsageError({"init"});
}

TEST(ParseCommandLineTest, MountTakesFlagsBeforeAndAfterItsPaths) {
  const MountCommand mount =
      Parse<MountCommand>({"mount", "-f", "--ro", "v", "m", "--umask", "077",
                           "--uid=5", "--metrics-listen", "127.0.0.1:0", "-v"});
  EXPECT_EQ(mount.vault, "v");
  EXPECT_EQ(mount.mountpoint, "m");
  EXPECT_TRUE(mount.settings.foreground);
  EXPECT_TRUE(mount.settings.read_only);
  EXPECT_EQ(mount.settings.umask, mode_t{077});
  EXPECT_EQ(mount.settings.uid, uid_t{5});
  EXPECT_EQ(mount.settings.metrics_listen, "127.0.0.1:0");
  EXPECT_EQ(mount.settings.verbosity, Verbosity::kVerbose);
}

TEST(ParseCommandLineTest, EverySettingIsAFlagAndAnOption) {
  for (const SettingRow& row : SettingTable()) {
    SCOPED_TRACE(row.name);
    const std::string value = row.name == "metrics-listen" ? "[::1]:1" : "7";
    Words flag = {"mount", "v", "m", "--" + std::string(row.name)};
    std::string option(row.name);
    if (!row.value.empty()) {
      flag.push_back(value);
      option += "=" + value;
    }
    Parse<MountCommand>(flag);
    Parse<MountCommand>({"mount", "v", "m", "-o", option});
  }
}

TEST(ParseCommandLineTest, OptionListsRepeatAndTakeOneWordEach) {
  const MountCommand mount = Parse<MountCommand>(
      {"mount", "-o", "ro,uid=1", "v", "-o", "gid=2", "m", "-oumask=3"});
  EXPECT_EQ(mount.vault, "v");
  EXPECT_EQ(mount.mountpoint, "m");
  EXPECT_TRUE(mount.settings.read_only);
  EXPECT_EQ(mount.settings.uid, uid_t{1});
  EXPECT_EQ(mount.settings.gid, gid_t{2});
  EXPECT_EQ(mount.settings.umask, mode_t{3});
}

TEST(ParseCommandLineTest, TheRwOfMount8DoesNotUndoRo) {
  EXPECT_TRUE(Parse<MountCommand>({"mount", "--ro", "v", "m", "-o", "rw"})
                  .settings.read_only);
}

TEST(ParseCommandLineTest, OtherToolsSpellingsMeanTheSame) {
  EXPECT_EQ(Parse<MountCommand>({"unlock", "v", "m"}).vault, "v");
  EXPECT_EQ(Parse<UnmountCommand>({"umount", "m"}).mountpoint, "m");
  EXPECT_EQ(Parse<MountCommand>({"mount", "--passfile", "p", "v", "m"})
                .settings.password.file,
            "p");
  EXPECT_EQ(Parse<MountCommand>({"unlock", "--password:file=p", "v", "m"})
                .settings.password.file,
            "p");
  EXPECT_TRUE(Parse<MountCommand>({"unlock", "--password:stdin", "v", "m"})
                  .settings.password.standard_input);
  EXPECT_EQ(Parse<MountCommand>({"unlock", "--password:env", "N", "v", "m"})
                .settings.password.variable,
            "N");
}

TEST(ReplaceAliasesTest, OnlyTheVerbAndFlagsBeforeADoubleDashAreReplaced) {
  EXPECT_EQ(ReplaceAliases({"ls", "unlock", "umount"}),
            (Words{"ls", "unlock", "umount"}));
  EXPECT_EQ(ReplaceAliases({"cat", "--passfile=a", "--", "--passfile"}),
            (Words{"cat", "--password-file=a", "--", "--passfile"}));
}

TEST(ParseCommandLineTest, APasswordArgumentIsRefusedWithoutRepeatingIt) {
  for (const Words& words : {Words{"mount", "v", "m", "--password", "hunter2"},
                             Words{"mount", "v", "m", "--password=hunter2"},
                             Words{"ls", "v", "--pass=hunter2"},
                             Words{"passwd", "v", "--new-password=hunter2"},
                             Words{"passwd", "v", "--new-password", "hunter2"},
                             Words{"recovery-key", "reset-password", "v",
                                   "--recovery-key=hunter2"}}) {
    const absl::Status status = ParseError(words);
    EXPECT_TRUE(absl::StrContains(NextStepOf(status), "--password-file"));
    EXPECT_FALSE(absl::StrContains(FormatError(status), "hunter2"));
  }
}

TEST(ParseCommandLineTest, TwoPasswordSourcesConflict) {
  ExpectUsageError({"cat", "v", "p", "--password-stdin", "--extpass", "x"});
  ExpectUsageError({"mount", "v", "m", "--password-stdin", "-o", "passfile=x"});
  ExpectUsageError({"init", "v", "--password-stdin", "--password-fd=3"});
  EXPECT_TRUE(absl::StrContains(
      ParseError({"passwd", "v", "--new-password-stdin", "--new-extpass", "x"})
          .message(),
      "new password from; give one of --new-password-file"));
  EXPECT_TRUE(absl::StrContains(
      ParseError({"recovery-key", "reset-password", "v", "--recovery-key-stdin",
                  "--recovery-key-fd", "3"})
          .message(),
      "recovery key from; give one of --recovery-key-file"));
}

TEST(ParseCommandLineTest, PasswdTakesTwoPasswords) {
  const PasswdCommand plain = Parse<PasswdCommand>({"passwd", "v"});
  EXPECT_EQ(plain.vault, "v");
  EXPECT_EQ(plain.password.count() + plain.new_password.count(), 0);
  EXPECT_EQ(plain.version_mac, VersionMac::kRequired);
  const PasswdCommand passwd =
      Parse<PasswdCommand>({"passwd", "--ignore-version-mac", "--password-env",
                            "OLD", "v", "--new-password-file", "f"});
  EXPECT_EQ(passwd.password.variable, "OLD");
  EXPECT_EQ(passwd.new_password.file, "f");
  EXPECT_EQ(passwd.password.count() + passwd.new_password.count(), 2);
  EXPECT_EQ(passwd.version_mac, VersionMac::kIgnored);
  EXPECT_EQ(Parse<PasswdCommand>({"passwd", "v", "--new-extpass", "c"})
                .new_password.command,
            "c");
}

TEST(ParseCommandLineTest, RecoveryKeyIsShownOrResetsAPassword) {
  const auto show = Parse<ShowRecoveryKeyCommand>(
      {"recovery-key", "show", "v", "--password-fd", "3"});
  EXPECT_EQ(show.vault, "v");
  EXPECT_EQ(show.password.descriptor, 3);
  const auto reset = Parse<ResetPasswordCommand>(
      {"recovery-key", "reset-password", "v", "--recovery-key-file", "f",
       "--new-password-env", "NEW"});
  EXPECT_EQ(reset.vault, "v");
  EXPECT_EQ(reset.recovery_key.file, "f");
  EXPECT_EQ(reset.new_password.variable, "NEW");
  ExpectUsageError({"recovery-key"});
  ExpectUsageError({"recovery-key", "v"});
  ExpectUsageError({"recovery-key", "show"});
  ExpectUsageError({"recovery-key", "reset-password", "v", "--extpass", "c"});
}

TEST(ParseCommandLineTest, TwoSecretsFromOneStreamAreALineEach) {
  const auto is_shared = [](const Words& flags) {
    Words words = {"passwd", "v"};
    words.insert(words.end(), flags.begin(), flags.end());
    const PasswdCommand passwd = Parse<PasswdCommand>(words);
    EXPECT_EQ(passwd.password.one_line, passwd.new_password.one_line);
    return passwd.password.one_line;
  };
  EXPECT_TRUE(is_shared({"--password-stdin", "--new-password-stdin"}));
  EXPECT_TRUE(is_shared({"--password-fd=3", "--new-password-fd=3"}));
  EXPECT_TRUE(is_shared({"--password-fd=0", "--new-password-stdin"}));
  EXPECT_FALSE(is_shared({"--password-fd=3", "--new-password-fd=4"}));
  EXPECT_FALSE(is_shared({"--password-stdin"}));
  EXPECT_FALSE(is_shared({"--password-file=f", "--new-password-file=f"}));
  const auto reset = Parse<ResetPasswordCommand>(
      {"recovery-key", "reset-password", "v", "--recovery-key-stdin",
       "--new-password-stdin"});
  EXPECT_TRUE(reset.recovery_key.one_line);
  EXPECT_TRUE(reset.new_password.one_line);
}

TEST(ParseCommandLineTest, UnmountInfoLsAndCat) {
  EXPECT_EQ(Parse<UnmountCommand>({"unmount", "m"}).detach, Detach::kWhenIdle);
  EXPECT_EQ(Parse<UnmountCommand>({"unmount", "--lazy", "m"}).detach,
            Detach::kLazy);
  EXPECT_EQ(Parse<InfoCommand>({"info", "v"}).format, InfoFormat::kText);
  EXPECT_EQ(Parse<InfoCommand>({"info", "v", "--json"}).format,
            InfoFormat::kJson);
  const ListCommand list = Parse<ListCommand>({"ls", "-l", "v", "/a/b"});
  EXPECT_EQ(list.path, "/a/b");
  EXPECT_EQ(list.format, ListFormat::kLong);
  EXPECT_EQ(Parse<ListCommand>({"ls", "v"}).path, "");
  EXPECT_EQ(Parse<CatCommand>({"cat", "v", "--", "-p"}).path, "-p");
  ExpectUsageError({"cat", "v"});
}

TEST(ParseCommandLineTest, VersionAsVerbAndAsFlag) {
  Parse<VersionCommand>({"version"});
  Parse<VersionCommand>({"--version"});
}

TEST(ParseCommandLineTest, HelpIsOfTheVerbItFollows) {
  EXPECT_TRUE(
      absl::StrContains(Parse<HelpCommand>({"--help"}).text, "unmount"));
  const std::string text = Parse<HelpCommand>({"mount", "--help"}).text;
  for (const SettingRow& row : SettingTable()) {
    EXPECT_TRUE(absl::StrContains(text, "--" + std::string(row.name)));
  }
  for (const char* verb : {"init", "mount", "unmount", "info", "ls", "cat",
                           "passwd", "recovery-key", "version"}) {
    Parse<HelpCommand>({verb, "--help"});
  }
  EXPECT_TRUE(absl::StrContains(
      Parse<HelpCommand>({"recovery-key", "reset-password", "--help"}).text,
      "read the new password from FILE"));
}

TEST(ParseCommandLineTest, NonsenseIsAUsageError) {
  ExpectUsageError({});
  ExpectUsageError({"frobnicate"});
  ExpectUsageError({"mount", "v"});
  ExpectUsageError({"mount", "v", "m", "extra"});
  ExpectUsageError({"mount", "v", "m", "--nonsense"});
  ExpectUsageError({"mount", "v", "m", "--umask", "9"});
  ExpectUsageError({"mount", "v", "m", "-o", "sync"});
  ExpectUsageError({"info", "v", "--password-stdin"});
}

TEST(ParseCommandLineTest, UnknownVerbIsNamed) {
  const auto command = ParseCommandLine({"chkdsk", "/vault"});
  ASSERT_FALSE(command.ok());
  EXPECT_NE(command.status().message().find("unknown verb \"chkdsk\""),
            absl::string_view::npos);
}

TEST(ParseCommandLineTest, DoctorLooksUnlessItIsToRepair) {
  const DoctorCommand plain = Parse<DoctorCommand>({"doctor", "v"});
  EXPECT_EQ(plain.vault, "v");
  EXPECT_FALSE(plain.repairs);
  EXPECT_FALSE(plain.reads_content);
  EXPECT_EQ(plain.format, InfoFormat::kText);
  EXPECT_EQ(plain.listing, FindingListing::kSome);
  EXPECT_EQ(plain.progress, ProgressDisplay::kOnTerminal);

  const DoctorCommand all =
      Parse<DoctorCommand>({"fsck", "--repair", "--content", "--json", "--all",
                            "--no-progress", "--password-stdin", "v"});
  EXPECT_TRUE(all.repairs);
  EXPECT_TRUE(all.reads_content);
  EXPECT_EQ(all.format, InfoFormat::kJson);
  EXPECT_EQ(all.listing, FindingListing::kAll);
  EXPECT_EQ(all.progress, ProgressDisplay::kNever);
  EXPECT_TRUE(all.password.standard_input);
  ExpectUsageError({"doctor"});
  ExpectUsageError({"doctor", "v", "w"});
}

TEST(ParseCommandLineTest, NameTakesPathsAndHowToEndThem) {
  const NameCommand encrypt =
      Parse<NameCommand>({"name", "encrypt", "v", "/a", "b c"});
  EXPECT_EQ(encrypt.direction, NameDirection::kEncrypt);
  EXPECT_EQ(encrypt.vault, "v");
  EXPECT_EQ(encrypt.paths, (Words{"/a", "b c"}));
  EXPECT_EQ(encrypt.line_end, LineEnd::kNewline);
  EXPECT_EQ(encrypt.progress, ProgressDisplay::kOnTerminal);
  const NameCommand decrypt = Parse<NameCommand>(
      {"name", "decrypt", "-0", "-q", "--password-fd", "4", "v", "d/A/B"});
  EXPECT_EQ(decrypt.direction, NameDirection::kDecrypt);
  EXPECT_EQ(decrypt.line_end, LineEnd::kNul);
  EXPECT_EQ(decrypt.progress, ProgressDisplay::kNever);
  EXPECT_EQ(decrypt.password.descriptor, 4);
  ExpectUsageError({"name", "encrypt", "v"});
  ExpectUsageError({"name"});
}

TEST(ParseCommandLineTest, TreeTakesADepth) {
  EXPECT_EQ(Parse<TreeCommand>({"tree", "v"}).depth, absl::nullopt);
  const TreeCommand tree =
      Parse<TreeCommand>({"tree", "v", "p", "--depth", "2", "--no-progress"});
  EXPECT_EQ(tree.path, "p");
  EXPECT_EQ(tree.depth, 2);
  EXPECT_EQ(tree.progress, ProgressDisplay::kNever);
  EXPECT_EQ(Parse<TreeCommand>({"tree", "-L1", "v"}).depth, 1);
  ExpectUsageError({"tree", "v", "-L", "0"});
  ExpectUsageError({"tree", "v", "-L", "-1"});
  ExpectUsageError({"tree", "v", "-L", "x"});
}

TEST(ParseCommandLineTest, CpSeesWhichSideIsTheVaults) {
  const CopyCommand out = Parse<CopyCommand>(
      {"cp", "-rpf", "v", "vault:/a", "vault:b", "./vault:c"});
  EXPECT_EQ(out.direction, CopyDirection::kOut);
  EXPECT_EQ(out.vault, "v");
  EXPECT_EQ(out.sources, (Words{"/a", "b"}));
  EXPECT_EQ(out.target, "./vault:c");
  EXPECT_TRUE(out.is_recursive && out.preserves && out.overwrites);
  const CopyCommand in = Parse<CopyCommand>({"cp", "v", "a", "b", "vault:"});
  EXPECT_EQ(in.direction, CopyDirection::kIn);
  EXPECT_EQ(in.sources, (Words{"a", "b"}));
  EXPECT_EQ(in.target, "");
  EXPECT_FALSE(in.is_recursive || in.preserves || in.overwrites);
  // CLI11 has a meaning of its own for some of these elsewhere.
  const Words odd = {"[a,b]", "{}", "%%", "a,b", "-", "\x01", "\x01[]"};
  Words words = {"cp", "v"};
  words.insert(words.end(), odd.begin(), odd.end());
  words.push_back("vault:/x");
  EXPECT_EQ(Parse<CopyCommand>(words).sources, odd);
  words = {"name", "encrypt", "v"};
  words.insert(words.end(), odd.begin(), odd.end());
  EXPECT_EQ(Parse<NameCommand>(words).paths, odd);
}

TEST(ParseCommandLineTest, BracketsAreNothingSpecialAnywhere) {
  const InitCommand init = Parse<InitCommand>(
      {"init", "[v]", "--password-file", "[p]", "--cipher-combo", "SIV_GCM"});
  EXPECT_EQ(init.vault, "[v]");
  EXPECT_EQ(init.password.file, "[p]");
  EXPECT_EQ(Parse<MountCommand>({"mount", "[v]", "m", "-o", "fsname=[x]"})
                .settings.fsname,
            "[x]");
  EXPECT_TRUE(
      absl::StrContains(ParseError({"unmount", "m", "[x]"}).message(), " [x]"));
}

TEST(ParseCommandLineTest, CpRefusesWhatHasNoOrTwoSidesInTheVault) {
  ExpectUsageError({"cp", "v", "a", "b"});
  ExpectUsageError({"cp", "v", "vault:a", "vault:b"});
  ExpectUsageError({"cp", "v", "vault:a", "b", "c"});
  ExpectUsageError({"cp", "v", "vault:a"});
  ExpectUsageError({"cp", "v", "vault:a", ""});
  ExpectUsageError({"cp", "v", "", "vault:a"});
}

}  // namespace
}  // namespace casemate
