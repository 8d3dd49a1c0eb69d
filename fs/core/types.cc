#include "fs/core/types.h"

#include <sys/stat.h>

namespace casemate {

mode_t Attributes::Mode() const {
  switch (kind) {
    case NodeKind::kFile:
      return S_IFREG | permissions;
    case NodeKind::kDirectory:
      return S_IFDIR | permissions;
    case NodeKind::kSymlink:
      return S_IFLNK | permissions;
  }
  return permissions;
}

}  // namespace casemate
