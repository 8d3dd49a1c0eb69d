#include "fs/fuse/session.h"

#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <linux/fuse.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/status.h"
#include "fs/fuse/dispatcher.h"
#include "fs/fuse/negotiation.h"
#include "fs/storage/unique_fd.h"

namespace casemate {
namespace {

// A message from libfuse: its header, and the header's body in parts[1].
fuse_out_header HeaderOf(const iovec* parts) {
  fuse_out_header header;
  memcpy(&header, parts[0].iov_base, sizeof(header));
  return header;
}

std::string Joined(const iovec* parts, int count) {
  std::string message;
  for (int i = 0; i < count; ++i) {
    message.append(static_cast<const char*>(parts[i].iov_base),
                   parts[i].iov_len);
  }
  return message;
}

}  // namespace

// The functions that libfuse calls, which find the session in its user data.
struct Session::Hooks {
  static Session* SessionOf(void* user_data) {
    return static_cast<FuseUserData*>(user_data)->session;
  }
  static void Init(void* user_data, fuse_conn_info* connection) {
    Negotiate(SessionOf(user_data)->options_, connection);
  }
  static ssize_t Write(int, iovec* parts, int count, void* user_data) {
    return SessionOf(user_data)->Send(parts, count);
  }
  // Requests come through Process().
  static ssize_t Read(int, void*, size_t, void*) {
    errno = ENOSYS;
    return -1;
  }

  FuseUserData user_data;
};

absl::StatusOr<std::unique_ptr<Session>> Session::Create(
    FileSystem* file_system, std::unique_ptr<Transport> transport,
    Notifier* notifier, const SessionOptions& options, Metrics* metrics,
    const Clock* clock, RateLimitedLogger* logger) {
  std::unique_ptr<Session> session(
      new Session(std::move(transport), notifier, options, logger));
  session->dispatcher_ = std::make_unique<Dispatcher>(
      file_system, options, ReplyObservers{metrics, clock, logger});
  session->hooks_ = std::make_unique<Hooks>();
  session->hooks_->user_data = {session->dispatcher_.get(), session.get()};
  RETURN_IF_ERROR(session->Open());
  return session;
}

Session::Session(std::unique_ptr<Transport> transport, Notifier* notifier,
                 const SessionOptions& options, RateLimitedLogger* logger)
    : transport_(std::move(transport)),
      notifier_(notifier),
      options_(options),
      logger_(logger) {}

Session::~Session() {
  if (notifier_ != nullptr) notifier_->Detach();
  if (session_ != nullptr) fuse_session_destroy(session_);
}

absl::Status Session::Open() {
  fuse_lowlevel_ops operations = Dispatcher::Operations();
  operations.init = Hooks::Init;
  fuse_args arguments = FUSE_ARGS_INIT(0, nullptr);
  fuse_opt_add_arg(&arguments, "casemate");
  if (options_.max_read != 0) {
    fuse_opt_add_arg(&arguments,
                     absl::StrCat("-omax_read=", options_.max_read).c_str());
  }
  session_ = fuse_session_new(&arguments, &operations, sizeof(operations),
                              &hooks_->user_data);
  fuse_opt_free_args(&arguments);
  if (session_ == nullptr) return ErrnoError(EINVAL, "fuse_session_new");

  // libfuse wants a descriptor to own, and passes it to the hooks.
  UniqueFd unused(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!unused.valid()) return ErrnoError(errno, "open /dev/null");
  fuse_custom_io io = {};
  io.writev = Hooks::Write;
  io.read = Hooks::Read;
  const int result = fuse_session_custom_io(session_, &io, unused.get());
  if (result != 0) return ErrnoError(-result, "fuse_session_custom_io");
  static_cast<void>(unused.release());
  return absl::OkStatus();
}

absl::Status Session::Serve() {
  const absl::Status status = transport_->Serve(this);
  if (notifier_ != nullptr) notifier_->Detach();
  return status;
}

// In this order: while the transport works, what the notifier's thread waits
// for in the kernel is answered.
void Session::Stop() {
  if (notifier_ != nullptr) notifier_->Detach();
  transport_->Stop();
}

void Session::Process(MutableBytes request) {
  fuse_in_header header;
  if (request.size() < sizeof(header)) return;
  memcpy(&header, request.data(), sizeof(header));
  // libfuse trusts the length that a request names.
  if (header.len != request.size()) {
    logger_->LogLimited("fuse_length", Severity::kError,
                        "a request of a wrong length was not answered");
    return;
  }
  if (header.opcode == FUSE_INIT && !initialized()) return ProcessInit(request);
  fuse_buf buffer = {};
  buffer.size = request.size();
  buffer.mem = request.data();
  fuse_session_process_buf(session_, &buffer);
}

void Session::ProcessInit(MutableBytes request) {
  {
    MutexLock lock(&mu_);
    init_request_ = std::string(TextOf(request));
  }
  fuse_buf buffer = {};
  buffer.size = request.size();
  buffer.mem = request.data();
  fuse_session_process_buf(session_, &buffer);
  if (initialized() && notifier_ != nullptr) notifier_->Attach(session_);
}

ssize_t Session::Send(const iovec* parts, int count) {
  int result = initialized() ? transport_->Reply(parts, count)
                             : SendBeforeInit(parts, count);
  if (result == 0) return 0;
  // What the kernel thinks of a notification does not matter (C7), but libfuse
  // prints every errno except this one.
  if (HeaderOf(parts).unique == 0) result = -ENOENT;
  errno = -result;
  return -1;
}

// Before INIT was answered libfuse refuses everything else, so the first
// success is INIT's reply: a header and a fuse_init_out.
int Session::SendBeforeInit(const iovec* parts, int count) {
  MutexLock lock(&mu_);
  // The first request after INIT may be answered while INIT's reply returns.
  if (initialized()) return transport_->Reply(parts, count);
  const absl::optional<InitOffer> offer = ParseInit(init_request_);
  const bool is_init = HeaderOf(parts).error == 0 && count == 2 &&
                       parts[1].iov_len == sizeof(fuse_init_out) && offer &&
                       offer->major == FUSE_KERNEL_VERSION;
  if (!is_init) return priming_ ? 0 : transport_->Reply(parts, count);

  fuse_init_out body;
  memcpy(&body, parts[1].iov_base, sizeof(body));
  body.flags = InitReplyFlags(body.flags, offer->flags);
  const iovec amended[2] = {parts[0], {&body, sizeof(body)}};
  init_reply_ = Joined(amended, 2);
  const int result = priming_ ? 0 : transport_->Reply(amended, 2);
  if (result == 0) initialized_.store(true, std::memory_order_release);
  return result;
}

std::string Session::init_request() const {
  MutexLock lock(&mu_);
  return init_request_;
}

std::string Session::init_reply() const {
  MutexLock lock(&mu_);
  return init_reply_;
}

absl::Status Session::Prime(absl::string_view init_request) {
  if (!ParseInit(init_request)) {
    return absl::InvalidArgumentError("not an INIT request");
  }
  {
    MutexLock lock(&mu_);
    priming_ = true;
  }
  std::string request(init_request);
  Process(
      MutableBytes(reinterpret_cast<uint8_t*>(&request[0]), request.size()));
  MutexLock lock(&mu_);
  priming_ = false;
  if (!initialized()) {
    return absl::InvalidArgumentError("an INIT request that libfuse refuses");
  }
  return absl::OkStatus();
}

}  // namespace casemate
