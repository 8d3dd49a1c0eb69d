// A vault folder on disk and the storage that looks at it, for tests.
#ifndef FS_STORAGE_POSIX_FIXTURE_FOR_TEST_H_
#define FS_STORAGE_POSIX_FIXTURE_FOR_TEST_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "fs/storage/posix_storage.h"
#include "fs/storage/storage.h"
#include "fs/storage/temp_dir_for_test.h"

namespace casemate {

class PosixStorageFixture {
 public:
  explicit PosixStorageFixture(const PosixStorageOptions& options = {})
      : dir_(*OpenPosixDir(temp_.path(), options)) {}

  Dir& dir() { return *dir_; }
  const TempDir& temp() const { return temp_; }

 private:
  TempDir temp_;
  std::unique_ptr<Dir> dir_;
};

// The content of `path`, or why there is none.
inline std::string ReadAll(Dir& dir, absl::string_view path) {
  absl::StatusOr<std::string> content = ReadSmallFile(dir, path, 1 << 20);
  return content.ok() ? *content : std::string(content.status().message());
}

}  // namespace casemate

#endif  // FS_STORAGE_POSIX_FIXTURE_FOR_TEST_H_
