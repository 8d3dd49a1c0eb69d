// A storage that fails on request: a decorator over any Dir.
//
//   auto plan = std::make_shared<FaultPlan>();
//   std::unique_ptr<Dir> dir = WrapFaulty(*OpenPosixDir(path), plan);
//   plan->Fail(StorageCall::kRename, Fault::Nth(2, ENOSPC));
//   ...
//   EXPECT_THAT(plan->calls(), ...);
//
// Stopping after every step of an operation, as a crash would:
//
//   for (int n = 1; ; ++n) {
//     auto plan = std::make_shared<FaultPlan>();
//     plan->Fail(kMutatingCalls, Fault::From(n, EIO));
//     <wrap, run the operation, drop everything, look at what is left>
//     if (plan->faults_injected() == 0) break;  // it had fewer than n steps
//   }
//
// Everything reached through the wrapped Dir is wrapped with the same plan. An
// injected error looks like one of the real storage: mapped by BackingErrno. A
// call that fails by plan has had no effect, but for a short write.
#ifndef TESTING_FAULTY_STORAGE_FAULTY_STORAGE_H_
#define TESTING_FAULTY_STORAGE_FAULTY_STORAGE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/mutex.h"
#include "fs/storage/storage.h"

namespace casemate {

// The kinds of calls, as bits, so that a set of them is their union.
enum class StorageCall : uint32_t {
  kOpen = 1 << 0,  // OpenFile
  kOpenDir = 1 << 1,
  kCreate = 1 << 2,
  kMakeDir = 1 << 3,
  kUnlink = 1 << 4,  // RemoveFile
  kRemoveDir = 1 << 5,
  kRename = 1 << 6,
  kStat = 1 << 7,           // of a path, a Dir or a File
  kSetAttributes = 1 << 8,  // likewise
  kList = 1 << 9,
  kSyncDir = 1 << 10,
  kSpace = 1 << 11,
  kLock = 1 << 12,
  kRead = 1 << 13,
  kWrite = 1 << 14,
  kTruncate = 1 << 15,
  kSync = 1 << 16,  // SyncData and Sync of a File
};

constexpr StorageCall operator|(StorageCall a, StorageCall b) {
  return static_cast<StorageCall>(static_cast<uint32_t>(a) |
                                  static_cast<uint32_t>(b));
}

// Those that change what is on disk; and every one.
inline constexpr StorageCall kMutatingCalls =
    StorageCall::kCreate | StorageCall::kMakeDir | StorageCall::kUnlink |
    StorageCall::kRemoveDir | StorageCall::kRename |
    StorageCall::kSetAttributes | StorageCall::kWrite | StorageCall::kTruncate;
inline constexpr StorageCall kAllCalls =
    static_cast<StorageCall>((1 << 17) - 1);

// "rename", "write", ...; of a single kind.
absl::string_view StorageCallName(StorageCall call);

// One call, with its path from the wrapped Dir on ("" is that Dir itself). A
// File keeps the path it was opened by.
struct RecordedCall {
  StorageCall call;
  std::string path;
  std::string to_path;  // of a rename

  // "rename d/A.c9r -> d/B.c9r"
  std::string ToString() const;
};

// What one rule does. Of the calls that match it, the `nth` (from 1, counted
// from when the rule was made) fails with `error`; all later ones too if
// `lasting`.
struct Fault {
  static Fault Nth(int nth, int error);
  static Fault From(int nth, int error);  // that one and all later ones
  // The next write lands only in part.
  static Fault ShortWrite(size_t bytes_written, int error);
  Fault OnPath(absl::string_view substring) const;

  int nth = 1;
  int error = 0;
  bool lasting = false;
  // Writes only: that many bytes land before the error. Absent: none.
  absl::optional<size_t> bytes_written;
  // Only calls whose path, or target of a rename, contains this.
  std::string path_contains;
};

// Thread-safe; shared by the test and the storage.
class FaultPlan {
 public:
  FaultPlan() = default;
  FaultPlan(const FaultPlan&) = delete;
  FaultPlan& operator=(const FaultPlan&) = delete;

  // Adds a rule. Each rule counts by itself; when several apply, the oldest
  // decides.
  void Fail(StorageCall calls, const Fault& fault);
  // Forgets all rules.
  void ClearFaults();
  // Calls that failed by a rule.
  int faults_injected() const;

  // Makes the calls of these kinds wait before they do anything, until
  // Unblock. Whoever blocks has to unblock before the storage goes.
  void Block(StorageCall calls);
  void Unblock(StorageCall calls);
  // Returns once `count` calls of these kinds are waiting.
  void WaitUntilBlocked(StorageCall calls, int count = 1);

  // For the storage: records the call, waits while it is blocked, and says
  // which fault hits it.
  absl::optional<Fault> Arrive(RecordedCall call);

  // What was called so far, failed calls included, in order of arrival.
  std::vector<RecordedCall> calls() const;
  // The same as text, one ToString() each, and only of these kinds.
  std::vector<std::string> CallsOf(StorageCall kinds) const;
  void ClearCalls();

 private:
  struct Rule {
    StorageCall calls;
    Fault fault;
    int seen = 0;
  };

  // Counts a call against every rule.
  absl::optional<Fault> Decide(const RecordedCall& call)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  mutable Mutex mu_;
  CondVar changed_;
  std::vector<Rule> rules_ ABSL_GUARDED_BY(mu_);
  std::vector<RecordedCall> calls_ ABSL_GUARDED_BY(mu_);
  std::vector<StorageCall> waiting_ ABSL_GUARDED_BY(mu_);
  uint32_t blocked_ ABSL_GUARDED_BY(mu_) = 0;
  int injected_ ABSL_GUARDED_BY(mu_) = 0;
};

std::unique_ptr<Dir> WrapFaulty(std::unique_ptr<Dir> dir,
                                std::shared_ptr<FaultPlan> plan);

}  // namespace casemate

#endif  // TESTING_FAULTY_STORAGE_FAULTY_STORAGE_H_
