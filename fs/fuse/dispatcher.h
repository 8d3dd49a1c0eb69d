// From libfuse's callbacks to FileSystem's verbs: one handler per operation,
// one row per operation in the table of dispatcher.cc.
//
// A handler translates the arguments, calls core, answers, and undoes what a
// reply that was not delivered would have counted. It answers before it
// returns: DESIGN.md says why, and what changes when it may answer later.
#ifndef FS_FUSE_DISPATCHER_H_
#define FS_FUSE_DISPATCHER_H_

#include <fuse_lowlevel.h>

#include "absl/strings/string_view.h"
#include "fs/core/file_system.h"
#include "fs/core/types.h"
#include "fs/fuse/page_buffer.h"
#include "fs/fuse/reply.h"
#include "fs/fuse/session_options.h"
#include "ops/metrics/metrics.h"

namespace casemate {

class Dispatcher;
class Session;

// What libfuse is given as user data: its callbacks find their objects here.
struct FuseUserData {
  Dispatcher* dispatcher = nullptr;
  Session* session = nullptr;
};

// Thread-safe: every handler runs on any thread, several at once.
class Dispatcher {
 public:
  // The pointers outlive it.
  Dispatcher(FileSystem* file_system, const SessionOptions& options,
             const ReplyObservers& observers);

  // The callbacks, for a session whose user data is a FuseUserData. Operations
  // without a row stay null: libfuse answers ENOSYS, once, and the kernel does
  // without for the life of the mount (fuse-invariants section 6, H6).
  static fuse_lowlevel_ops Operations();

 private:
  struct Row;

  template <FuseOp op, auto handler>
  struct Trampoline;
  template <FuseOp op, auto slot, auto handler>
  static constexpr Row MakeRow();

  // One request under way.
  struct Call {
    Context context;
    Reply reply;
  };

  // Names and attributes (dispatcher.cc).
  void Lookup(Call& call, fuse_ino_t parent, const char* name);
  void Forget(Call& call, fuse_ino_t ino, uint64_t count);
  void ForgetMulti(Call& call, size_t count, fuse_forget_data* forgets);
  void GetAttributes(Call& call, fuse_ino_t ino, fuse_file_info* info);
  void SetAttributes(Call& call, fuse_ino_t ino, struct stat* values,
                     int to_set, fuse_file_info* info);
  void ReadLink(Call& call, fuse_ino_t ino);
  void StatFs(Call& call, fuse_ino_t ino);
  void MakeNode(Call& call, fuse_ino_t parent, const char* name, mode_t mode,
                dev_t device);
  void MakeDirectory(Call& call, fuse_ino_t parent, const char* name,
                     mode_t mode);
  void MakeSymlink(Call& call, const char* target, fuse_ino_t parent,
                   const char* name);
  void Link(Call& call, fuse_ino_t ino, fuse_ino_t parent, const char* name);
  void Unlink(Call& call, fuse_ino_t parent, const char* name);
  void RemoveDirectory(Call& call, fuse_ino_t parent, const char* name);
  void Rename(Call& call, fuse_ino_t parent, const char* name,
              fuse_ino_t new_parent, const char* new_name, unsigned int flags);

  // Files and directory streams (dispatcher_files.cc).
  void Open(Call& call, fuse_ino_t ino, fuse_file_info* info);
  void Create(Call& call, fuse_ino_t parent, const char* name, mode_t mode,
              fuse_file_info* info);
  void Read(Call& call, fuse_ino_t ino, size_t size, off_t offset,
            fuse_file_info* info);
  void Write(Call& call, fuse_ino_t ino, const char* data, size_t size,
             off_t offset, fuse_file_info* info);
  void Flush(Call& call, fuse_ino_t ino, fuse_file_info* info);
  void Sync(Call& call, fuse_ino_t ino, int datasync, fuse_file_info* info);
  void Release(Call& call, fuse_ino_t ino, fuse_file_info* info);
  void OpenDirectory(Call& call, fuse_ino_t ino, fuse_file_info* info);
  void ReadDirectory(Call& call, fuse_ino_t ino, size_t size, off_t cookie,
                     fuse_file_info* info);
  void ReadDirectoryPlus(Call& call, fuse_ino_t ino, size_t size, off_t cookie,
                         fuse_file_info* info);
  void SyncDirectory(Call& call, fuse_ino_t ino, int datasync,
                     fuse_file_info* info);
  void ReleaseDirectory(Call& call, fuse_ino_t ino, fuse_file_info* info);

  // Answers with `entry`, or its error, and takes the lookup back when the
  // answer did not arrive.
  void AnswerEntry(Call& call, const absl::StatusOr<Entry>& entry);
  void AnswerHandle(Call& call, Ino ino, const absl::StatusOr<HandleId>& handle,
                    absl::Status (FileSystem::*release)(Ino, HandleId));
  // What becomes of the pages the kernel has, at an open that gave `handle`.
  PageCache PageCacheAt(HandleId handle) const;
  // May the kernel remember that `name` does not exist (C1, C3)?
  bool MayCacheAbsence(const absl::Status& status,
                       absl::string_view name) const;

  FileSystem* const file_system_;
  const SessionOptions options_;
  const ReplyObservers observers_;
  PageBufferPool buffers_;
};

}  // namespace casemate

#endif  // FS_FUSE_DISPATCHER_H_
