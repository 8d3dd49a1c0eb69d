// A folder of a vault and all that is below it, drawn as tree(1) does.
#ifndef TOOLS_CASEMATE_VAULT_TREE_PRINTER_H_
#define TOOLS_CASEMATE_VAULT_TREE_PRINTER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "fs/core/file_system.h"
#include "tools/casemate/vault_reader.h"

namespace casemate {

struct TreeOptions {
  absl::optional<int> depth;
  enum class Lines : uint8_t { kAscii, kUtf8 } lines = Lines::kUtf8;
};

// Not thread-safe.
class VaultTreePrinter {
 public:
  // `write` gets whole lines, `visit` is called before each folder is read;
  // either's error ends it. Names are escaped: the lines are for eyes, and a
  // newline in a name would draw a false one.
  VaultTreePrinter(FileSystem* file_system, const TreeOptions& options,
                   std::function<absl::Status(absl::string_view)> write,
                   std::function<absl::Status()> visit)
      : file_system_(file_system),
        options_(options),
        write_(std::move(write)),
        visit_(std::move(visit)) {}

  // Prints what is at `path`, and a line of counts. kPathNotFound;
  // kContentDamaged, at the end, when something below it is damaged; kOther
  // when something could not be read.
  absl::Status Print(absl::string_view path);

 private:
  absl::Status PrintFolder(const std::string& path,
                           const std::vector<ListedEntry>& entries,
                           const std::string& indent, int level);
  absl::Status PrintEntry(const std::string& path, const ListedEntry& entry,
                          const std::string& indent, bool is_last, int level);
  std::string CountsLine() const;

  FileSystem* const file_system_;
  const TreeOptions options_;
  const std::function<absl::Status(absl::string_view)> write_;
  const std::function<absl::Status()> visit_;

  uint64_t folders_ = 0;
  uint64_t files_ = 0;  // links among them, as tree(1) has it
  uint64_t damaged_ = 0;
  uint64_t unreadable_ = 0;
};

}  // namespace casemate

#endif  // TOOLS_CASEMATE_VAULT_TREE_PRINTER_H_
