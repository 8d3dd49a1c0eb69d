// A directory of a test's own, made and looked at with plain system calls: what
// the storage under test should see must not go through it.
#ifndef FS_STORAGE_TEMP_DIR_FOR_TEST_H_
#define FS_STORAGE_TEMP_DIR_FOR_TEST_H_

#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "base/check.h"
#include "gtest/gtest.h"

namespace casemate {

// Removed with all that is in it on destruction.
class TempDir {
 public:
  TempDir() : path_(testing::TempDir() + "/storage.XXXXXX") {
    CHECK(mkdtemp(&path_[0]) != nullptr, "a test has a temporary directory");
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  std::string PathOf(const std::string& name) const {
    return path_ + "/" + name;
  }

  void Write(const std::string& name, const std::string& content) const {
    std::ofstream(PathOf(name), std::ios::binary) << content;
  }
  void MakeDir(const std::string& name) const {
    Must(mkdir(PathOf(name).c_str(), 0700));
  }
  void Symlink(const std::string& target, const std::string& name) const {
    Must(symlink(target.c_str(), PathOf(name).c_str()));
  }
  void MakeFifo(const std::string& name) const {
    Must(mkfifo(PathOf(name).c_str(), 0600));
  }
  void MakeSocket(const std::string& name) const {
    Must(mknod(PathOf(name).c_str(), S_IFSOCK | 0600, 0));
  }

 private:
  static void Must(int result) {
    CHECK(result == 0, "a test can prepare its files");
  }

  std::string path_;
};

}  // namespace casemate

#endif  // FS_STORAGE_TEMP_DIR_FOR_TEST_H_
