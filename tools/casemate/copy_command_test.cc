#include "tools/casemate/copy_command.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace casemate {
namespace {

struct Row {
  const char* path;
  const char* folder;
  const char* name;
  bool ends_in_slash;
};

TEST(SplitLastNameTest, AnEmptyNameIsTheFolderItself) {
  for (const Row& row : std::vector<Row>{{"a", ".", "a", false},
                                         {"a/b", "a", "b", false},
                                         {"/a", "/", "a", false},
                                         {"/a/b//", "/a", "b", true},
                                         {"./a/", ".", "a", true},
                                         {"", ".", "", false},
                                         {"/", "/", "", false},
                                         {"//", "/", "", true},
                                         {".", ".", "", false},
                                         {"./", ".", "", true},
                                         {"a/..", "a/..", "", false},
                                         {"a/.", "a/.", "", false},
                                         {"a/...", "a", "...", false}}) {
    SCOPED_TRACE(row.path);
    const SplitPath split = SplitLastName(row.path);
    EXPECT_EQ(split.folder, row.folder);
    EXPECT_EQ(split.name, row.name);
    EXPECT_EQ(split.ends_in_slash, row.ends_in_slash);
  }
}

}  // namespace
}  // namespace casemate
