#include "fs/vault/conflict_name.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "fs/vault/vectors_for_test.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"
#include "testing/vectors/vault_format_8.h"

namespace casemate {
namespace {

NameContext RootNames() {
  return NameCodec(VectorMasterkey()).ContextFor(DirId());
}

TEST(ConflictNameTest, AgreesWithTheVectors) {
  for (const auto& vector : VaultFormat8Vectors("conflicts")) {
    const ClassifiedEntry found =
        ClassifyEntry(RootNames(), vector["found"].get<std::string>());
    if (vector["result"].is_null()) {
      EXPECT_EQ(found.entry_class, EntryClass::kIgnored) << vector["found"];
      EXPECT_EQ(found.canonical, "");
    } else {
      EXPECT_EQ(found.entry_class, EntryClass::kConflictCopy)
          << vector["found"];
      EXPECT_EQ(found.canonical, vector["canonical"].get<std::string>());
      EXPECT_EQ(found.name, "hello.txt");
    }
  }
}

TEST(ConflictNameTest, AnEncryptedNameIsNormal) {
  const std::string c9r = EncryptName(RootNames(), "hello.txt");
  const ClassifiedEntry found = ClassifyEntry(RootNames(), c9r);
  EXPECT_EQ(found.entry_class, EntryClass::kNormal);
  EXPECT_EQ(found.canonical, c9r);
  EXPECT_EQ(found.name, "hello.txt");
}

TEST(ConflictNameTest, TheToolsTextMayPassForAPartOfTheName) {
  const NameContext names = RootNames();
  for (const std::string& name :
       {std::string("hello.txt"), std::string("ab"), std::string(40, 'x')}) {
    const std::string c9r = EncryptName(names, name);
    const std::string base(absl::StripSuffix(c9r, ".c9r"));
    for (const std::string& copy :
         {absl::StrCat("conflict_", base), absl::StrCat("a-b_", base),
          absl::StrCat(base, " (1)"), absl::StrCat(base, "_conflict-host-2024"),
          absl::StrCat(base, " - Copy")}) {
      const ClassifiedEntry found = ClassifyEntry(names, copy + ".c9r");
      EXPECT_EQ(found.entry_class, EntryClass::kConflictCopy) << copy;
      EXPECT_EQ(found.canonical, c9r) << copy;
    }
  }
}

TEST(ConflictNameTest, ForeignNamesAreIgnored) {
  for (const std::string& entry :
       {std::string(), std::string("c9r"), std::string(".c9r"),
        std::string("dir.c9r"), std::string("dirid.c9r"),
        std::string(200, 'A') + ".c9r", std::string(200, '=') + ".c9r",
        EncryptName(
            NameCodec(VectorMasterkey()).ContextFor(*DirId::Parse("other")),
            "hello.txt")}) {
    EXPECT_EQ(ClassifyEntry(RootNames(), entry).entry_class,
              EntryClass::kIgnored)
        << entry;
  }
}

TEST(ConflictNameTest, ACopyOfAnInvalidNameIsIgnored) {
  const NameContext names = RootNames();
  EXPECT_EQ(
      ClassifyEntry(names, EncryptName(names, "..") + " (1).c9r").entry_class,
      EntryClass::kIgnored);
}

// Each delimiter is a candidate for the start or the end of the name: without
// a bound an entry made of them would cost thousands of decryptions, and a
// listing has many entries.
TEST(ConflictNameTest, TheSearchGivesUpAfterAFewDozenAttempts) {
  const NameContext names = RootNames();
  const std::string c9r = EncryptName(names, "a");
  EXPECT_EQ(ClassifyEntry(names, std::string(20, '-') + c9r).entry_class,
            EntryClass::kConflictCopy);
  EXPECT_EQ(ClassifyEntry(names, std::string(200, '-') + c9r).entry_class,
            EntryClass::kIgnored);
}

RC_GTEST_PROP(ConflictNameProperty, AParenthesisedSuffixIsAlwaysRecognised,
              ()) {
  const NameContext names = RootNames();
  const std::string name(*rc::gen::inRange(1, 100), 'n');
  const std::string c9r = EncryptName(names, name);
  const auto suffix = *rc::gen::container<std::string>(
      rc::gen::element('a', ' ', '(', ')', '7', '.'));
  const ClassifiedEntry found = ClassifyEntry(
      names,
      absl::StrCat(absl::StripSuffix(c9r, ".c9r"), " (", suffix, ").c9r"));
  RC_ASSERT(found.entry_class == EntryClass::kConflictCopy);
  RC_ASSERT(found.canonical == c9r);
}

}  // namespace
}  // namespace casemate
