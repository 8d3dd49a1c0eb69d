#include "fs/fuse/negotiation.h"

#include <fuse_lowlevel.h>
#include <linux/fuse.h>

#include <cstring>
#include <string>

#include "absl/types/optional.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

namespace casemate {
namespace {

fuse_conn_info ConnectionThatCan(uint32_t capable) {
  fuse_conn_info connection = {};
  connection.capable = capable;
  connection.max_write = 0xffffffff;
  return connection;
}

uint32_t WantedOfAll(const SessionOptions& options) {
  fuse_conn_info connection = ConnectionThatCan(0xffffffff);
  Negotiate(options, &connection);
  return connection.want;
}

// Section 8's table, the column "Casemate", but for AUTO_INVAL_DATA: DESIGN.md.
TEST(NegotiateTest, WantsWhatTheTableSays) {
  EXPECT_EQ(WantedOfAll(SessionOptions()),
            uint32_t{FUSE_CAP_ASYNC_READ | FUSE_CAP_ATOMIC_O_TRUNC |
                     FUSE_CAP_IOCTL_DIR | FUSE_CAP_READDIRPLUS |
                     FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_ASYNC_DIO |
                     FUSE_CAP_PARALLEL_DIROPS});
}

TEST(NegotiateTest, AnExclusiveMountCachesLinks) {
  SessionOptions options;
  options.exclusive = true;
  EXPECT_EQ(WantedOfAll(options) ^ WantedOfAll(SessionOptions()),
            uint32_t{FUSE_CAP_CACHE_SYMLINKS});
  EXPECT_NE(WantedOfAll(options) & FUSE_CAP_CACHE_SYMLINKS, 0u);
}

RC_GTEST_PROP(NegotiateProperty, NeverWantsWhatTheKernelCannot,
              (uint32_t capable, bool exclusive)) {
  SessionOptions options;
  options.exclusive = exclusive;
  fuse_conn_info connection = ConnectionThatCan(capable);
  connection.want = 0xffffffff;  // libfuse's defaults count for nothing
  Negotiate(options, &connection);
  RC_ASSERT((connection.want & ~capable) == 0u);
}

TEST(NegotiateTest, SizesAndBackground) {
  SessionOptions options;
  options.max_read = 65536;
  fuse_conn_info connection = ConnectionThatCan(0);
  Negotiate(options, &connection);
  EXPECT_EQ(connection.max_write, 1u << 20);
  EXPECT_EQ(connection.max_read, 65536u);
  EXPECT_EQ(connection.max_background, 64u);
  EXPECT_EQ(connection.congestion_threshold, 48u);
}

TEST(InitReplyFlagsTest, ParallelDiropsOnlyWhenOffered) {
  EXPECT_EQ(InitReplyFlags(1, FUSE_PARALLEL_DIROPS | 6),
            1u | FUSE_PARALLEL_DIROPS);
  EXPECT_EQ(InitReplyFlags(1, 6), 1u);
}

std::string Init(uint32_t opcode, size_t size) {
  fuse_in_header header = {};
  header.len = static_cast<uint32_t>(size);
  header.opcode = opcode;
  fuse_init_in body = {};
  body.major = 7;
  body.flags = 0x40000;
  std::string request(sizeof(header) + sizeof(body), '\0');
  memcpy(&request[0], &header, sizeof(header));
  memcpy(&request[sizeof(header)], &body, sizeof(body));
  request.resize(size);
  return request;
}

TEST(ParseInitTest, TakesTheShortAndTheLongForm) {
  for (const size_t size : {56u, 104u}) {
    const absl::optional<InitOffer> offer = ParseInit(Init(FUSE_INIT, size));
    ASSERT_TRUE(offer.has_value()) << size;
    EXPECT_EQ(offer->major, 7u);
    EXPECT_EQ(offer->flags, 0x40000u);
  }
}

TEST(ParseInitTest, RefusesAnythingElse) {
  EXPECT_FALSE(ParseInit("").has_value());
  EXPECT_FALSE(ParseInit(Init(FUSE_INIT, 55)).has_value());
  EXPECT_FALSE(ParseInit(Init(FUSE_GETATTR, 104)).has_value());
  EXPECT_FALSE(ParseInit(Init(FUSE_INIT, 104).substr(0, 100)).has_value());
}

}  // namespace
}  // namespace casemate
