// A folder of the real disk with one file in it, and what the open files of a
// mount share.
#ifndef FS_HANDLE_DISK_FOR_TEST_H_
#define FS_HANDLE_DISK_FOR_TEST_H_

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/log.h"
#include "base/status.h"
#include "crypto/content/cipher_combo.h"
#include "fs/handle/open_file.h"
#include "fs/storage/posix_storage.h"
#include "fs/storage/storage.h"
#include "gtest/gtest.h"
#include "testing/fakes/fake_clock.h"
#include "testing/fakes/fake_random.h"
#include "testing/faulty_storage/faulty_storage.h"

namespace casemate {

inline constexpr Ino kIno{7};
inline const InterruptCheck kNeverInterrupted;

// Not thread-safe: to be read when the threads of a test are done.
class KeepingLogger final : public Logger {
 public:
  void Log(Severity, absl::string_view message) override {
    absl::StrAppend(&text, message, "\n");
  }
  std::string text;
};

class Disk {
 public:
  explicit Disk(CipherCombo combo) : codec_(combo, Key(1), Key(2)) {
    std::string path = testing::TempDir() + "/open_file.XXXXXX";
    CHECK(mkdtemp(&path[0]) != nullptr, "a test has a temporary directory");
    folder_ = path;
    dir_ = WrapFaulty(*OpenPosixDir(path), faults);
    environment = std::make_unique<FileEnvironment>(FileEnvironment{
        ChunkLayout(combo), &codec_, Key(2), &random_, &cache, &buffers,
        &budget, &next_content_, &clock, &metrics, &logger});
  }
  ~Disk() {
    dir_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  // The file "f", new and empty.
  std::shared_ptr<OpenFile> Create() {
    std::unique_ptr<File> file = *dir_->CreateFile("f", 0600);
    return *OpenFile::OpenTruncated(environment.get(), kIno, std::move(file));
  }
  absl::StatusOr<std::shared_ptr<OpenFile>> Open(bool for_write = true) {
    ASSIGN_OR_RETURN(std::unique_ptr<File> file,
                     dir_->OpenFile("f", Access::kReadWrite));
    return OpenFile::Open(environment.get(), kIno, std::move(file), for_write);
  }
  uint64_t StoredBytes() { return dir_->Stat("f")->size; }
  std::unique_ptr<File> Raw() {
    return *dir_->OpenFile("f", Access::kReadWrite);
  }

  KeepingLogger log;
  std::shared_ptr<FaultPlan> faults = std::make_shared<FaultPlan>();
  FakeClock clock;
  RateLimitedLogger logger{&log, &clock, absl::Seconds(1)};
  Metrics metrics;
  BufferPool buffers{BufferPool::Options()};
  ChunkCache cache{CacheOptions()};
  DirtyBudget budget{size_t{64} << 20, &metrics};
  std::unique_ptr<FileEnvironment> environment;

 private:
  static ConstBytes Key(int which) {
    static const std::vector<uint8_t>* const keys[] = {
        new std::vector<uint8_t>(32, 1), new std::vector<uint8_t>(32, 2)};
    return *keys[which - 1];
  }
  static ChunkCache::Options CacheOptions() {
    ChunkCache::Options options;
    options.capacity_bytes = 8 << 20;
    return options;
  }

  HeaderCodec codec_;
  FakeRandom random_{1};
  std::atomic<uint64_t> next_content_{1};
  std::string folder_;
  std::unique_ptr<Dir> dir_;
};

inline std::string Pattern(size_t size, int seed) {
  std::string text(size, '\0');
  uint32_t state = 2654435761u * (seed + 1);
  for (char& c : text) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24);
  }
  return text;
}

inline absl::Status Write(OpenFile& file, uint64_t offset,
                          absl::string_view data) {
  return file.WriteAt(offset, BytesOf(data), kNeverInterrupted);
}

inline std::string ReadAll(OpenFile& file) {
  std::string out(file.size() + 10, 'x');
  const absl::StatusOr<size_t> got = file.ReadAt(
      0, MutableBytes(reinterpret_cast<uint8_t*>(out.data()), out.size()));
  if (!got.ok()) return std::string(got.status().message());
  out.resize(*got);
  return out;
}

// RapidCheck prints what it compares; nobody wants to read whole files.
inline bool Same(absl::string_view a, absl::string_view b) { return a == b; }

}  // namespace casemate

#endif  // FS_HANDLE_DISK_FOR_TEST_H_
