// A listing as the kernel reads it: whole entries in a buffer of its size (D6).
#ifndef FS_FUSE_DIR_REPLY_H_
#define FS_FUSE_DIR_REPLY_H_

#include <string>
#include <vector>

#include "base/bytes.h"
#include "fs/core/types.h"
#include "fs/fuse/session_options.h"
#include "fs/inode/ino.h"

namespace casemate {

// Fills a READDIR reply.
class PlainDirReply final : public PlainDirSink {
 public:
  explicit PlainDirReply(MutableBytes out) : out_(out) {}

  bool Add(const PlainDirEntry& entry) override;

  ConstBytes bytes() const { return out_.first(used_); }
  // There was an entry, but not even one fits: EINVAL, because an empty reply
  // would mean the end.
  bool is_too_small() const { return used_ == 0 && refused_; }

 private:
  const MutableBytes out_;
  size_t used_ = 0;
  bool refused_ = false;
  std::string name_;  // with its NUL
};

// Fills a READDIRPLUS reply, and remembers which lookups it stands for.
class PlusDirReply final : public PlusDirSink {
 public:
  // `options` outlives it.
  PlusDirReply(MutableBytes out, const SessionOptions& options)
      : out_(out), options_(options) {}

  bool Add(const PlusDirEntry& entry) override;

  ConstBytes bytes() const { return out_.first(used_); }
  bool is_too_small() const { return used_ == 0 && refused_; }
  // One for each entry that counts a lookup when the reply is delivered (L3).
  const std::vector<Ino>& lookups() const { return lookups_; }

 private:
  const MutableBytes out_;
  const SessionOptions& options_;
  size_t used_ = 0;
  bool refused_ = false;
  std::string name_;
  std::vector<Ino> lookups_;
};

}  // namespace casemate

#endif  // FS_FUSE_DIR_REPLY_H_
