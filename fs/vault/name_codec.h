// Cleartext names to ciphertext names and back, and directory ids to the paths
// of their content directories (vault-format-8.md sections 4 and 5).
//
//   NameCodec codec(masterkey);
//   NameContext names = codec.ContextFor(parent_id);
//   std::string entry = EncryptName(names, nfc);           // "….c9r"
//   absl::StatusOr<std::string> name = DecryptName(names, entry);
//
// A ciphertext name is bound to its parent's id: it decrypts in no other
// directory. Decrypted names are hostile until validated, which DecryptName
// does: whoever had the keys once may have stored "..", "a/b" or a NUL.
//
// Immutable after construction; all of it may be used by any thread.
#ifndef FS_VAULT_NAME_CODEC_H_
#define FS_VAULT_NAME_CODEC_H_

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "crypto/primitive/aes_siv.h"
#include "fs/vault/dir_id.h"
#include "fs/vault/masterkey.h"

namespace casemate {

// The most bytes a name may have when it is created (after NFC) and when it is
// read.
inline constexpr size_t kMaxNewNameSize = 255;
inline constexpr size_t kMaxNameSize = 1024;

// The fewest base64url characters of a ciphertext name: one cleartext byte.
inline constexpr size_t kMinEncodedNameSize = 24;

// The key schedule for the names of one directory.
class NameContext {
 public:
  explicit NameContext(AesSivContext siv) : siv_(std::move(siv)) {}

  const AesSivContext& siv() const { return siv_; }

 private:
  AesSivContext siv_;
};

class NameCodec {
 public:
  // Keeps a key schedule of its own; `masterkey` need not outlive it.
  explicit NameCodec(const Masterkey& masterkey);

  // For the entries of the directory `parent`.
  NameContext ContextFor(const DirId& parent) const;

  // Where `id`'s content directory lies below d/: "XX/" and 30 characters.
  std::string ContentPath(const DirId& id) const;

 private:
  AesSiv siv_;
};

// `nfc` as the name of an entry: base64url with padding, then ".c9r". The
// caller has validated and normalised it.
std::string EncryptName(const NameContext& names, absl::string_view nfc);

// The validated cleartext of `c9r`, suffix included. DataLoss when it does not
// authenticate; InvalidArgument when it is not the canonical spelling of a
// ciphertext, or its cleartext is not IsValidName.
absl::StatusOr<std::string> DecryptName(const NameContext& names,
                                        absl::string_view c9r);

// The same without the check of IsValidName: what whoever had the keys stored,
// for a tool that tells what is wrong with it.
absl::StatusOr<std::string> AuthenticateName(const NameContext& names,
                                             absl::string_view c9r);

// What a stored name must be to be shown: valid UTF-8 of 1 to kMaxNameSize
// bytes, without '/' and NUL, not "." and not "..".
bool IsValidName(absl::string_view name);

// The form in which the new name `name` is stored, NFC. EILSEQ when it is not
// UTF-8, ENAMETOOLONG when that form has more than kMaxNewNameSize bytes,
// EINVAL when it is empty, ".", ".." or has a '/' or NUL in it.
absl::StatusOr<std::string> ValidateNewName(absl::string_view name);

}  // namespace casemate

#endif  // FS_VAULT_NAME_CODEC_H_
