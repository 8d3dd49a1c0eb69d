#include "crypto/content/chunk_codec.h"

#include <algorithm>

#include "base/check.h"
#include "crypto/secret/secret_bytes.h"

namespace casemate {
namespace {

constexpr size_t kMacKeySize = 32;
constexpr size_t kMacSize = 32;

// A chunk's nonce has the size of the header's.
size_t NonceSize(CipherCombo combo) { return HeaderNonceSize(combo); }

static_assert(ChunkLayout(CipherCombo::kSivGcm).overhead() ==
                  HeaderNonceSize(CipherCombo::kSivGcm) + kGcmTagSize,
              "chunk of SIV_GCM");
static_assert(ChunkLayout(CipherCombo::kSivCtrMac).overhead() ==
                  HeaderNonceSize(CipherCombo::kSivCtrMac) + kMacSize,
              "chunk of SIV_CTRMAC");

}  // namespace

absl::variant<ChunkCodec::Gcm, ChunkCodec::CtrMac> ChunkCodec::Expand(
    const FileHeader& header, ConstBytes mac_key) {
  CHECK(mac_key.size() == kMacKeySize, "a vault's keys have 32 bytes");
  if (header.combo() == CipherCombo::kSivGcm) {
    return Gcm{AesGcm::Create(header.content_key()).value()};
  }
  return CtrMac{AesCtr::Create(header.content_key()).value(),
                HmacKey(HmacHash::kSha256, mac_key)};
}

ChunkCodec::ChunkCodec(const FileHeader& header, ConstBytes mac_key)
    : combo_(header.combo()), keys_(Expand(header, mac_key)) {
  std::copy(header.nonce().begin(), header.nonce().end(),
            header_nonce_.begin());
}

ChunkCodec::Binding ChunkCodec::BindingOf(uint64_t number) const {
  const size_t nonce_size = HeaderNonceSize(combo_);
  const bool number_first = combo_ == CipherCombo::kSivGcm;
  Binding binding{};
  binding.size = 8 + nonce_size;
  uint8_t* const number_at =
      binding.bytes.data() + (number_first ? 0 : nonce_size);
  for (int i = 0; i < 8; ++i) {
    number_at[i] = static_cast<uint8_t>(number >> (56 - 8 * i));
  }
  std::copy_n(header_nonce_.begin(), nonce_size,
              binding.bytes.begin() + (number_first ? 8 : 0));
  return binding;
}

void ChunkCodec::Seal(uint64_t number, RandomSource& random,
                      ConstBytes cleartext, MutableBytes sealed) const {
  CHECK(!cleartext.empty() && cleartext.size() <= kChunkSize,
        "a chunk that is written has 1 to 32768 bytes");
  CHECK(sealed.size() == cleartext.size() + ChunkLayout(combo_).overhead(),
        "sealing adds nonce and tag and nothing else");
  const MutableBytes nonce = sealed.subspan(0, NonceSize(combo_));
  random.Fill(nonce);
  const Binding binding = BindingOf(number);
  if (const Gcm* const gcm = absl::get_if<Gcm>(&keys_)) {
    CHECK(gcm->aead
              .Seal(nonce, binding.view(), cleartext,
                    sealed.subspan(nonce.size()))
              .ok(),
          "a nonce of 12 bytes is accepted");
    return;
  }
  const CtrMac& keys = absl::get<CtrMac>(keys_);
  keys.ctr.Crypt(nonce, cleartext,
                 sealed.subspan(nonce.size(), cleartext.size()));
  Hmac hmac(keys.mac);
  hmac.Update(binding.view());
  hmac.Update(sealed.subspan(0, sealed.size() - kMacSize));
  hmac.Sign(sealed.subspan(sealed.size() - kMacSize));
}

absl::Status ChunkCodec::OpenCtrMac(const CtrMac& keys, uint64_t number,
                                    ConstBytes sealed,
                                    MutableBytes cleartext) const {
  const ConstBytes authentic = sealed.subspan(0, sealed.size() - kMacSize);
  const Binding binding = BindingOf(number);
  Hmac hmac(keys.mac);
  hmac.Update(binding.view());
  hmac.Update(authentic);
  if (!hmac.Verify(sealed.subspan(authentic.size()))) {
    Wipe(cleartext);
    return absl::DataLossError("chunk: the MAC does not verify");
  }
  const size_t nonce_size = NonceSize(combo_);
  keys.ctr.Crypt(authentic.subspan(0, nonce_size),
                 authentic.subspan(nonce_size), cleartext);
  return absl::OkStatus();
}

absl::Status ChunkCodec::Open(uint64_t number, ConstBytes sealed,
                              MutableBytes cleartext) const {
  const size_t overhead = ChunkLayout(combo_).overhead();
  if (sealed.size() < overhead) {
    CHECK(cleartext.empty(), "nothing comes out of less than the overhead");
    return absl::DataLossError("chunk: shorter than nonce and tag");
  }
  CHECK(sealed.size() == cleartext.size() + overhead,
        "opening removes nonce and tag and nothing else");
  if (const Gcm* const gcm = absl::get_if<Gcm>(&keys_)) {
    const size_t nonce_size = NonceSize(combo_);
    return gcm->aead.Open(sealed.subspan(0, nonce_size),
                          BindingOf(number).view(), sealed.subspan(nonce_size),
                          cleartext);
  }
  return OpenCtrMac(absl::get<CtrMac>(keys_), number, sealed, cleartext);
}

}  // namespace casemate
