#include "base/status.h"

#include <cerrno>
#include <string>

#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

namespace casemate {
namespace {

TEST(StatusTest, ErrnosThatShareACodeStayApart) {
  const absl::Status not_empty = ErrnoError(ENOTEMPTY, "rmdir");
  const absl::Status not_dir = ErrnoError(ENOTDIR, "rmdir");
  EXPECT_EQ(not_empty.code(), not_dir.code());
  EXPECT_EQ(ErrnoOf(not_empty), ENOTEMPTY);
  EXPECT_EQ(ErrnoOf(not_dir), ENOTDIR);
}

TEST(StatusTest, StatusWithoutErrnoAnswersZero) {
  EXPECT_EQ(ErrnoOf(absl::OkStatus()), 0);
  EXPECT_EQ(ErrnoOf(absl::DataLossError("chunk 3")), 0);
}

TEST(StatusTest, AnnotateKeepsCodeAndErrnoAndPrefixesTheMessage) {
  const absl::Status annotated = Annotate(ErrnoError(ENOSPC, "pwrite"), "node");
  EXPECT_EQ(annotated.code(), ErrnoError(ENOSPC, "x").code());
  EXPECT_EQ(ErrnoOf(annotated), ENOSPC);
  EXPECT_EQ(annotated.message(), "node: pwrite: No space left on device");
  EXPECT_TRUE(Annotate(absl::OkStatus(), "x").ok());
}

absl::StatusOr<std::string> Fetch(bool succeed) {
  if (!succeed) return ErrnoError(EIO, "fetch");
  return std::string("value");
}

absl::Status CopyInto(bool succeed, std::string* out) {
  ASSIGN_OR_RETURN(*out, Fetch(succeed));
  RETURN_IF_ERROR(Fetch(succeed).status());
  return absl::OkStatus();
}

TEST(StatusTest, MacrosPassTheErrorUpAndTheValueOn) {
  std::string out;
  EXPECT_TRUE(CopyInto(true, &out).ok());
  EXPECT_EQ(out, "value");
  EXPECT_EQ(ErrnoOf(CopyInto(false, &out)), EIO);
}

RC_GTEST_PROP(StatusProperty, EveryPositiveErrnoComesBack, ()) {
  const int error = *rc::gen::inRange(1, 1000);
  RC_ASSERT(ErrnoOf(ErrnoError(error, "call")) == error);
  RC_ASSERT(!ErrnoError(error, "call").ok());
}

}  // namespace
}  // namespace casemate
