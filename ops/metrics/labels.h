// The closed sets that metrics are labelled with. A label value is always an
// enumerator, never a string from outside, so no path, name or inode number
// can become one and the number of series is known at compile time.
#ifndef OPS_METRICS_LABELS_H_
#define OPS_METRICS_LABELS_H_

#include <cstddef>
#include <cstdint>
#include <iterator>

#include "absl/strings/string_view.h"

namespace casemate {

// LabelSet<E>::kLabel is the label's name and LabelSet<E>::kValues the text of
// each enumerator of E, in order.
template <typename Enum>
struct LabelSet;

#define CASEMATE_LABEL_ENUMERATOR_(enumerator, text) enumerator,
#define CASEMATE_LABEL_TEXT_(enumerator, text) text,
#define CASEMATE_LABEL_SET_(Enum, label, VALUES)        \
  template <>                                           \
  struct LabelSet<Enum> {                               \
    static constexpr absl::string_view kLabel = label;  \
    static constexpr absl::string_view kValues[] = {    \
        VALUES(CASEMATE_LABEL_TEXT_)};                  \
    static constexpr size_t kSize = std::size(kValues); \
  }

// The kernel's requests, spelled as in linux/fuse.h without FUSE_. RENAME2
// counts as a rename: the difference is a flag that no operator acts on.
#define CASEMATE_FUSE_OPS(X)           \
  X(kLookup, "lookup")                 \
  X(kForget, "forget")                 \
  X(kGetattr, "getattr")               \
  X(kSetattr, "setattr")               \
  X(kReadlink, "readlink")             \
  X(kSymlink, "symlink")               \
  X(kMknod, "mknod")                   \
  X(kMkdir, "mkdir")                   \
  X(kUnlink, "unlink")                 \
  X(kRmdir, "rmdir")                   \
  X(kRename, "rename")                 \
  X(kLink, "link")                     \
  X(kOpen, "open")                     \
  X(kRead, "read")                     \
  X(kWrite, "write")                   \
  X(kStatfs, "statfs")                 \
  X(kRelease, "release")               \
  X(kFsync, "fsync")                   \
  X(kSetxattr, "setxattr")             \
  X(kGetxattr, "getxattr")             \
  X(kListxattr, "listxattr")           \
  X(kRemovexattr, "removexattr")       \
  X(kFlush, "flush")                   \
  X(kInit, "init")                     \
  X(kOpendir, "opendir")               \
  X(kReaddir, "readdir")               \
  X(kReleasedir, "releasedir")         \
  X(kFsyncdir, "fsyncdir")             \
  X(kGetlk, "getlk")                   \
  X(kSetlk, "setlk")                   \
  X(kAccess, "access")                 \
  X(kCreate, "create")                 \
  X(kInterrupt, "interrupt")           \
  X(kBmap, "bmap")                     \
  X(kDestroy, "destroy")               \
  X(kIoctl, "ioctl")                   \
  X(kPoll, "poll")                     \
  X(kBatchForget, "batch_forget")      \
  X(kFallocate, "fallocate")           \
  X(kReaddirplus, "readdirplus")       \
  X(kLseek, "lseek")                   \
  X(kCopyFileRange, "copy_file_range") \
  X(kOther, "other")

enum class FuseOp : uint8_t {
  CASEMATE_FUSE_OPS(CASEMATE_LABEL_ENUMERATOR_)  //
  kRename2 = kRename
};
CASEMATE_LABEL_SET_(FuseOp, "op", CASEMATE_FUSE_OPS);

#define CASEMATE_FUSE_RESULTS(X) \
  X(kOk, "ok")                   \
  X(kError, "error")

enum class FuseResult : uint8_t {
  CASEMATE_FUSE_RESULTS(CASEMATE_LABEL_ENUMERATOR_)
};
CASEMATE_LABEL_SET_(FuseResult, "result", CASEMATE_FUSE_RESULTS);

// The errnos that this file system answers with. One that is not here counts
// as "other", which is a reason to add it.
#define CASEMATE_ERRNOS(X) \
  X(EACCES)                \
  X(EAGAIN)                \
  X(EBADF)                 \
  X(EBUSY)                 \
  X(EDQUOT)                \
  X(EEXIST)                \
  X(EFBIG)                 \
  X(EILSEQ)                \
  X(EINTR)                 \
  X(EINVAL)                \
  X(EIO)                   \
  X(EISDIR)                \
  X(ELOOP)                 \
  X(EMFILE)                \
  X(ENAMETOOLONG)          \
  X(ENFILE)                \
  X(ENODATA)               \
  X(ENODEV)                \
  X(ENOENT)                \
  X(ENOMEM)                \
  X(ENOSPC)                \
  X(ENOSYS)                \
  X(ENOTCONN)              \
  X(ENOTDIR)               \
  X(ENOTEMPTY)             \
  X(ENOTSUP)               \
  X(EPERM)                 \
  X(ERANGE)                \
  X(EROFS)                 \
  X(ESTALE)                \
  X(ETXTBSY)               \
  X(EXDEV)

#define CASEMATE_ERRNO_ENUMERATOR_(name) k##name,
#define CASEMATE_ERRNO_TEXT_(name) #name,

enum class ErrnoLabel : uint8_t {
  CASEMATE_ERRNOS(CASEMATE_ERRNO_ENUMERATOR_)  //
  kOther
};

template <>
struct LabelSet<ErrnoLabel> {
  static constexpr absl::string_view kLabel = "errno";
  static constexpr absl::string_view kValues[] = {
      CASEMATE_ERRNOS(CASEMATE_ERRNO_TEXT_) "other"};
  static constexpr size_t kSize = std::size(kValues);
};

// The label of errno value `error`; kOther for one outside the set.
ErrnoLabel ErrnoLabelOf(int error);

#define CASEMATE_AUTH_OBJECTS(X) \
  X(kChunk, "chunk")             \
  X(kHeader, "header")           \
  X(kName, "name")               \
  X(kDirId, "dirid")

// What failed to authenticate.
enum class AuthObject : uint8_t {
  CASEMATE_AUTH_OBJECTS(CASEMATE_LABEL_ENUMERATOR_)
};
CASEMATE_LABEL_SET_(AuthObject, "object", CASEMATE_AUTH_OBJECTS);

#define CASEMATE_CACHE_IDS(X) \
  X(kChunk, "chunk")          \
  X(kDirectory, "directory")

enum class CacheId : uint8_t { CASEMATE_CACHE_IDS(CASEMATE_LABEL_ENUMERATOR_) };
CASEMATE_LABEL_SET_(CacheId, "cache", CASEMATE_CACHE_IDS);

#define CASEMATE_DIRECTIONS(X) \
  X(kRead, "read")             \
  X(kWrite, "write")

enum class Direction : uint8_t {
  CASEMATE_DIRECTIONS(CASEMATE_LABEL_ENUMERATOR_)
};
CASEMATE_LABEL_SET_(Direction, "direction", CASEMATE_DIRECTIONS);

#define CASEMATE_HANDLE_KINDS(X) \
  X(kFile, "file")               \
  X(kDirectory, "directory")

enum class HandleKind : uint8_t {
  CASEMATE_HANDLE_KINDS(CASEMATE_LABEL_ENUMERATOR_)
};
CASEMATE_LABEL_SET_(HandleKind, "kind", CASEMATE_HANDLE_KINDS);

#undef CASEMATE_LABEL_ENUMERATOR_
#undef CASEMATE_LABEL_TEXT_
#undef CASEMATE_LABEL_SET_
#undef CASEMATE_ERRNO_ENUMERATOR_
#undef CASEMATE_ERRNO_TEXT_

// The text of an enumerator, e.g. "lookup".
template <typename Enum>
constexpr absl::string_view LabelText(Enum value) {
  return LabelSet<Enum>::kValues[static_cast<size_t>(value)];
}

}  // namespace casemate

#endif  // OPS_METRICS_LABELS_H_
