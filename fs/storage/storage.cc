#include "fs/storage/storage.h"

#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/bytes.h"
#include "base/status.h"

namespace casemate {

absl::StatusOr<std::string> ReadSmallFile(const Dir& dir,
                                          absl::string_view path,
                                          size_t limit) {
  ASSIGN_OR_RETURN(const std::unique_ptr<File> file,
                   dir.OpenFile(path, Access::kRead));
  // One byte more than allowed tells a longer file without a stat.
  std::string content(limit + 1, '\0');
  ASSIGN_OR_RETURN(
      const size_t size,
      file->ReadAt(0, MutableBytes(reinterpret_cast<uint8_t*>(&content[0]),
                                   content.size())));
  if (size > limit) {
    return WithErrno(absl::OutOfRangeError(absl::StrCat(
                         path, " is longer than ", limit, " bytes")),
                     EIO);
  }
  content.resize(size);
  return content;
}

}  // namespace casemate
