// A path of the storage interface, checked: one or two components, none of
// which can lead anywhere but down.
#ifndef FS_STORAGE_BACKING_PATH_H_
#define FS_STORAGE_BACKING_PATH_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace casemate {

class BackingPath {
 public:
  // EINVAL unless `path` is one or two components, each non-empty, neither "."
  // nor ".." and without NUL.
  static absl::StatusOr<BackingPath> Parse(absl::string_view path);
  // The same for a single component.
  static absl::StatusOr<BackingPath> ParseName(absl::string_view name);

  // For system calls.
  const char* c_str() const { return path_.c_str(); }
  // For messages.
  absl::string_view text() const { return path_; }

  bool has_parent() const { return name_begin_ != 0; }
  // The first of two components.
  std::string parent() const { return path_.substr(0, name_begin_ - 1); }
  // The last component, for system calls.
  const char* name() const { return path_.c_str() + name_begin_; }

 private:
  BackingPath(std::string path, size_t name_begin)
      : path_(std::move(path)), name_begin_(name_begin) {}

  std::string path_;
  size_t name_begin_;
};

}  // namespace casemate

#endif  // FS_STORAGE_BACKING_PATH_H_
