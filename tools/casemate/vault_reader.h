// Reading a vault that is not mounted: `ls`, `cat` and `tree`, over any
// FileSystem.
//
// Paths are the user's: components with '/' between, "." and empty ones left
// out. ".." is no entry of a folder here, and symbolic links are not followed.
#ifndef TOOLS_CASEMATE_VAULT_READER_H_
#define TOOLS_CASEMATE_VAULT_READER_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/bytes.h"
#include "fs/core/file_system.h"
#include "fs/core/types.h"

namespace casemate {

struct ListedEntry {
  std::string name;
  // Absent for a node that is broken.
  absl::optional<Attributes> attributes;
  std::string link_target;  // of a symbolic link; "?" when it is damaged
  bool is_damaged = false;

  bool IsFolder() const {
    return attributes && attributes->kind == NodeKind::kDirectory;
  }
};

// What lies at `path`; the root has no name. kPathNotFound, kContentDamaged.
absl::StatusOr<ListedEntry> DescribePath(FileSystem& file_system,
                                         absl::string_view path);

// The entries of the folder at `path`, sorted by name; for anything else, that
// one thing. kPathNotFound, kContentDamaged.
absl::StatusOr<std::vector<ListedEntry>> ListPath(FileSystem& file_system,
                                                  absl::string_view path);

// Hands the file at `path` to `sink` in blocks of 1 MiB, each verified before.
// Ends with the first error of `sink`. kPathNotFound, kContentDamaged.
absl::Status ReadPath(FileSystem& file_system, absl::string_view path,
                      const std::function<absl::Status(ConstBytes)>& sink);

// A line of `ls -l`, times in UTC: "drwxr-xr-x 1 1000 100 4096 2024-02-29
// 13:37 name". `name` is printed as given.
std::string FormatLongEntry(const ListedEntry& entry, absl::string_view name);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_VAULT_READER_H_
