// The id of a directory: what its content directory's path is derived from and
// what its entries' names are authenticated with (vault-format-8.md section 4).
//
// The root's is empty. All others are read from `dir.c9r`, which is neither
// encrypted nor authenticated, or made here as a random UUID. An id never
// becomes part of a path: only its keyed hash does (NameCodec::ContentPath).
#ifndef FS_VAULT_DIR_ID_H_
#define FS_VAULT_DIR_ID_H_

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/bytes.h"
#include "crypto/random/random_source.h"

namespace casemate {

class DirId {
 public:
  // Readers accept ids longer than the 36 bytes that writers make.
  static constexpr size_t kMaxSize = 1000;
  static constexpr size_t kUuidSize = 36;

  // The root.
  DirId() = default;

  // The whole content of a `dir.c9r`, never trimmed: 1 to kMaxSize bytes of
  // printable ASCII, else EIO.
  static absl::StatusOr<DirId> Parse(absl::string_view text);
  // A new UUID version 4, as lower-case hex with hyphens.
  static DirId Random(RandomSource& random);

  bool is_root() const { return text_.empty(); }
  const std::string& text() const { return text_; }
  ConstBytes bytes() const { return BytesOf(text_); }

  friend bool operator==(const DirId& a, const DirId& b) {
    return a.text_ == b.text_;
  }
  friend bool operator!=(const DirId& a, const DirId& b) { return !(a == b); }
  friend bool operator<(const DirId& a, const DirId& b) {
    return a.text_ < b.text_;
  }
  template <typename H>
  friend H AbslHashValue(H h, const DirId& id) {
    return H::combine(std::move(h), id.text_);
  }

 private:
  explicit DirId(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

// A new random UUID version 4, as lower-case hex with hyphens.
std::string RandomUuid(RandomSource& random);

}  // namespace casemate

#endif  // FS_VAULT_DIR_ID_H_
