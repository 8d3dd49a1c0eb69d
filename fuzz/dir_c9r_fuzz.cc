// The content of dir.c9r: plaintext that anyone who can write to the store can
// change. Claims: it is taken whole or not at all; and whatever it says, the
// path made of it is two base32 names, so it leads nowhere but below d/.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/bytes.h"
#include "base/check.h"
#include "fs/vault/dir_id.h"
#include "fs/vault/masterkey.h"
#include "fs/vault/name_codec.h"
#include "testing/fakes/fake_random.h"

namespace casemate {
namespace {

bool IsBase32(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '2' && c <= '7');
  });
}

void Feed(absl::string_view content) {
  const absl::StatusOr<DirId> id = DirId::Parse(content);
  const bool printable =
      std::all_of(content.begin(), content.end(),
                  [](char c) { return c >= 0x20 && c <= 0x7e; });
  CHECK(id.ok() == (printable && !content.empty() && content.size() <= 1000),
        "an id is 1 to 1000 printable characters");
  if (!id.ok()) {
    CHECK(absl::IsDataLoss(id.status()), "a bad id is a broken directory");
    return;
  }
  CHECK(id->text() == content, "an id is never trimmed");
  CHECK(!id->is_root(), "no dir.c9r names the root");
  FakeRandom random(1);
  const NameCodec codec(Masterkey::Create(random));
  const std::string path = codec.ContentPath(*id);
  CHECK(path.size() == 33 && path[2] == '/' &&
            IsBase32(absl::string_view(path).substr(0, 2)) &&
            IsBase32(absl::string_view(path).substr(3)),
        "a content path is two base32 names");
  CHECK(path != codec.ContentPath(DirId()), "and not the root's");
}

}  // namespace
}  // namespace casemate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  casemate::Feed(casemate::TextOf(casemate::ConstBytes(data, size)));
  return 0;
}
