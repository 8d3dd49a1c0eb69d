// A POSIX file system as simple as can be: what FileSystem must agree with.
// Nodes in a map, directories as maps of names, files as strings. No disk, no
// locks, no ciphertext. Written from fuse-invariants sections 1, 3 to 5 and 9
// and vault-format-8 section 5, not from fs/core.
//
// Names: the only decomposed letter it knows is e + U+0301, and the only byte
// that is not UTF-8 is 0xff. Tests stay within that.
#ifndef TESTING_MODEL_REFERENCE_FILE_SYSTEM_H_
#define TESTING_MODEL_REFERENCE_FILE_SYSTEM_H_

#include <sys/types.h>
#include <time.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "absl/types/optional.h"
#include "fs/core/types.h"
#include "fs/vault/node_kind.h"

namespace casemate {

using ModelNode = uint64_t;    // 1 is the root; never reused
using ModelHandle = uint64_t;  // never reused

inline constexpr ModelNode kModelRoot = 1;

// An errno, or 0 and a value.
template <typename T>
struct Outcome {
  int error = 0;
  T value{};
};

struct ModelAttributes {
  NodeKind kind = NodeKind::kFile;
  mode_t permissions = 0;
  uint64_t size = 0;  // of a directory: 0, meaning nothing
  uint32_t links = 1;
  // Known once set, until the content changes.
  absl::optional<timespec> mtime;
  // Removed and not open: the rest is what it once was.
  bool is_forgettable = false;
};

struct ModelCreated {
  ModelNode node = 0;
  ModelHandle handle = 0;
};

class ReferenceFileSystem {
 public:
  // Names of more bytes than `longest_plain_name` are shortened in the store,
  // where a shortened node cannot change places with one of another kind.
  explicit ReferenceFileSystem(size_t longest_plain_name);

  // Each node returned counts one lookup.
  Outcome<ModelNode> Lookup(ModelNode parent, const std::string& name);
  Outcome<ModelNode> MakeDirectory(ModelNode parent, const std::string& name,
                                   mode_t permissions);
  Outcome<ModelNode> MakeFile(ModelNode parent, const std::string& name,
                              mode_t permissions);
  Outcome<ModelNode> MakeSymlink(ModelNode parent, const std::string& name,
                                 const std::string& target);
  Outcome<ModelCreated> Create(ModelNode parent, const std::string& name,
                               mode_t permissions, const OpenRequest& request);
  void Forget(ModelNode node, uint64_t count);

  int Unlink(ModelNode parent, const std::string& name);
  int RemoveDirectory(ModelNode parent, const std::string& name);
  int Rename(ModelNode old_parent, const std::string& old_name,
             ModelNode new_parent, const std::string& new_name,
             RenameFlag flag);

  Outcome<ModelHandle> Open(ModelNode node, const OpenRequest& request);
  Outcome<std::string> Read(ModelNode node, ModelHandle handle, uint64_t offset,
                            size_t size);
  int Write(ModelNode node, ModelHandle handle, uint64_t offset,
            const std::string& data);
  // What flush and fsync answer.
  int CheckFileHandle(ModelNode node, ModelHandle handle) const;
  int Release(ModelNode node, ModelHandle handle);

  Outcome<ModelAttributes> GetAttributes(
      ModelNode node, absl::optional<ModelHandle> handle) const;
  Outcome<ModelAttributes> SetAttributes(ModelNode node,
                                         const SetAttributesRequest& request,
                                         absl::optional<ModelHandle> handle);
  Outcome<std::string> ReadLink(ModelNode node) const;

  Outcome<ModelHandle> OpenDirectory(ModelNode node);
  Outcome<std::set<std::string>> ReadDirectory(ModelNode node,
                                               ModelHandle handle) const;
  int ReleaseDirectory(ModelNode node, ModelHandle handle);

  // Looked up or open (L7); the root always.
  bool IsKnown(ModelNode node) const;
  size_t known_count() const;
  // Files with handles, or kept.
  size_t open_file_count() const;
  uint64_t lookups(ModelNode node) const;
  // Whether a known directory lies in this one.
  bool HasKnownDirectoryIn(ModelNode node) const;
  bool IsShortened(const std::string& name) const;
  // The names in a directory, which need not be known.
  const std::map<std::string, ModelNode>& Children(ModelNode node) const;
  // Regardless of lookups.
  ModelAttributes Peek(ModelNode node) const;
  const std::string& ContentOf(ModelNode node) const;

  // Drops all lookups and handles.
  void Unmount();

 private:
  struct Node {
    NodeKind kind = NodeKind::kFile;
    mode_t permissions = 0;
    std::string content;  // or the link's target
    std::map<std::string, ModelNode> children;
    ModelNode parent = 0;
    bool is_removed = false;
    // A file replaced by a rename: can be opened until it is forgotten, for
    // whoever looked its name up before the rename and opens it after (R2).
    bool is_kept = false;
    uint64_t lookups = 0;
    uint64_t handles = 0;
    absl::optional<timespec> mtime;
  };
  struct Handle {
    ModelNode node = 0;
    bool is_directory = false;
    bool can_read = false;
    bool can_write = false;
  };

  // ESTALE, ENOTDIR, ENOENT.
  int CheckDirectory(ModelNode node) const;
  int CheckLiveDirectory(ModelNode node) const;
  Outcome<ModelNode> FindIn(const Node& dir, const std::string& name) const;
  static int CheckNewName(const std::string& name);
  Outcome<ModelNode> Insert(ModelNode parent, const std::string& name,
                            Node node);
  int CheckRename(ModelNode source, ModelNode new_parent,
                  absl::optional<ModelNode> target, ModelNode old_parent,
                  RenameFlag flag) const;
  bool IsSelfOrAbove(ModelNode above, ModelNode node) const;
  void MarkRemoved(ModelNode node);
  static bool IsOpen(const Node& node);
  void EraseIfUnused(ModelNode node);
  ModelHandle AddHandle(const Handle& handle);
  const Handle* FindHandle(ModelNode node, ModelHandle handle,
                           bool is_directory) const;

  const size_t longest_plain_name_;
  std::map<ModelNode, Node> nodes_;
  std::map<ModelHandle, Handle> handles_;
  ModelNode next_node_ = kModelRoot + 1;
  ModelHandle next_handle_ = 1;
};

// With e + U+0301 composed.
std::string ModelNfc(std::string name);

}  // namespace casemate

#endif  // TESTING_MODEL_REFERENCE_FILE_SYSTEM_H_
