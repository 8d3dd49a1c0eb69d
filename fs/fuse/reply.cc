#include "fs/fuse/reply.h"

#include <fuse_lowlevel.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "fs/fuse/entry_codec.h"
#include "fs/fuse/stat_codec.h"
#include "fs/fuse/to_errno.h"

namespace casemate {
namespace {

fuse_file_info FileInfoOf(HandleId handle) {
  fuse_file_info info = {};
  info.fh = static_cast<uint64_t>(handle);
  return info;
}

}  // namespace

Reply::Reply(fuse_req* request, FuseOp op, uint64_t node,
             const ReplyObservers& observers, const SessionOptions& options)
    : request_(request),
      op_(op),
      node_(node),
      observers_(observers),
      options_(options),
      started_(observers.clock->Monotonic()) {
  observers_.metrics->fuse_inflight().Add(1);
}

Reply::Reply(Reply&& other) noexcept
    : request_(std::exchange(other.request_, nullptr)),
      op_(other.op_),
      node_(other.node_),
      observers_(other.observers_),
      options_(other.options_),
      started_(other.started_) {}

Reply::~Reply() { CHECK(request_ == nullptr, "a request was never answered"); }

fuse_req* Reply::Take() {
  CHECK(request_ != nullptr, "a request was answered twice");
  return std::exchange(request_, nullptr);
}

bool Reply::Finish(int error, int result) {
  observers_.metrics->fuse_inflight().Add(-1);
  observers_.metrics->RecordFuseOp(op_, error,
                                   observers_.clock->Monotonic() - started_);
  return result == 0;
}

void Reply::Status(const absl::Status& status) {
  const int error = ToErrno(status);
  if (error == EIO) {
    observers_.logger->LogLimited(
        "fuse_eio", Severity::kError,
        absl::StrCat(LabelText(op_), " of node ", node_, " failed with EIO"));
  }
  Finish(error, fuse_reply_err(Take(), error));
}

void Reply::None() {
  fuse_reply_none(Take());
  Finish(0, 0);
}

bool Reply::NewEntry(const Entry& entry) {
  const fuse_entry_param param = EntryParamOf(entry, options_);
  return Finish(0, fuse_reply_entry(Take(), &param));
}

void Reply::NegativeEntry() {
  const fuse_entry_param param = NegativeEntryParam(options_);
  Finish(ENOENT, fuse_reply_entry(Take(), &param));
}

bool Reply::NewFile(const Created& created, PageCache cache) {
  const fuse_entry_param param = EntryParamOf(created.entry, options_);
  fuse_file_info info = FileInfoOf(created.handle);
  info.keep_cache = cache == PageCache::kKept;
  return Finish(0, fuse_reply_create(Take(), &param, &info));
}

bool Reply::NewHandle(HandleId handle, PageCache cache) {
  fuse_file_info info = FileInfoOf(handle);
  info.keep_cache = cache == PageCache::kKept;
  return Finish(0, fuse_reply_open(Take(), &info));
}

void Reply::Stat(const Attributes& attributes) {
  const struct stat values = StatOf(attributes);
  Finish(0, fuse_reply_attr(Take(), &values,
                            absl::ToDoubleSeconds(options_.attribute_timeout)));
}

void Reply::Space(const SpaceReply& space) {
  const struct statvfs values = StatvfsOf(space);
  Finish(0, fuse_reply_statfs(Take(), &values));
}

void Reply::LinkTarget(const std::string& target) {
  Finish(0, fuse_reply_readlink(Take(), target.c_str()));
}

void Reply::Written(size_t count) {
  Finish(0, fuse_reply_write(Take(), count));
}

bool Reply::Data(ConstBytes data) {
  return Finish(
      0, fuse_reply_buf(Take(), reinterpret_cast<const char*>(data.data()),
                        data.size()));
}

bool Reply::Interrupted() const { return fuse_req_interrupted(request_) != 0; }

}  // namespace casemate
