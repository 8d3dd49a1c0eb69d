#include "fs/vault/sealed_file.h"

#include <string>

#include "absl/types/span.h"
#include "fs/vault/vectors_for_test.h"
#include "gtest/gtest.h"
#include "testing/fakes/fake_random.h"
#include "testing/vectors/vault_format_8.h"

namespace casemate {
namespace {

CipherCombo ComboOf(const nlohmann::json& vector) {
  return *CipherComboFromName(vector["combo"].get<std::string>());
}

std::vector<uint8_t> FileOf(const nlohmann::json& vector,
                            const nlohmann::json& chunk) {
  return FromHex(vector["header"].get<std::string>() +
                 chunk.get<std::string>());
}

TEST(SealedFileTest, OpensTheVectors) {
  const Masterkey masterkey = VectorMasterkey();
  for (const auto& vector : VaultFormat8Vectors("files")) {
    const SealedFileCodec codec(ComboOf(vector), &masterkey);
    const auto& backup = vector["diridBackup"];
    const auto sealed = FileOf(vector, backup["chunk"]);
    EXPECT_EQ(sealed.size(), backup["fileLength"].get<size_t>());
    EXPECT_EQ(*codec.Open(sealed), backup["dirId"].get<std::string>());
    EXPECT_EQ(*codec.Open(FileOf(vector, vector["symlink"]["chunk"])),
              vector["symlink"]["target"].get<std::string>());
    EXPECT_EQ(*codec.Open(FileOf(vector, vector["emptyChunk0"]["ciphertext"])),
              "");
  }
}

class SealedFileComboTest : public testing::TestWithParam<CipherCombo> {
 protected:
  Masterkey masterkey_ = VectorMasterkey();
  SealedFileCodec codec_{GetParam(), &masterkey_};
  FakeRandom random_{1};
};

TEST_P(SealedFileComboTest, OpenUndoesSealUpToOneChunk) {
  for (const size_t size : {0, 1, 36, 4095, 32768}) {
    const std::string cleartext(size, 'x');
    const auto sealed = codec_.Seal(cleartext, random_);
    EXPECT_EQ(sealed.size(),
              ChunkLayout(GetParam()).CiphertextSize(cleartext.size()));
    EXPECT_EQ(*codec_.Open(sealed), cleartext);
  }
}

TEST_P(SealedFileComboTest, NoTruncationButToTheHeaderAuthenticates) {
  const auto sealed = codec_.Seal("target", random_);
  const size_t header = ChunkLayout(GetParam()).header_size();
  for (size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_EQ(codec_.Open(absl::MakeSpan(sealed).first(size)).ok(),
              size == header)
        << size;
  }
}

TEST_P(SealedFileComboTest, NoChangedByteAuthenticates) {
  const auto sealed = codec_.Seal("target", random_);
  for (size_t at = 0; at < sealed.size(); ++at) {
    auto changed = sealed;
    changed[at] ^= 1;
    EXPECT_TRUE(absl::IsDataLoss(codec_.Open(changed).status())) << at;
  }
}

INSTANTIATE_TEST_SUITE_P(Combos, SealedFileComboTest,
                         testing::Values(CipherCombo::kSivGcm,
                                         CipherCombo::kSivCtrMac));

}  // namespace
}  // namespace casemate
