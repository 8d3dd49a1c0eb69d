// The kernel's end of a session, in process and without threads of its own.
#ifndef FS_FUSE_FAKE_TRANSPORT_H_
#define FS_FUSE_FAKE_TRANSPORT_H_

#include <linux/fuse.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "base/mutex.h"
#include "fs/fuse/transport.h"

namespace casemate {

// Keeps what it is sent. Thread-safe.
class FakeTransport final : public Transport {
 public:
  // Waits for Stop(); tests call the sink themselves.
  absl::Status Serve(RequestSink*) override {
    MutexLock lock(&mu_);
    while (!stopped_) changed_.Wait(&mu_);
    return absl::OkStatus();
  }

  void Stop() override {
    MutexLock lock(&mu_);
    stopped_ = true;
    changed_.NotifyAll();
  }

  int Reply(const iovec* parts, int count) override {
    std::string message;
    for (int i = 0; i < count; ++i) {
      message.append(static_cast<const char*>(parts[i].iov_base),
                     parts[i].iov_len);
    }
    MutexLock lock(&mu_);
    while (holding_notifications_ && IsNotification(message)) {
      is_held_ = true;
      changed_.NotifyAll();
      changed_.Wait(&mu_);
    }
    if (IsNotification(message)) is_held_ = false;
    int result = 0;
    if (IsNotification(message)) {
      result = notification_result_;
    } else if (!results_.empty()) {
      result = results_.front();
      results_.pop_front();
    }
    messages_.push_back(std::move(message));
    changed_.NotifyAll();
    return result;
  }

  // What the next reply is answered with, e.g. -ENOENT; it is kept anyway.
  void AnswerNext(int result) {
    MutexLock lock(&mu_);
    results_.push_back(result);
  }

  // What every notification is answered with.
  void AnswerNotifications(int result) {
    MutexLock lock(&mu_);
    notification_result_ = result;
  }

  // Makes notifications wait in Reply, as they do in the kernel for a lock that
  // a request holds.
  void HoldNotifications(bool hold) {
    MutexLock lock(&mu_);
    holding_notifications_ = hold;
    changed_.NotifyAll();
  }

  // A notification is waiting now.
  bool HoldsNotification() {
    MutexLock lock(&mu_);
    return is_held_;
  }
  void WaitUntilNotificationIsHeld() {
    MutexLock lock(&mu_);
    while (!is_held_) changed_.Wait(&mu_);
  }

  // What was sent since the last call, whole messages.
  std::vector<std::string> TakeMessages() {
    MutexLock lock(&mu_);
    return std::exchange(messages_, {});
  }

  // The same, after waiting for at least `count`.
  std::vector<std::string> WaitForMessages(size_t count) {
    MutexLock lock(&mu_);
    while (messages_.size() < count) changed_.Wait(&mu_);
    return std::exchange(messages_, {});
  }

 private:
  static bool IsNotification(const std::string& message) {
    fuse_out_header header = {};
    memcpy(&header, message.data(), std::min(message.size(), sizeof(header)));
    return header.unique == 0;
  }

  Mutex mu_;
  CondVar changed_;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  int notification_result_ ABSL_GUARDED_BY(mu_) = 0;
  bool holding_notifications_ ABSL_GUARDED_BY(mu_) = false;
  bool is_held_ ABSL_GUARDED_BY(mu_) = false;
  std::deque<int> results_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> messages_ ABSL_GUARDED_BY(mu_);
};

}  // namespace casemate

#endif  // FS_FUSE_FAKE_TRANSPORT_H_
