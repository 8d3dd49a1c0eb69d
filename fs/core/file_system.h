// A mounted vault as a POSIX file system, one method per verb, kernel-free.
// The semantics of POSIX live here and only here: fs/fuse is a codec in front
// of it, the model test and the benchmark drive it without a mount.
//
// Errors carry their errno (base/status.h): the tables of fuse-invariants
// sections 4 and 9. Every verb may also answer ESTALE for an Ino it does not
// know (L14), EROFS before touching the store when mounted read-only, and EIO
// for ciphertext that does not verify (code DataLoss).
//
// Lookup counts: each Entry returned, and each PlusDirEntry a sink took whose
// ino is not kNoIno, adds one (L1, L3). When the reply could not be delivered
// the caller undoes it with Forget, and closes the handle of a Create (L4).
//
// Threads: every method from any thread at once. Lock order (outermost first):
//   rename_mu_            cross-directory renames, one at a time
//     Inode::children_mu  ancestors before descendants (DESIGN.md)
//       OpenFileTable slot
//         OpenFile::mu_
//           InodeTable::mu_, OpenFileTable::mu_, HandleTable::mu_, cache shard
//                         leaves: no system call is made under them
// No lock is held when a verb returns.
#ifndef FS_CORE_FILE_SYSTEM_H_
#define FS_CORE_FILE_SYSTEM_H_

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "cache/buffer_pool.h"
#include "fs/core/handles.h"
#include "fs/core/kernel_cache.h"
#include "fs/core/types.h"
#include "fs/handle/handle_table.h"
#include "fs/handle/open_file.h"
#include "fs/handle/open_file_table.h"
#include "fs/inode/inode_table.h"
#include "fs/vault/vault_tree.h"
#include "ops/metrics/metrics.h"

namespace casemate {

struct FileSystemOptions {
  bool read_only = false;
  // New nodes belong to the caller, not to the daemon (A8): for a privileged
  // daemon whose mount others may use.
  bool owner_is_caller = false;
  // What is shown instead of the backing object's (A8); chmod and chown to the
  // shown values then succeed without effect, to others EPERM.
  absl::optional<uid_t> shown_uid;
  absl::optional<gid_t> shown_gid;
  absl::optional<mode_t> shown_umask;  // 0777
  size_t chunk_cache_bytes = size_t{32} << 20;
  size_t dirty_limit_bytes = size_t{64} << 20;
  // Snapshot of names that one directory handle may hold (D3).
  size_t listing_limit_bytes = size_t{64} << 20;
};

class FileSystem {
 public:
  // Reads the root's attributes. The pointers outlive the file system.
  // `kernel_cache` may be null: nothing caches in front of us then.
  static absl::StatusOr<std::unique_ptr<FileSystem>> Create(
      std::unique_ptr<VaultTree> tree, const FileSystemOptions& options,
      const Clock* clock, Metrics* metrics, RateLimitedLogger* logger,
      KernelCache* kernel_cache);
  // As Create, for a root whose backing object is known.
  FileSystem(const BackingId& root, std::unique_ptr<VaultTree> tree,
             FileSystemOptions options, const Clock* clock, Metrics* metrics,
             RateLimitedLogger* logger, KernelCache* kernel_cache);
  ~FileSystem();

  FileSystem(const FileSystem&) = delete;
  FileSystem& operator=(const FileSystem&) = delete;

  // Names and attributes.
  absl::StatusOr<Entry> Lookup(const Context& context, Ino parent,
                               absl::string_view name);
  // Takes back `count` lookups; more than there are is counted, not obeyed.
  void Forget(Ino ino, uint64_t count);
  // `handle`, when given, must be an open handle of `ino`.
  absl::StatusOr<Attributes> GetAttributes(const Context& context, Ino ino,
                                           absl::optional<HandleId> handle);
  absl::StatusOr<Attributes> SetAttributes(const Context& context, Ino ino,
                                           const SetAttributesRequest& request,
                                           absl::optional<HandleId> handle);
  absl::StatusOr<std::string> ReadLink(const Context& context, Ino ino);
  absl::StatusOr<SpaceReply> Space(const Context& context);

  // The name space. `permissions` already has the caller's umask applied (A9).
  absl::StatusOr<Entry> MakeDirectory(const Context& context, Ino parent,
                                      absl::string_view name,
                                      mode_t permissions);
  // `mode` with its type bits: anything but a regular file is EPERM.
  absl::StatusOr<Entry> MakeNode(const Context& context, Ino parent,
                                 absl::string_view name, mode_t mode);
  absl::StatusOr<Entry> MakeSymlink(const Context& context, Ino parent,
                                    absl::string_view name,
                                    absl::string_view target);
  absl::Status Unlink(const Context& context, Ino parent,
                      absl::string_view name);
  absl::Status RemoveDirectory(const Context& context, Ino parent,
                               absl::string_view name);
  absl::Status Rename(const Context& context, Ino old_parent,
                      absl::string_view old_name, Ino new_parent,
                      absl::string_view new_name, RenameFlag flag);

  // Files.
  absl::StatusOr<HandleId> Open(const Context& context, Ino ino,
                                const OpenRequest& request);
  // Whether what the kernel has cached of a file stays right as `handle` is
  // opened: the file was open through this mount already, so that every change
  // went through the kernel (H17).
  bool IsKernelCacheRight(HandleId handle) const;
  absl::StatusOr<Created> Create(const Context& context, Ino parent,
                                 absl::string_view name, mode_t permissions,
                                 const OpenRequest& request);
  // Fills `out` from `offset`; less than out.size() only at end of file (H15).
  absl::StatusOr<size_t> Read(const Context& context, Ino ino, HandleId handle,
                              uint64_t offset, MutableBytes out);
  // Writes all of `data` or fails (H16).
  absl::Status Write(const Context& context, Ino ino, HandleId handle,
                     uint64_t offset, ConstBytes data);
  // On every close(2): writes back, and reports deferred errors (H4).
  absl::Status Flush(const Context& context, Ino ino, HandleId handle);
  absl::Status Sync(const Context& context, Ino ino, HandleId handle,
                    SyncScope scope);
  absl::Status Release(Ino ino, HandleId handle);

  // Directories. Cookie 0 starts a fresh listing; others continue it (D1-D3).
  absl::StatusOr<HandleId> OpenDirectory(const Context& context, Ino ino);
  absl::Status ReadDirectory(const Context& context, Ino ino, HandleId handle,
                             uint64_t cookie, PlainDirSink& sink);
  absl::Status ReadDirectoryPlus(const Context& context, Ino ino,
                                 HandleId handle, uint64_t cookie,
                                 PlusDirSink& sink);
  absl::Status SyncDirectory(const Context& context, Ino ino, HandleId handle);
  absl::Status ReleaseDirectory(Ino ino, HandleId handle);

  // Upkeep, called by the daemon about twice a second: writes back what has
  // been dirty for longer than `age`. Errors are deferred to the handles (H4).
  void WriteBackOlderThan(absl::Duration age);
  // Everything dirty, at unmount; the first error, after trying all.
  absl::Status WriteBackAll();

  // For tests and metrics: nodes in the table, root included (L11).
  size_t inode_count() const { return inodes_.size(); }
  size_t open_file_count() const { return open_files_.size(); }

  // Plain values that a successor can be built from (hand-over of a mount).
  std::vector<InodeRecord> ExportInodes() const { return inodes_.Export(); }
  std::vector<HandleRecord> ExportHandles() const;

 private:
  using VaultDirPtr = std::shared_ptr<const VaultDir>;

  // Finding things. ESTALE, ENOTDIR and EBADF are answered here.
  absl::StatusOr<InodePin> Pin(Ino ino);
  absl::StatusOr<InodePin> PinDirectory(Ino ino);
  absl::StatusOr<std::shared_ptr<FileHandle>> FindFile(Ino ino,
                                                       HandleId id) const;
  absl::StatusOr<std::shared_ptr<DirectoryHandle>> FindDirectory(
      Ino ino, HandleId id) const;
  absl::Status CheckHandle(const Inode& inode,
                           absl::optional<HandleId> id) const;
  absl::Status CheckWritable() const;  // EROFS
  // The content directory of a directory that has not been removed (ENOENT).
  absl::StatusOr<VaultDirPtr> LiveDirectory(const Inode& inode);
  // Where a node lies: its parent's directory, and the node as VaultTree wants
  // it (kind and entry only). ESTALE for a removed one.
  struct Place {
    VaultDirPtr parent;
    Node node;
  };
  absl::StatusOr<Place> PlaceOf(const Inode& inode);
  // Runs `attempt`, which looks for `inode` at its place and answers ESTALE
  // when it is not there; then once more, while the names in its directory
  // stand still: a rename of ours may have moved it on the store and not yet in
  // the table. No children_mu may be held.
  template <typename Attempt>
  auto AtItsPlace(const Inode& inode, const Attempt& attempt)
      -> decltype(attempt()) {
    auto result = attempt();
    if (result.ok() || !IsStale(result) || inodes_.RemovedStat(inode)) {
      return result;
    }
    const InodePin parent =
        inodes_.FindDirectory(*inodes_.LocationOf(inode).parent);
    if (!parent) return result;
    ReaderLock lock(&parent->children_mu());
    return attempt();
  }
  static bool IsStale(const absl::Status& status);
  template <typename T>
  static bool IsStale(const absl::StatusOr<T>& result) {
    return IsStale(result.status());
  }
  // ENOENT of what a node was found at: the node is not there any more.
  static absl::Status AbsentIsStale(const absl::Status& status);

  // Attributes.
  Attributes ToAttributes(NodeKind kind, const FileStat& stat) const;
  // `stat` as the store gave it, with the cleartext size in place of the
  // ciphertext's.
  FileStat WithCleartextSize(NodeKind kind, FileStat stat) const;
  absl::StatusOr<FileStat> StatInode(const Inode& inode);
  absl::StatusOr<FileStat> StatAtPlace(const Inode& inode);
  absl::StatusOr<AttributeChange> ToChange(const Inode& inode,
                                           const SetAttributesRequest& request);
  absl::Status ApplyChange(const Inode& inode, const AttributeChange& change);
  absl::Status Resize(const Context& context, const Inode& inode, uint64_t size,
                      absl::optional<HandleId> handle);
  // ENOSPC when growing by `bytes` of zeros cannot end well.
  absl::Status CheckRoom(uint64_t bytes);

  // Entering nodes in the table; the parent's children_mu is held.
  absl::StatusOr<Entry> EnterNode(const Inode& parent, const Node& node);
  absl::StatusOr<Entry> EnterNewNode(const Inode& parent, const Node& node);
  // EIO for a directory that is known under another name (section 4). Besides
  // lookup, whatever removes or moves one asks: it would take the other name's
  // content along, and lock a directory above after one below.
  absl::Status CheckAlias(const Inode& parent, const Node& node);
  // The EIO: counted, and logged by the two entries.
  absl::Status RefuseAlias(absl::string_view entry, absl::string_view other);
  absl::StatusOr<Entry> LookupLocked(const Inode& parent,
                                     absl::string_view name);
  // The NFC form of `name` when that is another spelling.
  static absl::optional<std::string> StoredSpelling(absl::string_view name);

  // Names that the VFS stops before they reach us; others may send them.
  static bool IsDotName(absl::string_view name);
  // Changing names; the parent's children_mu is held exclusively.
  absl::StatusOr<NewOwner> OwnerOfNew(const Context& context,
                                      const VaultDir& parent,
                                      mode_t* directory_permissions);
  void NodeIsGone(const Node& node);
  // The kernel may know the node by its stored spelling as well (C3).
  void ForgetStoredSpelling(Ino parent, absl::string_view name);

  // Rename, in its steps (rename.cc).
  struct RenameRequest;
  absl::Status RenameLocked(const RenameRequest& request);
  absl::Status CheckSameNode(const RenameRequest& request, const Node& source,
                             const Node& target);
  absl::Status CheckRename(const RenameRequest& request, const Node& source,
                           const absl::optional<Node>& target);
  absl::Status CheckAncestry(const RenameRequest& request, const Node& source,
                             const absl::optional<Node>& target);
  // Whether `id` is `start` or a directory above it. ESTALE when the chain to
  // the root is not known.
  absl::StatusOr<bool> IsSelfOrAbove(const DirId& id, const DirId& start) const;
  void KeepReplacedFile(const Context& context, const Node& target);
  absl::Status MoveNode(const RenameRequest& request, const VaultDir& from,
                        const Node& source, const VaultDir& to,
                        const absl::optional<Node>& target);

  // Files.
  absl::StatusOr<OpenFileLease> AcquireFile(const Context& context,
                                            const Inode& inode, bool for_write,
                                            bool truncate);
  absl::StatusOr<std::unique_ptr<File>> OpenBacking(const Inode& inode,
                                                    bool for_write);
  HandleId AddFileHandle(InodePin inode, OpenFileLease file,
                         const OpenRequest& request);
  absl::StatusOr<Created> CreateLocked(const Context& context,
                                       const Inode& parent,
                                       absl::string_view name,
                                       mode_t permissions,
                                       const OpenRequest& request);
  void RelieveDirtyPressure();

  // Directories.
  absl::StatusOr<std::shared_ptr<const Listing>> ListingAt(
      DirectoryHandle& handle, uint64_t cookie);
  absl::StatusOr<PlainDirEntry> PlainEntry(const VaultDir& dir,
                                           const ListedNode& node);
  absl::StatusOr<Entry> PlusEntry(const Inode& inode, const ListedNode& node);
  absl::StatusOr<Attributes> DotAttributes(const Inode& inode);

  const std::unique_ptr<VaultTree> tree_;
  const FileSystemOptions options_;
  const Clock* const clock_;
  Metrics* const metrics_;
  RateLimitedLogger* const logger_;
  KernelCache* const kernel_cache_;

  BufferPool buffers_;
  ChunkCache chunk_cache_;
  DirtyBudget budget_;
  std::atomic<uint64_t> next_content_{1};
  const FileEnvironment environment_;

  // Later members hold shares in earlier ones.
  InodeTable inodes_;
  OpenFileTable open_files_;
  HandleTable<FileHandle> file_handles_;
  HandleTable<DirectoryHandle> directory_handles_;
  ReplacedFiles replaced_files_;

  Mutex rename_mu_;
};

}  // namespace casemate

#endif  // FS_CORE_FILE_SYSTEM_H_
