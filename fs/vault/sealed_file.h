// Small encrypted files read and written whole: `symlink.c9r` and `dirid.c9r`.
// An ordinary content file (vault-format-8.md sections 7 and 8) of at most one
// chunk. Functions of bytes; they do no I/O.
#ifndef FS_VAULT_SEALED_FILE_H_
#define FS_VAULT_SEALED_FILE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/bytes.h"
#include "crypto/content/chunk_layout.h"
#include "crypto/content/cipher_combo.h"
#include "crypto/content/file_header.h"
#include "crypto/random/random_source.h"
#include "fs/vault/masterkey.h"

namespace casemate {

// Immutable but for moves; any thread.
class SealedFileCodec {
 public:
  // `masterkey` outlives the codec.
  SealedFileCodec(CipherCombo combo, const Masterkey* masterkey)
      : layout_(combo),
        headers_(combo, masterkey->enc_key(), masterkey->mac_key()),
        masterkey_(masterkey) {}

  // The ciphertext of a file that holds `cleartext`, at most kChunkSize bytes.
  // Nothing but a header for an empty one.
  std::vector<uint8_t> Seal(absl::string_view cleartext,
                            RandomSource& random) const;

  // The content of the file whose whole ciphertext is `sealed`, at most
  // max_sealed_size() bytes. DataLoss when it does not authenticate.
  absl::StatusOr<std::string> Open(ConstBytes sealed) const;

  size_t max_sealed_size() const {
    return layout_.header_size() + layout_.sealed_chunk_size();
  }

 private:
  ChunkLayout layout_;
  HeaderCodec headers_;
  const Masterkey* masterkey_;
};

}  // namespace casemate

#endif  // FS_VAULT_SEALED_FILE_H_
