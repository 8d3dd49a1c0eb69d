#include "fs/fuse/device_transport.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <thread>
#include <utility>

#include "base/status.h"
#include "fs/fuse/page_buffer.h"

namespace casemate {
namespace {

// A WRITE of the largest size, its headers, and a page to spare: the kernel
// refuses a read whose buffer could not take the largest request.
constexpr size_t kRequestBufferSize = (size_t{1} << 20) + 2 * 4096;

// Signals are lost on a thread that is between its look at stopping_ and its
// read, so they are sent again until it has left.
constexpr absl::Duration kWakeInterval = absl::Milliseconds(5);

void IgnoreSignal(int) {}

absl::Status InstallWakeHandler(int signal_number) {
  struct sigaction action = {};
  action.sa_handler = IgnoreSignal;  // and no SA_RESTART: read must return
  sigemptyset(&action.sa_mask);
  if (sigaction(signal_number, &action, nullptr) != 0) {
    return ErrnoError(errno, "sigaction for the wake-up signal");
  }
  return absl::OkStatus();
}

// Signals for the daemon go to the threads that wait for them.
void BlockAllSignalsBut(int signal_number) {
  sigset_t blocked;
  sigfillset(&blocked);
  sigdelset(&blocked, signal_number);
  pthread_sigmask(SIG_SETMASK, &blocked, nullptr);
}

}  // namespace

struct DeviceTransport::Worker {
  // In read(2), or on its way there: the only state in which it is signalled,
  // so that the system calls of a request are not interrupted.
  std::atomic<bool> reading{false};
  PageBuffer buffer{kRequestBufferSize};
  std::thread thread;
};

DeviceTransport::DeviceTransport(UniqueFd device, Options options)
    : device_(std::move(device)),
      options_{options.threads,
               options.wake_signal != 0 ? options.wake_signal : SIGRTMIN + 2} {}

DeviceTransport::~DeviceTransport() = default;

int DeviceTransport::Reply(const iovec* parts, int count) {
  return writev(device_.get(), parts, count) < 0 ? -errno : 0;
}

void DeviceTransport::Stop() {
  stopping_.store(true);
  MutexLock lock(&mu_);
  stop_requested_ = true;
  changed_.NotifyAll();
}

absl::Status DeviceTransport::ReadRequests(Worker& worker, RequestSink* sink) {
  const MutableBytes buffer = worker.buffer.bytes();
  while (true) {
    worker.reading.store(true);
    if (stopping_.load()) return absl::OkStatus();
    const ssize_t count = read(device_.get(), buffer.data(), buffer.size());
    const int error = errno;
    worker.reading.store(false);
    if (count >= static_cast<ssize_t>(sizeof(fuse_in_header))) {
      sink->Process(buffer.first(static_cast<size_t>(count)));
    } else if (count > 0) {
      return ErrnoError(EIO, "short read from the FUSE device");
    } else if (count == 0 || error == ENODEV) {
      return absl::OkStatus();  // unmounted
    } else if (error != EINTR && error != EAGAIN && error != ENOENT) {
      // ENOENT: the request was aborted before we got it.
      return ErrnoError(error, "read from the FUSE device");
    }
  }
}

void DeviceTransport::RunWorker(Worker& worker, RequestSink* sink) {
  BlockAllSignalsBut(options_.wake_signal);
  const absl::Status status = ReadRequests(worker, sink);
  worker.reading.store(false);
  stopping_.store(true);  // one that leaves takes the others along
  MutexLock lock(&mu_);
  stop_requested_ = true;
  --running_;
  if (result_.ok()) result_ = status;
  changed_.NotifyAll();
}

void DeviceTransport::WakeReaders(
    const std::vector<std::unique_ptr<Worker>>& workers) {
  for (const std::unique_ptr<Worker>& worker : workers) {
    if (worker->reading.load()) {
      pthread_kill(worker->thread.native_handle(), options_.wake_signal);
    }
  }
}

absl::Status DeviceTransport::Serve(RequestSink* sink) {
  RETURN_IF_ERROR(InstallWakeHandler(options_.wake_signal));
  // A descriptor that was passed to us may be non-blocking; the threads wait in
  // read.
  const int flags = fcntl(device_.get(), F_GETFL);
  if (flags < 0 || fcntl(device_.get(), F_SETFL, flags & ~O_NONBLOCK) != 0) {
    return ErrnoError(errno, "fcntl on the FUSE device");
  }
  {
    MutexLock lock(&mu_);
    running_ = options_.threads;
  }
  std::vector<std::unique_ptr<Worker>> workers;
  for (int i = 0; i < options_.threads; ++i) {
    workers.push_back(std::make_unique<Worker>());
  }
  for (const std::unique_ptr<Worker>& worker : workers) {
    worker->thread =
        std::thread([this, &worker, sink] { RunWorker(*worker, sink); });
  }
  {
    MutexLock lock(&mu_);
    while (!stop_requested_) changed_.Wait(&mu_);
    while (running_ > 0) {
      WakeReaders(workers);
      changed_.WaitFor(&mu_, kWakeInterval);
    }
  }
  for (const std::unique_ptr<Worker>& worker : workers) worker->thread.join();
  MutexLock lock(&mu_);
  return result_;
}

}  // namespace casemate
