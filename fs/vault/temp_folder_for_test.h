// A folder of a test's own, looked at with std::filesystem: what the vault
// should have done is not asked of the vault.
#ifndef FS_VAULT_TEMP_FOLDER_FOR_TEST_H_
#define FS_VAULT_TEMP_FOLDER_FOR_TEST_H_

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

#include "base/check.h"
#include "gtest/gtest.h"

namespace casemate {

// Removed with all that is in it on destruction.
class TempFolder {
 public:
  TempFolder() : path_(testing::TempDir() + "/vault.XXXXXX") {
    CHECK(mkdtemp(&path_[0]) != nullptr, "a test has a temporary folder");
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string PathOf(const std::string& name) const {
    return path_ + "/" + name;
  }
  bool Has(const std::string& name) const {
    return std::filesystem::symlink_status(PathOf(name)).type() !=
           std::filesystem::file_type::not_found;
  }
  std::string Read(const std::string& name) const {
    std::ifstream file(PathOf(name), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  void Write(const std::string& name, const std::string& content) const {
    std::ofstream(PathOf(name), std::ios::binary) << content;
  }

 private:
  std::string path_;
};

}  // namespace casemate

#endif  // FS_VAULT_TEMP_FOLDER_FOR_TEST_H_
