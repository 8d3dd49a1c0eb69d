// Plays the kernel: builds requests byte by byte and reads the replies.
//
// The messages are well formed (fuse-invariants section 10: libfuse trusts
// lengths and NULs); what they say may be nonsense.
#ifndef FS_FUSE_RAW_KERNEL_H_
#define FS_FUSE_RAW_KERNEL_H_

#include <linux/fuse.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/bytes.h"
#include "base/check.h"
#include "fs/fuse/fake_transport.h"
#include "fs/fuse/transport.h"

namespace casemate {

struct Answer {
  uint64_t unique = 0;
  int error = 0;  // as an errno, positive
  std::string body;

  // The body's struct; zeroes when it is shorter, as after an error.
  template <typename T>
  T As(size_t offset = 0) const {
    T value = {};
    if (body.size() >= offset + sizeof(T)) {
      memcpy(&value, body.data() + offset, sizeof(T));
    }
    return value;
  }
};

// A struct as it travels.
template <typename T>
std::string Wire(const T& value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof(T));
}

// A name as it travels: with its NUL.
inline std::string WireName(absl::string_view name) {
  return std::string(name) + '\0';
}

// Not thread-safe; requests in flight at once need one each, and one transport
// each to tell their replies apart.
class RawKernel {
 public:
  RawKernel(RequestSink* sink, FakeTransport* transport)
      : sink_(sink), transport_(transport) {}

  std::string Request(uint32_t opcode, uint64_t node, const std::string& body) {
    fuse_in_header header = {};
    header.len = static_cast<uint32_t>(sizeof(header) + body.size());
    header.opcode = opcode;
    header.unique = ++last_unique_;
    header.nodeid = node;
    return Wire(header) + body;
  }

  // The replies that are sent while `request` is processed. Notifications,
  // which come from another thread when they like, are dropped.
  std::vector<Answer> Deliver(std::string request) {
    sink_->Process(
        MutableBytes(reinterpret_cast<uint8_t*>(&request[0]), request.size()));
    std::vector<Answer> answers;
    for (const std::string& message : transport_->TakeMessages()) {
      Answer answer = Parse(message);
      if (answer.unique != 0) answers.push_back(std::move(answer));
    }
    return answers;
  }

  // The one reply to one request.
  Answer Ask(uint32_t opcode, uint64_t node, const std::string& body) {
    const std::vector<Answer> answers = Deliver(Request(opcode, node, body));
    CHECK(answers.size() == 1, "every request has exactly one reply");
    CHECK(answers[0].unique == last_unique_, "a reply names its request");
    return answers[0];
  }

  // Section 10's handshake; `flags` are the wire's FUSE_* bits.
  std::string InitRequest(uint32_t flags) {
    fuse_init_in body = {};
    body.major = 7;
    body.minor = 38;
    body.max_readahead = 131072;
    body.flags = flags;
    return Request(FUSE_INIT, 0, Wire(body));
  }
  Answer Init(uint32_t flags = kOffered) {
    return Deliver(InitRequest(flags)).at(0);
  }
  // What a kernel of our time offers, as far as it matters here.
  static constexpr uint32_t kOffered =
      FUSE_ASYNC_READ | FUSE_ATOMIC_O_TRUNC | FUSE_BIG_WRITES |
      FUSE_AUTO_INVAL_DATA | FUSE_DO_READDIRPLUS | FUSE_READDIRPLUS_AUTO |
      FUSE_ASYNC_DIO | FUSE_PARALLEL_DIROPS | FUSE_MAX_PAGES |
      FUSE_HANDLE_KILLPRIV | FUSE_CACHE_SYMLINKS;

  Answer Lookup(uint64_t parent, absl::string_view name) {
    return Ask(FUSE_LOOKUP, parent, WireName(name));
  }
  Answer Mkdir(uint64_t parent, absl::string_view name) {
    fuse_mkdir_in body = {};
    body.mode = 0755;
    return Ask(FUSE_MKDIR, parent, Wire(body) + WireName(name));
  }
  Answer Create(uint64_t parent, absl::string_view name, uint32_t flags) {
    fuse_create_in body = {};
    body.flags = flags;
    body.mode = 0100644;
    return Ask(FUSE_CREATE, parent, Wire(body) + WireName(name));
  }
  Answer Open(uint32_t opcode, uint64_t node, uint32_t flags) {
    fuse_open_in body = {};
    body.flags = flags;
    return Ask(opcode, node, Wire(body));
  }
  // READ, READDIR and READDIRPLUS.
  Answer Read(uint32_t opcode, uint64_t node, uint64_t handle, uint64_t offset,
              uint32_t size) {
    fuse_read_in body = {};
    body.fh = handle;
    body.offset = offset;
    body.size = size;
    return Ask(opcode, node, Wire(body));
  }
  Answer Write(uint64_t node, uint64_t handle, uint64_t offset,
               const std::string& data) {
    fuse_write_in body = {};
    body.fh = handle;
    body.offset = offset;
    body.size = static_cast<uint32_t>(data.size());
    return Ask(FUSE_WRITE, node, Wire(body) + data);
  }
  // RELEASE and RELEASEDIR.
  Answer Release(uint32_t opcode, uint64_t node, uint64_t handle) {
    fuse_release_in body = {};
    body.fh = handle;
    return Ask(opcode, node, Wire(body));
  }
  // Answers nothing, so there must be none.
  void Forget(uint64_t node, uint64_t count) {
    fuse_forget_in body = {};
    body.nlookup = count;
    CHECK(Deliver(Request(FUSE_FORGET, node, Wire(body))).empty(),
          "FORGET has no reply");
  }

  static Answer Parse(const std::string& message) {
    fuse_out_header header = {};
    CHECK(message.size() >= sizeof(header), "a message has a header");
    memcpy(&header, message.data(), sizeof(header));
    CHECK(header.len == message.size(), "a message has the length it names");
    return Answer{header.unique, -header.error, message.substr(sizeof(header))};
  }

 private:
  RequestSink* const sink_;
  FakeTransport* const transport_;
  uint64_t last_unique_ = 0;
};

}  // namespace casemate

#endif  // FS_FUSE_RAW_KERNEL_H_
