#include "fs/vault/dir_id.h"

#include <cerrno>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "base/status.h"
#include "gtest/gtest.h"
#include "testing/fakes/fake_random.h"

namespace casemate {
namespace {

TEST(DirIdTest, DefaultIsTheRoot) {
  EXPECT_TRUE(DirId().is_root());
  EXPECT_EQ(DirId().text(), "");
}

TEST(DirIdTest, ParseKeepsPrintableTextAsItIs) {
  for (const std::string& text :
       {std::string("e9250eb8-078d-4fc0-8835-be92a313360c"),
        std::string("recovery"), std::string(" a "), std::string(1, '~'),
        std::string(1000, 'x')}) {
    const absl::StatusOr<DirId> id = DirId::Parse(text);
    ASSERT_TRUE(id.ok()) << text;
    EXPECT_EQ(id->text(), text);
    EXPECT_FALSE(id->is_root());
  }
}

TEST(DirIdTest, ParseRefusesWhatNoWriterMakes) {
  for (const std::string& text :
       {std::string(), std::string(1001, 'x'), std::string("id\n"),
        std::string("a\0b", 3), std::string("\x7f"), std::string("\xc3\xa4"),
        std::string("\t")}) {
    const absl::Status status = DirId::Parse(text).status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << text;
    EXPECT_EQ(ErrnoOf(status), EIO);
  }
}

TEST(DirIdTest, RandomIsALowerCaseUuidOfVersion4) {
  FakeRandom random(1);
  absl::flat_hash_set<DirId> seen;
  for (int i = 0; i < 100; ++i) {
    const DirId id = DirId::Random(random);
    const std::string& text = id.text();
    ASSERT_EQ(text.size(), DirId::kUuidSize);
    for (size_t at = 0; at < text.size(); ++at) {
      const bool hyphen = at == 8 || at == 13 || at == 18 || at == 23;
      EXPECT_EQ(text[at] == '-', hyphen) << text;
      if (!hyphen) {
        EXPECT_NE(std::string("0123456789abcdef").find(text[at]),
                  std::string::npos)
            << text;
      }
    }
    EXPECT_EQ(text[14], '4') << text;
    EXPECT_NE(std::string("89ab").find(text[19]), std::string::npos) << text;
    EXPECT_TRUE(seen.insert(id).second) << text;
  }
}

}  // namespace
}  // namespace casemate
