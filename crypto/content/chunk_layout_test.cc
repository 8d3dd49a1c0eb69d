#include "crypto/content/chunk_layout.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>

#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"
#include "testing/vectors/vault_format_8.h"

namespace casemate {
namespace {

using SizeState = ChunkLayout::SizeState;

constexpr uint64_t kMaxOffset = std::numeric_limits<int64_t>::max();

// Cleartext sizes near every kind of edge: small, around chunk boundaries, at
// the largest file.
uint64_t AnySize(const ChunkLayout& layout) {
  const uint64_t most = layout.max_cleartext_size();
  const uint64_t chunk = *rc::gen::element<uint64_t>(
      0, 1, *rc::gen::inRange<uint64_t>(0, most / kChunkSize + 1),
      most / kChunkSize);
  const uint64_t within = *rc::gen::element<uint64_t>(
      0, 1, *rc::gen::inRange<uint64_t>(0, kChunkSize), kChunkSize - 1);
  return std::min(chunk * kChunkSize + within, most);
}

ChunkLayout AnyLayout() {
  return ChunkLayout(
      *rc::gen::element(CipherCombo::kSivGcm, CipherCombo::kSivCtrMac));
}

TEST(ChunkLayoutTest, CiphertextSizesAreTheVectors) {
  int rows = 0;
  const nlohmann::json vectors = VaultFormat8Vectors("sizes");
  for (const auto& [name, sizes] : vectors.items()) {
    const ChunkLayout layout(*CipherComboFromName(name));
    for (const nlohmann::json& row : sizes) {
      EXPECT_EQ(layout.CiphertextSize(row[0]), row[1]);
      ++rows;
    }
  }
  EXPECT_EQ(rows, 22);
}

SizeState StateOf(const std::string& note) {
  if (note == "ok") return SizeState::kValid;
  if (note == "no header yet") return SizeState::kNoHeader;
  if (note == "truncated header") return SizeState::kTruncatedHeader;
  if (note == "ends in an empty chunk") return SizeState::kEmptyTail;
  EXPECT_EQ(note, "truncated chunk");
  return SizeState::kTruncatedChunk;
}

TEST(ChunkLayoutTest, CleartextSizesAreTheVectors) {
  int rows = 0;
  const nlohmann::json vectors = VaultFormat8Vectors("ciphertext_sizes");
  for (const auto& [name, sizes] : vectors.items()) {
    const ChunkLayout layout(*CipherComboFromName(name));
    for (const nlohmann::json& row : sizes) {
      const uint64_t ciphertext = row["ct"];
      const auto size = layout.FromCiphertextSize(ciphertext);
      EXPECT_EQ(size.state, StateOf(row["note"])) << ciphertext;
      if (!row["pt"].is_null()) EXPECT_EQ(size.size, row["pt"]) << ciphertext;
      ++rows;
    }
  }
  EXPECT_EQ(rows, 28);
}

TEST(ChunkLayoutTest, DamagedFilesHaveTheirWholeChunks) {
  const ChunkLayout layout(CipherCombo::kSivGcm);
  const uint64_t two = layout.CiphertextSize(2 * kChunkSize);
  EXPECT_EQ(layout.FromCiphertextSize(two + 1).size, 2 * kChunkSize);
  EXPECT_EQ(layout.FromCiphertextSize(two + 1).state,
            SizeState::kTruncatedChunk);
  EXPECT_EQ(layout.FromCiphertextSize(67).size, 0u);
}

TEST(ChunkLayoutTest, LargestFileIsTheLastThatFitsAnOffset) {
  for (const CipherCombo combo :
       {CipherCombo::kSivGcm, CipherCombo::kSivCtrMac}) {
    const ChunkLayout layout(combo);
    const uint64_t most = layout.max_cleartext_size();
    EXPECT_LE(layout.CiphertextSize(most), kMaxOffset);
    // One more byte costs at least one more, and a chunk's overhead if it
    // begins one.
    const uint64_t next = layout.CiphertextSize(most) + 1 +
                          (most % kChunkSize == 0 ? layout.overhead() : 0);
    EXPECT_GT(next, kMaxOffset);
  }
}

TEST(ChunkLayoutDeathTest, LargerFilesHaveNoSize) {
  const ChunkLayout layout(CipherCombo::kSivGcm);
  EXPECT_DEATH(layout.CiphertextSize(layout.max_cleartext_size() + 1), "EFBIG");
  EXPECT_DEATH(layout.CiphertextSize(std::numeric_limits<uint64_t>::max()),
               "EFBIG");
  EXPECT_DEATH(layout.ChunkOffset(uint64_t{1} << 60), "possible size");
  EXPECT_DEATH(ChunkPieces(std::numeric_limits<uint64_t>::max(), 2),
               "64-bit offset");
}

TEST(ChunkLayoutTest, AnyNumberHasACleartextSize) {
  const ChunkLayout layout(CipherCombo::kSivCtrMac);
  EXPECT_LT(
      layout.FromCiphertextSize(std::numeric_limits<uint64_t>::max()).size,
      std::numeric_limits<uint64_t>::max());
}

RC_GTEST_PROP(ChunkLayoutProperty, CleartextSizeUndoesCiphertextSize, ()) {
  const ChunkLayout layout = AnyLayout();
  const uint64_t size = AnySize(layout);
  const auto back = layout.FromCiphertextSize(layout.CiphertextSize(size));
  RC_ASSERT(back.size == size);
  RC_ASSERT(back.state == SizeState::kValid);
}

RC_GTEST_PROP(ChunkLayoutProperty, CiphertextSizeStrictlyIncreases, ()) {
  const ChunkLayout layout = AnyLayout();
  const uint64_t size = AnySize(layout);
  RC_PRE(size > 0);
  RC_ASSERT(layout.CiphertextSize(size - 1) < layout.CiphertextSize(size));
  RC_ASSERT(layout.CiphertextSize(size) <= kMaxOffset);
}

RC_GTEST_PROP(ChunkLayoutProperty, TheLastChunkEndsWhereTheFileDoes, ()) {
  const ChunkLayout layout = AnyLayout();
  const uint64_t size = AnySize(layout);
  RC_PRE(size > 0);
  const uint64_t last = ChunkLayout::ChunkCount(size) - 1;
  RC_ASSERT(last * kChunkSize < size);
  RC_ASSERT(size - last * kChunkSize <= kChunkSize);
  RC_ASSERT(layout.ChunkOffset(last) + (size - last * kChunkSize) +
                layout.overhead() ==
            layout.CiphertextSize(size));
}

RC_GTEST_PROP(ChunkPiecesProperty, CoverEveryByteOnceInOrder, ()) {
  const uint64_t most = AnyLayout().max_cleartext_size();
  const uint64_t offset = *rc::gen::element<uint64_t>(
      0, *rc::gen::inRange<uint64_t>(0, 4 * kChunkSize), most - kChunkSize);
  const uint64_t length = *rc::gen::element<uint64_t>(
      0, 1, kChunkSize, *rc::gen::inRange<uint64_t>(0, 6 * kChunkSize));
  uint64_t at = offset;
  for (const ChunkPiece piece : ChunkPieces(offset, length)) {
    RC_ASSERT(piece.size > 0u);
    RC_ASSERT(piece.begin + piece.size <= kChunkSize);
    RC_ASSERT(piece.chunk * kChunkSize + piece.begin == at);
    at += piece.size;
    // Only the last piece may end inside a chunk.
    RC_ASSERT(at == offset + length || at % kChunkSize == 0);
  }
  RC_ASSERT(at == offset + length);
}

}  // namespace
}  // namespace casemate
