// A content file's header from the store. Claims: bytes nobody sealed never
// open; a sealed header opens to its own nonce and key; and after any change
// to it, or to its length, it is refused.
//
// Input: one byte for the combo, two that choose a change, the bytes.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/bytes.h"
#include "base/check.h"
#include "crypto/content/chunk_layout.h"
#include "crypto/content/cipher_combo.h"
#include "crypto/content/file_header.h"

namespace casemate {
namespace {

using Bytes = std::vector<uint8_t>;

void MustBeRefused(const HeaderCodec& codec, ConstBytes sealed) {
  CHECK(absl::IsDataLoss(codec.Open(sealed).status()),
        "what was not sealed does not open");
}

void Feed(ConstBytes choice, ConstBytes body) {
  const CipherCombo combo =
      choice[0] % 2 == 0 ? CipherCombo::kSivGcm : CipherCombo::kSivCtrMac;
  const HeaderCodec codec(combo, Bytes(32, 1), Bytes(32, 2));
  MustBeRefused(codec, body);

  // The input's bytes, filled up with zeros, as nonce and key.
  const size_t nonce_size = HeaderNonceSize(combo);
  Bytes content(body.begin(), body.end());
  content.resize(nonce_size + kContentKeySize);
  const ConstBytes nonce = ConstBytes(content).subspan(0, nonce_size);
  const ConstBytes key = ConstBytes(content).subspan(nonce_size);
  Bytes sealed(ChunkLayout(combo).header_size());
  codec.Seal(FileHeader(combo, nonce, key), absl::MakeSpan(sealed));
  const absl::StatusOr<FileHeader> opened = codec.Open(sealed);
  CHECK(opened.ok(), "what was sealed opens");
  CHECK(opened->nonce() == nonce && opened->content_key() == key,
        "to what it was");

  const size_t at = choice[1] % sealed.size();
  const uint8_t change = choice[2];
  MustBeRefused(codec, ConstBytes(sealed).subspan(0, at));
  if (change == 0) return;
  sealed[at] ^= change;
  MustBeRefused(codec, sealed);
}

}  // namespace
}  // namespace casemate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3) return 0;
  const casemate::ConstBytes input(data, size);
  casemate::Feed(input.subspan(0, 3), input.subspan(3));
  return 0;
}
