#include "fs/fuse/entry_codec.h"

#include "absl/time/time.h"
#include "fs/fuse/stat_codec.h"
#include "fs/inode/ino.h"

namespace casemate {

fuse_entry_param EntryParamOf(const Entry& entry,
                              const SessionOptions& options) {
  fuse_entry_param param = {};
  param.ino = static_cast<fuse_ino_t>(entry.ino);
  // Generation 0: an Ino never comes back (L9).
  param.attr = StatOf(entry.attributes);
  param.attr_timeout = absl::ToDoubleSeconds(options.attribute_timeout);
  param.entry_timeout = entry.is_other_spelling
                            ? 0
                            : absl::ToDoubleSeconds(options.entry_timeout);
  return param;
}

fuse_entry_param NegativeEntryParam(const SessionOptions& options) {
  fuse_entry_param param = {};
  param.entry_timeout = absl::ToDoubleSeconds(options.negative_timeout);
  return param;
}

}  // namespace casemate
