// A line of /proc/self/mountinfo, whose names other users choose. Claims: a
// mount with any mountpoint and source, written as the kernel writes it, is
// read as it is; its user is that of the first user_id option; and what is
// read of any other line is no longer than the line.
//
// Input: a line; and, split at NUL, a mountpoint, a source and options.
#include <sys/sysmacros.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/bytes.h"
#include "base/check.h"
#include "tools/casemate/mountinfo.h"

namespace casemate {
namespace {

// fs/proc_namespace.c escapes these.
std::string KernelEscape(absl::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\\' || c == '#') {
      absl::StrAppendFormat(&escaped, "\\%03o", static_cast<unsigned char>(c));
    } else {
      escaped.push_back(c);
    }
  }
  return escaped;
}

void FeedParts(absl::string_view mountpoint, absl::string_view source,
               absl::string_view options) {
  const std::string other = absl::StrReplaceAll(
      KernelEscape(options), {{"user_id", "user"}, {",", ";"}});
  const std::string line =
      absl::StrCat("36 35 0:42 / ", KernelEscape(mountpoint),
                   " rw,nosuid shared:1 - fuse.casemate ", KernelEscape(source),
                   " rw,", other, ",user_id=1000,user_id=0");
  const absl::optional<MountEntry> entry = ParseMountLine(line);
  CHECK(entry.has_value(), "every mount is read");
  CHECK(entry->mountpoint == mountpoint && entry->source == source &&
            entry->type == "fuse.casemate" && entry->device == makedev(0, 42),
        "as it is");
  CHECK(entry->user == uid_t{1000}, "the first user_id counts");
}

void Feed(absl::string_view input) {
  if (const auto entry = ParseMountLine(input)) {
    CHECK(entry->mountpoint.size() <= input.size() &&
              entry->source.size() <= input.size() &&
              entry->type.size() <= input.size(),
          "unescaping only shortens");
    CHECK(!entry->user || absl::StrContains(input, "user_id="),
          "nobody is made up");
  }
  const auto device = ParseFuseConnection(input);
  CHECK(!device || absl::StrContains(input, "fuse_connection:"),
        "no connection is made up");
  const std::vector<absl::string_view> parts =
      absl::StrSplit(input, absl::MaxSplits('\0', 2));
  if (parts.size() == 3) FeedParts(parts[0], parts[1], parts[2]);
}

}  // namespace
}  // namespace casemate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  casemate::Feed(casemate::TextOf(casemate::ConstBytes(data, size)));
  return 0;
}
