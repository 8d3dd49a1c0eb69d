// An Entry of core as the kernel is given it, with the times it may be kept.
#ifndef FS_FUSE_ENTRY_CODEC_H_
#define FS_FUSE_ENTRY_CODEC_H_

#include <fuse_lowlevel.h>

#include "fs/core/types.h"
#include "fs/fuse/session_options.h"

namespace casemate {

// The name's timeout is 0 when its stored spelling is another (C3).
fuse_entry_param EntryParamOf(const Entry& entry,
                              const SessionOptions& options);

// A name that does not exist, with the negative timeout (C1).
fuse_entry_param NegativeEntryParam(const SessionOptions& options);

}  // namespace casemate

#endif  // FS_FUSE_ENTRY_CODEC_H_
