#include "crypto/content/cipher_combo.h"

#include "gtest/gtest.h"

namespace casemate {
namespace {

TEST(CipherComboTest, NamesAreTheTokens) {
  EXPECT_EQ(CipherComboName(CipherCombo::kSivGcm), "SIV_GCM");
  EXPECT_EQ(CipherComboName(CipherCombo::kSivCtrMac), "SIV_CTRMAC");
  EXPECT_EQ(CipherComboFromName("SIV_GCM"), CipherCombo::kSivGcm);
  EXPECT_EQ(CipherComboFromName("SIV_CTRMAC"), CipherCombo::kSivCtrMac);
  for (const char* const name : {"", "siv_gcm", "SIV_GCM ", "SIV_XYZ"}) {
    EXPECT_FALSE(CipherComboFromName(name).has_value()) << name;
  }
}

}  // namespace
}  // namespace casemate
