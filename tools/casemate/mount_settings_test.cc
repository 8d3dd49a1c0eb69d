#include "tools/casemate/mount_settings.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"
#include "tools/casemate/cli_error.h"

namespace casemate {
namespace {

absl::StatusOr<MountSettings> Apply(absl::string_view list) {
  MountSettings settings;
  for (const MountOption& option : ParseOptionList(list)) {
    RETURN_IF_ERROR(ApplyMountOption(option, settings));
  }
  return settings;
}

MountSettings MustApply(absl::string_view list) {
  absl::StatusOr<MountSettings> settings = Apply(list);
  EXPECT_TRUE(settings.ok()) << list << ": " << settings.status();
  return settings.value_or(MountSettings());
}

void ExpectUsageError(absl::string_view list, absl::string_view part) {
  const absl::Status status = Apply(list).status();
  EXPECT_EQ(ExitCodeOf(status), ExitCode::kUsage) << list;
  EXPECT_TRUE(absl::StrContains(status.message(), part))
      << list << ": " << status;
}

TEST(ParseOptionListTest, SplitsAtCommasAndAtTheFirstEqualSign) {
  EXPECT_EQ(
      ParseOptionList("ro,uid=5,extpass=a=b"),
      (std::vector<MountOption>{{"ro", {}}, {"uid", "5"}, {"extpass", "a=b"}}));
}

TEST(ParseOptionListTest, ABackslashKeepsACommaInAValue) {
  EXPECT_EQ(ParseOptionList("extpass=echo a\\,b\\\\c,ro"),
            (std::vector<MountOption>{{"extpass", "echo a,b\\c"}, {"ro", {}}}));
}

TEST(ParseOptionListTest, ABackslashKeepsAnEqualSignInAName) {
  EXPECT_EQ(ParseOptionList("a\\=b"), (std::vector<MountOption>{{"a=b", {}}}));
  EXPECT_EQ(FormatOptionList({{"a=b", "c=d"}}), "a\\=b=c=d");
}

TEST(ParseOptionListTest, EmptyOptionsAreLeftOut) {
  EXPECT_TRUE(ParseOptionList("").empty());
  EXPECT_EQ(ParseOptionList(",ro,,"), (std::vector<MountOption>{{"ro", {}}}));
}

RC_GTEST_PROP(OptionListProperty, ParsingWhatWasFormattedGivesTheSame, ()) {
  const auto list = *rc::gen::container<std::string>(
      rc::gen::elementOf(std::string("ro=,\\ ")));
  const std::vector<MountOption> options = ParseOptionList(list);
  RC_ASSERT(ParseOptionList(FormatOptionList(options)) == options);
}

TEST(ApplyMountOptionTest, EveryFlagHasItsOption) {
  const MountSettings s = MustApply(
      "ro,allow_other,foreground,nonempty,uid=1000,gid=100,umask=027,"
      "fsname=home,metrics_listen=127.0.0.1:9567,entry_timeout=2,"
      "attr-timeout=0.5,negative_timeout=0,threads=8,verbose");
  EXPECT_TRUE(s.read_only);
  EXPECT_TRUE(s.allow_other);
  EXPECT_TRUE(s.foreground);
  EXPECT_TRUE(s.nonempty);
  EXPECT_EQ(s.uid, uid_t{1000});
  EXPECT_EQ(s.gid, gid_t{100});
  EXPECT_EQ(s.umask, mode_t{027});
  EXPECT_EQ(s.fsname, "home");
  EXPECT_EQ(s.metrics_listen, "127.0.0.1:9567");
  EXPECT_EQ(s.entry_timeout, absl::Seconds(2));
  EXPECT_EQ(s.attr_timeout, absl::Milliseconds(500));
  EXPECT_EQ(s.negative_timeout, absl::ZeroDuration());
  EXPECT_EQ(s.threads, 8);
  EXPECT_EQ(s.verbosity, Verbosity::kVerbose);
  EXPECT_EQ(MustApply("quiet").verbosity, Verbosity::kQuiet);
}

TEST(ApplyMountOptionTest, PasswordSourcesAreOptionsToo) {
  EXPECT_EQ(MustApply("passfile=/a").password.file, "/a");
  EXPECT_EQ(MustApply("password_file=/a").password.file, "/a");
  EXPECT_EQ(MustApply("password-fd=7").password.descriptor, 7);
  EXPECT_TRUE(MustApply("password-stdin").password.standard_input);
  EXPECT_EQ(MustApply("password-env=X").password.variable, "X");
  EXPECT_EQ(MustApply("extpass=pass show a\\,b").password.command,
            "pass show a,b");
}

TEST(ApplyMountOptionTest, WhatMount8WritesUnaskedChangesNothing) {
  const MountSettings s = MustApply(
      "rw,suid,dev,exec,auto,nouser,async,relatime,nosuid,nodev,noatime,"
      "_netdev,nofail,user=joe,x-systemd.requires=a,X-mount.mkdir,comment=c,"
      "defaults,default_permissions");
  EXPECT_FALSE(s.read_only);
  EXPECT_FALSE(s.allow_other);
}

TEST(ApplyMountOptionTest, TheLastOfRoAndRwCounts) {
  EXPECT_TRUE(MustApply("rw,ro").read_only);
  EXPECT_FALSE(MustApply("ro,rw").read_only);
}

TEST(ApplyMountOptionTest, AnUnknownOptionIsNamedWithThoseThereAre) {
  ExpectUsageError("ro,allow_root", "allow_root");
  EXPECT_TRUE(
      absl::StrContains(NextStepOf(Apply("x").status()), "allow-other"));
}

// Each asks for something that would not be done.
TEST(ApplyMountOptionTest, ProtectionThatWouldNotBeGivenIsNotIgnored) {
  for (const char* option : {"noexec", "sync", "dirsync", "context=x"}) {
    ExpectUsageError(option, "unknown");
  }
}

TEST(ApplyMountOptionTest, BadValuesAreRefused) {
  for (const char* list :
       {"uid=", "uid=-1", "uid=4294967295", "gid=x", "umask=1000", "umask=8",
        "threads=0", "threads=65", "threads=1x", "entry-timeout=-1",
        "entry-timeout=nan", "entry-timeout=inf", "attr-timeout=x",
        "fsname=a b", "fsname=", "password-fd=-1", "password-fd=99999999999"}) {
    ExpectUsageError(list, "no value");
  }
}

TEST(ApplyMountOptionTest, AMissingOrSuperfluousValueIsRefused) {
  ExpectUsageError("uid", "needs a value");
  ExpectUsageError("ro=1", "takes no value");
}

TEST(ApplyMountOptionTest, APasswordIsRefusedWithoutRepeatingIt) {
  const absl::Status status = Apply("password=hunter2").status();
  EXPECT_EQ(ExitCodeOf(status), ExitCode::kUsage);
  EXPECT_FALSE(absl::StrContains(FormatError(status), "hunter2"));
}

TEST(SecretFlagTest, EverySecretHasTheFlagsOfAPassword) {
  std::vector<std::string> flags;
  for (const SettingRow& row : PasswordSettingTable()) {
    EXPECT_EQ(SecretFlag(row, PasswordUse::kUnlock), row.name);
    EXPECT_EQ(SecretFlag(row, PasswordUse::kChange),
              "new-" + std::string(row.name));
    flags.push_back(SecretFlag(row, PasswordUse::kRecoveryKey));
  }
  // Words on paper come from no command.
  EXPECT_EQ(flags, (std::vector<std::string>{
                       "recovery-key-file", "recovery-key-fd",
                       "recovery-key-stdin", "recovery-key-env", ""}));
}

TEST(CheckPasswordOptionsTest, TwoSourcesConflict) {
  EXPECT_TRUE(CheckPasswordOptions({}).ok());
  EXPECT_TRUE(CheckPasswordOptions(MustApply("passfile=a").password).ok());
  EXPECT_EQ(ExitCodeOf(CheckPasswordOptions(
                MustApply("passfile=a,password-stdin").password)),
            ExitCode::kUsage);
}

}  // namespace
}  // namespace casemate
