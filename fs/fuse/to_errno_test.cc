#include "fs/fuse/to_errno.h"

#include <cerrno>

#include "absl/status/status.h"
#include "base/status.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

namespace casemate {
namespace {

TEST(ToErrnoTest, TheErrnoThatRidesAlongWinsOverTheCode) {
  EXPECT_EQ(ToErrno(ErrnoError(ENOTEMPTY, "rmdir")), ENOTEMPTY);
  EXPECT_EQ(ToErrno(ErrnoError(EISDIR, "open")), EISDIR);
  EXPECT_EQ(ToErrno(WithErrno(absl::NotFoundError("gone"), ESTALE)), ESTALE);
}

TEST(ToErrnoTest, OkIsZero) { EXPECT_EQ(ToErrno(absl::OkStatus()), 0); }

TEST(ToErrnoTest, ACodeAloneHasItsErrno) {
  EXPECT_EQ(ToErrno(absl::NotFoundError("")), ENOENT);
  EXPECT_EQ(ToErrno(absl::AlreadyExistsError("")), EEXIST);
  EXPECT_EQ(ToErrno(absl::PermissionDeniedError("")), EACCES);
  EXPECT_EQ(ToErrno(absl::InvalidArgumentError("")), EINVAL);
  EXPECT_EQ(ToErrno(absl::ResourceExhaustedError("")), ENOMEM);
  EXPECT_EQ(ToErrno(absl::CancelledError("")), EINTR);
  EXPECT_EQ(ToErrno(absl::DataLossError("")), EIO);
}

TEST(ToErrnoTest, ErrnosTheKernelDoesNotTakeGoByTheCode) {
  EXPECT_EQ(ToErrno(WithErrno(absl::NotFoundError(""), 1000)), ENOENT);
  EXPECT_EQ(ToErrno(WithErrno(absl::NotFoundError(""), 999)), 999);
}

TEST(ToErrnoTest, EnosysNeverReachesTheKernel) {
  EXPECT_EQ(ToErrno(ErrnoError(ENOSYS, "fsync")), EIO);
}

RC_GTEST_PROP(ToErrnoProperty, EveryErrorBecomesAnErrnoTheKernelTakes,
              (int code, int error)) {
  const int known = code == 0 ? 1 : code;
  absl::Status status(static_cast<absl::StatusCode>(known), "what");
  if (error > 0) status = WithErrno(status, error);
  const int answer = ToErrno(status);
  RC_ASSERT(answer >= 1);
  RC_ASSERT(answer <= 999);
  RC_ASSERT(answer != ENOSYS);
}

}  // namespace
}  // namespace casemate
