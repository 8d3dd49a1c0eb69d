// The two sides of `casemate cp`: folders to copy from and to, whether they are
// this machine's (local_side.h) or a vault's (vault_side.h). TreeCopier knows
// nothing else.
//
// A `name` is one component: not empty, ".", "..", and without '/' and NUL. No
// symbolic link is followed. Errors are CliErrors that do not say which path
// they are about; that is their caller's to add. Not thread-safe.
#ifndef TOOLS_CASEMATE_COPY_SIDE_H_
#define TOOLS_CASEMATE_COPY_SIDE_H_

#include <sys/types.h>
#include <time.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/bytes.h"
#include "fs/vault/node_kind.h"

namespace casemate {

// How much is read and written at once.
inline constexpr size_t kCopyBlockSize = size_t{1} << 20;

struct CopyNode {
  // Absent for what cannot be copied: a device, a fifo, a socket.
  absl::optional<NodeKind> kind;
  mode_t permissions = 0;  // 07777
  uint64_t size = 0;       // of a file
  timespec atime{};
  timespec mtime{};
};

// What a copy is to have. Absent times are left as they come.
struct CopyAttributes {
  mode_t permissions = 0;
  // Otherwise a file system that has no such permissions is no error.
  bool permissions_matter = true;
  absl::optional<timespec> atime;
  absl::optional<timespec> mtime;
};

enum class Overwrite : uint8_t { kNo, kYes };

class SourceFolder {
 public:
  virtual ~SourceFolder() = default;

  // Every name in it, sorted, but for those that cannot be names.
  virtual absl::StatusOr<std::vector<std::string>> List() = 0;
  virtual absl::StatusOr<CopyNode> Describe(absl::string_view name) = 0;
  virtual absl::StatusOr<CopyNode> DescribeSelf() = 0;
  virtual absl::StatusOr<std::unique_ptr<SourceFolder>> Open(
      absl::string_view name) = 0;
  virtual absl::StatusOr<std::string> ReadLink(absl::string_view name) = 0;
  // Hands the content of the file `name` to `sink`, block by block, and ends
  // with its first error. A block that does not verify is never handed over.
  virtual absl::Status Read(
      absl::string_view name,
      const std::function<absl::Status(ConstBytes)>& sink) = 0;
};

// A file that has no name yet. Destroyed before Commit was successful, it is
// gone. The folder it was made in outlives it.
class NewFile {
 public:
  virtual ~NewFile() = default;
  virtual absl::Status Append(ConstBytes data) = 0;
  // Makes it durable and gives it its name. kExists as MakeLink.
  virtual absl::Status Commit(absl::string_view name,
                              const CopyAttributes& attributes,
                              Overwrite overwrite) = 0;
};

class TargetFolder {
 public:
  virtual ~TargetFolder() = default;

  // What is there; nullopt for nothing.
  virtual absl::StatusOr<absl::optional<CopyNode>> Find(
      absl::string_view name) = 0;
  // A new folder, which only its owner can use until SetAttributes.
  virtual absl::Status MakeFolder(absl::string_view name) = 0;
  virtual absl::StatusOr<std::unique_ptr<TargetFolder>> Open(
      absl::string_view name) = 0;
  virtual absl::StatusOr<std::unique_ptr<NewFile>> MakeFile() = 0;
  // kExists when something is there that must not be replaced: a folder, or
  // anything with Overwrite::kNo. A link has no permissions; its times are
  // `attributes`' where the side has them.
  virtual absl::Status MakeLink(absl::string_view name,
                                const std::string& link_target,
                                const CopyAttributes& attributes,
                                Overwrite overwrite) = 0;
  // Of the folder itself.
  virtual absl::Status SetAttributes(const CopyAttributes& attributes) = 0;
  // Makes the names in it durable.
  virtual absl::Status Sync() = 0;
};

}  // namespace casemate

#endif  // TOOLS_CASEMATE_COPY_SIDE_H_
