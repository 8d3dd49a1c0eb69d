#include "fs/fuse/dispatcher.h"

#include <cerrno>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/status.h"
#include "fs/fuse/negotiation.h"
#include "fs/fuse/stat_codec.h"
#include "fs/fuse/to_errno.h"
#include "fs/inode/ino.h"
#include "fs/vault/normalization.h"

namespace casemate {
namespace {

// For the log: the node a request names first. Of its arguments, only SYMLINK's
// target comes before it; BATCH_FORGET has a count there, and no errors.
template <typename... Rest>
uint64_t NodeOf(fuse_ino_t ino, const Rest&...) {
  return ino;
}
template <typename... Rest>
uint64_t NodeOf(const char*, fuse_ino_t parent, const Rest&...) {
  return parent;
}

absl::optional<HandleId> HandleOf(const fuse_file_info* info) {
  if (info == nullptr) return absl::nullopt;
  return HandleId{info->fh};
}

constexpr mode_t kPermissionBits = 07777;

}  // namespace

struct Dispatcher::Row {
  void (*install)(fuse_lowlevel_ops& operations);
};

// What libfuse calls: makes the Call and hands it to the handler.
template <FuseOp op, typename... Args,
          void (Dispatcher::*handler)(Dispatcher::Call&, Args...)>
struct Dispatcher::Trampoline<op, handler> {
  static void Run(fuse_req_t request, Args... args) {
    Dispatcher* const dispatcher =
        static_cast<FuseUserData*>(fuse_req_userdata(request))->dispatcher;
    const fuse_ctx* const caller = fuse_req_ctx(request);
    Call call{Context{caller->uid, caller->gid, caller->pid,
                      [request] { return fuse_req_interrupted(request) != 0; }},
              Reply(request, op, NodeOf(args...), dispatcher->observers_,
                    dispatcher->options_)};
    (dispatcher->*handler)(call, args...);
  }
};

template <FuseOp op, auto slot, auto handler>
constexpr Dispatcher::Row Dispatcher::MakeRow() {
  return Row{[](fuse_lowlevel_ops& operations) {
    operations.*slot = &Trampoline<op, handler>::Run;
  }};
}

fuse_lowlevel_ops Dispatcher::Operations() {
  using Ops = fuse_lowlevel_ops;
  using D = Dispatcher;
  static constexpr Row kRows[] = {
      MakeRow<FuseOp::kLookup, &Ops::lookup, &D::Lookup>(),
      MakeRow<FuseOp::kForget, &Ops::forget, &D::Forget>(),
      MakeRow<FuseOp::kBatchForget, &Ops::forget_multi, &D::ForgetMulti>(),
      MakeRow<FuseOp::kGetattr, &Ops::getattr, &D::GetAttributes>(),
      MakeRow<FuseOp::kSetattr, &Ops::setattr, &D::SetAttributes>(),
      MakeRow<FuseOp::kReadlink, &Ops::readlink, &D::ReadLink>(),
      MakeRow<FuseOp::kStatfs, &Ops::statfs, &D::StatFs>(),
      MakeRow<FuseOp::kMknod, &Ops::mknod, &D::MakeNode>(),
      MakeRow<FuseOp::kMkdir, &Ops::mkdir, &D::MakeDirectory>(),
      MakeRow<FuseOp::kSymlink, &Ops::symlink, &D::MakeSymlink>(),
      MakeRow<FuseOp::kLink, &Ops::link, &D::Link>(),
      MakeRow<FuseOp::kUnlink, &Ops::unlink, &D::Unlink>(),
      MakeRow<FuseOp::kRmdir, &Ops::rmdir, &D::RemoveDirectory>(),
      MakeRow<FuseOp::kRename, &Ops::rename, &D::Rename>(),
      MakeRow<FuseOp::kOpen, &Ops::open, &D::Open>(),
      MakeRow<FuseOp::kCreate, &Ops::create, &D::Create>(),
      MakeRow<FuseOp::kRead, &Ops::read, &D::Read>(),
      MakeRow<FuseOp::kWrite, &Ops::write, &D::Write>(),
      MakeRow<FuseOp::kFlush, &Ops::flush, &D::Flush>(),
      MakeRow<FuseOp::kFsync, &Ops::fsync, &D::Sync>(),
      MakeRow<FuseOp::kRelease, &Ops::release, &D::Release>(),
      MakeRow<FuseOp::kOpendir, &Ops::opendir, &D::OpenDirectory>(),
      MakeRow<FuseOp::kReaddir, &Ops::readdir, &D::ReadDirectory>(),
      MakeRow<FuseOp::kReaddirplus, &Ops::readdirplus, &D::ReadDirectoryPlus>(),
      MakeRow<FuseOp::kFsyncdir, &Ops::fsyncdir, &D::SyncDirectory>(),
      MakeRow<FuseOp::kReleasedir, &Ops::releasedir, &D::ReleaseDirectory>(),
  };
  fuse_lowlevel_ops operations = {};
  for (const Row& row : kRows) row.install(operations);
  return operations;
}

Dispatcher::Dispatcher(FileSystem* file_system, const SessionOptions& options,
                       const ReplyObservers& observers)
    : file_system_(file_system),
      options_(options),
      observers_(observers),
      buffers_(kMaxTransfer) {}

void Dispatcher::AnswerEntry(Call& call, const absl::StatusOr<Entry>& entry) {
  if (!entry.ok()) return call.reply.Status(entry.status());
  if (!call.reply.NewEntry(*entry)) file_system_->Forget(entry->ino, 1);
}

bool Dispatcher::MayCacheAbsence(const absl::Status& status,
                                 absl::string_view name) const {
  if (options_.negative_timeout <= absl::ZeroDuration()) return false;
  if (ToErrno(status) != ENOENT) return false;
  const absl::StatusOr<std::string> composed = ToNfc(name);
  return composed.ok() && *composed == name;
}

void Dispatcher::Lookup(Call& call, fuse_ino_t parent, const char* name) {
  const absl::StatusOr<Entry> entry =
      file_system_->Lookup(call.context, Ino{parent}, name);
  if (!entry.ok() && MayCacheAbsence(entry.status(), name)) {
    return call.reply.NegativeEntry();
  }
  AnswerEntry(call, entry);
}

void Dispatcher::Forget(Call& call, fuse_ino_t ino, uint64_t count) {
  file_system_->Forget(Ino{ino}, count);
  call.reply.None();
}

void Dispatcher::ForgetMulti(Call& call, size_t count,
                             fuse_forget_data* forgets) {
  for (size_t i = 0; i < count; ++i) {
    file_system_->Forget(Ino{forgets[i].ino}, forgets[i].nlookup);
  }
  call.reply.None();
}

void Dispatcher::GetAttributes(Call& call, fuse_ino_t ino,
                               fuse_file_info* info) {
  const absl::StatusOr<Attributes> attributes =
      file_system_->GetAttributes(call.context, Ino{ino}, HandleOf(info));
  if (!attributes.ok()) return call.reply.Status(attributes.status());
  call.reply.Stat(*attributes);
}

void Dispatcher::SetAttributes(Call& call, fuse_ino_t ino, struct stat* values,
                               int to_set, fuse_file_info* info) {
  const absl::StatusOr<SetAttributesRequest> request =
      SetAttributesRequestOf(*values, to_set);
  if (!request.ok()) return call.reply.Status(request.status());
  const absl::StatusOr<Attributes> attributes = file_system_->SetAttributes(
      call.context, Ino{ino}, *request, HandleOf(info));
  if (!attributes.ok()) return call.reply.Status(attributes.status());
  call.reply.Stat(*attributes);
}

void Dispatcher::ReadLink(Call& call, fuse_ino_t ino) {
  const absl::StatusOr<std::string> target =
      file_system_->ReadLink(call.context, Ino{ino});
  if (!target.ok()) return call.reply.Status(target.status());
  call.reply.LinkTarget(*target);
}

// For any node, also one we do not know (A14).
void Dispatcher::StatFs(Call& call, fuse_ino_t) {
  const absl::StatusOr<SpaceReply> space = file_system_->Space(call.context);
  if (!space.ok()) return call.reply.Status(space.status());
  call.reply.Space(*space);
}

void Dispatcher::MakeNode(Call& call, fuse_ino_t parent, const char* name,
                          mode_t mode, dev_t) {
  AnswerEntry(call,
              file_system_->MakeNode(call.context, Ino{parent}, name, mode));
}

void Dispatcher::MakeDirectory(Call& call, fuse_ino_t parent, const char* name,
                               mode_t mode) {
  AnswerEntry(call, file_system_->MakeDirectory(call.context, Ino{parent}, name,
                                                mode & kPermissionBits));
}

void Dispatcher::MakeSymlink(Call& call, const char* target, fuse_ino_t parent,
                             const char* name) {
  AnswerEntry(
      call, file_system_->MakeSymlink(call.context, Ino{parent}, name, target));
}

// The format has no hard links; without this handler the kernel would say the
// same (fuse-invariants section 6).
void Dispatcher::Link(Call& call, fuse_ino_t, fuse_ino_t, const char*) {
  call.reply.Status(ErrnoError(EPERM, "link"));
}

void Dispatcher::Unlink(Call& call, fuse_ino_t parent, const char* name) {
  call.reply.Status(file_system_->Unlink(call.context, Ino{parent}, name));
}

void Dispatcher::RemoveDirectory(Call& call, fuse_ino_t parent,
                                 const char* name) {
  call.reply.Status(
      file_system_->RemoveDirectory(call.context, Ino{parent}, name));
}

void Dispatcher::Rename(Call& call, fuse_ino_t parent, const char* name,
                        fuse_ino_t new_parent, const char* new_name,
                        unsigned int flags) {
  const absl::optional<RenameFlag> flag = RenameFlagOf(flags);
  if (!flag) return call.reply.Status(ErrnoError(EINVAL, "rename flags"));
  call.reply.Status(file_system_->Rename(call.context, Ino{parent}, name,
                                         Ino{new_parent}, new_name, *flag));
}

}  // namespace casemate
