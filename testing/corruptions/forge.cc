// What somebody with the keys of a vault can make, for tests that damage one:
// names, paths and small encrypted files, without a check of what they mean.
//
//   forge VAULT PASSWORD
//
// Reads one request a line and answers each with one line. Arguments are
// hexadecimal, "-" for none; so are the files that are the answer.
//
//   name ID NAME      the encrypted name, with .c9r, in the directory ID
//   short C9R         the .c9s that belongs to it (argument and answer as text)
//   content ID        the content directory, "XX/YYYY…"
//   seal CLEARTEXT    a content file, symlink.c9r or dirid.c9r
//   empty_chunk       a content file that ends in a chunk of no bytes
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/bytes.h"
#include "base/check.h"
#include "crypto/content/chunk_layout.h"
#include "crypto/content/file_header.h"
#include "crypto/primitive/aes_gcm.h"
#include "crypto/random/os_random.h"
#include "fs/storage/posix_storage.h"
#include "fs/storage/storage.h"
#include "fs/vault/dir_id.h"
#include "fs/vault/name_codec.h"
#include "fs/vault/name_shortener.h"
#include "fs/vault/sealed_file.h"
#include "fs/vault/vault_access.h"

namespace casemate {
namespace {

class Forge {
 public:
  explicit Forge(UnlockedVault vault)
      : vault_(std::move(vault)),
        names_(vault_.masterkey),
        files_(vault_.config.combo, &vault_.masterkey) {}

  std::string Answer(const std::string& line) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    const std::string& what = words[0];
    if (what == "name") {
      return EncryptName(names_.ContextFor(Id(words[1])), Raw(words[2]));
    }
    if (what == "short") return ShortName(words[1]);
    if (what == "content") return names_.ContentPath(Id(words[1]));
    if (what == "seal") return Hex(files_.Seal(Raw(words[1]), random_));
    CHECK(what == "empty_chunk", "a request is one of those above");
    return Hex(EmptyChunk());
  }

 private:
  static std::string Raw(const std::string& word) {
    return word == "-" ? "" : absl::HexStringToBytes(word);
  }
  static std::string Hex(const std::vector<uint8_t>& bytes) {
    return absl::BytesToHexString(TextOf(ConstBytes(bytes)));
  }
  static DirId Id(const std::string& word) {
    if (word == "-") return DirId();
    absl::StatusOr<DirId> id = DirId::Parse(Raw(word));
    CHECK(id.ok(), "an id is printable");
    return *std::move(id);
  }

  // As upstream's writer ends a file whose length is a multiple of 32 KiB.
  std::vector<uint8_t> EmptyChunk() {
    CHECK(vault_.config.combo == CipherCombo::kSivGcm, "only GCM is forged");
    const ChunkLayout layout(vault_.config.combo);
    const FileHeader header = FileHeader::Create(vault_.config.combo, random_);
    std::vector<uint8_t> file(layout.header_size() + layout.overhead());
    const MutableBytes out = absl::MakeSpan(file);
    HeaderCodec(vault_.config.combo, vault_.masterkey.enc_key(),
                vault_.masterkey.mac_key())
        .Seal(header, out.first(layout.header_size()));
    const MutableBytes chunk = out.subspan(layout.header_size());
    const MutableBytes nonce = chunk.first(HeaderNonceSize(header.combo()));
    random_.Fill(nonce);
    std::vector<uint8_t> binding(sizeof(uint64_t), 0);  // chunk 0
    binding.insert(binding.end(), header.nonce().begin(), header.nonce().end());
    const absl::StatusOr<AesGcm> aead = AesGcm::Create(header.content_key());
    CHECK(aead.ok(), "a content key is an AES-256 key");
    CHECK((*aead)
              .Seal(nonce, ConstBytes(binding), ConstBytes(),
                    chunk.subspan(nonce.size()))
              .ok(),
          "GCM takes such a nonce");
    return file;
  }

  const UnlockedVault vault_;
  OsRandom random_;
  const NameCodec names_;
  const SealedFileCodec files_;
};

int Main(int argc, char** argv) {
  CHECK(argc == 3, "usage: forge VAULT PASSWORD");
  const absl::StatusOr<std::unique_ptr<Dir>> folder = OpenPosixDir(argv[1]);
  CHECK(folder.ok(), "the vault's folder can be opened");
  absl::StatusOr<UnlockedVault> vault = OpenVault(
      **folder, BytesOf(absl::string_view(argv[2])), OpenVaultOptions());
  CHECK(vault.ok(), "the vault opens");
  Forge forge(*std::move(vault));
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << forge.Answer(line) << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace casemate

int main(int argc, char** argv) { return casemate::Main(argc, argv); }
