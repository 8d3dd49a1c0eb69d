// masterkey.cryptomator. Claims: what parses asks for no more work than the
// bounds allow; and whatever unlocks holds the keys that were wrapped in it,
// since every seed is a file of the keys below under the password "pw".
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "base/check.h"
#include "fs/vault/masterkey.h"
#include "fs/vault/masterkey_file.h"

namespace casemate {
namespace {

// What one input may cost here; the format allows far more.
constexpr uint64_t kMaxWork = 64;

void Feed(ConstBytes input) {
  const absl::StatusOr<MasterkeyFile> file =
      MasterkeyFile::Parse(TextOf(input));
  if (!file.ok()) {
    CHECK(absl::IsDataLoss(file.status()) ||
              absl::IsInvalidArgument(file.status()),
          "a refusal is damage or a bound");
    return;
  }
  const KdfCost cost = file->cost();
  CHECK(cost.Check().ok() && 128 * cost.n * cost.r <= uint64_t{1} << 30,
        "what parses is within the bounds");
  CHECK(file->version() != 0, "a version is not 0");
  if (cost.n * cost.r > kMaxWork) return;
  for (const VersionMac mac : {VersionMac::kRequired, VersionMac::kIgnored}) {
    const absl::StatusOr<Masterkey> opened = file->Unlock(BytesOf("pw"), mac);
    if (!opened.ok()) continue;
    std::vector<uint8_t> wrapped(64);
    std::iota(wrapped.begin(), wrapped.end(), 0);
    CHECK(opened->raw() == ConstBytes(wrapped), "to the keys in it");
  }
}

}  // namespace
}  // namespace casemate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  casemate::Feed(casemate::ConstBytes(data, size));
  return 0;
}
