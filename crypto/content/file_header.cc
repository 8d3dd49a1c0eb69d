#include "crypto/content/file_header.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "base/check.h"
#include "base/status.h"
#include "crypto/content/chunk_layout.h"

namespace casemate {
namespace {

constexpr size_t kKeySize = 32;
constexpr size_t kReservedSize = 8;
constexpr size_t kPayloadSize = kReservedSize + kContentKeySize;
constexpr size_t kMacSize = 32;

size_t HeaderSize(CipherCombo combo) {
  return ChunkLayout(combo).header_size();
}

// A header is nonce, payload and tag, in this order.
static_assert(ChunkLayout(CipherCombo::kSivGcm).header_size() ==
                  HeaderNonceSize(CipherCombo::kSivGcm) + kPayloadSize +
                      kGcmTagSize,
              "header of SIV_GCM");
static_assert(ChunkLayout(CipherCombo::kSivCtrMac).header_size() ==
                  HeaderNonceSize(CipherCombo::kSivCtrMac) + kPayloadSize +
                      kMacSize,
              "header of SIV_CTRMAC");

}  // namespace

FileHeader FileHeader::Create(CipherCombo combo, RandomSource& random) {
  uint8_t nonce[kMaxHeaderNonceSize];
  const MutableBytes used(nonce, HeaderNonceSize(combo));
  SecretKey<kContentKeySize> content_key;
  random.Fill(used);
  random.Fill(content_key.mutable_bytes());
  return FileHeader(combo, used, content_key.bytes());
}

FileHeader::FileHeader(CipherCombo combo, ConstBytes nonce,
                       ConstBytes content_key)
    : combo_(combo),
      content_key_(SecretKey<kContentKeySize>::CopyOf(content_key)) {
  CHECK(nonce.size() == HeaderNonceSize(combo),
        "the header's nonce has the size its combo says");
  std::copy(nonce.begin(), nonce.end(), nonce_.begin());
}

absl::variant<HeaderCodec::Gcm, HeaderCodec::CtrMac> HeaderCodec::Expand(
    CipherCombo combo, ConstBytes enc_key, ConstBytes mac_key) {
  CHECK(enc_key.size() == kKeySize && mac_key.size() == kKeySize,
        "a vault's keys have 32 bytes");
  if (combo == CipherCombo::kSivGcm) {
    return Gcm{AesGcm::Create(enc_key).value()};
  }
  return CtrMac{AesCtr::Create(enc_key).value(),
                HmacKey(HmacHash::kSha256, mac_key)};
}

HeaderCodec::HeaderCodec(CipherCombo combo, ConstBytes enc_key,
                         ConstBytes mac_key)
    : combo_(combo), keys_(Expand(combo, enc_key, mac_key)) {}

void HeaderCodec::Seal(const FileHeader& header, MutableBytes out) const {
  CHECK(header.combo() == combo_, "a header stays in its vault");
  CHECK(out.size() == HeaderSize(combo_), "a header has one size");
  SecretKey<kPayloadSize> payload;
  const MutableBytes key = payload.mutable_bytes().subspan(kReservedSize);
  std::fill_n(payload.mutable_bytes().begin(), kReservedSize, 0xff);
  std::copy(header.content_key().begin(), header.content_key().end(),
            key.begin());
  std::copy(header.nonce().begin(), header.nonce().end(), out.begin());
  const MutableBytes body = out.subspan(header.nonce().size());
  if (const Gcm* const gcm = absl::get_if<Gcm>(&keys_)) {
    CHECK(gcm->aead.Seal(header.nonce(), {}, payload.bytes(), body).ok(),
          "a nonce of 12 bytes is accepted");
    return;
  }
  const CtrMac& keys = absl::get<CtrMac>(keys_);
  keys.ctr.Crypt(header.nonce(), payload.bytes(),
                 body.subspan(0, kPayloadSize));
  Hmac hmac(keys.mac);
  hmac.Update(out.subspan(0, out.size() - kMacSize));
  hmac.Sign(out.subspan(out.size() - kMacSize));
}

absl::Status HeaderCodec::OpenPayload(ConstBytes sealed,
                                      MutableBytes payload) const {
  const size_t nonce_size = HeaderNonceSize(combo_);
  const ConstBytes nonce = sealed.subspan(0, nonce_size);
  if (const Gcm* const gcm = absl::get_if<Gcm>(&keys_)) {
    return gcm->aead.Open(nonce, {}, sealed.subspan(nonce_size), payload);
  }
  const CtrMac& keys = absl::get<CtrMac>(keys_);
  Hmac hmac(keys.mac);
  hmac.Update(sealed.subspan(0, sealed.size() - kMacSize));
  if (!hmac.Verify(sealed.subspan(sealed.size() - kMacSize))) {
    return absl::DataLossError("the MAC does not verify");
  }
  keys.ctr.Crypt(nonce, sealed.subspan(nonce_size, kPayloadSize), payload);
  return absl::OkStatus();
}

absl::StatusOr<FileHeader> HeaderCodec::Open(ConstBytes sealed) const {
  if (sealed.size() != HeaderSize(combo_)) {
    return absl::DataLossError("file header: wrong size");
  }
  SecretKey<kPayloadSize> payload;
  const absl::Status opened = OpenPayload(sealed, payload.mutable_bytes());
  if (!opened.ok()) return Annotate(opened, "file header");
  // The reserved bytes were the file's size once; any value is accepted.
  return FileHeader(combo_, sealed.subspan(0, HeaderNonceSize(combo_)),
                    payload.bytes().subspan(kReservedSize));
}

}  // namespace casemate
