// A small encrypted file read whole: symlink.c9r, dirid.c9r. Claims: bytes
// nobody sealed never open; what was sealed opens to itself; and after any
// change to it or to its length it is refused, but for one that the format
// cannot tell: nothing after the header is an empty file.
//
// Input: one byte for the combo, three that choose a change, the bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/bytes.h"
#include "base/check.h"
#include "crypto/content/chunk_layout.h"
#include "crypto/content/cipher_combo.h"
#include "fs/vault/masterkey.h"
#include "fs/vault/sealed_file.h"
#include "testing/fakes/fake_random.h"

namespace casemate {
namespace {

void MustBeRefused(const SealedFileCodec& codec, ConstBytes sealed) {
  CHECK(absl::IsDataLoss(codec.Open(sealed).status()),
        "what was not sealed does not open");
}

void Feed(ConstBytes choice, ConstBytes body) {
  const CipherCombo combo =
      choice[0] % 2 == 0 ? CipherCombo::kSivGcm : CipherCombo::kSivCtrMac;
  FakeRandom random(1);
  const Masterkey masterkey = Masterkey::Create(random);
  const SealedFileCodec codec(combo, &masterkey);
  const ConstBytes small = body.subspan(0, codec.max_sealed_size());
  MustBeRefused(codec, small);

  const absl::string_view cleartext = TextOf(body.subspan(0, kChunkSize));
  std::vector<uint8_t> sealed = codec.Seal(cleartext, random);
  CHECK(sealed.size() <= codec.max_sealed_size(), "sealed files are small");
  CHECK(*codec.Open(sealed) == cleartext, "what was sealed opens to itself");

  const size_t header = ChunkLayout(combo).header_size();
  const size_t at = (choice[1] << 8 | choice[2]) % sealed.size();
  if (at != header) MustBeRefused(codec, ConstBytes(sealed).first(at));
  CHECK(codec.Open(ConstBytes(sealed).first(header))->empty(),
        "a header alone is an empty file");
  const uint8_t change = choice[3];
  if (change == 0) return;
  sealed[at] ^= change;
  MustBeRefused(codec, sealed);
}

}  // namespace
}  // namespace casemate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4) return 0;
  const casemate::ConstBytes input(data, size);
  casemate::Feed(input.subspan(0, 4), input.subspan(4));
  return 0;
}
