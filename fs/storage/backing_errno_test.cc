#include "fs/storage/backing_errno.h"

#include <cerrno>

#include "absl/status/status.h"
#include "base/status.h"
#include "gtest/gtest.h"

namespace casemate {
namespace {

TEST(BackingErrnoTest, WhatTheCallerUnderstandsPassesThrough) {
  for (const int error :
       {ENOENT, EEXIST, ENOTDIR, EISDIR, ENOTEMPTY, ENOSPC, EDQUOT, EFBIG,
        EACCES, EPERM, EROFS, ENOMEM, EINTR, ENAMETOOLONG, EINVAL, EMLINK,
        EBUSY, ENFILE, ESTALE}) {
    EXPECT_EQ(BackingErrno(error), error);
  }
}

TEST(BackingErrnoTest, WhatWouldMisleadTheCallerBecomesEIO) {
  for (const int error : {ELOOP, ENOTSUP, EXDEV, EBADF, ENOTCONN, EAGAIN, EIO,
                          ENXIO, ENODEV, ENOSYS, EFAULT, ETXTBSY, 4095}) {
    EXPECT_EQ(BackingErrno(error), EIO);
  }
}

TEST(BackingErrnoTest, TheDaemonsDescriptorLimitIsToldAsTheSystems) {
  EXPECT_EQ(BackingErrno(EMFILE), ENFILE);
}

TEST(BackingErrorTest, MessageTellsTheOriginalError) {
  const absl::Status status = BackingError(ELOOP, "open N.c9r");
  EXPECT_EQ(ErrnoOf(status), EIO);
  EXPECT_EQ(status.code(), absl::ErrnoToStatusCode(EIO));
  EXPECT_EQ(status.message(), "open N.c9r: Too many levels of symbolic links");
}

TEST(BackingErrorTest, NeverNotFoundForARefusal) {
  for (const int error : {EACCES, EPERM}) {
    EXPECT_EQ(ErrnoOf(BackingError(error, "x")), error);
    EXPECT_FALSE(absl::IsNotFound(BackingError(error, "x")));
  }
}

}  // namespace
}  // namespace casemate
