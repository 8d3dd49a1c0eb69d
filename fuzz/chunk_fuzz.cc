// A chunk of ciphertext from the store. Claims: bytes nobody sealed never
// open; what was sealed opens to itself; and after any change to it, to its
// number or to its length it is refused and nothing comes out.
//
// Input: one byte for the combo, three that choose a change, the bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "base/bytes.h"
#include "base/check.h"
#include "crypto/content/chunk_codec.h"
#include "crypto/content/chunk_layout.h"
#include "crypto/content/cipher_combo.h"
#include "crypto/content/file_header.h"
#include "testing/fakes/fake_random.h"

namespace casemate {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint64_t kNumber = 7;

void MustBeRefused(const ChunkCodec& codec, uint64_t number,
                   ConstBytes sealed) {
  const size_t overhead = ChunkLayout(codec.combo()).overhead();
  Bytes out(std::max(sealed.size(), overhead) - overhead, 0xaa);
  CHECK(absl::IsDataLoss(codec.Open(number, sealed, absl::MakeSpan(out))),
        "what was not sealed does not open");
  CHECK(out == Bytes(out.size()), "nothing comes out of a refused chunk");
}

void Feed(ConstBytes choice, ConstBytes body) {
  const CipherCombo combo =
      choice[0] % 2 == 0 ? CipherCombo::kSivGcm : CipherCombo::kSivCtrMac;
  FakeRandom random(1);
  const FileHeader header = FileHeader::Create(combo, random);
  const ChunkCodec codec(header, Bytes(32, 9));
  MustBeRefused(codec, kNumber, body);

  const ConstBytes cleartext = body.subspan(0, kChunkSize);
  if (cleartext.empty()) return;
  Bytes sealed(cleartext.size() + ChunkLayout(combo).overhead());
  codec.Seal(kNumber, random, cleartext, absl::MakeSpan(sealed));
  Bytes opened(cleartext.size());
  CHECK(codec.Open(kNumber, sealed, absl::MakeSpan(opened)).ok(),
        "what was sealed opens");
  CHECK(cleartext == ConstBytes(opened), "to what it was");

  const size_t at = (choice[1] << 8 | choice[2]) % sealed.size();
  const uint8_t change = choice[3];
  MustBeRefused(codec, kNumber, ConstBytes(sealed).subspan(0, at));
  MustBeRefused(codec, kNumber ^ uint64_t{1} << change % 64, sealed);
  if (change == 0) return;
  sealed[at] ^= change;
  MustBeRefused(codec, kNumber, sealed);
}

}  // namespace
}  // namespace casemate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4) return 0;
  const casemate::ConstBytes input(data, size);
  casemate::Feed(input.subspan(0, 4), input.subspan(4));
  return 0;
}
