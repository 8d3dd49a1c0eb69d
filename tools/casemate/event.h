// Something that happens once, in one thread, and that another waits for
// together with signals and timeouts: an eventfd(2).
#ifndef TOOLS_CASEMATE_EVENT_H_
#define TOOLS_CASEMATE_EVENT_H_

#include <poll.h>
#include <sys/eventfd.h>

#include <cstdint>

#include "base/check.h"
#include "fs/storage/unique_fd.h"

namespace casemate {

// Thread-safe.
class Event {
 public:
  Event() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    CHECK(fd_.valid(), "a process that starts has a descriptor to spare");
  }

  void Set() {
    const uint64_t one = 1;
    CHECK(write(fd_.get(), &one, sizeof(one)) == sizeof(one),
          "an event is set once");
  }
  bool is_set() const {
    pollfd descriptor = {fd_.get(), POLLIN, 0};
    return poll(&descriptor, 1, 0) == 1;
  }
  // Readable, for poll(2), from Set() on.
  int fd() const { return fd_.get(); }

 private:
  const UniqueFd fd_;
};

}  // namespace casemate

#endif  // TOOLS_CASEMATE_EVENT_H_
