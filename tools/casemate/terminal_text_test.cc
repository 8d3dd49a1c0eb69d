#include "tools/casemate/terminal_text.h"

#include <string>

#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

namespace casemate {
namespace {

TEST(EscapeNameTest, PrintableTextStays) {
  EXPECT_EQ(EscapeName("plain name.txt"), "plain name.txt");
  EXPECT_EQ(EscapeName("Gr\u00fc\u00dfe \u65e5\u672c"),
            "Gr\u00fc\u00dfe \u65e5\u672c");
}

TEST(EscapeNameTest, ControlsDirectionsAndBrokenBytesAreEscaped) {
  EXPECT_EQ(EscapeName("a\x1b[31mb"), "a\\x1b[31mb");
  EXPECT_EQ(EscapeName("a\nb\tc\x7f"), "a\\x0ab\\x09c\\x7f");
  EXPECT_EQ(EscapeName("\u009b"), "\\xc2\\x9b");
  EXPECT_EQ(EscapeName("txt.\u202eexe"), "txt.\\xe2\\x80\\xaeexe");
  EXPECT_EQ(EscapeName("\u2066\u200f\u2028"),
            "\\xe2\\x81\\xa6\\xe2\\x80\\x8f\\xe2\\x80\\xa8");
  EXPECT_EQ(EscapeName("\xff\xc3"), "\\xff\\xc3");
  EXPECT_EQ(EscapeName("a\\b"), "a\\\\b");
}

TEST(EscapeControlsTest, LeavesABackslashAlone) {
  EXPECT_EQ(EscapeControls("a\\b\n"), "a\\b\\x0a");
}

RC_GTEST_PROP(EscapeNameProperty, UnescapeGivesTheNameBack,
              (const std::string& name)) {
  RC_ASSERT(UnescapeName(EscapeName(name)) == name);
}

RC_GTEST_PROP(EscapeNameProperty, NoControlByteIsLeft,
              (const std::string& name)) {
  for (const char c : EscapeName(name)) {
    RC_ASSERT(static_cast<unsigned char>(c) >= 0x20);
    RC_ASSERT(c != 0x7f);
  }
}

}  // namespace
}  // namespace casemate
