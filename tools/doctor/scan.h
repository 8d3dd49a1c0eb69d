// One look at a vault: what the checks share while they go through it, and what
// they leave behind. One thread.
#ifndef TOOLS_DOCTOR_SCAN_H_
#define TOOLS_DOCTOR_SCAN_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "fs/storage/storage.h"
#include "fs/vault/dir_id.h"
#include "fs/vault/name_codec.h"
#include "tools/doctor/directory_map.h"
#include "tools/doctor/finding.h"
#include "tools/doctor/vault_view.h"

namespace casemate {

struct ScanProgress {
  uint64_t directories = 0;        // looked through so far
  uint64_t directories_total = 0;  // 0 while they are still being counted
  uint64_t bytes = 0;              // ciphertext authenticated so far
};

struct ScanOptions {
  // Read and authenticate every file.
  bool authenticates_content = false;
  // Somebody may work in the vault: what does not authenticate is looked at
  // again.
  bool is_in_use = false;
  // Called now and then. An error ends the scan with it: an interrupt, say.
  std::function<absl::Status(const ScanProgress&)> progress;
};

struct ScanCounts {
  uint64_t directories = 0;
  uint64_t files = 0;
  uint64_t symlinks = 0;
  uint64_t bytes_authenticated = 0;  // of ciphertext
};

// The content directory that is being looked through.
struct Place {
  std::string content_path;  // "XX/YYY"
  Dir* content = nullptr;
  // Absent together: nobody knows whose content this is.
  absl::optional<DirId> id;
  absl::optional<NameContext> names;
  absl::optional<std::string> cleartext;  // "" for the root, else "/a/b"

  std::string PathOf(absl::string_view entry) const {
    return StorePath(content_path, entry);
  }
  // What a finding about the entry called `name` gives as its path.
  absl::optional<std::string> CleartextOf(
      const absl::optional<std::string>& name) const {
    if (!cleartext) return absl::nullopt;
    if (name) return absl::StrCat(*cleartext, "/", *name);
    return cleartext->empty() ? "/" : *cleartext;
  }
};

class Scan {
 public:
  Scan(const VaultView* vault, ScanOptions scan_options)
      : view(vault), options(std::move(scan_options)) {}

  // A new finding, with nothing but what every finding has.
  Finding& Add(FindingClass finding_class, std::string entry,
               absl::optional<std::string> path) {
    Finding finding;
    finding.finding_class = finding_class;
    finding.entry = std::move(entry);
    finding.path = std::move(path);
    findings.push_back(std::move(finding));
    return findings.back();
  }

  // What a failed look at `entry` means: nothing when it has just gone; an
  // error that ends the scan when this process is at its end; else a finding.
  absl::Status NoteUnreadable(const absl::Status& status, std::string entry,
                              absl::optional<std::string> path);

  const VaultView* const view;
  const ScanOptions options;
  DirectoryMap directories;
  std::vector<Finding> findings;
  ScanCounts counts;
};

}  // namespace casemate

#endif  // TOOLS_DOCTOR_SCAN_H_
