// The number by which the kernel names an open handle: FUSE's fh.
#ifndef FS_HANDLE_HANDLE_ID_H_
#define FS_HANDLE_HANDLE_ID_H_

#include <cstdint>

namespace casemate {

// Opaque and validated on every use (fuse-invariants H7): bit 63 is the kind,
// bits 32-62 the generation of the slot, bits 0-31 its index. Never a pointer.
enum class HandleId : uint64_t {};

}  // namespace casemate

#endif  // FS_HANDLE_HANDLE_ID_H_
