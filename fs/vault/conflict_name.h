// Which ".c9r" entries are copies that a synchronisation tool renamed
// (vault-format-8.md section 5.3, steps 2 and 3): "<name> (Created by X).c9r".
// Recognition only. A mount hides and counts them; resolving is the doctor's.
#ifndef FS_VAULT_CONFLICT_NAME_H_
#define FS_VAULT_CONFLICT_NAME_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "fs/vault/name_codec.h"

namespace casemate {

enum class EntryClass : uint8_t {
  kNormal,        // the entry is the encryption of a valid name
  kConflictCopy,  // it contains one, and more
  kIgnored,       // nothing in it decrypts, or it starts with a dot
};

struct ClassifiedEntry {
  EntryClass entry_class = EntryClass::kIgnored;
  // What the entry is or is a copy of, and its cleartext. Empty if ignored.
  std::string canonical;
  std::string name;
};

// What does not end in ".c9r" is ignored. Pure. Tries a bounded number of
// substrings, so that an entry made to have many costs no more than a few dozen
// decryptions.
ClassifiedEntry ClassifyEntry(const NameContext& names,
                              absl::string_view entry);

}  // namespace casemate

#endif  // FS_VAULT_CONFLICT_NAME_H_
