#include "tools/casemate/cli_error.h"

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace casemate {
namespace {

TEST(CliErrorTest, KeepsCodeAndNextStep) {
  const absl::Status status =
      CliError(ExitCode::kWrongPassword, "the password is wrong", "Try again.");
  EXPECT_EQ(ExitCodeOf(status), ExitCode::kWrongPassword);
  EXPECT_EQ(NextStepOf(status), "Try again.");
  EXPECT_EQ(FormatError(status),
            "casemate: the password is wrong\n  Try again.\n");
}

TEST(CliErrorTest, AForeignErrorIsCodeOther) {
  EXPECT_EQ(ExitCodeOf(absl::InternalError("x")), ExitCode::kOther);
  EXPECT_EQ(ExitCodeOf(absl::OkStatus()), ExitCode::kOk);
  EXPECT_EQ(FormatError(absl::InternalError("x")), "casemate: x\n");
}

TEST(CliErrorTest, APathCannotDriveTheTerminal) {
  EXPECT_EQ(FormatError(CliError(ExitCode::kOther, "\x1b[2J", "a\nb")),
            "casemate: \\x1b[2J\n  a\\x0ab\n");
}

TEST(CliErrorTest, WhatWasToldIsNotToldAgain) {
  const absl::Status status = ToldError(ExitCode::kContentDamaged);
  EXPECT_EQ(ExitCodeOf(status), ExitCode::kContentDamaged);
  EXPECT_EQ(FormatError(status), "");
}

}  // namespace
}  // namespace casemate
