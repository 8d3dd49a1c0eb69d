// What we and the kernel agree on at INIT (fuse-invariants section 8).
#ifndef FS_FUSE_NEGOTIATION_H_
#define FS_FUSE_NEGOTIATION_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "fs/fuse/session_options.h"

struct fuse_conn_info;

namespace casemate {

// The largest READ and WRITE: 32 whole chunks of 32 KiB.
inline constexpr size_t kMaxTransfer = size_t{1} << 20;

// Sets what we want of what the kernel can (libfuse ends the session over a
// bit that it cannot, N2), the sizes, and how much may wait in the background.
void Negotiate(const SessionOptions& options, fuse_conn_info* connection);

// What an INIT request says; absent when `request` is not a whole one.
struct InitOffer {
  uint32_t major = 0;
  uint32_t flags = 0;  // FUSE_* wire bits
};
absl::optional<InitOffer> ParseInit(absl::string_view request);

// The flags for the wire: those of libfuse's reply, and FUSE_PARALLEL_DIROPS
// when the kernel offered it. libfuse 3.14 shows that bit in `want` but never
// sends it (N1), and without it the kernel takes all lookups and listings of a
// directory one at a time.
uint32_t InitReplyFlags(uint32_t libfuse_flags, uint32_t offered);

}  // namespace casemate

#endif  // FS_FUSE_NEGOTIATION_H_
