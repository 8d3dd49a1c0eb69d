#include "fs/fuse/dir_reply.h"

#include <fuse_lowlevel.h>
#include <sys/stat.h>

#include "fs/fuse/entry_codec.h"
#include "fs/fuse/stat_codec.h"

namespace casemate {
namespace {

char* CharsOf(MutableBytes bytes) {
  return reinterpret_cast<char*>(bytes.data());
}

}  // namespace

// libfuse's functions below return what the entry needs and write it only if
// that fits. They do not look at the request they are given.

bool PlainDirReply::Add(const PlainDirEntry& entry) {
  const MutableBytes rest = out_.subspan(used_);
  const struct stat values = StatOf(entry);
  name_.assign(entry.name.data(), entry.name.size());
  const size_t needed =
      fuse_add_direntry(nullptr, CharsOf(rest), rest.size(), name_.c_str(),
                        &values, static_cast<off_t>(entry.next_cookie));
  refused_ = needed > rest.size();
  if (refused_) return false;
  used_ += needed;
  return true;
}

bool PlusDirReply::Add(const PlusDirEntry& entry) {
  const MutableBytes rest = out_.subspan(used_);
  const fuse_entry_param param = EntryParamOf(entry.entry, options_);
  name_.assign(entry.name.data(), entry.name.size());
  const size_t needed =
      fuse_add_direntry_plus(nullptr, CharsOf(rest), rest.size(), name_.c_str(),
                             &param, static_cast<off_t>(entry.next_cookie));
  refused_ = needed > rest.size();
  if (refused_) return false;
  used_ += needed;
  if (entry.entry.ino != kNoIno) lookups_.push_back(entry.entry.ino);
  return true;
}

}  // namespace casemate
