#include "fs/vault/sealed_file.h"

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "base/check.h"
#include "base/status.h"
#include "crypto/content/chunk_codec.h"

namespace casemate {

std::vector<uint8_t> SealedFileCodec::Seal(absl::string_view cleartext,
                                           RandomSource& random) const {
  CHECK(cleartext.size() <= kChunkSize, "a sealed file is one chunk");
  std::vector<uint8_t> sealed(layout_.CiphertextSize(cleartext.size()));
  const FileHeader header = FileHeader::Create(headers_.combo(), random);
  const MutableBytes out = absl::MakeSpan(sealed);
  headers_.Seal(header, out.first(layout_.header_size()));
  if (!cleartext.empty()) {
    const ChunkCodec chunks(header, masterkey_->mac_key());
    chunks.Seal(0, random, BytesOf(cleartext),
                out.subspan(layout_.header_size()));
  }
  return sealed;
}

absl::StatusOr<std::string> SealedFileCodec::Open(ConstBytes sealed) const {
  CHECK(sealed.size() <= max_sealed_size(), "a sealed file is one chunk");
  if (sealed.size() < layout_.header_size()) {
    return absl::DataLossError("the file is shorter than its header");
  }
  ASSIGN_OR_RETURN(const FileHeader header,
                   headers_.Open(sealed.first(layout_.header_size())));
  const ConstBytes chunk = sealed.subspan(layout_.header_size());
  if (chunk.empty()) return std::string();
  if (chunk.size() < layout_.overhead()) {
    return absl::DataLossError("the file's chunk is cut short");
  }
  std::string cleartext(chunk.size() - layout_.overhead(), '\0');
  const ChunkCodec chunks(header, masterkey_->mac_key());
  RETURN_IF_ERROR(
      chunks.Open(0, chunk,
                  MutableBytes(reinterpret_cast<uint8_t*>(cleartext.data()),
                               cleartext.size())));
  return cleartext;
}

}  // namespace casemate
