#include "tools/doctor/conflict_repair.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "fs/vault/conflict_name.h"
#include "fs/vault/name_codec.h"
#include "fs/vault/normalization.h"
#include "gtest/gtest.h"

namespace casemate {
namespace {

// A copy of `name`, with `added` behind its encrypted name. The encrypted name
// itself does not matter here.
std::string NameOfCopy(const std::string& name, const std::string& added,
                       int attempt) {
  ClassifiedEntry found;
  found.entry_class = EntryClass::kConflictCopy;
  found.canonical = "AAAA.c9r";
  found.name = name;
  return ConflictCopyName(absl::StrCat("AAAA", added, ".c9r"), found, attempt);
}

// testing/vectors, `conflicts`.
TEST(ConflictCopyNameTest, WhatWasAddedComesBeforeTheExtension) {
  EXPECT_EQ(NameOfCopy("hello.txt", " (Created by Alice)", 0),
            "hello (Created by Alice).txt");
}

TEST(ConflictCopyNameTest, FurtherAttemptsAreNumbered) {
  EXPECT_EQ(NameOfCopy("a.txt", "_x", 1), "a_x (1).txt");
  EXPECT_EQ(NameOfCopy("a.txt", "_x", 9), "a_x (9).txt");
}

TEST(ConflictCopyNameTest, ANameWithoutExtensionGetsItAtTheEnd) {
  EXPECT_EQ(NameOfCopy("folder", " 2", 0), "folder 2");
  EXPECT_EQ(NameOfCopy(".profile", " 2", 0), ".profile 2");
  EXPECT_EQ(NameOfCopy("a.tar.gz", " 2", 0), "a.tar 2.gz");
}

TEST(ConflictCopyNameTest, TextThatNoNameMayHaveBecomesCopy) {
  EXPECT_EQ(NameOfCopy("a.txt", "\xff", 0), "a (copy).txt");
  EXPECT_EQ(NameOfCopy("a.txt", "\n", 0), "a (copy).txt");
}

// Whatever it is made of, it can be given to a file, and is not cut within a
// character.
TEST(ConflictCopyNameTest, IsAlwaysANameThatCanBeGiven) {
  for (const std::string& unit : {std::string("n"), std::string("\xc3\xa4"),
                                  std::string("\xf0\x9f\x98\x80")}) {
    for (size_t count = 1; count * unit.size() <= kMaxNewNameSize; ++count) {
      std::string text;
      for (size_t i = 0; i < count; ++i) text += unit;
      for (const std::string& name : {text, "a." + text, text + ".txt"}) {
        for (const std::string& added : {std::string(" 2"), text}) {
          for (const int attempt : {0, 9}) {
            const std::string made = NameOfCopy(name, added, attempt);
            ASSERT_TRUE(ValidateNewName(made).ok()) << made;
            ASSERT_TRUE(IsValidUtf8(made)) << made;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace casemate
