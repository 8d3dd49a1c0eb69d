// Where a session's requests come from and its replies go to. The mounted
// /dev/fuse descriptor is one (device_transport.h); FUSE over io_uring, a
// hand-over and a test's raw client take its place without the session
// noticing.
#ifndef FS_FUSE_TRANSPORT_H_
#define FS_FUSE_TRANSPORT_H_

#include <sys/uio.h>

#include "absl/status/status.h"
#include "base/bytes.h"

namespace casemate {

// Takes requests; Session implements it.
class RequestSink {
 public:
  virtual ~RequestSink() = default;
  // Handles one whole request, from its fuse_in_header on. When this returns,
  // the request has been answered through Transport::Reply and `request` is
  // the transport's again. May write into `request`. From any thread, also for
  // requests of one node or handle at once (fuse-invariants N6).
  virtual void Process(MutableBytes request) = 0;
};

// Owns the threads that receive requests.
class Transport {
 public:
  virtual ~Transport() = default;

  // Hands every request to `sink` until the file system is unmounted or Stop()
  // is called, both OK. No thread of the transport is inside `sink` any more
  // when it returns. Once per transport.
  virtual absl::Status Serve(RequestSink* sink) = 0;

  // Makes Serve() return after the requests that were already received,
  // without unmounting: the kernel keeps the others for whoever serves next.
  // Does not wait. From any thread, before, during and after Serve(), but not
  // from a signal handler.
  virtual void Stop() = 0;

  // Sends one whole message, a reply or a notification. Returns 0, or -errno
  // as the kernel answered: -ENOENT for a request that was interrupted (its
  // reply was dropped), or a notification about something it does not cache.
  // From any thread.
  virtual int Reply(const iovec* parts, int count) = 0;
};

}  // namespace casemate

#endif  // FS_FUSE_TRANSPORT_H_
