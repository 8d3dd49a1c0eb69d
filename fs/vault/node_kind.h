// The three kinds of node that the format knows (vault-format-8 section 5.2).
#ifndef FS_VAULT_NODE_KIND_H_
#define FS_VAULT_NODE_KIND_H_

#include <cstdint>

namespace casemate {

enum class NodeKind : uint8_t { kFile, kDirectory, kSymlink };

}  // namespace casemate

#endif  // FS_VAULT_NODE_KIND_H_
