// /proc/self/mountinfo: which mounts there are, without touching any of them.
// A stat(2) of a path inside a dead or stalled mount may wait for ever.
#ifndef TOOLS_CASEMATE_MOUNTINFO_H_
#define TOOLS_CASEMATE_MOUNTINFO_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace casemate {

// One line of it; proc(5).
struct MountEntry {
  dev_t device = 0;  // st_dev of everything in it
  std::string mountpoint;
  std::string type;    // "fuse.casemate"
  std::string source;  // the fsname
  // FUSE: who mounted it, and may unmount it.
  absl::optional<uid_t> user;
};

// `line` without its newline. Escapes (\040) are undone. nullopt for a line
// that is not one of that file.
absl::optional<MountEntry> ParseMountLine(absl::string_view line);

// In the order of the file: of two mounts on one path the later one is on top.
absl::StatusOr<std::vector<MountEntry>> ReadMounts();

// The one on top of `mountpoint`, which is absolute and canonical.
absl::optional<MountEntry> FindMount(const std::vector<MountEntry>& mounts,
                                     absl::string_view mountpoint);

// True for a FUSE mount made by this program.
bool IsCasemate(const MountEntry& mount);

// The device of the mount that a /dev/fuse descriptor serves, from the text of
// its /proc/self/fdinfo. Absent on kernels that do not say there.
absl::optional<dev_t> ParseFuseConnection(absl::string_view fdinfo);

// Where the mount lies that our descriptor `fd` serves, if that can be had and
// it is one of ours by type.
absl::optional<std::string> MountpointServedBy(int fd);

// `path` absolute, without ".", ".." and symbolic links, as mountinfo writes
// it. Links and folders on the way are read; the last component is only asked
// whether it is a link, which no file system is consulted for when it is a
// mountpoint. ENOENT and the like ride on the Status.
absl::StatusOr<std::string> CanonicalMountpoint(const std::string& path);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_MOUNTINFO_H_
