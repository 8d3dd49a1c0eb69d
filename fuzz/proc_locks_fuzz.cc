// The text of /proc/locks, with every process's locks in it. Claims: the
// holder of a lock is found whatever stands in the other lines; who merely
// waits for it, or holds another kind of lock on it, is not the holder; and
// whoever is found is a process, and in the text.
#include <sys/sysmacros.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/bytes.h"
#include "base/check.h"
#include "tools/casemate/lock_holder.h"

namespace casemate {
namespace {

constexpr absl::string_view kObject = "08:01:131";

absl::optional<pid_t> Find(absl::string_view text) {
  return FindLockHolder(text, makedev(8, 1), 131);
}

void Feed(absl::string_view text) {
  const absl::optional<pid_t> found = Find(text);
  if (found) {
    CHECK(*found > 0, "a holder is a process");
    CHECK(absl::StrContains(text, kObject) &&
              absl::StrContains(text, absl::StrCat(*found)),
          "no holder is made up");
    return;
  }
  const std::string others = absl::StrCat(
      text, "\n2: -> FLOCK  ADVISORY  WRITE 4321 ", kObject, " 0 EOF",
      "\n3: POSIX  ADVISORY  WRITE 4321 ", kObject, " 0 EOF\n");
  CHECK(!Find(others), "who waits or locks otherwise is not the holder");
  CHECK(Find(absl::StrCat(others, "1: FLOCK  ADVISORY  WRITE 1234 ", kObject,
                          " 0 EOF\n")) == 1234,
        "the holder is found");
}

}  // namespace
}  // namespace casemate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  casemate::Feed(casemate::TextOf(casemate::ConstBytes(data, size)));
  return 0;
}
