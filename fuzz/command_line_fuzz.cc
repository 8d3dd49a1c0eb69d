// An argument of `mount -o`, as mount(8), fstab and scripts make them. Claims:
// what was parsed, written out and parsed again is the same; a list that is
// accepted mounts read-only exactly if its last ro or rw is ro; and one that
// is refused is a usage error, never another.
//
// Input: the argument.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/check.h"
#include "tools/casemate/cli_error.h"
#include "tools/casemate/exit_codes.h"
#include "tools/casemate/mount_settings.h"

namespace casemate {
namespace {

void CheckRoundTrip(const std::vector<MountOption>& options) {
  const std::string list = FormatOptionList(options);
  CHECK(ParseOptionList(list) == options,
        "what was written out is parsed as it was");
  CHECK(FormatOptionList(ParseOptionList(list)) == list,
        "there is one way to write options out");
}

bool LastIsReadOnly(const std::vector<MountOption>& options) {
  bool read_only = false;
  for (const MountOption& option : options) {
    if (option.name == "ro") read_only = true;
    if (option.name == "rw") read_only = false;
  }
  return read_only;
}

void Feed(absl::string_view list) {
  const std::vector<MountOption> options = ParseOptionList(list);
  CheckRoundTrip(options);
  MountSettings settings;
  for (const MountOption& option : options) {
    const absl::Status status = ApplyMountOption(option, settings);
    if (status.ok()) continue;
    CHECK(ExitCodeOf(status) == ExitCode::kUsage,
          "a bad option is the user's error");
    return;
  }
  CHECK(settings.read_only == LastIsReadOnly(options),
        "the last of ro and rw counts");
}

}  // namespace
}  // namespace casemate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  casemate::Feed(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
