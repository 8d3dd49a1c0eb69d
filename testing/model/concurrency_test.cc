// Many threads, one file system: nobody waits for ever, nobody gets an error
// that one thread alone could not get, and nothing is left over.
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "testing/model/core_fixture.h"

namespace casemate {
namespace {

constexpr int kThreads = 4;
constexpr int kSteps = 250;

// What one thread does. Takes back every lookup at once, as a kernel under
// memory pressure would; only `shared` stay known.
class Worker {
 public:
  Worker(MountedVault* vault, std::vector<Ino> shared, Ino own, uint32_t seed)
      : vault_(vault), shared_(std::move(shared)), own_(own), random_(seed) {}

  void Run() {
    for (int step = 0; step < kSteps; ++step) {
      if (Pick(3) == 0) {
        UseOwnSubtree(step);
      } else {
        UseSharedDirectory();
      }
    }
  }

  // Errors that cannot come from others doing the same.
  const std::set<std::string>& complaints() const { return complaints_; }

 private:
  FileSystem& fs() { return vault_->fs(); }
  const Context& caller() { return vault_->caller(); }
  size_t Pick(size_t end) { return random_() % end; }
  Ino SharedDir() { return shared_[Pick(shared_.size())]; }
  std::string Name() { return std::string(1, "xyzp"[Pick(4)]); }

  void Check(const char* verb, int error) {
    static const auto* const expected = new std::set<int>{
        0, ENOENT, EEXIST, ENOTEMPTY, EISDIR, ENOTDIR, EINVAL, ESTALE};
    if (expected->count(error) == 0) {
      complaints_.insert(absl::StrCat(verb, ": ", strerror(error)));
    }
  }
  void CheckNone(const char* verb, int error) {
    if (error != 0) {
      complaints_.insert(
          absl::StrCat(verb, " in own directory: ", strerror(error)));
    }
  }
  template <typename Result>
  void CheckEntry(const char* verb, const Result& entry) {
    Check(verb, Errno(entry));
    if (entry.ok()) fs().Forget(entry->ino, 1);
  }

  // A directory that no other thread uses: here all is as if one were alone.
  void UseOwnSubtree(int step) {
    const std::string content = PatternText(40000, step);
    const auto made = fs().Create(caller(), own_, "file", 0644, kForBoth);
    CheckNone("create", Errno(made));
    if (!made.ok()) return;
    const Ino ino = made->entry.ino;
    CheckNone("write", Errno(vault_->Write(ino, made->handle, 0, content)));
    CheckNone("rename", Errno(fs().Rename(caller(), own_, "file", own_, "moved",
                                          RenameFlag::kNoReplace)));
    if (vault_->Content(ino, made->handle) != content) {
      complaints_.insert("own content differs");
    }
    CheckNone("unlink", Errno(fs().Unlink(caller(), own_, "moved")));
    CheckNone("flush", Errno(fs().Flush(caller(), ino, made->handle)));
    CheckNone("release", Errno(fs().Release(ino, made->handle)));
    fs().Forget(ino, 1);
    if (!vault_->List(own_).empty()) complaints_.insert("own name is left");
  }

  void UseSharedDirectory() {
    const Ino dir = SharedDir();
    switch (Pick(10)) {
      case 0:
      case 1:
        CreateAndWrite(dir);
        break;
      case 2:
        Check("unlink", Errno(fs().Unlink(caller(), dir, Name())));
        break;
      case 3:
        CheckEntry("mkdir", fs().MakeDirectory(caller(), dir, Name(), 0755));
        break;
      case 4:
        Check("rmdir", Errno(fs().RemoveDirectory(caller(), dir, Name())));
        // Never empty; locks a directory of a lower number after its parent.
        Check("rmdir",
              Errno(fs().RemoveDirectory(caller(), shared_[2], "right")));
        break;
      case 5:
      case 6:
        RenameSomething(dir);
        break;
      case 7:
        ListAndForget(dir);
        break;
      case 8:
        LookUpAndUse(dir);
        break;
      case 9:
        CheckEntry("symlink", fs().MakeSymlink(caller(), dir, Name(), "t"));
        break;
    }
  }

  void CreateAndWrite(Ino dir) {
    OpenRequest request = kForBoth;
    request.truncate = Pick(2) == 0;
    const auto made = fs().Create(caller(), dir, Name(), 0644, request);
    Check("create", Errno(made));
    if (!made.ok()) return;
    const Ino ino = made->entry.ino;
    Check("write", Errno(vault_->Write(ino, made->handle, Pick(40000), "abc")));
    Check("fstat", Errno(fs().GetAttributes(caller(), ino, made->handle)));
    Check("read", Errno(vault_->Read(ino, made->handle, 0, 50000)));
    Check("release", Errno(fs().Release(ino, made->handle)));
    fs().Forget(ino, 1);
  }

  void RenameSomething(Ino dir) {
    constexpr RenameFlag kFlags[] = {RenameFlag::kNone, RenameFlag::kNone,
                                     RenameFlag::kNoReplace,
                                     RenameFlag::kExchange};
    Check("rename", Errno(fs().Rename(caller(), dir, Name(), SharedDir(),
                                      Name(), kFlags[Pick(4)])));
  }

  void ListAndForget(Ino dir) {
    const auto handle = fs().OpenDirectory(caller(), dir);
    Check("opendir", Errno(handle));
    if (!handle.ok()) return;
    CollectingPlusSink sink(Pick(6));
    Check("readdirplus",
          Errno(fs().ReadDirectoryPlus(caller(), dir, *handle, 0, sink)));
    for (const auto& taken : sink.taken) {
      if (taken.entry.ino != kNoIno) fs().Forget(taken.entry.ino, 1);
    }
    Check("releasedir", Errno(fs().ReleaseDirectory(dir, *handle)));
  }

  void LookUpAndUse(Ino dir) {
    const auto found = fs().Lookup(caller(), dir, Name());
    Check("lookup", Errno(found));
    if (!found.ok()) return;
    Check("getattr",
          Errno(fs().GetAttributes(caller(), found->ino, absl::nullopt)));
    if (found->attributes.kind == NodeKind::kDirectory) {
      CheckEntry("mknod in it",
                 fs().MakeNode(caller(), found->ino, "inner", 0100644));
      Check("rename out of it",
            Errno(fs().Rename(caller(), found->ino, "inner", dir, Name(),
                              RenameFlag::kNone)));
    }
    fs().Forget(found->ino, 1);
  }

  MountedVault* const vault_;
  const std::vector<Ino> shared_;
  const Ino own_;
  std::mt19937 random_;
  std::set<std::string> complaints_;
};

// Every name there is leads to a node that can be looked at.
void ExpectWholeTree(MountedVault& vault, Ino dir) {
  for (const std::string& name : vault.List(dir)) {
    const auto found = vault.fs().Lookup(vault.caller(), dir, name);
    ASSERT_TRUE(found.ok()) << found.status();
    if (found->attributes.kind == NodeKind::kDirectory) {
      ExpectWholeTree(vault, found->ino);
    } else if (found->attributes.kind == NodeKind::kFile) {
      EXPECT_EQ(vault.Content(found->ino).size(), found->attributes.size);
    }
    vault.fs().Forget(found->ino, 1);
  }
}

TEST(ConcurrencyTest, ThreadsOnSharedDirectoriesNeitherBlockNorLeaveAnything) {
  MountedVault vault;
  // "deep" lies in "left", and "right" beside them: renames between them need
  // their locks in either order of number.
  std::vector<Ino> shared;
  shared.push_back(vault.MakeDir(kRootIno, "right"));
  shared.push_back(vault.MakeDir(kRootIno, "left"));
  shared.push_back(vault.MakeDir(shared[1], "deep"));
  shared.push_back(vault.MakeDir(shared[0], "deeper"));
  // An older, lower number below a newer, higher one.
  ASSERT_EQ(Errno(vault.fs().Rename(vault.caller(), kRootIno, "right",
                                    shared[2], "right", RenameFlag::kNone)),
            0);
  vault.fs().Forget(vault.MakeFile(shared[0], "keep", ""), 1);
  std::vector<Worker> workers;
  std::vector<Ino> own;
  for (int i = 0; i < kThreads; ++i) {
    own.push_back(vault.MakeDir(kRootIno, absl::StrCat("own", i)));
    workers.emplace_back(&vault, shared, own.back(), i + 1);
  }
  std::vector<std::thread> threads;
  for (Worker& worker : workers) {
    threads.emplace_back([&worker] { worker.Run(); });
  }
  for (std::thread& thread : threads) thread.join();

  for (const Worker& worker : workers) {
    EXPECT_EQ(worker.complaints(), std::set<std::string>());
  }
  ExpectWholeTree(vault, kRootIno);
  for (const Ino ino : shared) vault.fs().Forget(ino, 1);
  for (const Ino ino : own) vault.fs().Forget(ino, 1);
  EXPECT_EQ(vault.fs().inode_count(), 1u);
  EXPECT_EQ(vault.fs().open_file_count(), 0u);
  EXPECT_EQ(vault.metrics().dirty_bytes().value(), 0);
  EXPECT_EQ(vault.metrics().forget_underflows().value(), 0u);
  EXPECT_EQ(vault.metrics().open_handles(HandleKind::kFile).value(), 0);
  EXPECT_EQ(vault.metrics().open_handles(HandleKind::kDirectory).value(), 0);
  vault.Remount();
  ExpectWholeTree(vault, kRootIno);
  EXPECT_EQ(vault.fs().inode_count(), 1u);
}

// Two handles on one file, writers of different chunks, readers and upkeep: a
// reader sees each chunk whole, old or new.
TEST(ConcurrencyTest, ReadersOfAFileSeeWholeWritesOfOthers) {
  constexpr size_t kChunk = 32768;
  MountedVault vault;
  const Ino ino = vault.MakeFile(kRootIno, "f", std::string(3 * kChunk, 'a'));
  std::vector<std::thread> threads;
  std::set<std::string> complaints[3];
  for (int writer = 0; writer < 2; ++writer) {
    threads.emplace_back([&, writer] {
      const HandleId handle = vault.Open(ino, kForWriting);
      for (int i = 0; i < 60; ++i) {
        const std::string data(kChunk - 100 * (i % 2), 'a' + i % 26);
        const auto status =
            vault.Write(ino, handle, writer * kChunk + 50 * (i % 2), data);
        if (!status.ok()) complaints[writer].insert(status.ToString());
      }
      if (!vault.fs().Release(ino, handle).ok()) abort();
    });
  }
  threads.emplace_back([&] {
    const HandleId handle = vault.Open(ino, kForReading);
    for (int i = 0; i < 200; ++i) {
      const auto got = vault.Read(ino, handle, (i % 2) * kChunk + 60, 30000);
      if (!got.ok()) {
        complaints[2].insert(got.status().ToString());
      } else if (*got != std::string(30000, (*got)[0])) {
        complaints[2].insert("half a write");
      }
      vault.fs().WriteBackOlderThan(absl::ZeroDuration());
    }
    if (!vault.fs().Release(ino, handle).ok()) abort();
  });
  for (std::thread& thread : threads) thread.join();
  for (const auto& seen : complaints) EXPECT_EQ(seen, std::set<std::string>());
  EXPECT_EQ(vault.fs().open_file_count(), 0u);
  EXPECT_EQ(vault.metrics().dirty_bytes().value(), 0);
}

// How programs save: write a new file, rename it over the old one. Whoever
// opens the name meanwhile gets the old file or the new one, whole (R2).
TEST(ConcurrencyTest, FileThatIsBeingReplacedIsAlwaysThereAndWhole) {
  constexpr int kVersions = 200;
  MountedVault vault;
  FileSystem& fs = vault.fs();
  vault.fs().Forget(vault.MakeFile(kRootIno, "f", std::string(5000, 'a')), 1);
  std::atomic<bool> is_over{false};
  std::set<std::string> complaints[2];
  std::vector<std::thread> readers;
  for (std::set<std::string>& seen : complaints) {
    readers.emplace_back([&] {
      while (!is_over) {
        const auto found = fs.Lookup(vault.caller(), kRootIno, "f");
        if (!found.ok()) {
          seen.insert(found.status().ToString());
          continue;
        }
        const std::string content = vault.Content(found->ino);
        if (content != std::string(5000, content[0])) seen.insert(content);
        fs.Forget(found->ino, 1);
      }
    });
  }
  for (int version = 1; version <= kVersions; ++version) {
    const std::string content(5000, static_cast<char>('a' + version % 26));
    fs.Forget(vault.MakeFile(kRootIno, "new", content), 1);
    EXPECT_EQ(Errno(fs.Rename(vault.caller(), kRootIno, "new", kRootIno, "f",
                              RenameFlag::kNone)),
              0);
  }
  is_over = true;
  for (std::thread& reader : readers) reader.join();
  for (const auto& seen : complaints) EXPECT_EQ(seen, std::set<std::string>());
  EXPECT_EQ(fs.inode_count(), 1u);
  EXPECT_EQ(fs.open_file_count(), 0u);
}

}  // namespace
}  // namespace casemate
