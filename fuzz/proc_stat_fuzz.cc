// A line of /proc/PID/stat, whose second field is any name a process gives
// itself. Claims: whatever that name is, the numbers after it are read as they
// are; and a line cut anywhere before the last of them is refused.
//
// Input: a line, and the name.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/bytes.h"
#include "base/check.h"
#include "ops/exporter/process_usage.h"

namespace casemate {
namespace {

// Fields 3 to 24 of proc(5), each its own number but for the state.
constexpr absl::string_view kFields =
    " S 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24";

void Feed(absl::string_view input) {
  ParseProcStat(input).status().IgnoreError();
  const std::string before = absl::StrCat("1 (", input, ")");
  const absl::StatusOr<ProcStat> stat =
      ParseProcStat(absl::StrCat(before, kFields, " 25\n"));
  CHECK(stat.ok(), "every line is read");
  CHECK(stat->cpu_ticks == 14 + 15 && stat->threads == 20 &&
            stat->start_ticks == 22 && stat->virtual_bytes == 23 &&
            stat->resident_pages == 24,
        "the name hides no number");
  const size_t cut = input.size() % (kFields.size() - 1);
  CHECK(
      absl::IsInvalidArgument(
          ParseProcStat(absl::StrCat(before, kFields.substr(0, cut))).status()),
      "a line that is cut is refused");
}

}  // namespace
}  // namespace casemate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  casemate::Feed(casemate::TextOf(casemate::ConstBytes(data, size)));
  return 0;
}
