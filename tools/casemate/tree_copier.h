// Copies nodes, and folders with all that is in them, from one side to the
// other (copy_side.h). Goes on after an error, which is told with its path.
//
//   TreeCopier copier(options, &progress, &errors, interrupted);
//   RETURN_IF_ERROR(copier.Copy({&source, "a", "./a"}, {&target, "b", "b"}));
//   RETURN_IF_ERROR(errors.Result());
#ifndef TOOLS_CASEMATE_TREE_COPIER_H_
#define TOOLS_CASEMATE_TREE_COPIER_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tools/casemate/copy_side.h"
#include "tools/casemate/error_tally.h"
#include "tools/casemate/progress.h"

namespace casemate {

struct TreeCopierOptions {
  bool is_recursive = false;
  // Mode and times; otherwise the mode goes through `umask`.
  bool preserves = false;
  Overwrite overwrite = Overwrite::kNo;
  mode_t umask = 077;
};

// One name in a folder of a side. `path` is what the user calls it.
struct CopySource {
  SourceFolder* folder = nullptr;
  std::string name;
  std::string path;
};
struct CopyTarget {
  TargetFolder* folder = nullptr;
  std::string name;
  std::string path;
};

// Not thread-safe. What it is given outlives it.
class TreeCopier {
 public:
  // `check` is asked between blocks and nodes; its error ends everything.
  TreeCopier(const TreeCopierOptions& options, Progress* progress,
             ErrorTally* errors, std::function<absl::Status()> check)
      : options_(options),
        progress_(progress),
        errors_(errors),
        check_(std::move(check)) {}

  // How many bytes Copy and CopyContents would read. What cannot be looked at
  // counts for nothing.
  absl::StatusOr<uint64_t> Measure(SourceFolder& folder,
                                   const std::string& name);
  absl::StatusOr<uint64_t> MeasureContents(SourceFolder& folder);

  // An error only when it is of no use to go on: an interrupt, a full disk.
  // Everything else goes to `errors`.
  absl::Status Copy(const CopySource& source, const CopyTarget& target);
  // Everything in `source` into `target`.
  absl::Status CopyContents(SourceFolder& source,
                            const std::string& source_path,
                            TargetFolder& target,
                            const std::string& target_path);

  // What the copy of `node` is to have.
  CopyAttributes AttributesOf(const CopyNode& node) const;

 private:
  absl::Status CopyFile(const CopySource& source, const CopyNode& node,
                        const CopyTarget& target);
  absl::Status CopyFolder(const CopySource& source, const CopyNode& node,
                          const CopyTarget& target);
  absl::Status CopyLink(const CopySource& source, const CopyNode& node,
                        const CopyTarget& target);
  absl::Status CheckTarget(const CopyNode& node, const CopyTarget& target);
  // Tells an error about `path`; gives it back when it ends everything.
  absl::Status Told(const std::string& path, const absl::Status& error);

  const TreeCopierOptions options_;
  Progress* const progress_;
  ErrorTally* const errors_;
  const std::function<absl::Status()> check_;
};

}  // namespace casemate

#endif  // TOOLS_CASEMATE_TREE_COPIER_H_
