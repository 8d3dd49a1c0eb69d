// Claim: whatever well-formed requests arrive, in whatever order and with
// whatever nodes, handles, names, sizes and flags in them, each has exactly one
// reply that the kernel could take, no reply is larger than asked for, and when
// everything is forgotten and released only the root is left, whether or not
// the replies were delivered (fuse-invariants section 10).
//
// The input is a program for a kernel: a byte for the operation, then bytes
// that choose its arguments. Lengths and NULs are right because libfuse trusts
// them.
#include <fcntl.h>
#include <linux/fuse.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/check.h"
#include "fs/fuse/raw_kernel.h"
#include "fs/fuse/vault_session.h"

namespace casemate {
namespace {

constexpr uint64_t kRoot = FUSE_ROOT_ID;
constexpr int kMaxSteps = 60;
constexpr int kLargestErrno = 999;

// Zeros when it is used up.
class Input {
 public:
  Input(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  bool empty() const { return size_ == 0; }
  uint8_t Byte() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }
  template <typename T>
  T OneOf(const std::vector<T>& choices) {
    return choices[Byte() % choices.size()];
  }

 private:
  const uint8_t* data_;
  size_t size_;
};

struct Handle {
  uint64_t node;
  uint64_t fh;
  bool is_directory;
};

class FuzzedKernel {
 public:
  FuzzedKernel(TemporaryVault* vault, Input* input)
      : mount_(vault), input_(*input) {
    CHECK(mount_.kernel().Init().error == 0, "INIT is answered");
  }

  void Run() {
    for (int i = 0; i < kMaxSteps && !input_.empty(); ++i) Step();
    LeaveEverything();
    CHECK(mount_.file_system().inode_count() == 1, "only the root is left");
    CHECK(mount_.file_system().open_file_count() == 0, "no file is left open");
    CHECK(mount_.metrics().fuse_inflight().value() == 0,
          "every request was answered");
  }

 private:
  // Arguments: what is known, and what is not.
  uint64_t Node() {
    std::vector<uint64_t> nodes = {kRoot, 0, 77, UINT64_MAX};
    for (const auto& [node, count] : lookups_) nodes.push_back(node);
    return input_.OneOf(nodes);
  }
  Handle AnyHandle() {
    std::vector<Handle> known = handles_;
    known.push_back({kRoot, 0, true});
    known.push_back({Node(), UINT64_MAX, false});
    Handle handle = input_.OneOf(known);
    if (input_.Byte() % 8 == 0) handle.node = Node();
    return handle;
  }
  std::string Name() {
    static const auto* const names =
        new std::vector<std::string>{"a",
                                     "b",
                                     "c",
                                     "d",
                                     "",
                                     ".",
                                     "..",
                                     "a/b",
                                     "\xc3\xa9",
                                     "e\xcc\x81",
                                     "\xff\xfe",
                                     "\n",
                                     std::string(255, 'n'),
                                     std::string(256, 'n'),
                                     std::string(4095, 'n'),
                                     "a.c9r",
                                     " "};
    return WireName(input_.OneOf(*names));
  }
  // Nothing between a megabyte and an impossible size: growing a file writes
  // zeros, and those would take all the time there is.
  uint64_t Offset() {
    return input_.OneOf<uint64_t>({0, 1, 4095, 4096, 32767, 32768, 100'000,
                                   uint64_t{1} << 62, INT64_MAX - 1, INT64_MAX,
                                   uint64_t{1} << 63, UINT64_MAX});
  }
  uint32_t Size() {
    return input_.OneOf<uint32_t>({0, 1, 24, 100, 4096, 32768, 40'000, 1 << 20,
                                   (1 << 20) + 1, UINT32_MAX});
  }
  uint32_t OpenFlags() {
    return input_.OneOf<uint32_t>({O_RDONLY, O_WRONLY, O_RDWR, 3,
                                   O_RDWR | O_TRUNC, O_WRONLY | O_EXCL,
                                   O_RDONLY | O_TRUNC, UINT32_MAX});
  }
  uint32_t Mode() {
    return input_.OneOf<uint32_t>({0644, 0100600, 0755, 07777, S_IFIFO | 0600,
                                   S_IFDIR | 0700, UINT32_MAX});
  }

  // Sends a request, perhaps one whose reply is refused, and checks what comes.
  // The answer's error is not 0 when nobody took it.
  Answer Ask(uint32_t opcode, uint64_t node, const std::string& body) {
    const bool refused = input_.Byte() % 8 == 7 && interrupts_.empty();
    if (refused) mount_.transport().AnswerNext(-ENOENT);
    const std::string request = mount_.kernel().Request(opcode, node, body);
    std::vector<Answer> answers = mount_.kernel().Deliver(request);
    // libfuse answers an interrupt that came too late with the next request.
    answers.erase(std::remove_if(answers.begin(), answers.end(),
                                 [&](const Answer& answer) {
                                   return interrupts_.erase(answer.unique) != 0;
                                 }),
                  answers.end());
    CHECK(answers.size() == 1, "one reply for one request");
    Answer answer = answers[0];
    CHECK(answer.unique == UniqueOf(request), "the reply names its request");
    CHECK(answer.error >= 0 && answer.error <= kLargestErrno,
          "an errno the kernel takes");
    CHECK(answer.error == 0 || answer.body.empty(), "an error has no content");
    if (refused) answer.error = ENOENT;
    return answer;
  }
  static uint64_t UniqueOf(const std::string& request) {
    fuse_in_header header;
    memcpy(&header, request.data(), sizeof(header));
    return header.unique;
  }

  void CountEntry(const fuse_entry_out& entry) {
    CHECK(entry.nodeid != kRoot, "no entry is the root's");
    if (entry.nodeid == 0) return;
    const uint32_t type = entry.attr.mode & S_IFMT;
    CHECK(type == S_IFREG || type == S_IFDIR || type == S_IFLNK,
          "a node has one of the format's types");
    CHECK(entry.attr.size <= INT64_MAX, "a size is no negative number");
    ++lookups_[entry.nodeid];
  }
  void ForEntry(const Answer& answer) {
    if (answer.error == 0) CountEntry(answer.As<fuse_entry_out>());
  }

  void MakeOrLookup() {
    const uint64_t parent = Node();
    switch (input_.Byte() % 4) {
      case 0:
        return ForEntry(Ask(FUSE_LOOKUP, parent, Name()));
      case 1: {
        fuse_mkdir_in body = {};
        body.mode = Mode();
        return ForEntry(Ask(FUSE_MKDIR, parent, Wire(body) + Name()));
      }
      case 2: {
        fuse_mknod_in body = {};
        body.mode = Mode();
        return ForEntry(Ask(FUSE_MKNOD, parent, Wire(body) + Name()));
      }
      default:
        return ForEntry(Ask(FUSE_SYMLINK, parent, Name() + Name()));
    }
  }

  void Create() {
    fuse_create_in body = {};
    body.flags = OpenFlags();
    body.mode = Mode();
    const Answer answer = Ask(FUSE_CREATE, Node(), Wire(body) + Name());
    if (answer.error != 0) return;
    const auto entry = answer.As<fuse_entry_out>();
    CHECK(entry.nodeid >= 2, "what was created has a node");
    CountEntry(entry);
    handles_.push_back({entry.nodeid,
                        answer.As<fuse_open_out>(sizeof(fuse_entry_out)).fh,
                        false});
  }

  void Open() {
    const bool is_directory = input_.Byte() % 2 == 0;
    const uint64_t node = Node();
    fuse_open_in body = {};
    body.flags = OpenFlags();
    const Answer answer =
        Ask(is_directory ? FUSE_OPENDIR : FUSE_OPEN, node, Wire(body));
    if (answer.error != 0) return;
    handles_.push_back({node, answer.As<fuse_open_out>().fh, is_directory});
  }

  void Read() {
    const uint32_t opcode =
        input_.OneOf<uint32_t>({FUSE_READ, FUSE_READDIR, FUSE_READDIRPLUS});
    const Handle handle = AnyHandle();
    fuse_read_in body = {};
    body.fh = handle.fh;
    body.offset = Offset();
    body.size = Size();
    const Answer answer = Ask(opcode, handle.node, Wire(body));
    CHECK(answer.body.size() <= body.size, "no reply is larger than asked for");
    if (opcode == FUSE_READDIRPLUS && answer.error == 0) CountListing(answer);
  }
  void CountListing(const Answer& answer) {
    size_t at = 0;
    while (at < answer.body.size()) {
      const auto entry = answer.As<fuse_direntplus>(at);
      CHECK(entry.dirent.namelen > 0, "an entry has a name");
      if (entry.entry_out.nodeid != 0) CountEntry(entry.entry_out);
      at +=
          FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET_DIRENTPLUS + entry.dirent.namelen);
    }
    CHECK(at == answer.body.size(), "a listing is whole entries");
  }

  void Write() {
    const Handle handle = AnyHandle();
    const std::string data(std::min<uint32_t>(Size(), 70'000), 'w');
    fuse_write_in body = {};
    body.fh = handle.fh;
    body.offset = Offset();
    body.size = static_cast<uint32_t>(data.size());
    const Answer answer = Ask(FUSE_WRITE, handle.node, Wire(body) + data);
    CHECK(answer.error != 0 || answer.As<fuse_write_out>().size == data.size(),
          "a write is whole or an error");
  }

  void Attributes() {
    if (input_.Byte() % 2 == 0) {
      fuse_getattr_in body = {};
      body.getattr_flags = input_.Byte() % 2 == 0 ? FUSE_GETATTR_FH : 0;
      const Handle handle = AnyHandle();
      body.fh = handle.fh;
      Ask(FUSE_GETATTR, handle.node, Wire(body));
      return;
    }
    const Handle handle = AnyHandle();
    fuse_setattr_in body = {};
    body.valid = input_.Byte() | uint32_t{input_.Byte()} << 8;
    body.fh = handle.fh;
    body.size = Offset();
    body.mode = Mode();
    body.atime = Offset();
    body.mtimensec = Size();
    Ask(FUSE_SETATTR, handle.node, Wire(body));
  }

  void RemoveOrRename() {
    switch (input_.Byte() % 4) {
      case 0:
        Ask(FUSE_UNLINK, Node(), Name());
        return;
      case 1:
        Ask(FUSE_RMDIR, Node(), Name());
        return;
      default: {
        fuse_rename2_in body = {};
        body.newdir = Node();
        body.flags = input_.OneOf<uint32_t>({0, 0, 1, 2, 3, 4, UINT32_MAX});
        Ask(FUSE_RENAME2, Node(), Wire(body) + Name() + Name());
      }
    }
  }

  void Sync() {
    const Handle handle = AnyHandle();
    if (input_.Byte() % 2 == 0) {
      fuse_flush_in body = {};
      body.fh = handle.fh;
      Ask(FUSE_FLUSH, handle.node, Wire(body));
      return;
    }
    fuse_fsync_in body = {};
    body.fh = handle.fh;
    body.fsync_flags = input_.Byte();
    Ask(handle.is_directory ? FUSE_FSYNCDIR : FUSE_FSYNC, handle.node,
        Wire(body));
  }

  void Others() {
    static const auto* const opcodes = new std::vector<uint32_t>{
        FUSE_STATFS, FUSE_READLINK, FUSE_DESTROY, FUSE_INIT, 50, 51, 999};
    const uint32_t opcode = input_.OneOf(*opcodes);
    fuse_init_in body = {};
    body.major = 7;
    body.minor = 38;
    Ask(opcode, Node(), Wire(body));
  }

  // Nothing answers these.
  void Tell(uint32_t opcode, uint64_t node, const std::string& body) {
    std::vector<Answer> answers =
        mount_.kernel().Deliver(mount_.kernel().Request(opcode, node, body));
    for (const Answer& answer : answers) {
      CHECK(interrupts_.erase(answer.unique) != 0,
            "what takes no answer gets none");
    }
  }
  void Forget() {
    fuse_forget_in body = {};
    body.nlookup = input_.OneOf<uint64_t>({0, 1, 1, 2, UINT64_MAX});
    const uint64_t node = Node();
    Tell(FUSE_FORGET, node, Wire(body));
    const auto known = lookups_.find(node);
    if (known == lookups_.end()) return;
    known->second -= std::min(known->second, body.nlookup);
    if (known->second == 0) lookups_.erase(known);
  }
  void Interrupt() {
    fuse_interrupt_in body = {};
    body.unique = input_.Byte();
    const std::string request =
        mount_.kernel().Request(FUSE_INTERRUPT, 0, Wire(body));
    for (const Answer& answer : mount_.kernel().Deliver(request)) {
      CHECK(interrupts_.erase(answer.unique) != 0,
            "what takes no answer gets none");
    }
    interrupts_.insert(UniqueOf(request));
  }
  void Release() {
    const Handle handle = AnyHandle();
    fuse_release_in body = {};
    body.fh = handle.fh;
    Ask(handle.is_directory ? FUSE_RELEASEDIR : FUSE_RELEASE, handle.node,
        Wire(body));
    // Also when the reply was not taken; never when it was not this handle's.
    handles_.erase(std::remove_if(handles_.begin(), handles_.end(),
                                  [&](const Handle& known) {
                                    return known.fh == handle.fh &&
                                           known.node == handle.node &&
                                           known.is_directory ==
                                               handle.is_directory;
                                  }),
                   handles_.end());
  }

  void Step() {
    switch (input_.Byte() % 12) {
      case 0:
      case 1:
        return MakeOrLookup();
      case 2:
        return Create();
      case 3:
        return Open();
      case 4:
        return Read();
      case 5:
        return Write();
      case 6:
        return Attributes();
      case 7:
        return RemoveOrRename();
      case 8:
        return Sync();
      case 9:
        return Forget();
      case 10:
        return Release();
      default:
        return input_.Byte() % 2 == 0 ? Others() : Interrupt();
    }
  }

  void LeaveEverything() {
    // libfuse does not free the interrupts that it still remembers at the end.
    for (size_t i = interrupts_.size(); i > 0; --i) Ask(FUSE_STATFS, 0, "");
    for (const Handle& handle : handles_) {
      fuse_release_in body = {};
      body.fh = handle.fh;
      const std::string request = mount_.kernel().Request(
          handle.is_directory ? FUSE_RELEASEDIR : FUSE_RELEASE, handle.node,
          Wire(body));
      const std::vector<Answer> answers = mount_.kernel().Deliver(request);
      CHECK(answers.back().error == 0, "an open handle can be released");
    }
    for (const auto& [node, count] : lookups_) {
      fuse_forget_in body = {};
      body.nlookup = count;
      Tell(FUSE_FORGET, node, Wire(body));
    }
  }

  VaultSession mount_;
  Input& input_;
  std::map<uint64_t, uint64_t> lookups_;
  std::vector<Handle> handles_;
  std::set<uint64_t> interrupts_;
};

}  // namespace
}  // namespace casemate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Its folder goes at exit.
  static casemate::TemporaryVault vault;
  vault.Clear();
  casemate::Input input(data, size);
  casemate::FuzzedKernel(&vault, &input).Run();
  return 0;
}
