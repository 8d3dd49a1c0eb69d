#include "fs/fuse/dir_reply.h"

#include <dirent.h>
#include <linux/fuse.h>

#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

namespace casemate {
namespace {

struct Parsed {
  std::string name;
  uint64_t inode_number = 0;
  uint32_t type = 0;
  uint64_t cookie = 0;
  uint64_t nodeid = 0;
};

// As the kernel reads them. `prefix` is what comes before each fuse_dirent.
std::vector<Parsed> Parse(ConstBytes bytes, size_t prefix) {
  std::vector<Parsed> entries;
  size_t at = 0;
  while (at < bytes.size()) {
    Parsed entry;
    if (prefix != 0) memcpy(&entry.nodeid, bytes.data() + at, 8);
    fuse_dirent dirent;
    memcpy(&dirent, bytes.data() + at + prefix, FUSE_NAME_OFFSET);
    entry.name = std::string(
        TextOf(bytes.subspan(at + prefix + FUSE_NAME_OFFSET, dirent.namelen)));
    entry.inode_number = dirent.ino;
    entry.type = dirent.type;
    entry.cookie = dirent.off;
    entries.push_back(entry);
    at += FUSE_DIRENT_ALIGN(prefix + FUSE_NAME_OFFSET + dirent.namelen);
  }
  EXPECT_EQ(at, bytes.size());
  return entries;
}

PlainDirEntry Plain(absl::string_view name, uint64_t cookie) {
  PlainDirEntry entry;
  entry.name = name;
  entry.inode_number = cookie + 100;
  entry.kind = NodeKind::kSymlink;
  entry.next_cookie = cookie;
  return entry;
}

PlusDirEntry Plus(absl::string_view name, uint64_t cookie, Ino ino) {
  PlusDirEntry entry;
  entry.name = name;
  entry.entry.ino = ino;
  entry.entry.attributes.inode_number = cookie + 100;
  entry.entry.attributes.kind = NodeKind::kDirectory;
  entry.next_cookie = cookie;
  return entry;
}

TEST(PlainDirReplyTest, EntriesReadBackAsTheyWereAdded) {
  std::vector<uint8_t> buffer(4096);
  PlainDirReply reply(absl::MakeSpan(buffer));
  // A view into a longer text: its end is not a NUL.
  EXPECT_TRUE(reply.Add(Plain(absl::string_view("one-two").substr(0, 3), 1)));
  PlainDirEntry broken = Plain("broken", 2);
  broken.kind = absl::nullopt;
  EXPECT_TRUE(reply.Add(broken));
  const std::vector<Parsed> entries = Parse(reply.bytes(), 0);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].name, "one");
  EXPECT_EQ(entries[0].inode_number, 101u);
  EXPECT_EQ(entries[0].type, uint32_t{DT_LNK});
  EXPECT_EQ(entries[0].cookie, 1u);
  EXPECT_EQ(entries[1].type, uint32_t{DT_UNKNOWN});
}

TEST(PlainDirReplyTest, AFirstEntryThatDoesNotFitIsTooSmallNotTheEnd) {
  std::vector<uint8_t> buffer(24);
  PlainDirReply reply(absl::MakeSpan(buffer));
  EXPECT_FALSE(reply.is_too_small());
  EXPECT_FALSE(reply.Add(Plain("name", 1)));
  EXPECT_TRUE(reply.is_too_small());
  EXPECT_TRUE(reply.bytes().empty());
}

TEST(PlainDirReplyTest, ALaterEntryThatDoesNotFitEndsTheReply) {
  std::vector<uint8_t> buffer(40);
  PlainDirReply reply(absl::MakeSpan(buffer));
  EXPECT_TRUE(reply.Add(Plain("name", 1)));
  EXPECT_FALSE(reply.Add(Plain("next", 2)));
  EXPECT_FALSE(reply.is_too_small());
  EXPECT_EQ(Parse(reply.bytes(), 0).size(), 1u);
}

constexpr size_t kPlusPrefix = sizeof(fuse_entry_out);

TEST(PlusDirReplyTest, CountsLookupsOfEntriesTakenWithANodeOnly) {
  // Room for two entries of this length, not for three.
  const size_t entry_size =
      FUSE_DIRENT_ALIGN(kPlusPrefix + FUSE_NAME_OFFSET + 4);
  std::vector<uint8_t> buffer(2 * entry_size + 8);
  const SessionOptions options;
  PlusDirReply reply(absl::MakeSpan(buffer), options);
  EXPECT_TRUE(reply.Add(Plus("dots", 1, kNoIno)));
  EXPECT_TRUE(reply.Add(Plus("node", 2, Ino{7})));
  EXPECT_FALSE(reply.Add(Plus("more", 3, Ino{8})));
  EXPECT_EQ(reply.lookups(), std::vector<Ino>({Ino{7}}));
  const std::vector<Parsed> entries = Parse(reply.bytes(), kPlusPrefix);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].nodeid, 0u);
  EXPECT_EQ(entries[1].nodeid, 7u);
  EXPECT_EQ(entries[1].inode_number, 102u);
  EXPECT_EQ(entries[1].type, uint32_t{DT_DIR});
}

RC_GTEST_PROP(PlainDirReplyProperty, NeverLargerThanAskedAndWholeEntriesOnly,
              ()) {
  const auto size = *rc::gen::inRange<size_t>(0, 600);
  const auto names =
      *rc::gen::container<std::vector<std::string>>(rc::gen::nonEmpty(
          rc::gen::container<std::string>(rc::gen::inRange<char>('a', 'z'))));
  std::vector<uint8_t> buffer(size);
  PlainDirReply reply(absl::MakeSpan(buffer));
  size_t taken = 0;
  for (const std::string& name : names) {
    if (!reply.Add(Plain(name, taken + 1))) break;
    ++taken;
  }
  RC_ASSERT(reply.bytes().size() <= size);
  const std::vector<Parsed> entries = Parse(reply.bytes(), 0);
  RC_ASSERT(entries.size() == taken);
  for (size_t i = 0; i < taken; ++i) {
    RC_ASSERT(entries[i].name == names[i]);
    RC_ASSERT(entries[i].cookie == i + 1);
  }
  RC_ASSERT(reply.is_too_small() == (taken == 0 && !names.empty()));
}

}  // namespace
}  // namespace casemate
