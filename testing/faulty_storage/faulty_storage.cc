#include "testing/faulty_storage/faulty_storage.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/mutex.h"
#include "base/status.h"
#include "fs/storage/backing_errno.h"
#include "fs/storage/storage.h"

namespace casemate {
namespace {

constexpr bool Contains(uint32_t set, StorageCall call) {
  return (set & static_cast<uint32_t>(call)) != 0;
}
constexpr bool Contains(StorageCall set, StorageCall call) {
  return Contains(static_cast<uint32_t>(set), call);
}

// What a wrapped Dir or File knows of itself.
class Gate {
 public:
  Gate(std::shared_ptr<FaultPlan> plan, std::string path)
      : plan_(std::move(plan)), path_(std::move(path)) {}

  const std::shared_ptr<FaultPlan>& plan() const { return plan_; }
  std::string PathOf(absl::string_view name) const {
    return path_.empty() ? std::string(name) : absl::StrCat(path_, "/", name);
  }

  absl::optional<Fault> Arrive(StorageCall call, std::string path,
                               std::string to_path = "") const {
    return plan_->Arrive({call, std::move(path), std::move(to_path)});
  }
  // The same for calls that fail whole.
  absl::Status Pass(StorageCall call, std::string path,
                    std::string to_path = "") const {
    const absl::optional<Fault> fault =
        Arrive(call, std::move(path), std::move(to_path));
    return fault ? ErrorOf(*fault, call) : absl::OkStatus();
  }
  absl::Status PassSelf(StorageCall call) const { return Pass(call, path_); }
  absl::optional<Fault> ArriveSelf(StorageCall call) const {
    return Arrive(call, path_);
  }

  static absl::Status ErrorOf(const Fault& fault, StorageCall call) {
    return BackingError(fault.error,
                        absl::StrCat("injected into ", StorageCallName(call)));
  }

 private:
  const std::shared_ptr<FaultPlan> plan_;
  const std::string path_;
};

class FaultyFile final : public File {
 public:
  FaultyFile(std::unique_ptr<File> file, Gate gate)
      : file_(std::move(file)), gate_(std::move(gate)) {}

  absl::StatusOr<size_t> ReadAt(uint64_t offset,
                                MutableBytes out) const override {
    RETURN_IF_ERROR(gate_.PassSelf(StorageCall::kRead));
    return file_->ReadAt(offset, out);
  }
  WriteResult WriteAt(uint64_t offset, ConstBytes data) override {
    const absl::optional<Fault> fault = gate_.ArriveSelf(StorageCall::kWrite);
    if (!fault) return file_->WriteAt(offset, data);
    WriteResult result;
    const size_t landing =
        std::min(fault->bytes_written.value_or(0), data.size());
    if (landing > 0) {
      result = file_->WriteAt(offset, data.subspan(0, landing));
    }
    if (result.status.ok()) {
      result.status = Gate::ErrorOf(*fault, StorageCall::kWrite);
    }
    return result;
  }
  absl::Status Truncate(uint64_t size) override {
    RETURN_IF_ERROR(gate_.PassSelf(StorageCall::kTruncate));
    return file_->Truncate(size);
  }
  absl::Status SyncData() override {
    RETURN_IF_ERROR(gate_.PassSelf(StorageCall::kSync));
    return file_->SyncData();
  }
  absl::Status Sync() override {
    RETURN_IF_ERROR(gate_.PassSelf(StorageCall::kSync));
    return file_->Sync();
  }
  absl::StatusOr<FileStat> Stat() const override {
    RETURN_IF_ERROR(gate_.PassSelf(StorageCall::kStat));
    return file_->Stat();
  }
  absl::Status SetAttributes(const AttributeChange& change) override {
    RETURN_IF_ERROR(gate_.PassSelf(StorageCall::kSetAttributes));
    return file_->SetAttributes(change);
  }
  bool writable() const override { return file_->writable(); }

 private:
  const std::unique_ptr<File> file_;
  const Gate gate_;
};

class FaultyDir final : public Dir {
 public:
  FaultyDir(std::unique_ptr<Dir> dir, Gate gate)
      : dir_(std::move(dir)), gate_(std::move(gate)) {}

  absl::StatusOr<std::unique_ptr<Dir>> OpenDir(
      absl::string_view path) const override {
    const std::string whole = gate_.PathOf(path);
    RETURN_IF_ERROR(gate_.Pass(StorageCall::kOpenDir, whole));
    ASSIGN_OR_RETURN(std::unique_ptr<Dir> dir, dir_->OpenDir(path));
    return std::make_unique<FaultyDir>(std::move(dir),
                                       Gate(gate_.plan(), whole));
  }
  absl::StatusOr<std::unique_ptr<File>> OpenFile(absl::string_view path,
                                                 Access access) const override {
    const std::string whole = gate_.PathOf(path);
    RETURN_IF_ERROR(gate_.Pass(StorageCall::kOpen, whole));
    return Wrap(dir_->OpenFile(path, access), whole);
  }
  absl::StatusOr<std::unique_ptr<File>> CreateFile(
      absl::string_view path, mode_t permissions) override {
    const std::string whole = gate_.PathOf(path);
    RETURN_IF_ERROR(gate_.Pass(StorageCall::kCreate, whole));
    return Wrap(dir_->CreateFile(path, permissions), whole);
  }
  absl::Status MakeDir(absl::string_view name, mode_t permissions) override {
    RETURN_IF_ERROR(gate_.Pass(StorageCall::kMakeDir, gate_.PathOf(name)));
    return dir_->MakeDir(name, permissions);
  }
  absl::Status RemoveFile(absl::string_view path) override {
    RETURN_IF_ERROR(gate_.Pass(StorageCall::kUnlink, gate_.PathOf(path)));
    return dir_->RemoveFile(path);
  }
  absl::Status RemoveDir(absl::string_view name) override {
    RETURN_IF_ERROR(gate_.Pass(StorageCall::kRemoveDir, gate_.PathOf(name)));
    return dir_->RemoveDir(name);
  }
  absl::Status Rename(absl::string_view from_path, Dir& to,
                      absl::string_view to_path, RenameMode mode) override {
    auto* const target = dynamic_cast<FaultyDir*>(&to);
    CHECK(target != nullptr, "both directories of a rename are wrapped");
    RETURN_IF_ERROR(gate_.Pass(StorageCall::kRename, gate_.PathOf(from_path),
                               target->gate_.PathOf(to_path)));
    return dir_->Rename(from_path, *target->dir_, to_path, mode);
  }
  bool no_replace_is_atomic() const override {
    return dir_->no_replace_is_atomic();
  }
  absl::StatusOr<FileStat> Stat(absl::string_view path) const override {
    RETURN_IF_ERROR(gate_.Pass(StorageCall::kStat, gate_.PathOf(path)));
    return dir_->Stat(path);
  }
  absl::StatusOr<FileStat> StatSelf() const override {
    RETURN_IF_ERROR(gate_.PassSelf(StorageCall::kStat));
    return dir_->StatSelf();
  }
  absl::Status SetAttributes(absl::string_view path,
                             const AttributeChange& change) override {
    RETURN_IF_ERROR(
        gate_.Pass(StorageCall::kSetAttributes, gate_.PathOf(path)));
    return dir_->SetAttributes(path, change);
  }
  absl::Status SetSelfAttributes(const AttributeChange& change) override {
    RETURN_IF_ERROR(gate_.PassSelf(StorageCall::kSetAttributes));
    return dir_->SetSelfAttributes(change);
  }
  absl::StatusOr<std::vector<DirEntry>> List() const override {
    RETURN_IF_ERROR(gate_.PassSelf(StorageCall::kList));
    return dir_->List();
  }
  absl::Status Sync() const override {
    RETURN_IF_ERROR(gate_.PassSelf(StorageCall::kSyncDir));
    return dir_->Sync();
  }
  absl::StatusOr<SpaceInfo> Space() const override {
    RETURN_IF_ERROR(gate_.PassSelf(StorageCall::kSpace));
    return dir_->Space();
  }
  absl::Status LockExclusive() override {
    RETURN_IF_ERROR(gate_.PassSelf(StorageCall::kLock));
    return dir_->LockExclusive();
  }

 private:
  absl::StatusOr<std::unique_ptr<File>> Wrap(
      absl::StatusOr<std::unique_ptr<File>> file,
      const std::string& path) const {
    if (!file.ok()) return file.status();
    return std::make_unique<FaultyFile>(std::move(file).value(),
                                        Gate(gate_.plan(), path));
  }

  const std::unique_ptr<Dir> dir_;
  const Gate gate_;
};

}  // namespace

absl::string_view StorageCallName(StorageCall call) {
  switch (call) {
    case StorageCall::kOpen:
      return "open";
    case StorageCall::kOpenDir:
      return "opendir";
    case StorageCall::kCreate:
      return "create";
    case StorageCall::kMakeDir:
      return "mkdir";
    case StorageCall::kUnlink:
      return "unlink";
    case StorageCall::kRemoveDir:
      return "rmdir";
    case StorageCall::kRename:
      return "rename";
    case StorageCall::kStat:
      return "stat";
    case StorageCall::kSetAttributes:
      return "setattr";
    case StorageCall::kList:
      return "list";
    case StorageCall::kSyncDir:
      return "syncdir";
    case StorageCall::kSpace:
      return "space";
    case StorageCall::kLock:
      return "lock";
    case StorageCall::kRead:
      return "read";
    case StorageCall::kWrite:
      return "write";
    case StorageCall::kTruncate:
      return "truncate";
    case StorageCall::kSync:
      return "sync";
  }
  return "several";
}

std::string RecordedCall::ToString() const {
  std::string text = absl::StrCat(StorageCallName(call), " ", path);
  if (call == StorageCall::kRename) absl::StrAppend(&text, " -> ", to_path);
  return text;
}

Fault Fault::Nth(int nth, int error) {
  Fault fault;
  fault.nth = nth;
  fault.error = error;
  return fault;
}

Fault Fault::From(int nth, int error) {
  Fault fault = Nth(nth, error);
  fault.lasting = true;
  return fault;
}

Fault Fault::ShortWrite(size_t bytes_written, int error) {
  Fault fault = Nth(1, error);
  fault.bytes_written = bytes_written;
  return fault;
}

Fault Fault::OnPath(absl::string_view substring) const {
  Fault fault = *this;
  fault.path_contains = std::string(substring);
  return fault;
}

void FaultPlan::Fail(StorageCall calls, const Fault& fault) {
  CHECK(fault.error > 0 && fault.nth > 0, "a fault has an errno and a turn");
  MutexLock lock(&mu_);
  rules_.push_back(Rule{calls, fault});
}

void FaultPlan::ClearFaults() {
  MutexLock lock(&mu_);
  rules_.clear();
}

int FaultPlan::faults_injected() const {
  MutexLock lock(&mu_);
  return injected_;
}

void FaultPlan::Block(StorageCall calls) {
  MutexLock lock(&mu_);
  blocked_ |= static_cast<uint32_t>(calls);
}

void FaultPlan::Unblock(StorageCall calls) {
  MutexLock lock(&mu_);
  blocked_ &= ~static_cast<uint32_t>(calls);
  changed_.NotifyAll();
}

void FaultPlan::WaitUntilBlocked(StorageCall calls, int count) {
  MutexLock lock(&mu_);
  const auto is_one = [calls](StorageCall call) {
    return Contains(calls, call);
  };
  while (std::count_if(waiting_.begin(), waiting_.end(), is_one) < count) {
    changed_.Wait(&mu_);
  }
}

absl::optional<Fault> FaultPlan::Arrive(RecordedCall call) {
  MutexLock lock(&mu_);
  const absl::optional<Fault> fault = Decide(call);
  const StorageCall kind = call.call;
  calls_.push_back(std::move(call));
  if (Contains(blocked_, kind)) {
    waiting_.push_back(kind);
    changed_.NotifyAll();
    while (Contains(blocked_, kind)) changed_.Wait(&mu_);
    waiting_.erase(std::find(waiting_.begin(), waiting_.end(), kind));
  }
  return fault;
}

absl::optional<Fault> FaultPlan::Decide(const RecordedCall& call) {
  absl::optional<Fault> decided;
  for (Rule& rule : rules_) {
    const std::string& substring = rule.fault.path_contains;
    if (!Contains(rule.calls, call.call) ||
        !(absl::StrContains(call.path, substring) ||
          absl::StrContains(call.to_path, substring))) {
      continue;
    }
    ++rule.seen;
    const bool hits = rule.fault.lasting ? rule.seen >= rule.fault.nth
                                         : rule.seen == rule.fault.nth;
    if (hits && !decided) decided = rule.fault;
  }
  if (decided) ++injected_;
  return decided;
}

std::vector<RecordedCall> FaultPlan::calls() const {
  MutexLock lock(&mu_);
  return calls_;
}

std::vector<std::string> FaultPlan::CallsOf(StorageCall kinds) const {
  std::vector<std::string> texts;
  for (const RecordedCall& call : calls()) {
    if (Contains(kinds, call.call)) texts.push_back(call.ToString());
  }
  return texts;
}

void FaultPlan::ClearCalls() {
  MutexLock lock(&mu_);
  calls_.clear();
}

std::unique_ptr<Dir> WrapFaulty(std::unique_ptr<Dir> dir,
                                std::shared_ptr<FaultPlan> plan) {
  return std::make_unique<FaultyDir>(std::move(dir), Gate(std::move(plan), ""));
}

}  // namespace casemate
