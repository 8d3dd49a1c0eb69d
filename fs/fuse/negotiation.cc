#include "fs/fuse/negotiation.h"

#include <fuse_lowlevel.h>
#include <linux/fuse.h>

#include <algorithm>
#include <cstring>

namespace casemate {
namespace {

// The capabilities that are wanted whatever the options. What is missing here
// is off: libfuse's own defaults are overwritten.
constexpr uint32_t kAlwaysWanted =
    FUSE_CAP_ASYNC_READ | FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_IOCTL_DIR |
    FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_ASYNC_DIO |
    FUSE_CAP_PARALLEL_DIROPS;

// Without them 12 requests throttle read-ahead and write-back (N4).
constexpr unsigned kMaxBackground = 64;
constexpr unsigned kCongestionThreshold = 48;

// Header, major, minor, max_readahead and flags; newer kernels send more.
constexpr size_t kLeastInitSize = sizeof(fuse_in_header) + 16;

}  // namespace

void Negotiate(const SessionOptions& options, fuse_conn_info* connection) {
  // Never AUTO_INVAL_DATA: DESIGN.md, "A thread that does not read what it
  // wrote".
  const uint32_t wanted =
      kAlwaysWanted | (options.exclusive ? FUSE_CAP_CACHE_SYMLINKS : 0);
  connection->want = wanted & connection->capable;
  connection->max_write =
      std::min<unsigned>(connection->max_write, kMaxTransfer);
  connection->max_read = options.max_read;
  connection->max_background = kMaxBackground;
  connection->congestion_threshold = kCongestionThreshold;
}

absl::optional<InitOffer> ParseInit(absl::string_view request) {
  if (request.size() < kLeastInitSize) return absl::nullopt;
  fuse_in_header header;
  memcpy(&header, request.data(), sizeof(header));
  if (header.opcode != FUSE_INIT || header.len != request.size()) {
    return absl::nullopt;
  }
  fuse_init_in body = {};
  memcpy(&body, request.data() + sizeof(header),
         std::min(sizeof(body), request.size() - sizeof(header)));
  return InitOffer{body.major, body.flags};
}

uint32_t InitReplyFlags(uint32_t libfuse_flags, uint32_t offered) {
  return libfuse_flags | (offered & FUSE_PARALLEL_DIROPS);
}

}  // namespace casemate
