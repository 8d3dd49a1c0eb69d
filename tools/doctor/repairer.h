// The few changes that repairs are made of. None destroys anything: a node is
// renamed, a file of the format's own is written under a temporary name and
// put in place in one step, and what is in the way goes to
//
//   LOST+FOUND             a folder in the vault, for what is a user's node but
//                          has no usable name. Name and id are upstream's
//                          (cryptofs common/Constants.java), so that repairs of
//                          both end up in one place;
//   casemate-quarantine/   beside d/, for what is no node: each thing at its
//                          old path below it. No client looks there.
//
// A repair that is cut at any point leaves a vault that opens, in which every
// file is still to be found, and which can be repaired again.
#ifndef TOOLS_DOCTOR_REPAIRER_H_
#define TOOLS_DOCTOR_REPAIRER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/bytes.h"
#include "crypto/random/random_source.h"
#include "fs/storage/storage.h"
#include "fs/vault/dir_id.h"
#include "fs/vault/node.h"
#include "fs/vault/node_files.h"
#include "fs/vault/vault_tree.h"
#include "tools/doctor/directory_map.h"
#include "tools/doctor/vault_view.h"

namespace casemate {

inline constexpr absl::string_view kRecoveryName = "LOST+FOUND";
inline constexpr absl::string_view kRecoveryId = "recovery";
inline constexpr absl::string_view kQuarantine = "casemate-quarantine";

// One thread. The vault is locked by the caller. All arguments outlive it.
class Repairer {
 public:
  Repairer(const VaultView* view, const DirectoryMap* map, VaultTree* tree)
      : view_(view), map_(map), tree_(tree) {}

  const VaultView& view() const { return *view_; }
  VaultTree& tree() const { return *tree_; }
  RandomSource& random() const { return tree_->random(); }

  // The content directory at `content_path`, whose id may be unknown: then its
  // names cannot be used, only its entries.
  absl::StatusOr<std::shared_ptr<const VaultDir>> Open(
      const std::string& content_path, const absl::optional<DirId>& id) const;
  // What a client sees at `entry`.
  absl::StatusOr<Node> NodeAt(const VaultDir& dir,
                              const std::string& entry) const;

  // EEXIST when `to` has a node of that name, broken ones included.
  absl::Status Rename(const VaultDir& from, const Node& node,
                      const VaultDir& to, absl::string_view name);
  // The same with `wanted`, or a name made of the node's kind and entry when
  // that is empty or taken.
  absl::Status RenameToFree(const VaultDir& from, const Node& node,
                            const VaultDir& to, absl::string_view wanted);
  // RenameToFree to LOST+FOUND.
  absl::Status Rescue(const VaultDir& from, const Node& node,
                      absl::string_view wanted);
  // The same for one file of the node directory `entry`, which becomes the type
  // file of a new node of `kind`.
  absl::Status RescueFile(const VaultDir& from, const std::string& entry,
                          const std::string& file, NodeKind kind,
                          absl::string_view wanted);

  // Moves `path` of `dir` to `store_path` below the quarantine folder.
  absl::Status Quarantine(Dir& dir, const std::string& path,
                          const std::string& store_path);
  // A new file with `text` at `store_path` below the quarantine folder.
  absl::Status KeepText(const std::string& store_path, absl::string_view text);
  // Puts `data` at `path`, in one step; what was there is gone.
  absl::Status PutFile(Dir& dir, const std::string& path, ConstBytes data);
  // The same; what was there goes to quarantine.
  absl::Status ReplaceFile(Dir& dir, const std::string& path, ConstBytes data,
                           const std::string& store_path);

  // LOST+FOUND, made when it is not there.
  absl::StatusOr<std::shared_ptr<const VaultDir>> RecoveryDirectory();
  // Makes `name` in `parent` a folder with the id `id`. EEXIST.
  absl::Status Link(const VaultDir& parent, const std::string& name,
                    const DirId& id);
  // An empty content directory for `id`; d/ too, if that is missing.
  absl::Status MakeContent(const DirId& id);

  // True when a dir.c9r that is not in the content directory at `content_path`
  // holds `id`.
  bool HasNameElsewhere(const std::string& id,
                        const std::string& content_path) const;

  // What root makes gets the owner of d/, so that whoever owns the vault can go
  // on with it.
  NewOwner Owner() const;

 private:
  NodeMaker Maker() const;
  absl::StatusOr<std::shared_ptr<const VaultDir>> MakeRecoveryDirectory(
      const VaultDir& root, const std::string& name);
  // The folder of `store_path` below the quarantine folder, made.
  absl::StatusOr<std::unique_ptr<Dir>> EnterQuarantine(
      const std::string& store_path);
  absl::StatusOr<std::string> WriteTemporary(Dir& dir, ConstBytes data);

  const VaultView* const view_;
  const DirectoryMap* const map_;
  VaultTree* const tree_;
};

}  // namespace casemate

#endif  // TOOLS_DOCTOR_REPAIRER_H_
