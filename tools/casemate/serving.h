// The threads of a mounted vault, and its end.
//
//   MountProbe probe(mountpoint);             // before the session: see there
//   ...                                       // the session
//   Serving serving(&file_system, session.get(), mountpoint, &logger);
//   probe.Start();
//   RETURN_IF_ERROR(serving.AwaitAnswer(probe, interrupts));
//   ...                                       // tell the user
//   absl::Status status = serving.AwaitEnd(interrupts);
#ifndef TOOLS_CASEMATE_SERVING_H_
#define TOOLS_CASEMATE_SERVING_H_

#include <sys/types.h>

#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "base/mutex.h"
#include "fs/core/file_system.h"
#include "fs/fuse/session.h"
#include "tools/casemate/event.h"
#include "tools/casemate/interrupts.h"

namespace casemate {

// Asks the mount for its attributes, as its first user, from a thread of its
// own: should nobody answer, only that thread hangs. The end of the connection
// frees it; therefore the probe must outlive the session.
class MountProbe {
 public:
  explicit MountProbe(std::string mountpoint)
      : mountpoint_(std::move(mountpoint)) {}
  ~MountProbe();
  MountProbe(const MountProbe&) = delete;
  MountProbe& operator=(const MountProbe&) = delete;

  // Once.
  void Start();
  const Event& done() const { return done_; }
  // After done(): st_dev of the mount, or why it cannot be asked.
  absl::StatusOr<dev_t> result() const;

 private:
  void Run();

  const std::string mountpoint_;
  Event done_;
  // Written before done_ is set, read after.
  int error_ = 0;
  dev_t device_ = 0;
  std::thread thread_;
};

// Serves from construction on, and writes back twice a second what has been
// dirty for a second.
class Serving {
 public:
  // The pointers outlive it. `mountpoint` may be empty: somebody else has
  // mounted, and we cannot tell where, nor unmount it.
  Serving(FileSystem* file_system, Session* session, std::string mountpoint,
          Logger* logger);
  // Stops the session if need be, and joins the threads.
  ~Serving();
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

  // Waits until `probe`, which was started, has an answer. kInterrupted when a
  // signal comes first; kServe when serving ends.
  absl::StatusOr<dev_t> AwaitAnswer(const MountProbe& probe,
                                    Interrupts& interrupts);

  // The same for a mount whose place is not known (`mountpoint` is empty):
  // waits until the kernel has been answered once.
  absl::Status AwaitHandshake(Interrupts& interrupts);

  // Waits until the mount is gone. The first signal unmounts it; when it is in
  // use it is detached, and its users have some seconds to finish; the second
  // signal ends that. Then everything is written back: an error says that
  // something was lost.
  absl::Status AwaitEnd(Interrupts& interrupts);

 private:
  void Serve();
  void Maintain();
  void StopMaintenance();
  absl::Status EndedTooSoon() const;
  // Whether what is at the mountpoint now is the mount that answered.
  bool IsStillMounted() const;
  // How long Serve() may go on after a signal.
  absl::Duration BeginEnd();

  FileSystem* const file_system_;
  Session* const session_;
  const std::string mountpoint_;
  Logger* const logger_;

  dev_t device_ = 0;  // of the mount, once it has answered

  Event ended_;
  absl::Status serve_status_;  // written before ended_ is set

  Mutex mu_;
  CondVar changed_;
  bool quitting_ ABSL_GUARDED_BY(mu_) = false;

  std::thread server_;
  std::thread maintenance_;
};

}  // namespace casemate

#endif  // TOOLS_CASEMATE_SERVING_H_
