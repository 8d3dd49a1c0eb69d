// What every part of VaultTree works with: the vault's parameters, and who is
// to be told. Internal to this room; one per tree, immutable, any thread.
#ifndef FS_VAULT_TREE_CONTEXT_H_
#define FS_VAULT_TREE_CONTEXT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "base/log.h"
#include "crypto/content/chunk_layout.h"
#include "crypto/content/file_header.h"
#include "crypto/random/random_source.h"
#include "fs/vault/name_codec.h"
#include "fs/vault/name_shortener.h"
#include "fs/vault/sealed_file.h"
#include "ops/metrics/metrics.h"

namespace casemate {

// A cleartext name as the store has it.
struct StoredName {
  std::string c9r;    // the encrypted name
  std::string entry;  // `c9r`, or its short form

  bool shortened() const { return entry != c9r; }
};

struct TreeContext {
  int shortening_threshold;
  const ChunkLayout* layout;
  const HeaderCodec* header_codec;
  SealedFileCodec sealed_files;
  RandomSource* random;
  Metrics* metrics;
  RateLimitedLogger* logger;

  // `name` as it is, without normalisation.
  StoredName Store(const NameContext& names, absl::string_view name) const {
    StoredName stored;
    stored.c9r = EncryptName(names, name);
    stored.entry = IsShortened(shortening_threshold, stored.c9r)
                       ? ShortName(stored.c9r)
                       : stored.c9r;
    return stored;
  }

  // Counts a broken node and passes its status on.
  absl::Status Broken(absl::Status status) const {
    metrics->broken_nodes().Increment();
    logger->LogLimited("vault: broken node", Severity::kWarning,
                       status.message());
    return status;
  }
};

}  // namespace casemate

#endif  // FS_VAULT_TREE_CONTEXT_H_
