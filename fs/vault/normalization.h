// Unicode as the vault's names and passwords need it: what is valid UTF-8, and
// its normalisation form C. Pure functions over utf8proc.
#ifndef FS_VAULT_NORMALIZATION_H_
#define FS_VAULT_NORMALIZATION_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/bytes.h"
#include "crypto/secret/secret_bytes.h"

namespace casemate {

// Well-formed UTF-8: no surrogates, no overlong forms, nothing above U+10FFFF.
// NUL is a character like any other.
bool IsValidUtf8(absl::string_view text);

// `text` in normalisation form C. InvalidArgument with EILSEQ when it is not
// valid UTF-8.
absl::StatusOr<std::string> ToNfc(absl::string_view text);

// The same for a password: nothing of it is left in ordinary memory.
absl::StatusOr<SecretBytes> SecretToNfc(ConstBytes text);

}  // namespace casemate

#endif  // FS_VAULT_NORMALIZATION_H_
