// The one answer to one request.
#ifndef FS_FUSE_REPLY_H_
#define FS_FUSE_REPLY_H_

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "fs/core/types.h"
#include "fs/fuse/session_options.h"
#include "ops/metrics/metrics.h"

struct fuse_req;

namespace casemate {

// Who hears of answers. All outlive every Reply.
struct ReplyObservers {
  Metrics* metrics = nullptr;
  const Clock* clock = nullptr;
  RateLimitedLogger* logger = nullptr;
};

// What the kernel does at an open with the pages it has of the file (H17).
enum class PageCache : uint8_t { kDropped, kKept };

// Completed exactly once, by one of the methods below and from any thread;
// destroying one that was not, or completing it twice, aborts: the caller in
// the kernel would wait for ever, or another get its answer. The duration of
// the request, its errno and the number in flight are counted after the answer
// is written.
//
// The methods that return bool say whether the kernel took the answer. When it
// did not (the request was interrupted), what it would have been a count for
// must be undone: lookups, and handles (fuse-invariants L4).
class Reply {
 public:
  // `node` is for the log. `observers` and `options` outlive the reply.
  Reply(fuse_req* request, FuseOp op, uint64_t node,
        const ReplyObservers& observers, const SessionOptions& options);
  ~Reply();
  Reply(Reply&& other) noexcept;
  Reply& operator=(Reply&&) = delete;

  // Any request but FORGET. OK is answered as success without content. An EIO
  // leaves a line in the log (E4).
  void Status(const absl::Status& status);
  // FORGET and BATCH_FORGET.
  void None();

  [[nodiscard]] bool NewEntry(const Entry& entry);
  // "There is no such name", for the kernel to remember (C1).
  void NegativeEntry();
  [[nodiscard]] bool NewFile(const Created& created, PageCache cache);
  [[nodiscard]] bool NewHandle(HandleId handle, PageCache cache);
  void Stat(const Attributes& attributes);
  void Space(const SpaceReply& space);
  void LinkTarget(const std::string& target);
  void Written(size_t count);
  // File content, or a listing. Directory entries with lookups need the answer.
  bool Data(ConstBytes data);

  // Whether the caller was interrupted; only before completion.
  bool Interrupted() const;

 private:
  // The request, for the one call that answers it.
  fuse_req* Take();
  // Counts, and turns libfuse's result into "delivered".
  bool Finish(int error, int result);

  fuse_req* request_;
  const FuseOp op_;
  const uint64_t node_;
  const ReplyObservers& observers_;
  const SessionOptions& options_;
  const absl::Duration started_;
};

}  // namespace casemate

#endif  // FS_FUSE_REPLY_H_
