// Names of every length, at every threshold at which the longest unshortened
// name changes: made, found, listed, renamed and removed.
#include <cerrno>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "fs/vault/tree_for_test.h"
#include "fs/vault/vault_tree.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace casemate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const NewOwner kNobody;
constexpr NodeKind kKinds[] = {NodeKind::kFile, NodeKind::kDirectory,
                               NodeKind::kSymlink};
constexpr size_t kLongest = 255;

// "ä" is two bytes composed, and three decomposed.
const std::string kComposed = "\xc3\xa4";
const std::string kDecomposed = "a\xcc\x88";

std::string Repeat(const std::string& text, size_t count) {
  std::string repeated;
  for (size_t i = 0; i < count; ++i) absl::StrAppend(&repeated, text);
  return repeated;
}

// `size` bytes, ending in `last`.
std::string NameOf(size_t size, char last) {
  std::string name = Repeat(kComposed, (size - 1) / 2);
  name.resize(size, last);
  return name;
}

// The most bytes of cleartext that stay unshortened: section 5.1's formula,
// which is not how the code decides.
size_t LimitOf(int threshold) {
  return static_cast<size_t>((threshold - 4) / 4 * 3 - 16);
}

class NamesAt {
 public:
  explicit NamesAt(int threshold)
      : limit_(LimitOf(threshold)), vault_(OptionsOf(threshold)) {}

  // One node's life under a name of `size` bytes.
  void Live(NodeKind kind, size_t size) {
    SCOPED_TRACE(absl::StrCat(size, " bytes, limit ", limit_, ", kind ",
                              static_cast<int>(kind)));
    const auto before = vault_.Paths();
    const std::string name = NameOf(size, 'x');
    ASSERT_TRUE(Make(kind, name).ok());
    ExpectThere(kind, name);
    EXPECT_EQ(ErrnoOf(Make(kind, name)), EEXIST);

    const std::string other = NameOf(size, 'y');
    Rename(name, other);
    EXPECT_EQ(ErrnoOf(Find(name).status()), ENOENT);
    ExpectThere(kind, other);
    // Over the threshold, to whichever side the name is not on.
    const std::string opposite =
        NameOf(size > limit_ ? limit_ : limit_ + 1, 'z');
    Rename(other, opposite);
    ExpectThere(kind, opposite);
    Rename(opposite, name);
    ExpectThere(kind, name);

    const Node node = *Find(name);
    EXPECT_TRUE((kind == NodeKind::kDirectory
                     ? tree().RemoveDirectory(*root_, node)
                     : tree().RemoveNode(*root_, node))
                    .ok());
    EXPECT_EQ(vault_.Paths(), before);
  }

  absl::Status Make(NodeKind kind, const std::string& name) {
    switch (kind) {
      case NodeKind::kFile:
        return tree().CreateFile(*root_, name, 0644, kNobody).status();
      case NodeKind::kDirectory:
        return tree().MakeDirectory(*root_, name, 0755, kNobody).status();
      case NodeKind::kSymlink:
        break;
    }
    return tree().CreateSymlink(*root_, name, "target", kNobody).status();
  }
  absl::StatusOr<Node> Find(const std::string& name) {
    return tree().Find(*root_, name);
  }
  void Rename(const std::string& from, const std::string& to) {
    absl::optional<Node> target;
    ASSERT_TRUE(tree()
                    .Rename(*root_, *Find(from), *root_, to, target,
                            RenameMode::kNoReplace)
                    .ok());
  }
  // The node is found, is the only one listed, and lies where it should.
  void ExpectThere(NodeKind kind, const std::string& name) {
    const absl::StatusOr<Node> node = Find(name);
    ASSERT_TRUE(node.ok()) << node.status();
    EXPECT_EQ(node->kind, kind);
    EXPECT_THAT(Names(), ElementsAre(name));
    const bool shortened = name.size() > limit_;
    EXPECT_EQ(absl::EndsWith(node->entry, ".c9s"), shortened);
    const std::string path = vault_.EntryPath(DirId(), node->entry);
    if (shortened) {
      EXPECT_EQ(node->entry.size(), 32);
      EXPECT_EQ(vault_.folder().Read(path + "/name.c9s"),
                vault_.C9r(DirId(), name));
    } else {
      EXPECT_EQ(node->entry, vault_.C9r(DirId(), name));
      EXPECT_FALSE(vault_.folder().Has(path + "/name.c9s"));
    }
  }
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    const absl::StatusOr<std::vector<ListedNode>> nodes = tree().List(*root_);
    EXPECT_TRUE(nodes.ok()) << nodes.status();
    for (const ListedNode& node : *nodes) names.push_back(node.name);
    return names;
  }

  size_t limit() const { return limit_; }
  TestVault& vault() { return vault_; }
  VaultTree& tree() { return vault_.tree(); }

 private:
  static TestVault::Options OptionsOf(int threshold) {
    TestVault::Options options;
    options.threshold = threshold;
    return options;
  }

  const size_t limit_;
  TestVault vault_;
  const std::shared_ptr<const VaultDir> root_ = vault_.root();
};

// The longest unshortened name grows at every fourth threshold; the one before
// each is the last with the old limit.
TEST(NameLengthsTest, AroundTheLimitOfEveryThreshold) {
  for (int threshold = 36; threshold <= 220; threshold += 4) {
    for (const int at : {threshold, threshold + 3}) {
      if (at > 220) continue;
      SCOPED_TRACE(absl::StrCat("threshold ", at));
      NamesAt names(at);
      const NodeKind kind = kKinds[at / 2 % 3];
      for (const int step : {-1, 0, 1}) names.Live(kind, names.limit() + step);
    }
  }
}

TEST(NameLengthsTest, OfEveryKindAtTheEnds) {
  for (const int threshold : {36, 220}) {
    SCOPED_TRACE(absl::StrCat("threshold ", threshold));
    NamesAt names(threshold);
    for (const NodeKind kind : kKinds) {
      for (const size_t size : {size_t{1}, names.limit() - 1, names.limit(),
                                names.limit() + 1, kLongest}) {
        names.Live(kind, size);
      }
    }
  }
}

TEST(NameLengthsTest, OfEveryLength) {
  for (const int threshold : {36, 220}) {
    SCOPED_TRACE(absl::StrCat("threshold ", threshold));
    NamesAt names(threshold);
    for (size_t size = 1; size <= kLongest; ++size) {
      names.Live(NodeKind::kFile, size);
    }
    EXPECT_EQ(ErrnoOf(names.Make(NodeKind::kFile, NameOf(kLongest + 1, 'x'))),
              ENAMETOOLONG);
  }
}

// What is given decomposed is stored, and shortened or not, as it is composed.
TEST(NameLengthsTest, TheFormIsThatOfTheComposedSpelling) {
  NamesAt names(220);
  for (const size_t count : {73, 74, 85}) {  // of 146, 148 and 170 bytes
    const std::string composed = Repeat(kComposed, count);
    const std::string decomposed = Repeat(kDecomposed, count);
    ASSERT_TRUE(names.Make(NodeKind::kFile, decomposed).ok());
    names.ExpectThere(NodeKind::kFile, composed);
    EXPECT_EQ(names.Find(decomposed)->entry, names.Find(composed)->entry);
    EXPECT_EQ(ErrnoOf(names.Make(NodeKind::kDirectory, composed)), EEXIST);
    EXPECT_EQ(ErrnoOf(names.Make(NodeKind::kDirectory, decomposed)), EEXIST);
    ASSERT_TRUE(names.tree()
                    .RemoveNode(*names.vault().root(), *names.Find(decomposed))
                    .ok());
    EXPECT_THAT(names.Names(), IsEmpty());
  }
  // 255 bytes composed are more decomposed, which is nobody's concern.
  const std::string longest = Repeat(kDecomposed, 127) + "x";
  ASSERT_TRUE(names.Make(NodeKind::kSymlink, longest).ok());
  names.ExpectThere(NodeKind::kSymlink, Repeat(kComposed, 127) + "x");
  EXPECT_TRUE(names.Find(longest).ok());
}

}  // namespace
}  // namespace casemate
