// An unlocked vault as the doctor reads it: the format's codecs over the two
// directories that everything lies in, without a tree that hides what is wrong.
#ifndef TOOLS_DOCTOR_VAULT_VIEW_H_
#define TOOLS_DOCTOR_VAULT_VIEW_H_

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "crypto/content/chunk_layout.h"
#include "crypto/content/file_header.h"
#include "fs/storage/storage.h"
#include "fs/vault/name_codec.h"
#include "fs/vault/sealed_file.h"
#include "fs/vault/vault_access.h"

namespace casemate {

// Immutable; `folder` and `vault` outlive it.
struct VaultView {
  VaultView(Dir* vault_folder, std::unique_ptr<Dir> store,
            const UnlockedVault* unlocked)
      : folder(vault_folder),
        d(std::move(store)),
        vault(unlocked),
        names(unlocked->masterkey),
        sealed_files(unlocked->config.combo, &unlocked->masterkey),
        layout(unlocked->config.combo),
        headers(unlocked->config.combo, unlocked->masterkey.enc_key(),
                unlocked->masterkey.mac_key()) {}

  Dir* folder;             // the vault's
  std::unique_ptr<Dir> d;  // null when there is no d/
  const UnlockedVault* vault;
  NameCodec names;
  SealedFileCodec sealed_files;
  ChunkLayout layout;
  HeaderCodec headers;

  int threshold() const { return vault->config.shortening_threshold; }
};

// Paths in findings: "d/XX/YYY[/entry]" from a content path "XX/YYY".
inline std::string StorePath(absl::string_view content_path) {
  return absl::StrCat("d/", content_path);
}
inline std::string StorePath(absl::string_view content_path,
                             absl::string_view entry) {
  return absl::StrCat("d/", content_path, "/", entry);
}

}  // namespace casemate

#endif  // TOOLS_DOCTOR_VAULT_VIEW_H_
