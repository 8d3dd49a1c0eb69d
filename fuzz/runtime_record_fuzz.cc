// The record of a running mount, which root reads in a user's folder. Claims:
// what is accepted names a process that may be signalled and a port that is
// one; written and read again it is the same; and a record of any two paths,
// bytes that are no text included, is read as it was.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/bytes.h"
#include "base/check.h"
#include "tools/casemate/runtime_record.h"

namespace casemate {
namespace {

void CheckRoundTrip(const RuntimeRecord& record) {
  const absl::StatusOr<RuntimeRecord> again =
      RuntimeRecord::Parse(record.ToJson());
  CHECK(again.ok(), "what was written is read");
  CHECK(again->pid == record.pid && again->start_time == record.start_time &&
            again->mountpoint == record.mountpoint &&
            again->vault == record.vault && again->device == record.device &&
            again->metrics_port == record.metrics_port,
        "as it was");
  CHECK(again->ToJson() == record.ToJson(), "a record has one text");
}

void Feed(absl::string_view text) {
  const absl::StatusOr<RuntimeRecord> parsed = RuntimeRecord::Parse(text);
  if (parsed.ok()) {
    CHECK(parsed->pid > 1, "neither a group nor init is signalled");
    CHECK(!parsed->metrics_port ||
              (*parsed->metrics_port > 0 && *parsed->metrics_port < 65536),
          "a port is a port");
    CheckRoundTrip(*parsed);
  } else {
    CHECK(absl::IsInvalidArgument(parsed.status()), "a refusal is of the text");
  }
  RuntimeRecord record;
  record.pid = 2;
  record.start_time = UINT64_MAX;
  record.mountpoint = std::string(text.substr(0, text.size() / 2));
  record.vault = std::string(text.substr(text.size() / 2));
  record.device = text.size();
  if (text.size() % 2 == 1) record.metrics_port = 9567;
  CheckRoundTrip(record);
}

}  // namespace
}  // namespace casemate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  casemate::Feed(casemate::TextOf(casemate::ConstBytes(data, size)));
  return 0;
}
