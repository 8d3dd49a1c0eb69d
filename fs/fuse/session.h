// One connection to the kernel: requests in, FileSystem called, replies out.
//
//   ASSIGN_OR_RETURN(UniqueFd device, MountFuse(mountpoint, mount_options));
//   Notifier notifier(&logger);  // handed to the FileSystem as KernelCache
//   ASSIGN_OR_RETURN(auto session, Session::Create(
//       &file_system,
//       std::make_unique<DeviceTransport>(std::move(device), {}), &notifier,
//       SessionOptions(), &metrics, &clock, &logger));
//   RETURN_IF_ERROR(session->Serve());  // until unmounted or Stop()
//   RETURN_IF_ERROR(file_system.WriteBackAll());
//
// libfuse 3.14 decodes the requests and encodes the replies; receiving,
// sending and the threads are the Transport's.
#ifndef FS_FUSE_SESSION_H_
#define FS_FUSE_SESSION_H_

#include <sys/uio.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "fs/core/file_system.h"
#include "fs/fuse/notifier.h"
#include "fs/fuse/session_options.h"
#include "fs/fuse/transport.h"
#include "ops/metrics/metrics.h"

struct fuse_conn_info;
struct fuse_session;

namespace casemate {

class Dispatcher;

class Session final : public RequestSink {
 public:
  // All pointers outlive the session; `notifier` may be null.
  static absl::StatusOr<std::unique_ptr<Session>> Create(
      FileSystem* file_system, std::unique_ptr<Transport> transport,
      Notifier* notifier, const SessionOptions& options, Metrics* metrics,
      const Clock* clock, RateLimitedLogger* logger);
  ~Session() override;

  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Serves until unmounted or stopped. Once per session.
  absl::Status Serve();

  // Makes Serve() return without unmounting. Waits until the notifier is
  // quiet, which needs Serve() to be still at work: not from inside a request
  // or a signal handler.
  void Stop();

  // Answers one request. The transport calls it, or a test.
  void Process(MutableBytes request) override;

  // The kernel's INIT was answered.
  bool initialized() const {
    return initialized_.load(std::memory_order_acquire);
  }

  // The kernel's INIT as it came and the reply as it was sent, both raw; empty
  // before. A successor that takes over the mount is primed with the first.
  std::string init_request() const;
  std::string init_reply() const;

  // Replays the INIT of the predecessor on this mount: the session then is as
  // if it had negotiated itself, and the kernel is sent nothing. Before
  // Serve(). InvalidArgument when the bytes are not an INIT libfuse accepts.
  absl::Status Prime(absl::string_view init_request);

 private:
  // What libfuse is given as user data; see dispatcher.h.
  struct Hooks;

  Session(std::unique_ptr<Transport> transport, Notifier* notifier,
          const SessionOptions& options, RateLimitedLogger* logger);

  absl::Status Open();
  void ProcessInit(MutableBytes request);
  int SendBeforeInit(const iovec* parts, int count);
  ssize_t Send(const iovec* parts, int count);

  const std::unique_ptr<Transport> transport_;
  Notifier* const notifier_;
  const SessionOptions options_;
  RateLimitedLogger* const logger_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::unique_ptr<Hooks> hooks_;
  fuse_session* session_ = nullptr;

  std::atomic<bool> initialized_{false};
  mutable Mutex mu_;
  bool priming_ ABSL_GUARDED_BY(mu_) = false;
  std::string init_request_ ABSL_GUARDED_BY(mu_);
  std::string init_reply_ ABSL_GUARDED_BY(mu_);
};

}  // namespace casemate

#endif  // FS_FUSE_SESSION_H_
