// SIGINT, SIGTERM and SIGHUP as something to wait for, instead of something
// that strikes anywhere.
//
//   Interrupts interrupts;                    // blocked from here on
//   RETURN_IF_ERROR(interrupts.WaitReadable(fd));
//   ...
//
// Threads started meanwhile inherit the blocked mask, so the signals reach
// nobody but this object. The destructor gives the old mask back; what is
// pending strikes then.
#ifndef TOOLS_CASEMATE_INTERRUPTS_H_
#define TOOLS_CASEMATE_INTERRUPTS_H_

#include <poll.h>
#include <signal.h>
#include <sys/types.h>

#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "fs/storage/unique_fd.h"

namespace casemate {

// Not thread-safe: for the thread that made it.
class Interrupts {
 public:
  struct Signal {
    int number = 0;
    // Sent by a process, not by a key on the terminal. Keys reach every
    // process of the foreground job at once.
    bool is_from_process = false;
  };

  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  // Readable, for poll(2), when a signal is there.
  int fd() const { return fd_.get(); }
  // The next signal that arrived, if any. Does not wait.
  absl::optional<Signal> Take();
  // kInterrupted if a signal arrived, and takes it.
  absl::Status Check();
  // Waits until `fd` can be read without waiting, or is at its end.
  // kInterrupted when a signal comes first.
  absl::Status WaitReadable(int fd);

 private:
  sigset_t old_mask_;
  UniqueFd fd_;
};

// poll(2), without a limit when `timeout` is infinite; EINTR is waited out.
// Returns how many descriptors have events, 0 when the time is over.
int PollDescriptors(absl::Span<pollfd> descriptors, absl::Duration timeout);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_INTERRUPTS_H_
