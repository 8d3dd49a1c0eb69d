#include "tools/doctor/content_checks.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/bytes.h"
#include "base/status.h"
#include "crypto/content/chunk_codec.h"
#include "crypto/content/chunk_layout.h"
#include "crypto/content/file_header.h"
#include "fs/vault/node_finder.h"

namespace casemate {
namespace {

// Read at once: large enough for the disk, small enough to tell progress.
constexpr size_t kChunksPerRead = 32;
// How often a chunk that somebody may just be writing is looked at.
constexpr int kLooks = 3;
constexpr size_t kMaxRanges = 20;

using SizeState = ChunkLayout::SizeState;

// Authenticates one content file.
class ContentReader {
 public:
  ContentReader(Scan& scan, const Place& place, const std::string& path)
      : scan_(scan), place_(place), path_(path) {}

  // Fills bad_chunks(). DataLoss when the header does not authenticate.
  absl::Status Run() {
    RETURN_IF_ERROR(Open());
    if (!codec_) return absl::OkStatus();
    std::vector<uint8_t> block(kChunksPerRead * layout().sealed_chunk_size());
    for (uint64_t chunk = 0;; chunk += kChunksPerRead) {
      ASSIGN_OR_RETURN(
          const size_t size,
          file_->ReadAt(layout().ChunkOffset(chunk), absl::MakeSpan(block)));
      RETURN_IF_ERROR(Verify(chunk, ConstBytes(block.data(), size)));
      scan_.counts.bytes_authenticated += size;
      RETURN_IF_ERROR(Report());
      if (size < block.size()) return absl::OkStatus();
    }
  }

  const std::vector<uint64_t>& bad_chunks() const { return bad_chunks_; }

 private:
  const ChunkLayout& layout() const { return scan_.view->layout; }

  // Opens the file and its header; no codec for a file that has none yet.
  absl::Status Open() {
    codec_.reset();
    ASSIGN_OR_RETURN(file_, place_.content->OpenFile(path_, Access::kRead));
    std::vector<uint8_t> sealed(layout().header_size());
    ASSIGN_OR_RETURN(const size_t size,
                     file_->ReadAt(0, absl::MakeSpan(sealed)));
    if (size == 0) return absl::OkStatus();
    if (size < sealed.size()) {
      return absl::DataLossError("the header is not whole");
    }
    ASSIGN_OR_RETURN(const FileHeader header, scan_.view->headers.Open(sealed));
    codec_ = std::make_unique<ChunkCodec>(
        header, scan_.view->vault->masterkey.mac_key());
    return absl::OkStatus();
  }

  absl::Status Verify(uint64_t first, ConstBytes block) {
    for (uint64_t chunk = first; !block.empty(); ++chunk) {
      const size_t size =
          std::min<size_t>(block.size(), layout().sealed_chunk_size());
      // A cut chunk is the size's finding.
      if (size >= layout().overhead() && !IsGood(chunk, block.first(size))) {
        ASSIGN_OR_RETURN(const bool is_bad, IsStillBad(chunk));
        if (is_bad) bad_chunks_.push_back(chunk);
      }
      block.remove_prefix(size);
    }
    return absl::OkStatus();
  }

  bool IsGood(uint64_t chunk, ConstBytes sealed) {
    cleartext_.resize(sealed.size() - layout().overhead());
    return codec_->Open(chunk, sealed, absl::MakeSpan(cleartext_)).ok();
  }

  // False when `chunk` was only being written, or has gone.
  absl::StatusOr<bool> IsStillBad(uint64_t chunk) {
    if (!scan_.options.is_in_use) return true;
    std::vector<uint8_t> sealed(layout().sealed_chunk_size());
    for (int look = 1; look < kLooks; ++look) {
      RETURN_IF_ERROR(Open());
      if (!codec_) return false;
      ASSIGN_OR_RETURN(
          const size_t size,
          file_->ReadAt(layout().ChunkOffset(chunk), absl::MakeSpan(sealed)));
      if (size < layout().overhead()) return false;
      if (IsGood(chunk, ConstBytes(sealed.data(), size))) return false;
    }
    return true;
  }

  absl::Status Report() {
    if (!scan_.options.progress) return absl::OkStatus();
    ScanProgress progress;
    progress.directories = scan_.counts.directories;
    progress.directories_total = scan_.directories.order.size();
    progress.bytes = scan_.counts.bytes_authenticated;
    return scan_.options.progress(progress);
  }

  Scan& scan_;
  const Place& place_;
  const std::string& path_;
  std::unique_ptr<File> file_;
  std::unique_ptr<ChunkCodec> codec_;
  std::vector<uint8_t> cleartext_;
  std::vector<uint64_t> bad_chunks_;
};

std::string SizeProblem(SizeState state) {
  return state == SizeState::kTruncatedHeader
             ? "it was cut within its header"
             : "it was cut within its last chunk; what comes before can be "
               "read";
}

bool IsHeaderError(const absl::Status& status) {
  return absl::IsDataLoss(status) && ErrnoOf(status) == 0;
}

// What is wrong with the chunks; nothing when `*status` is not OK.
std::vector<uint64_t> BadChunks(Scan& scan, const Place& place,
                                const std::string& path, absl::Status* status) {
  for (int look = 1;; ++look) {
    ContentReader reader(scan, place, path);
    *status = reader.Run();
    const bool may_be_passing = scan.options.is_in_use && look < kLooks;
    if (IsHeaderError(*status) && may_be_passing) continue;
    return reader.bad_chunks();
  }
}

absl::Status Authenticate(Scan& scan, const Place& place,
                          const std::string& path,
                          const absl::optional<std::string>& name) {
  absl::Status status;
  const std::vector<uint64_t> bad_chunks =
      BadChunks(scan, place, path, &status);
  const std::string entry = place.PathOf(path);
  if (IsHeaderError(status)) {
    scan.Add(FindingClass::kUnauthenticHeader, entry, place.CleartextOf(name));
    return absl::OkStatus();
  }
  if (ErrnoOf(status) != 0) {
    return scan.NoteUnreadable(status, entry, place.CleartextOf(name));
  }
  RETURN_IF_ERROR(status);  // not the store's: an interrupt
  if (bad_chunks.empty()) return absl::OkStatus();
  scan.Add(FindingClass::kUnauthenticChunk, entry, place.CleartextOf(name))
      .detail = absl::StrCat(
      "chunks of ", kChunkSize / 1024,
      " KiB, counted from 0: ", FormatRanges(bad_chunks, kMaxRanges));
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckContentFile(Scan& scan, const Place& place,
                              const std::string& path,
                              const absl::optional<std::string>& name) {
  const absl::StatusOr<FileStat> stat = place.content->Stat(path);
  if (!stat.ok()) {
    return scan.NoteUnreadable(stat.status(), place.PathOf(path),
                               place.CleartextOf(name));
  }
  const SizeState state =
      scan.view->layout.FromCiphertextSize(stat->size).state;
  const bool is_cut = state == SizeState::kTruncatedHeader ||
                      state == SizeState::kTruncatedChunk;
  if (is_cut) {
    scan.Add(FindingClass::kInvalidSize, place.PathOf(path),
             place.CleartextOf(name))
        .detail = SizeProblem(state);
  }
  if (!scan.options.authenticates_content ||
      state == SizeState::kTruncatedHeader) {
    return absl::OkStatus();
  }
  return Authenticate(scan, place, path, name);
}

absl::Status CheckSymlink(Scan& scan, const Place& place,
                          const std::string& path,
                          const absl::optional<std::string>& name) {
  const auto broken = [&](absl::string_view why) {
    scan.Add(FindingClass::kBrokenSymlink, place.PathOf(path),
             place.CleartextOf(name))
        .detail = std::string(why);
    return absl::OkStatus();
  };
  const absl::StatusOr<std::string> sealed = ReadSmallFile(
      *place.content, path, scan.view->sealed_files.max_sealed_size());
  if (absl::IsOutOfRange(sealed.status())) {
    return broken("the file is longer than any target");
  }
  if (!sealed.ok()) {
    return scan.NoteUnreadable(sealed.status(), place.PathOf(path),
                               place.CleartextOf(name));
  }
  const absl::StatusOr<std::string> target =
      scan.view->sealed_files.Open(BytesOf(*sealed));
  if (!target.ok()) return broken("it does not authenticate");
  if (target->empty()) return broken("the target is empty");
  if (absl::StrContains(*target, '\0')) {
    return broken("the target has a NUL in it");
  }
  if (target->size() > kMaxSymlinkTarget) {
    return broken(absl::StrCat("the target has ", target->size(),
                               " bytes, and a link can have ",
                               kMaxSymlinkTarget));
  }
  return absl::OkStatus();
}

std::string FormatRanges(const std::vector<uint64_t>& numbers, size_t limit) {
  std::string text;
  size_t ranges = 0;
  for (size_t first = 0; first < numbers.size();) {
    size_t last = first;
    while (last + 1 < numbers.size() &&
           numbers[last + 1] == numbers[last] + 1) {
      ++last;
    }
    if (ranges++ == limit) return text + " and more";
    absl::StrAppend(&text, ranges == 1 ? "" : ", ", numbers[first]);
    if (last > first) absl::StrAppend(&text, "-", numbers[last]);
    first = last + 1;
  }
  return text;
}

}  // namespace casemate
