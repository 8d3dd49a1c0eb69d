// The recovery key: the vault's masterkey as 44 English words, in the form of
// the official application (cryptomator ui/recoverykey/RecoveryKeyFactory.java
// and WordEncoder.java). Whoever has it needs no password.
//
// 64 bytes enc‖mac and the first two bytes of their CRC-32, least significant
// byte first, are 66 bytes = 44 numbers of 12 bits, most significant bit first;
// each is a line of third_party/recovery_words. The checksum finds a mistyped
// word, it authenticates nothing: OpenVaultWithRecoveryKey (vault_access.h)
// proves that a key is a vault's.
//
// Pure; any thread.
#ifndef FS_VAULT_RECOVERY_KEY_H_
#define FS_VAULT_RECOVERY_KEY_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/secret/secret_bytes.h"
#include "fs/vault/masterkey.h"

namespace casemate {

inline constexpr size_t kRecoveryKeyWords = 44;
// Of the text that is decoded; a key has at most 439 bytes.
inline constexpr size_t kMaxRecoveryKeySize = 4096;

// The words in lower case, one space between two, nothing around them.
SecretBytes EncodeRecoveryKey(const Masterkey& masterkey);

// The inverse. Words may be in any case, with any ASCII white space between and
// around them. Errors are InvalidArgument of the kind kRecoveryKey: too long,
// another number of words, an unknown word, a checksum that does not match. A
// message names the position of an unknown word and, if there is one near, a
// word of the list: never what was entered. It still tells about the key and
// is for the user who entered it, not for a log.
absl::StatusOr<Masterkey> DecodeRecoveryKey(ConstBytes text);
}  // namespace casemate

#endif  // FS_VAULT_RECOVERY_KEY_H_
