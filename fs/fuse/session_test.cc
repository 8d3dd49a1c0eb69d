// The raw protocol against a real vault: what the kernel would see.
#include "fs/fuse/session.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "fs/fuse/fake_transport.h"
#include "fs/fuse/raw_kernel.h"
#include "fs/fuse/vault_session.h"
#include "gtest/gtest.h"

namespace casemate {
namespace {

constexpr uint64_t kRoot = FUSE_ROOT_ID;

class SessionTest : public ::testing::Test {
 protected:
  uint64_t Count(FuseOp op, FuseResult result) {
    return mount_.metrics().fuse_ops(op, result).value();
  }

  TemporaryVault vault_;
  VaultSession mount_{&vault_};
  RawKernel& kernel_ = mount_.kernel();
};

// INIT.

TEST_F(SessionTest, AnswersInitWithWhatItWants) {
  EXPECT_FALSE(mount_.session().initialized());
  const Answer answer = kernel_.Init();
  EXPECT_TRUE(mount_.session().initialized());
  EXPECT_EQ(answer.error, 0);
  const auto init = answer.As<fuse_init_out>();
  EXPECT_EQ(answer.body.size(), 64u);
  EXPECT_EQ(init.major, 7u);
  EXPECT_EQ(init.max_write, 1u << 20);
  EXPECT_EQ(init.max_pages, 256u);
  EXPECT_EQ(init.max_background, 64u);
  EXPECT_EQ(init.congestion_threshold, 48u);
  EXPECT_EQ(init.time_gran, 1u);
  EXPECT_EQ(init.flags,
            uint32_t{FUSE_ASYNC_READ | FUSE_ATOMIC_O_TRUNC | FUSE_BIG_WRITES |
                     FUSE_DO_READDIRPLUS | FUSE_READDIRPLUS_AUTO |
                     FUSE_ASYNC_DIO | FUSE_PARALLEL_DIROPS | FUSE_MAX_PAGES});
}

TEST_F(SessionTest, ParallelDiropsOnlyWhenTheKernelOffersThem) {
  const Answer answer =
      kernel_.Init(RawKernel::kOffered & ~uint32_t{FUSE_PARALLEL_DIROPS});
  EXPECT_EQ(answer.As<fuse_init_out>().flags & FUSE_PARALLEL_DIROPS, 0u);
}

TEST_F(SessionTest, BeforeInitEverythingIsEIO) {
  EXPECT_EQ(kernel_.Lookup(kRoot, "name").error, EIO);
  EXPECT_FALSE(mount_.session().initialized());
  EXPECT_EQ(kernel_.Init().error, 0);
}

TEST_F(SessionTest, ASecondInitIsEIOAndLeavesTheFirst) {
  kernel_.Init();
  const std::string request = mount_.session().init_request();
  EXPECT_EQ(kernel_.Init(0).error, EIO);
  EXPECT_EQ(mount_.session().init_request(), request);
}

TEST_F(SessionTest, AnInitReplyThatWasNotTakenIsNotAnInitialisation) {
  mount_.transport().AnswerNext(-ENODEV);
  kernel_.Init();
  EXPECT_FALSE(mount_.session().initialized());
}

TEST_F(SessionTest, MaxReadOfMountAndSessionAgree) {
  SessionOptions options;
  options.max_read = 65536;
  VaultSession mount(&vault_, options);
  EXPECT_EQ(mount.kernel().Init().error, 0);
  EXPECT_TRUE(mount.session().initialized());
}

// A successor on the same mount.

TEST_F(SessionTest, ASuccessorPrimedWithTheRecordedInitServesAtOnce) {
  const std::string sent = kernel_.InitRequest(RawKernel::kOffered);
  kernel_.Deliver(sent);
  EXPECT_EQ(mount_.session().init_request(), sent);

  VaultSession successor(&vault_);
  ASSERT_TRUE(successor.session().Prime(sent).ok());
  EXPECT_TRUE(successor.transport().TakeMessages().empty());
  EXPECT_TRUE(successor.session().initialized());
  EXPECT_EQ(successor.session().init_request(), sent);
  EXPECT_EQ(successor.session().init_reply(), mount_.session().init_reply());
  EXPECT_EQ(successor.kernel().Lookup(kRoot, "none").error, ENOENT);
}

TEST_F(SessionTest, PrimingWithSomethingElseIsRefused) {
  EXPECT_FALSE(mount_.session().Prime("not an INIT").ok());
  EXPECT_FALSE(mount_.session().initialized());
  EXPECT_TRUE(mount_.transport().TakeMessages().empty());
  EXPECT_EQ(kernel_.Init().error, 0);
}

// Requests.

class ServingTest : public SessionTest {
 protected:
  ServingTest() { kernel_.Init(); }

  size_t Inodes() { return mount_.file_system().inode_count(); }
  size_t OpenFiles() { return mount_.file_system().open_file_count(); }

  struct OpenedFile {
    uint64_t node = 0;
    uint64_t handle = 0;
  };
  OpenedFile NewFile(const std::string& name) {
    const Answer answer = kernel_.Create(kRoot, name, O_RDWR);
    EXPECT_EQ(answer.error, 0);
    return {answer.As<fuse_entry_out>().nodeid,
            answer.As<fuse_open_out>(sizeof(fuse_entry_out)).fh};
  }
};

TEST_F(ServingTest, ALookupIsCountedUntilItIsForgotten) {
  const uint64_t node = kernel_.Mkdir(kRoot, "dir").As<fuse_entry_out>().nodeid;
  EXPECT_GE(node, 2u);
  EXPECT_EQ(kernel_.Lookup(kRoot, "dir").As<fuse_entry_out>().nodeid, node);
  EXPECT_EQ(Inodes(), 2u);
  kernel_.Forget(node, 1);
  EXPECT_EQ(Inodes(), 2u);
  kernel_.Forget(node, 1);
  EXPECT_EQ(Inodes(), 1u);
}

TEST_F(ServingTest, BatchForgetTakesBackEachElement) {
  const uint64_t one = kernel_.Mkdir(kRoot, "1").As<fuse_entry_out>().nodeid;
  const uint64_t two = kernel_.Mkdir(kRoot, "2").As<fuse_entry_out>().nodeid;
  fuse_batch_forget_in head = {};
  head.count = 3;
  // One of them twice: clamped, not an underflow.
  const std::string body = Wire(head) + Wire(fuse_forget_one{one, 1}) +
                           Wire(fuse_forget_one{two, 1}) +
                           Wire(fuse_forget_one{one, 1});
  EXPECT_TRUE(
      kernel_.Deliver(kernel_.Request(FUSE_BATCH_FORGET, 0, body)).empty());
  EXPECT_EQ(Inodes(), 1u);
  EXPECT_EQ(mount_.metrics().forget_underflows().value(), 1u);
}

TEST_F(ServingTest, AnUnknownNodeIsESTALE) {
  EXPECT_EQ(kernel_.Lookup(77, "name").error, ESTALE);
  EXPECT_EQ(kernel_.Ask(FUSE_GETATTR, 77, Wire(fuse_getattr_in{})).error,
            ESTALE);
  EXPECT_EQ(kernel_.Open(FUSE_OPEN, 77, O_RDONLY).error, ESTALE);
}

TEST_F(ServingTest, StatfsAnswersForAnyNode) {
  EXPECT_EQ(kernel_.Ask(FUSE_STATFS, 77, "").error, 0);
  const Answer answer = kernel_.Ask(FUSE_STATFS, 0, "");
  EXPECT_EQ(answer.error, 0);
  EXPECT_EQ(answer.As<fuse_statfs_out>().st.namelen, 255u);
}

TEST_F(ServingTest, AnEntryCarriesAttributesAndTimeouts) {
  const auto entry = kernel_.Mkdir(kRoot, "dir").As<fuse_entry_out>();
  EXPECT_EQ(entry.generation, 0u);
  EXPECT_EQ(entry.entry_valid, 1u);
  EXPECT_EQ(entry.attr_valid, 1u);
  EXPECT_EQ(entry.attr.mode & S_IFMT, uint32_t{S_IFDIR});
}

TEST_F(ServingTest, ANameFoundUnderAnotherSpellingIsNotRemembered) {
  kernel_.Mkdir(kRoot, "\xc3\xa9");  // U+00E9
  const auto entry = kernel_.Lookup(kRoot, "e\xcc\x81").As<fuse_entry_out>();
  EXPECT_GE(entry.nodeid, 2u);
  EXPECT_EQ(entry.entry_valid, 0u);
  EXPECT_EQ(entry.entry_valid_nsec, 0u);
  EXPECT_EQ(kernel_.Lookup(kRoot, "\xc3\xa9").As<fuse_entry_out>().entry_valid,
            1u);
}

TEST_F(ServingTest, AnAbsentNameIsENOENTWithoutANegativeTimeout) {
  const Answer answer = kernel_.Lookup(kRoot, "none");
  EXPECT_EQ(answer.error, ENOENT);
  EXPECT_TRUE(answer.body.empty());
}

TEST_F(SessionTest, AnAbsentNameIsAnEntryWithoutNodeWhenItMayBeRemembered) {
  SessionOptions options;
  options.negative_timeout = absl::Seconds(5);
  VaultSession mount(&vault_, options);
  mount.kernel().Init();
  const Answer answer = mount.kernel().Lookup(kRoot, "none");
  EXPECT_EQ(answer.error, 0);
  EXPECT_EQ(answer.As<fuse_entry_out>().nodeid, 0u);
  EXPECT_EQ(answer.As<fuse_entry_out>().entry_valid, 5u);
  // But not where another spelling may come to mean something (C3).
  EXPECT_EQ(mount.kernel().Lookup(kRoot, "e\xcc\x81").error, ENOENT);
  // And an unknown parent is not an absent name.
  EXPECT_EQ(mount.kernel().Lookup(77, "none").error, ESTALE);
}

TEST_F(ServingTest, WrittenContentIsReadBack) {
  const OpenedFile file = NewFile("file");
  const std::string text(100'000, 'x');
  const Answer written = kernel_.Write(file.node, file.handle, 5, text);
  EXPECT_EQ(written.error, 0);
  EXPECT_EQ(written.As<fuse_write_out>().size, text.size());
  const Answer read =
      kernel_.Read(FUSE_READ, file.node, file.handle, 0, 200'000);
  EXPECT_EQ(read.body, std::string(5, '\0') + text);
  EXPECT_EQ(mount_.metrics().fuse_bytes(Direction::kWrite).value(), 100'000u);
  EXPECT_EQ(mount_.metrics().fuse_bytes(Direction::kRead).value(), 100'005u);
}

TEST_F(ServingTest, OpeningAFileThatIsOpenKeepsItsPages) {
  const OpenedFile file = NewFile("file");
  const auto flags = [&] {
    return kernel_.Open(FUSE_OPEN, file.node, O_RDONLY)
        .As<fuse_open_out>()
        .open_flags;
  };
  EXPECT_EQ(flags() & FOPEN_KEEP_CACHE, uint32_t{FOPEN_KEEP_CACHE});
  const uint64_t dir = kernel_.Mkdir(kRoot, "dir").As<fuse_entry_out>().nodeid;
  const uint32_t of_dir =
      kernel_.Open(FUSE_OPENDIR, dir, O_RDONLY).As<fuse_open_out>().open_flags;
  EXPECT_EQ(of_dir & FOPEN_KEEP_CACHE, 0u);
}

TEST_F(ServingTest, ALaterReadSeesNothingOfAnEarlierReply) {
  const OpenedFile file = NewFile("file");
  kernel_.Write(file.node, file.handle, 0, std::string(4096, 's'));
  kernel_.Read(FUSE_READ, file.node, file.handle, 0, 4096);
  const OpenedFile other = NewFile("other");
  kernel_.Write(other.node, other.handle, 0, "ab");
  EXPECT_EQ(kernel_.Read(FUSE_READ, other.node, other.handle, 0, 4096).body,
            "ab");
}

TEST_F(ServingTest, RangesThatAreNoneAreRefusedNotCut) {
  const OpenedFile file = NewFile("file");
  const auto read = [&](uint64_t offset, uint32_t size) {
    return kernel_.Read(FUSE_READ, file.node, file.handle, offset, size).error;
  };
  const auto write = [&](uint64_t offset) {
    return kernel_.Write(file.node, file.handle, offset, "abc").error;
  };
  constexpr uint64_t kLast = INT64_MAX;
  EXPECT_EQ(read(kLast + 1, 1), EINVAL);
  EXPECT_EQ(read(kLast, 1), EINVAL);
  EXPECT_EQ(read(0, (1 << 20) + 1), EINVAL);
  EXPECT_EQ(read(0, 1 << 20), 0);
  EXPECT_EQ(write(kLast + 1), EINVAL);
  EXPECT_EQ(write(kLast - 1), EFBIG);
}

TEST_F(ServingTest, HandlesAreValidated) {
  const OpenedFile file = NewFile("file");
  const OpenedFile other = NewFile("other");
  EXPECT_EQ(kernel_.Read(FUSE_READ, file.node, 4711, 0, 10).error, EBADF);
  EXPECT_EQ(kernel_.Read(FUSE_READ, file.node, other.handle, 0, 10).error,
            EBADF);
  EXPECT_EQ(kernel_.Release(FUSE_RELEASE, file.node, file.handle).error, 0);
  EXPECT_EQ(kernel_.Read(FUSE_READ, file.node, file.handle, 0, 10).error,
            EBADF);
}

TEST_F(ServingTest, OpenFlagsAndOnlyThoseReachCore) {
  const OpenedFile file = NewFile("file");
  kernel_.Write(file.node, file.handle, 0, "content");
  const Answer reader = kernel_.Open(FUSE_OPEN, file.node, O_RDONLY);
  const uint64_t handle = reader.As<fuse_open_out>().fh;
  // It was open already: what the kernel has cached is right (H17).
  EXPECT_EQ(reader.As<fuse_open_out>().open_flags, uint32_t{FOPEN_KEEP_CACHE});
  EXPECT_EQ(kernel_.Write(file.node, handle, 0, "x").error, EBADF);
  kernel_.Open(FUSE_OPEN, file.node, O_WRONLY | O_TRUNC);
  EXPECT_EQ(kernel_.Read(FUSE_READ, file.node, handle, 0, 10).body, "");
  EXPECT_EQ(kernel_.Create(kRoot, "file", O_RDWR | O_EXCL).error, EEXIST);
}

TEST_F(ServingTest, SetattrObeysOnlyTheBitsThatAreSet) {
  const OpenedFile file = NewFile("file");
  fuse_setattr_in body = {};
  body.valid = FATTR_SIZE | FATTR_FH;
  body.fh = file.handle;
  body.size = 1000;
  body.mode = 0777;
  body.uid = 99;
  const Answer answer = kernel_.Ask(FUSE_SETATTR, file.node, Wire(body));
  EXPECT_EQ(answer.error, 0);
  const auto attr = answer.As<fuse_attr_out>().attr;
  EXPECT_EQ(attr.size, 1000u);
  EXPECT_EQ(attr.mode & 07777, 0644u);
  EXPECT_NE(attr.uid, 99u);
  body.fh = 4711;
  EXPECT_EQ(kernel_.Ask(FUSE_SETATTR, file.node, Wire(body)).error, EBADF);
  body.valid = FATTR_SIZE;  // the handle is not looked at
  EXPECT_EQ(kernel_.Ask(FUSE_SETATTR, file.node, Wire(body)).error, 0);
}

TEST_F(ServingTest, SymlinkAndReadlink) {
  const Answer made =
      kernel_.Ask(FUSE_SYMLINK, kRoot, WireName("link") + WireName("../a b"));
  EXPECT_EQ(made.error, 0);
  const uint64_t node = made.As<fuse_entry_out>().nodeid;
  EXPECT_EQ(kernel_.Ask(FUSE_READLINK, node, "").body, "../a b");
}

TEST_F(ServingTest, RenameFlags) {
  kernel_.Mkdir(kRoot, "a");
  kernel_.Mkdir(kRoot, "b");
  const auto rename = [&](uint32_t flags) {
    fuse_rename2_in body = {};
    body.newdir = kRoot;
    body.flags = flags;
    return kernel_
        .Ask(FUSE_RENAME2, kRoot, Wire(body) + WireName("a") + WireName("b"))
        .error;
  };
  EXPECT_EQ(rename(4), EINVAL);
  EXPECT_EQ(rename(3), EINVAL);
  EXPECT_EQ(rename(1), EEXIST);
  EXPECT_EQ(rename(0), 0);
  EXPECT_EQ(kernel_.Lookup(kRoot, "a").error, ENOENT);
}

TEST_F(ServingTest, LinksAndSpecialFilesAreEPERM) {
  const OpenedFile file = NewFile("file");
  fuse_link_in link = {};
  link.oldnodeid = file.node;
  EXPECT_EQ(kernel_.Ask(FUSE_LINK, kRoot, Wire(link) + WireName("l")).error,
            EPERM);
  fuse_mknod_in fifo = {};
  fifo.mode = S_IFIFO | 0600;
  EXPECT_EQ(kernel_.Ask(FUSE_MKNOD, kRoot, Wire(fifo) + WireName("f")).error,
            EPERM);
}

TEST_F(ServingTest, OperationsTheKernelShouldNotAskForAgainAreENOSYS) {
  const OpenedFile file = NewFile("file");
  EXPECT_EQ(kernel_.Ask(FUSE_ACCESS, file.node, Wire(fuse_access_in{})).error,
            ENOSYS);
  EXPECT_EQ(kernel_
                .Ask(FUSE_GETXATTR, file.node,
                     Wire(fuse_getxattr_in{}) + WireName("user.a"))
                .error,
            ENOSYS);
  EXPECT_EQ(kernel_.Ask(FUSE_LSEEK, file.node, Wire(fuse_lseek_in{})).error,
            ENOSYS);
}

TEST_F(ServingTest, OperationsThatMustNotBeSwitchedOffAreNeverENOSYS) {
  const OpenedFile file = NewFile("file");
  fuse_flush_in flush = {};
  flush.fh = file.handle;
  EXPECT_EQ(kernel_.Ask(FUSE_FLUSH, file.node, Wire(flush)).error, 0);
  fuse_fsync_in sync = {};
  sync.fh = file.handle;
  EXPECT_EQ(kernel_.Ask(FUSE_FSYNC, file.node, Wire(sync)).error, 0);
  const uint64_t dir =
      kernel_.Open(FUSE_OPENDIR, kRoot, O_RDONLY).As<fuse_open_out>().fh;
  sync.fh = dir;
  EXPECT_EQ(kernel_.Ask(FUSE_FSYNCDIR, kRoot, Wire(sync)).error, 0);
  EXPECT_EQ(kernel_.Release(FUSE_RELEASEDIR, kRoot, dir).error, 0);
}

// Listings.

TEST_F(ServingTest, ReaddirCountsNothingAndReaddirplusEachEntry) {
  const uint64_t node = kernel_.Mkdir(kRoot, "a").As<fuse_entry_out>().nodeid;
  kernel_.Forget(node, 1);
  const uint64_t dir =
      kernel_.Open(FUSE_OPENDIR, kRoot, O_RDONLY).As<fuse_open_out>().fh;
  const Answer plain = kernel_.Read(FUSE_READDIR, kRoot, dir, 0, 4096);
  EXPECT_TRUE(absl::StrContains(plain.body, "a"));
  EXPECT_EQ(Inodes(), 1u);
  const Answer plus = kernel_.Read(FUSE_READDIRPLUS, kRoot, dir, 0, 4096);
  EXPECT_GT(plus.body.size(), plain.body.size());
  EXPECT_EQ(Inodes(), 2u);
}

TEST_F(ServingTest, ABufferTooSmallForAnEntryIsEINVALAndTheEndIsEmpty) {
  kernel_.Mkdir(kRoot, "a");
  const uint64_t dir =
      kernel_.Open(FUSE_OPENDIR, kRoot, O_RDONLY).As<fuse_open_out>().fh;
  for (const uint32_t opcode : {FUSE_READDIR, FUSE_READDIRPLUS}) {
    EXPECT_EQ(kernel_.Read(opcode, kRoot, dir, 0, 10).error, EINVAL);
    // ".", ".." and "a": cookie 3 is the end.
    const Answer end = kernel_.Read(opcode, kRoot, dir, 3, 4096);
    EXPECT_EQ(end.error, 0);
    EXPECT_EQ(end.body, "");
  }
}

TEST_F(ServingTest, AListingIsNeverLargerThanAsked) {
  for (int i = 0; i < 20; ++i) kernel_.Mkdir(kRoot, absl::StrCat("dir", i));
  const uint64_t dir =
      kernel_.Open(FUSE_OPENDIR, kRoot, O_RDONLY).As<fuse_open_out>().fh;
  for (uint32_t size = 0; size < 2000; size += 7) {
    EXPECT_LE(kernel_.Read(FUSE_READDIR, kRoot, dir, 0, size).body.size(),
              size);
  }
  EXPECT_GT(kernel_.Read(FUSE_READDIR, kRoot, dir, 0, 0xffffffff).body.size(),
            400u);
}

// Replies that nobody takes (L4).

TEST_F(ServingTest, AnUndeliveredEntryIsForgotten) {
  kernel_.Forget(kernel_.Mkdir(kRoot, "dir").As<fuse_entry_out>().nodeid, 1);
  mount_.transport().AnswerNext(-ENOENT);
  kernel_.Lookup(kRoot, "dir");
  EXPECT_EQ(Inodes(), 1u);
  mount_.transport().AnswerNext(-ENOENT);
  kernel_.Mkdir(kRoot, "other");
  EXPECT_EQ(Inodes(), 1u);
}

TEST_F(ServingTest, AnUndeliveredCreateIsForgottenAndReleased) {
  mount_.transport().AnswerNext(-ENOENT);
  kernel_.Create(kRoot, "file", O_RDWR);
  EXPECT_EQ(Inodes(), 1u);
  EXPECT_EQ(OpenFiles(), 0u);
  EXPECT_EQ(mount_.metrics().open_handles(HandleKind::kFile).value(), 0);
}

TEST_F(ServingTest, AnUndeliveredOpenIsReleased) {
  const OpenedFile file = NewFile("file");
  kernel_.Release(FUSE_RELEASE, file.node, file.handle);
  mount_.transport().AnswerNext(-ENOENT);
  kernel_.Open(FUSE_OPEN, file.node, O_RDWR);
  EXPECT_EQ(mount_.metrics().open_handles(HandleKind::kFile).value(), 0);
  mount_.transport().AnswerNext(-ENOENT);
  kernel_.Open(FUSE_OPENDIR, kRoot, O_RDONLY);
  EXPECT_EQ(mount_.metrics().open_handles(HandleKind::kDirectory).value(), 0);
}

TEST_F(ServingTest, AnUndeliveredListingWithLookupsIsForgotten) {
  for (const char* name : {"a", "b"}) {
    kernel_.Forget(kernel_.Mkdir(kRoot, name).As<fuse_entry_out>().nodeid, 1);
  }
  const uint64_t dir =
      kernel_.Open(FUSE_OPENDIR, kRoot, O_RDONLY).As<fuse_open_out>().fh;
  mount_.transport().AnswerNext(-ENOENT);
  kernel_.Read(FUSE_READDIRPLUS, kRoot, dir, 0, 4096);
  EXPECT_EQ(Inodes(), 1u);
}

// What is seen from outside.

// Flips the last byte of every content file of `vault`.
void Damage(const TemporaryVault& vault) {
  namespace stdfs = std::filesystem;
  for (const auto& file :
       stdfs::recursive_directory_iterator(stdfs::path(vault.path()) / "d")) {
    if (!file.is_regular_file() || file.path().filename() == "dirid.c9r") {
      continue;
    }
    std::fstream stream(file.path(),
                        std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(-1, std::ios::end);
    const char last = static_cast<char>(stream.get());
    stream.seekp(-1, std::ios::end);
    stream.put(static_cast<char>(last ^ 1));
  }
}

TEST_F(ServingTest, DamagedContentIsEIOCountedAndLoggedWithoutItsName) {
  const OpenedFile file = NewFile("secret");
  kernel_.Write(file.node, file.handle, 0, "content");
  kernel_.Release(FUSE_RELEASE, file.node, file.handle);
  Damage(vault_);

  VaultSession mount(&vault_);
  mount.kernel().Init();
  const uint64_t node =
      mount.kernel().Lookup(kRoot, "secret").As<fuse_entry_out>().nodeid;
  const uint64_t handle =
      mount.kernel().Open(FUSE_OPEN, node, O_RDONLY).As<fuse_open_out>().fh;
  const Answer answer = mount.kernel().Read(FUSE_READ, node, handle, 0, 4096);
  EXPECT_EQ(answer.error, EIO);
  EXPECT_TRUE(answer.body.empty());
  EXPECT_EQ(mount.metrics().fuse_errors(ErrnoLabel::kEIO).value(), 1u);
  EXPECT_TRUE(absl::StrContains(mount.log().last(),
                                absl::StrCat("read of node ", node)));
  EXPECT_FALSE(absl::StrContains(mount.log().last(), "secret"));
}

TEST_F(ServingTest, RequestsAtOnceEachHaveTheirReply) {
  const OpenedFile file = NewFile("file");
  kernel_.Write(file.node, file.handle, 0, std::string(70'000, 'x'));
  constexpr int kThreads = 4;
  constexpr int kRounds = 25;
  std::vector<std::vector<std::string>> requests(kThreads);
  fuse_read_in read = {};
  read.fh = file.handle;
  read.size = 65536;
  for (int i = 0; i < kThreads * kRounds; ++i) {
    std::vector<std::string>& mine = requests[i % kThreads];
    const std::string name = WireName(absl::StrCat("dir", i));
    mine.push_back(
        kernel_.Request(FUSE_MKDIR, kRoot, Wire(fuse_mkdir_in{}) + name));
    mine.push_back(kernel_.Request(FUSE_LOOKUP, kRoot, name));
    mine.push_back(kernel_.Request(FUSE_READ, file.node, Wire(read)));
  }
  std::vector<std::thread> threads;
  for (std::vector<std::string>& mine : requests) {
    threads.emplace_back([&] {
      for (std::string& request : mine) {
        mount_.session().Process(MutableBytes(
            reinterpret_cast<uint8_t*>(&request[0]), request.size()));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<uint64_t> answered;
  for (const std::string& message : mount_.transport().TakeMessages()) {
    const Answer answer = RawKernel::Parse(message);
    EXPECT_EQ(answer.error, 0);
    EXPECT_TRUE(answered.insert(answer.unique).second);
  }
  EXPECT_EQ(answered.size(), size_t{kThreads * kRounds * 3});
  EXPECT_EQ(mount_.metrics().fuse_inflight().value(), 0);
}

TEST_F(ServingTest, EachAnswerIsCountedWithItsErrno) {
  kernel_.Mkdir(kRoot, "dir");
  kernel_.Lookup(kRoot, "none");
  EXPECT_EQ(Count(FuseOp::kMkdir, FuseResult::kOk), 1u);
  EXPECT_EQ(Count(FuseOp::kLookup, FuseResult::kError), 1u);
  EXPECT_EQ(mount_.metrics().fuse_errors(ErrnoLabel::kENOENT).value(), 1u);
  EXPECT_EQ(mount_.metrics().fuse_inflight().value(), 0);
}

TEST_F(SessionTest, ARequestOfAWrongLengthIsNotHandedToLibfuse) {
  kernel_.Init();
  std::string request = kernel_.Request(FUSE_LOOKUP, kRoot, WireName("name"));
  request.pop_back();  // its NUL
  EXPECT_TRUE(kernel_.Deliver(request).empty());
  EXPECT_TRUE(kernel_.Deliver("short").empty());
}

TEST_F(ServingTest, DestroyIsAnsweredAndLaterRequestsAreHarmless) {
  EXPECT_EQ(kernel_.Ask(FUSE_DESTROY, 0, "").error, 0);
  EXPECT_EQ(kernel_.Lookup(kRoot, "none").error, ENOENT);
}

TEST_F(ServingTest, StopEndsServe) {
  std::thread server([&] { EXPECT_TRUE(mount_.session().Serve().ok()); });
  mount_.session().Stop();
  server.join();
}

TEST_F(ServingTest, NotificationsGoToTheKernelAfterInit) {
  mount_.notifier().InvalidateEntry(Ino{1}, "name");
  const auto messages = mount_.transport().WaitForMessages(1);
  const Answer notification = RawKernel::Parse(messages.at(0));
  EXPECT_EQ(notification.unique, 0u);
  EXPECT_EQ(-notification.error, FUSE_NOTIFY_INVAL_ENTRY);
  EXPECT_EQ(notification.As<fuse_notify_inval_entry_out>().parent, 1u);
  EXPECT_EQ(notification.body.substr(sizeof(fuse_notify_inval_entry_out)),
            WireName("name"));
}

}  // namespace
}  // namespace casemate
