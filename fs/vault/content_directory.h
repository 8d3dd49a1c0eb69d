// Makes and removes content directories, d/XX/YYYY…: one for each directory of
// the vault, referred to by its id's hash.
#ifndef FS_VAULT_CONTENT_DIRECTORY_H_
#define FS_VAULT_CONTENT_DIRECTORY_H_

#include <sys/types.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/random/random_source.h"
#include "fs/storage/storage.h"
#include "fs/vault/dir_id.h"
#include "fs/vault/name_codec.h"
#include "fs/vault/node.h"
#include "fs/vault/sealed_file.h"

namespace casemate {

struct NewContentDirectory {
  mode_t permissions = 0700;
  NewOwner owner;
};

// Makes `id`'s content directory below `d`, with its dirid.c9r, and makes it
// durable. On failure nothing is left but maybe d/XX.
absl::StatusOr<std::unique_ptr<Dir>> MakeContentDirectory(
    Dir& d, const NameCodec& names, const DirId& id,
    const SealedFileCodec& sealed_files, RandomSource& random,
    const NewContentDirectory& options);

// Removes `id`'s content directory, which holds nothing any more but maybe its
// dirid.c9r. d/XX stays: another directory may be coming into it.
absl::Status RemoveContentDirectory(Dir& d, const NameCodec& names,
                                    const DirId& id);

}  // namespace casemate

#endif  // FS_VAULT_CONTENT_DIRECTORY_H_
