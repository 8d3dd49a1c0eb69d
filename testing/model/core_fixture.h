// A vault on the real disk with a FileSystem on it, for tests: made, mounted
// without a kernel, and removed again.
//
//   MountedVault vault;
//   const Ino file = vault.MakeFile(kRootIno, "a", "content");
//   vault.faults().Fail(StorageCall::kWrite, Fault::Nth(1, ENOSPC));
//   EXPECT_EQ(Errno(vault.fs().Unlink(vault.caller(), kRootIno, "a")), 0);
//
// The helpers that return a value rather than a status end the test's process
// when the file system refuses: they prepare, they are not what is tested.
#ifndef TESTING_MODEL_CORE_FIXTURE_H_
#define TESTING_MODEL_CORE_FIXTURE_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/status.h"
#include "crypto/content/cipher_combo.h"
#include "fs/core/file_system.h"
#include "fs/core/types.h"
#include "fs/vault/vault_access.h"
#include "gtest/gtest.h"
#include "ops/metrics/metrics.h"
#include "testing/fakes/fake_clock.h"
#include "testing/fakes/fake_kernel_cache.h"
#include "testing/fakes/fake_random.h"
#include "testing/faulty_storage/faulty_storage.h"

namespace casemate {

// 0 for success.
inline int Errno(const absl::Status& status) { return ErrnoOf(status); }
template <typename T>
int Errno(const absl::StatusOr<T>& result) {
  return ErrnoOf(result.status());
}

// `size` bytes that differ from place to place and from seed to seed.
std::string PatternText(size_t size, uint32_t seed);

constexpr OpenRequest kForReading{true, false, false, false};
constexpr OpenRequest kForWriting{false, true, false, false};
constexpr OpenRequest kForBoth{true, true, false, false};

// Takes up to `room` entries.
class CollectingSink final : public PlainDirSink {
 public:
  struct Taken {
    std::string name;
    uint64_t inode_number = 0;
    absl::optional<NodeKind> kind;
    uint64_t next_cookie = 0;
  };
  explicit CollectingSink(size_t room = SIZE_MAX) : room_(room) {}
  bool Add(const PlainDirEntry& entry) override;

  std::vector<Taken> taken;

 private:
  const size_t room_;
};

class CollectingPlusSink final : public PlusDirSink {
 public:
  struct Taken {
    std::string name;
    Entry entry;
    uint64_t next_cookie = 0;
  };
  explicit CollectingPlusSink(size_t room = SIZE_MAX) : room_(room) {}
  bool Add(const PlusDirEntry& entry) override;

  std::vector<Taken> taken;

 private:
  const size_t room_;
};

class LogKeeper final : public Logger {
 public:
  void Log(Severity severity, absl::string_view message) override;
  // All so far, one per line.
  std::string text() const;

 private:
  mutable Mutex mu_;
  std::string text_ ABSL_GUARDED_BY(mu_);
};

class MountedVault {
 public:
  struct Options {
    CipherCombo combo = CipherCombo::kSivGcm;
    int shortening_threshold = 220;
    FileSystemOptions file_system;
  };

  MountedVault() : MountedVault(Options()) {}
  explicit MountedVault(const Options& options);
  ~MountedVault();
  MountedVault(const MountedVault&) = delete;
  MountedVault& operator=(const MountedVault&) = delete;

  FileSystem& fs() { return *fs_; }
  // A new FileSystem on the same folder: every Ino and HandleId is void. What
  // is open still is closed first, as at an unmount.
  void Remount() { Remount(options_.file_system); }
  void Remount(const FileSystemOptions& options);

  const Context& caller() const { return caller_; }
  FaultPlan& faults() { return *faults_; }
  FakeClock& clock() { return clock_; }
  Metrics& metrics() { return metrics_; }
  FakeKernelCache& kernel_cache() { return kernel_cache_; }
  LogKeeper& log() { return log_; }
  const std::string& folder() const { return folder_; }
  // Where the node called `name` in the root lies in the store, as a plain name
  // spelled just so: what other clients might put there.
  std::string RootPathOf(absl::string_view name) const;
  // Paths under d/ of everything in the store, relative to folder().
  std::set<std::string> StoredPaths() const;
  // Those that `act` adds.
  template <typename Act>
  std::set<std::string> PathsMadeBy(Act act) {
    const std::set<std::string> before = StoredPaths();
    act();
    std::set<std::string> made;
    for (const std::string& path : StoredPaths()) {
      if (before.count(path) == 0) made.insert(path);
    }
    return made;
  }

  // Each Ino returned is one lookup.
  Ino MakeDir(Ino parent, absl::string_view name);
  Ino MakeFile(Ino parent, absl::string_view name, absl::string_view content);
  Ino MakeLink(Ino parent, absl::string_view name, absl::string_view target);
  Ino Find(Ino parent, absl::string_view name);

  HandleId Open(Ino ino, const OpenRequest& request);
  absl::Status Write(Ino ino, HandleId handle, uint64_t offset,
                     absl::string_view data);
  absl::StatusOr<std::string> Read(Ino ino, HandleId handle, uint64_t offset,
                                   size_t size);
  // All of a file, through a handle of its own or a given one. The error's
  // message when it cannot be read.
  std::string Content(Ino ino);
  std::string Content(Ino ino, HandleId handle);
  // Sorted, without the dots. Like Content when it fails.
  std::vector<std::string> List(Ino ino);
  Attributes Stat(Ino ino);

 private:
  static constexpr absl::string_view kPassword = "model";

  std::unique_ptr<Dir> OpenFolder() const;

  const Options options_;
  std::string folder_;
  Context caller_;
  FakeClock clock_;
  Metrics metrics_;
  FakeKernelCache kernel_cache_;
  LogKeeper log_;
  RateLimitedLogger limited_log_;
  FakeRandom random_{1};
  std::shared_ptr<FaultPlan> faults_ = std::make_shared<FaultPlan>();
  std::unique_ptr<UnlockedVault> vault_;
  std::unique_ptr<FileSystem> fs_;
};

// For tests of one verb or two.
class CoreTest : public testing::Test {
 protected:
  CoreTest() = default;
  explicit CoreTest(const MountedVault::Options& options) : vault_(options) {}

  FileSystem& fs() { return vault_.fs(); }
  const Context& caller() const { return vault_.caller(); }
  int LookupErrno(Ino parent, absl::string_view name);

  MountedVault vault_;
};

}  // namespace casemate

#endif  // TESTING_MODEL_CORE_FIXTURE_H_
