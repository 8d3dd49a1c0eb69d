// Reading files of /proc, whose size nobody knows beforehand.
#ifndef TOOLS_CASEMATE_PROC_FILE_H_
#define TOOLS_CASEMATE_PROC_FILE_H_

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"

namespace casemate {

// All of `path`, up to 16 MiB.
absl::StatusOr<std::string> ReadProcFile(const std::string& path);

// When `pid` started, in the kernel's ticks since boot: with the pid it names
// a process for good. Absent when there is none.
absl::optional<uint64_t> StartTimeOf(pid_t pid);

// The name of `pid`'s program, at most 15 characters; "?" when unknown.
std::string CommandOf(pid_t pid);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_PROC_FILE_H_
