// The mounted /dev/fuse descriptor, read by a few threads of our own.
#ifndef FS_FUSE_DEVICE_TRANSPORT_H_
#define FS_FUSE_DEVICE_TRANSPORT_H_

#include <sys/uio.h>

#include <atomic>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "base/mutex.h"
#include "fs/fuse/transport.h"
#include "fs/storage/unique_fd.h"

namespace casemate {

// Each thread reads a request and processes it, so the reply leaves from the
// CPU that the request woke: few threads and no hand-over between them is what
// makes /dev/fuse fast (performance.md section 1).
//
// Serve() installs a handler that does nothing for Options::wake_signal, which
// interrupts the read of a thread that Stop() must reach (DESIGN.md has the
// alternatives). The threads block every other signal.
class DeviceTransport final : public Transport {
 public:
  struct Options {
    int threads = 4;
    // 0 is SIGRTMIN + 2. Nobody else in the process may use it.
    int wake_signal = 0;
  };

  // `device` is a /dev/fuse descriptor that is mounted, or any other
  // descriptor on which one read is one request.
  DeviceTransport(UniqueFd device, Options options);
  ~DeviceTransport() override;

  absl::Status Serve(RequestSink* sink) override;
  void Stop() override;
  int Reply(const iovec* parts, int count) override;

  // For a hand-over: the descriptor keeps the mount alive. Owned here.
  int device() const { return device_.get(); }

 private:
  struct Worker;

  absl::Status ReadRequests(Worker& worker, RequestSink* sink);
  void RunWorker(Worker& worker, RequestSink* sink);
  void WakeReaders(const std::vector<std::unique_ptr<Worker>>& workers);

  const UniqueFd device_;
  const Options options_;
  std::atomic<bool> stopping_{false};

  Mutex mu_;
  CondVar changed_;
  bool stop_requested_ ABSL_GUARDED_BY(mu_) = false;
  int running_ ABSL_GUARDED_BY(mu_) = 0;
  absl::Status result_ ABSL_GUARDED_BY(mu_);
};

}  // namespace casemate

#endif  // FS_FUSE_DEVICE_TRANSPORT_H_
