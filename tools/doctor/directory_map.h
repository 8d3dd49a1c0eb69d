// Which content directories there are, and which dir.c9r names which: the shape
// of the vault before any name is decrypted.
#ifndef TOOLS_DOCTOR_DIRECTORY_MAP_H_
#define TOOLS_DOCTOR_DIRECTORY_MAP_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "fs/storage/storage.h"
#include "fs/vault/dir_id.h"

namespace casemate {

class Scan;

// A dir.c9r: in which content directory, and at which entry of it.
struct Referrer {
  std::string content_path;
  std::string entry;
};

struct ShownNode {
  std::string entry;  // as in a finding
  absl::optional<std::string> path;
};

struct DirectoryRecord {
  // The root's, a dir.c9r's, or what its own dirid.c9r proves to be right.
  absl::optional<DirId> id;
  bool exists = false;  // its content directory does
  bool is_root = false;
  // It has a dirid.c9r, and the store does not give it out.
  bool is_backup_unreadable = false;
  bool is_reachable = false;  // from the root
  std::vector<Referrer> referrers;
  // Content paths of the directories that its entries name.
  std::vector<std::string> children;
  // Set while the tree is walked, and only where all names on the way are good.
  absl::optional<std::string> cleartext;
  // The nodes that a mount shows and that name this directory: more than one
  // is a collision.
  std::vector<ShownNode> shown;
};

struct DirectoryMap {
  // By content path, "XX/YYY". Those that are only referred to are there, too.
  std::map<std::string, DirectoryRecord> records;
  // False when some directory, or the dir.c9r of some node, could not be read:
  // one that seems to be an orphan may have its name in there then.
  bool is_complete = true;
  // Content paths that exist: first what can be reached from the root, parents
  // before children, then the rest.
  std::vector<std::string> order;
};

// Fills `scan.directories`, with findings for what lies between d/ and the
// content directories and does not belong there.
absl::Status MapDirectories(Scan& scan);

// True for dirid.c9r and for what a synchronisation program makes of it:
// "dirid (1).c9r".
bool IsDirIdBackup(absl::string_view file);

// All entries of `dir`, with the type of each told by stat(2) where the store's
// listing does not. What has gone meanwhile is left out.
absl::StatusOr<std::vector<DirEntry>> ListTyped(const Dir& dir);

}  // namespace casemate

#endif  // TOOLS_DOCTOR_DIRECTORY_MAP_H_
