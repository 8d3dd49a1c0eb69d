// Which path of the store belongs to a path of the vault, and the other way
// round: for people and scripts who look at the ciphertext.
//
// Cleartext paths are components with '/' between them, from the root; "." and
// empty ones are left out. Ciphertext paths start at the folder of the vault:
// "d/XX/YYYY…" (a content directory), "d/XX/YYYY…/N.c9r" (an entry in it), or
// one file further ("…/N.c9r/dir.c9r", "…/S.c9s/name.c9s").
//
// Nothing but keys says which directory a content directory belongs to, and no
// file says which one is above it: Decrypt looks through the directories from
// the root on, breadth first, and remembers where each one was.
//
// Not thread-safe.
#ifndef FS_VAULT_PATH_TRANSLATOR_H_
#define FS_VAULT_PATH_TRANSLATOR_H_

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "fs/vault/dir_id.h"
#include "fs/vault/name_codec.h"
#include "fs/vault/node.h"
#include "fs/vault/vault_tree.h"

namespace casemate {

class PathTranslator {
 public:
  // `tree` outlives it; its names are shortened beyond `shortening_threshold`.
  PathTranslator(VaultTree* tree, int shortening_threshold)
      : tree_(tree),
        threshold_(shortening_threshold),
        codec_(tree->masterkey()) {}

  // Where the node at `path` lies: its entry, which for a directory is the
  // folder that holds dir.c9r; for the root its content directory. A broken
  // node has one, too. ENOENT, ENOTDIR; EIO for a broken directory on the way.
  absl::StatusOr<std::string> Encrypt(absl::string_view path);

  // The node that `path` is a part of, as "/a/b"; "/" is the root. Calls
  // `on_directory` before each directory that it looks into, and stops with its
  // error. ENOENT: nothing is there, it is no part of a node, or no directory
  // leads there. EIO (DataLoss): the name does not authenticate. EILSEQ: it is
  // not a name that the format makes; a synchronisation tool's copy is one.
  absl::StatusOr<std::string> Decrypt(
      absl::string_view path,
      const std::function<absl::Status()>& on_directory);

 private:
  struct Place {
    DirId id;
    std::string path;  // "" is the root
  };

  absl::StatusOr<std::string> EntryOf(const VaultDir& dir,
                                      absl::string_view name);
  // The directory whose content directory is "XX/YYYY…".
  absl::StatusOr<Place> FindDirectory(
      const std::string& content_path,
      const std::function<absl::Status()>& on_directory);
  absl::Status LookInto(const Place& place);
  void Remember(const DirId& id, std::string path);

  VaultTree* const tree_;
  const int threshold_;
  const NameCodec codec_;

  // Every directory met so far, by content path; those not looked into yet.
  absl::flat_hash_map<std::string, Place> known_;
  std::deque<Place> pending_;
};

}  // namespace casemate

#endif  // FS_VAULT_PATH_TRANSLATOR_H_
