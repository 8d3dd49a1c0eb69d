// The number by which the kernel names a node: FUSE's nodeid.
#ifndef FS_INODE_INO_H_
#define FS_INODE_INO_H_

#include <cstdint>

namespace casemate {

// A counter that starts at 2 and never repeats within a mount, never a pointer
// (fuse-invariants L9): generation can stay 0.
enum class Ino : uint64_t {};

inline constexpr Ino kNoIno{0};
inline constexpr Ino kRootIno{1};  // FUSE_ROOT_ID

}  // namespace casemate

#endif  // FS_INODE_INO_H_
