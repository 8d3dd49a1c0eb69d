// The one owner of a file descriptor.
#ifndef FS_STORAGE_UNIQUE_FD_H_
#define FS_STORAGE_UNIQUE_FD_H_

#include <unistd.h>

#include <utility>

namespace casemate {

// Closes its descriptor on destruction; -1 is none. Not thread-safe to move,
// but get() may be called from many threads while nobody does.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  ~UniqueFd() { reset(); }

  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

  // Gives the descriptor up to the caller.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

  // Closes what it has and takes `fd`. The error of close(2) is dropped: Linux
  // frees the descriptor whatever it answers, and whoever needs to know that
  // data arrived calls fsync first.
  void reset(int fd = -1) {
    const int old = std::exchange(fd_, fd);
    if (old >= 0) close(old);
  }

 private:
  int fd_ = -1;
};

}  // namespace casemate

#endif  // FS_STORAGE_UNIQUE_FD_H_
