#include "tools/casemate/vault_reader.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "crypto/secret/secret_bytes.h"
#include "tools/casemate/cli_error.h"

namespace casemate {
namespace {

constexpr size_t kBlockSize = size_t{1} << 20;

absl::Status FromReadError(const absl::Status& status) {
  if (status.ok()) return status;
  if (absl::IsDataLoss(status)) {
    return CliError(
        ExitCode::kContentDamaged,
        absl::StrCat("the vault is damaged here: ", status.message()),
        "What was printed before is intact. Look for a backup of "
        "the encrypted file.");
  }
  switch (ErrnoOf(status)) {
    case ENOENT:
    case ENOTDIR:
    case EILSEQ:
    case ENAMETOOLONG:
    case EINVAL:
      return CliError(ExitCode::kPathNotFound,
                      "there is no such path in the vault");
    case EISDIR:
      return CliError(ExitCode::kPathNotFound, "this is a folder, not a file",
                      "Use casemate ls.");
    case ELOOP:
      return CliError(ExitCode::kPathNotFound,
                      "this is a symbolic link, not a file",
                      "casemate ls -l shows where it leads.");
    default:
      return CliError(ExitCode::kOther, status.message());
  }
}

struct Found {
  Entry entry;
  std::string name;  // the last component; empty for the root
};

absl::StatusOr<Found> Walk(FileSystem& file_system, absl::string_view path) {
  Found found;
  found.entry.ino = kRootIno;
  ASSIGN_OR_RETURN(
      found.entry.attributes,
      file_system.GetAttributes(Context(), kRootIno, absl::nullopt));
  for (const absl::string_view name :
       absl::StrSplit(path, '/', absl::SkipEmpty())) {
    if (name == ".") continue;
    ASSIGN_OR_RETURN(found.entry,
                     file_system.Lookup(Context(), found.entry.ino, name));
    found.name = std::string(name);
  }
  return found;
}

class Collector final : public PlusDirSink {
 public:
  struct Item {
    std::string name;
    Entry entry;
  };

  bool Add(const PlusDirEntry& entry) override {
    next_cookie = entry.next_cookie;
    ++taken;
    if (entry.name != "." && entry.name != "..") {
      items.push_back({std::string(entry.name), entry.entry});
    }
    return true;
  }

  std::vector<Item> items;
  uint64_t next_cookie = 0;
  size_t taken = 0;
};

absl::StatusOr<std::vector<Collector::Item>> ReadFolder(FileSystem& file_system,
                                                        Ino ino) {
  ASSIGN_OR_RETURN(const HandleId handle,
                   file_system.OpenDirectory(Context(), ino));
  Collector collector;
  absl::Status status;
  size_t taken_before = 0;
  do {
    taken_before = collector.taken;
    status = file_system.ReadDirectoryPlus(Context(), ino, handle,
                                           collector.next_cookie, collector);
  } while (status.ok() && collector.taken != taken_before);
  const absl::Status released = file_system.ReleaseDirectory(ino, handle);
  RETURN_IF_ERROR(status);
  RETURN_IF_ERROR(released);
  return std::move(collector.items);
}

ListedEntry Describe(FileSystem& file_system, std::string name,
                     const Entry& entry) {
  ListedEntry listed;
  listed.name = std::move(name);
  if (entry.ino == kNoIno) {
    listed.is_damaged = true;
    return listed;
  }
  listed.attributes = entry.attributes;
  if (entry.attributes.kind == NodeKind::kSymlink) {
    const absl::StatusOr<std::string> target =
        file_system.ReadLink(Context(), entry.ino);
    listed.link_target = target.value_or("?");
    listed.is_damaged = absl::IsDataLoss(target.status());
  }
  return listed;
}

absl::StatusOr<std::vector<ListedEntry>> List(FileSystem& file_system,
                                              absl::string_view path) {
  ASSIGN_OR_RETURN(const Found found, Walk(file_system, path));
  std::vector<ListedEntry> entries;
  if (found.entry.attributes.kind != NodeKind::kDirectory) {
    entries.push_back(Describe(file_system, found.name, found.entry));
    return entries;
  }
  ASSIGN_OR_RETURN(const std::vector<Collector::Item> items,
                   ReadFolder(file_system, found.entry.ino));
  for (const Collector::Item& item : items) {
    entries.push_back(Describe(file_system, item.name, item.entry));
    // Nobody asks for it again: the table of nodes stays small.
    if (item.entry.ino != kNoIno) file_system.Forget(item.entry.ino, 1);
  }
  std::sort(entries.begin(), entries.end(),
            [](const ListedEntry& a, const ListedEntry& b) {
              return a.name < b.name;
            });
  return entries;
}

// An error of `sink` goes to `sink_error`: it is not the vault's.
absl::Status CopyBlocks(FileSystem& file_system, Ino ino, HandleId handle,
                        const std::function<absl::Status(ConstBytes)>& sink,
                        absl::Status& sink_error) {
  SecretBytes block(kBlockSize);  // wiped afterwards
  uint64_t offset = 0;
  while (true) {
    ASSIGN_OR_RETURN(const size_t size,
                     file_system.Read(Context(), ino, handle, offset,
                                      block.mutable_bytes()));
    if (size != 0) sink_error = sink(block.bytes().first(size));
    if (!sink_error.ok() || size < kBlockSize) return absl::OkStatus();
    offset += size;
  }
}

absl::Status Copy(FileSystem& file_system, absl::string_view path,
                  const std::function<absl::Status(ConstBytes)>& sink,
                  absl::Status& sink_error) {
  ASSIGN_OR_RETURN(const Found found, Walk(file_system, path));
  const NodeKind kind = found.entry.attributes.kind;
  if (kind == NodeKind::kDirectory) return ErrnoError(EISDIR, "cat");
  if (kind == NodeKind::kSymlink) return ErrnoError(ELOOP, "cat");
  OpenRequest request;
  request.read = true;
  ASSIGN_OR_RETURN(const HandleId handle,
                   file_system.Open(Context(), found.entry.ino, request));
  const absl::Status status =
      CopyBlocks(file_system, found.entry.ino, handle, sink, sink_error);
  const absl::Status released = file_system.Release(found.entry.ino, handle);
  return status.ok() ? released : status;
}

std::string FormatMode(mode_t mode) {
  std::string text = "?rwxrwxrwx";
  text[0] = S_ISDIR(mode) ? 'd' : S_ISLNK(mode) ? 'l' : '-';
  for (int bit = 0; bit < 9; ++bit) {
    if ((mode & (0400 >> bit)) == 0) text[bit + 1] = '-';
  }
  if ((mode & S_ISUID) != 0) text[3] = text[3] == 'x' ? 's' : 'S';
  if ((mode & S_ISGID) != 0) text[6] = text[6] == 'x' ? 's' : 'S';
  if ((mode & S_ISVTX) != 0) text[9] = text[9] == 'x' ? 't' : 'T';
  return text;
}

}  // namespace

absl::StatusOr<std::vector<ListedEntry>> ListPath(FileSystem& file_system,
                                                  absl::string_view path) {
  absl::StatusOr<std::vector<ListedEntry>> entries = List(file_system, path);
  if (!entries.ok()) return FromReadError(entries.status());
  return entries;
}

absl::StatusOr<ListedEntry> DescribePath(FileSystem& file_system,
                                         absl::string_view path) {
  const absl::StatusOr<Found> found = Walk(file_system, path);
  if (!found.ok()) return FromReadError(found.status());
  return Describe(file_system, found->name, found->entry);
}

absl::Status ReadPath(FileSystem& file_system, absl::string_view path,
                      const std::function<absl::Status(ConstBytes)>& sink) {
  absl::Status sink_error;
  RETURN_IF_ERROR(FromReadError(Copy(file_system, path, sink, sink_error)));
  return sink_error;
}

std::string FormatLongEntry(const ListedEntry& entry, absl::string_view name) {
  if (!entry.attributes) return absl::StrCat("?????????? ? ? ? ? ? ", name);
  const Attributes& a = *entry.attributes;
  return absl::StrFormat(
      "%s %d %d %d %12d %s %s", FormatMode(a.Mode()), a.links, a.uid, a.gid,
      a.size,
      absl::FormatTime("%Y-%m-%d %H:%M", absl::TimeFromTimespec(a.mtime),
                       absl::UTCTimeZone()),
      name);
}

}  // namespace casemate
