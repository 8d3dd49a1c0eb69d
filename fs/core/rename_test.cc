// Rename: who may replace whom, and what becomes of both (R1-R12).
#include <cerrno>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "fs/core/handles.h"
#include "gtest/gtest.h"
#include "testing/model/core_fixture.h"

namespace casemate {
namespace {

const char* const kNfc = "caf\xc3\xa9";
const char* const kNfd = "cafe\xcc\x81";

class RenameTest : public CoreTest {
 protected:
  int Rename(Ino from, absl::string_view old_name, Ino to,
             absl::string_view new_name, RenameFlag flag = RenameFlag::kNone) {
    return Errno(fs().Rename(caller(), from, old_name, to, new_name, flag));
  }
};

// Every shape of rename, against what rename(2) says of it.
struct Shape {
  NodeKind source;
  absl::optional<NodeKind> target;
  bool target_is_full;  // a directory with something in it
  RenameFlag flag;
  bool source_is_long, target_is_long;

  int Expected() const {
    if (!target) return flag == RenameFlag::kExchange ? ENOENT : 0;
    if (flag == RenameFlag::kNoReplace) return EEXIST;
    if (flag == RenameFlag::kExchange) {
      // What the format cannot do in one step (R10).
      const bool is_long = source_is_long || target_is_long;
      return is_long && source != *target ? EINVAL : 0;
    }
    const bool source_is_dir = source == NodeKind::kDirectory;
    const bool target_is_dir = *target == NodeKind::kDirectory;
    if (source_is_dir && !target_is_dir) return ENOTDIR;
    if (!source_is_dir && target_is_dir) return EISDIR;
    return target_is_full ? ENOTEMPTY : 0;
  }
  std::string ToString() const {
    return absl::StrCat(
        "source ", static_cast<int>(source), source_is_long ? " long" : "",
        ", target ", target ? absl::StrCat(static_cast<int>(*target)) : "none",
        target_is_full ? " full" : "", target_is_long ? " long" : "", ", flag ",
        static_cast<int>(flag));
  }
};

std::vector<Shape> AllShapes() {
  std::vector<Shape> shapes;
  struct Target {
    absl::optional<NodeKind> kind;
    bool is_full;
  };
  const Target targets[] = {{absl::nullopt, false},
                            {NodeKind::kFile, false},
                            {NodeKind::kSymlink, false},
                            {NodeKind::kDirectory, false},
                            {NodeKind::kDirectory, true}};
  for (const NodeKind source :
       {NodeKind::kFile, NodeKind::kSymlink, NodeKind::kDirectory}) {
    for (const Target& target : targets) {
      for (const RenameFlag flag :
           {RenameFlag::kNone, RenameFlag::kNoReplace, RenameFlag::kExchange}) {
        for (int lengths = 0; lengths < 4; ++lengths) {
          shapes.push_back({source, target.kind, target.is_full, flag,
                            (lengths & 1) != 0, (lengths & 2) != 0});
        }
      }
    }
  }
  return shapes;
}

enum class Span { kOneDirectory, kTwoDirectories };

class RenameShapesTest : public RenameTest,
                         public testing::WithParamInterface<Span> {
 protected:
  static constexpr char kSource[] = "source";
  static constexpr char kTarget[] = "target";

  Ino Make(Ino parent, const std::string& name, NodeKind kind,
           const std::string& mark, bool is_full) {
    if (kind == NodeKind::kFile) return vault_.MakeFile(parent, name, mark);
    if (kind == NodeKind::kSymlink) return vault_.MakeLink(parent, name, mark);
    const Ino dir = vault_.MakeDir(parent, name);
    if (is_full) fs().Forget(vault_.MakeFile(dir, mark, mark), 1);
    return dir;
  }
  // What marks the node: its content, target, or the name in it.
  std::string MarkOf(Ino ino) {
    switch (vault_.Stat(ino).kind) {
      case NodeKind::kFile:
        return vault_.Content(ino);
      case NodeKind::kSymlink:
        return fs().ReadLink(caller(), ino).value_or("unreadable link");
      case NodeKind::kDirectory:
        break;
    }
    const auto names = vault_.List(ino);
    return names.empty() ? "" : names[0];
  }
  std::string MarkAt(Ino parent, const std::string& name) {
    const auto found = fs().Lookup(caller(), parent, name);
    if (!found.ok()) return "absent";
    std::string mark = MarkOf(found->ino);
    fs().Forget(found->ino, 1);
    return mark;
  }
  void Try(const Shape& shape, Ino from, Ino to);

  int done_ = 0;
};

void RenameShapesTest::Try(const Shape& shape, Ino from, Ino to) {
  const std::string old_name =
      shape.source_is_long ? std::string(200, 's') : "s";
  const std::string new_name =
      shape.target_is_long ? std::string(200, 't') : "t";
  const Ino source = Make(from, old_name, shape.source, kSource, true);
  const std::string target_mark =
      shape.target == NodeKind::kDirectory && !shape.target_is_full ? ""
                                                                    : kTarget;
  absl::optional<Ino> target;
  if (shape.target) {
    target = Make(to, new_name, *shape.target, kTarget, shape.target_is_full);
  }
  const int expected = shape.Expected();
  ASSERT_EQ(Rename(from, old_name, to, new_name, shape.flag), expected);

  std::string at_old = "absent";
  std::string at_new = kSource;
  if (expected != 0) {
    at_old = kSource;
    at_new = target ? target_mark : "absent";
  } else if (shape.flag == RenameFlag::kExchange) {
    at_old = target_mark;
  }
  EXPECT_EQ(MarkAt(from, old_name), at_old);
  EXPECT_EQ(MarkAt(to, new_name), at_new);
  // The nodes keep their numbers wherever they are now (R1, R9).
  EXPECT_EQ(MarkOf(source), kSource);
  const bool is_replaced =
      target && expected == 0 && shape.flag == RenameFlag::kNone;
  if (target && !is_replaced) {
    EXPECT_EQ(MarkOf(*target), target_mark);
  }
  if (is_replaced) {
    EXPECT_EQ(vault_.Stat(*target).links, 0u);
  }
  EXPECT_EQ(vault_.Stat(source).links, 1u);

  vault_.Remount();
  const Ino from_again = vault_.Find(kRootIno, "from");
  const Ino to_again = GetParam() == Span::kOneDirectory
                           ? from_again
                           : vault_.Find(kRootIno, "to");
  EXPECT_EQ(MarkAt(from_again, old_name), at_old);
  EXPECT_EQ(MarkAt(to_again, new_name), at_new);
  const size_t names =
      (at_old != "absent" ? 1 : 0) + (at_new != "absent" ? 1 : 0);
  EXPECT_EQ(vault_.List(from_again).size() +
                (to_again == from_again ? 0 : vault_.List(to_again).size()),
            names);
}

TEST_P(RenameShapesTest, FollowTheTableOfRename2) {
  for (const Shape& shape : AllShapes()) {
    SCOPED_TRACE(shape.ToString());
    const Ino from = vault_.MakeDir(kRootIno, "from");
    const Ino to = GetParam() == Span::kOneDirectory
                       ? from
                       : vault_.MakeDir(kRootIno, "to");
    Try(shape, from, to);
    ASSERT_FALSE(HasFailure());
    // Out of the way of the next, whatever is in them.
    const std::string done = absl::StrCat("done", ++done_);
    ASSERT_EQ(Rename(kRootIno, "from", kRootIno, done), 0);
    if (GetParam() == Span::kTwoDirectories) {
      ASSERT_EQ(Rename(kRootIno, "to", kRootIno, absl::StrCat(done, "to")), 0);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Spans, RenameShapesTest,
                         testing::Values(Span::kOneDirectory,
                                         Span::kTwoDirectories),
                         [](const auto& info) {
                           return info.param == Span::kOneDirectory
                                      ? "OneDirectory"
                                      : "TwoDirectories";
                         });

TEST_F(RenameTest, OntoItselfChangesNothing) {
  const Ino file = vault_.MakeFile(kRootIno, "f", "x");
  EXPECT_EQ(Rename(kRootIno, "f", kRootIno, "f"), 0);
  EXPECT_EQ(Rename(kRootIno, "f", kRootIno, "f", RenameFlag::kNoReplace),
            EEXIST);
  EXPECT_EQ(vault_.Find(kRootIno, "f"), file);
  EXPECT_EQ(vault_.Content(file), "x");
}

TEST_F(RenameTest, OntoAnotherSpellingOfItselfChangesNothing) {
  const Ino file = vault_.MakeFile(kRootIno, kNfc, "x");
  EXPECT_EQ(Rename(kRootIno, kNfc, kRootIno, kNfd), 0);
  EXPECT_EQ(Rename(kRootIno, kNfd, kRootIno, kNfc), 0);
  EXPECT_EQ(vault_.List(kRootIno), std::vector<std::string>{kNfc});
  EXPECT_EQ(vault_.Find(kRootIno, kNfc), file);
}

TEST_F(RenameTest, DecomposedNameInTheStoreCanBeRenamedToItsComposedForm) {
  const Ino file = vault_.MakeFile(kRootIno, "f", "x");
  ASSERT_EQ(std::rename(vault_.RootPathOf("f").c_str(),
                        vault_.RootPathOf(kNfd).c_str()),
            0);
  ASSERT_EQ(vault_.List(kRootIno), std::vector<std::string>{kNfd});
  ASSERT_EQ(vault_.Find(kRootIno, kNfd), file);
  EXPECT_EQ(Rename(kRootIno, kNfd, kRootIno, kNfc), 0);
  EXPECT_EQ(vault_.List(kRootIno), std::vector<std::string>{kNfc});
  EXPECT_EQ(vault_.Find(kRootIno, kNfc), file);
}

TEST_F(RenameTest, DirectoryIntoItsOwnSubtreeIsEINVALAtAnyDepth) {
  const Ino a = vault_.MakeDir(kRootIno, "a");
  const Ino b = vault_.MakeDir(a, "b");
  const Ino c = vault_.MakeDir(b, "c");
  vault_.MakeFile(c, "f", "x");
  EXPECT_EQ(Rename(kRootIno, "a", a, "x"), EINVAL);
  EXPECT_EQ(Rename(kRootIno, "a", b, "x"), EINVAL);
  EXPECT_EQ(Rename(kRootIno, "a", c, "x"), EINVAL);
  EXPECT_EQ(Rename(kRootIno, "a", c, "f"), EINVAL);
  EXPECT_EQ(Rename(a, "b", c, "f", RenameFlag::kExchange), EINVAL);
  EXPECT_EQ(vault_.List(c), std::vector<std::string>{"f"});
}

TEST_F(RenameTest, OntoADirectoryAboveIsENOTEMPTYAndEINVALWhenExchanging) {
  const Ino a = vault_.MakeDir(kRootIno, "a");
  const Ino b = vault_.MakeDir(a, "b");
  vault_.MakeFile(b, "f", "x");
  vault_.MakeDir(b, "d");
  EXPECT_EQ(Rename(b, "d", kRootIno, "a"), ENOTEMPTY);
  EXPECT_EQ(Rename(b, "d", a, "b"), ENOTEMPTY);
  EXPECT_EQ(Rename(b, "f", kRootIno, "a"), ENOTEMPTY);
  EXPECT_EQ(Rename(b, "d", kRootIno, "a", RenameFlag::kExchange), EINVAL);
  EXPECT_EQ(Rename(b, "f", a, "b", RenameFlag::kExchange), EINVAL);
}

TEST_F(RenameTest, SubtreeMayMoveUpAndBesideItself) {
  const Ino a = vault_.MakeDir(kRootIno, "a");
  const Ino b = vault_.MakeDir(a, "b");
  const Ino file = vault_.MakeFile(b, "f", "deep");
  EXPECT_EQ(Rename(a, "b", kRootIno, "b"), 0);
  EXPECT_EQ(Rename(kRootIno, "a", b, "a"), 0);  // no longer above it
  EXPECT_EQ(vault_.Content(file), "deep");
  EXPECT_EQ(vault_.List(b), (std::vector<std::string>{"a", "f"}));
  EXPECT_EQ(Rename(kRootIno, "b", a, "x"), EINVAL);
}

TEST_F(RenameTest, ExchangedDirectoriesKnowTheirNewPlaces) {
  const Ino a = vault_.MakeDir(kRootIno, "a");
  const Ino b = vault_.MakeDir(kRootIno, "b");
  const Ino inner = vault_.MakeDir(b, "inner");
  EXPECT_EQ(Rename(kRootIno, "a", b, "inner", RenameFlag::kExchange), 0);
  // Before any lookup, which would put the table right: b is above a now, and
  // nothing is above `inner` but the root.
  EXPECT_EQ(Rename(kRootIno, "b", a, "x"), EINVAL);
  EXPECT_EQ(Rename(kRootIno, "b", inner, "x"), 0);
  EXPECT_EQ(vault_.Find(kRootIno, "a"), inner);
  EXPECT_EQ(vault_.Find(b, "inner"), a);
}

TEST_F(RenameTest, WhatIsMissingIsENOENT) {
  const Ino gone = vault_.MakeDir(kRootIno, "gone");
  const Ino dir = vault_.MakeDir(kRootIno, "dir");
  vault_.MakeFile(kRootIno, "f", "x");
  ASSERT_EQ(Errno(fs().RemoveDirectory(caller(), kRootIno, "gone")), 0);
  EXPECT_EQ(Rename(kRootIno, "absent", kRootIno, "x"), ENOENT);
  EXPECT_EQ(Rename(kRootIno, "f", gone, "x"), ENOENT);
  EXPECT_EQ(Rename(gone, "f", kRootIno, "x"), ENOENT);
  EXPECT_EQ(Rename(gone, "f", gone, "x"), ENOENT);
  EXPECT_EQ(Rename(kRootIno, "dir", gone, "x"), ENOENT);
  EXPECT_EQ(Rename(dir, "absent", kRootIno, "f", RenameFlag::kExchange),
            ENOENT);
}

TEST_F(RenameTest, ImpossibleParentsAndNames) {
  const Ino file = vault_.MakeFile(kRootIno, "f", "x");
  const Ino dir = vault_.MakeDir(kRootIno, "d");
  for (const absl::string_view dots : {"", ".", ".."}) {
    EXPECT_EQ(Rename(kRootIno, dots, kRootIno, "x"), EINVAL);
    EXPECT_EQ(Rename(kRootIno, "f", dir, dots), EINVAL);
  }
  EXPECT_EQ(Rename(kRootIno, "f", file, "x"), ENOTDIR);
  EXPECT_EQ(Rename(file, "x", kRootIno, "f"), ENOTDIR);
  EXPECT_EQ(Rename(kRootIno, "f", Ino{12345}, "x"), ESTALE);
  EXPECT_EQ(Rename(Ino{12345}, "f", kRootIno, "x"), ESTALE);
  EXPECT_EQ(Rename(kRootIno, "f", kRootIno, "\xff"), EILSEQ);
  EXPECT_EQ(Rename(kRootIno, "f", kRootIno, std::string(256, 'x')),
            ENAMETOOLONG);
  EXPECT_EQ(vault_.List(kRootIno), (std::vector<std::string>{"d", "f"}));
}

TEST_F(RenameTest, OpenFileIsWrittenWhereItIsNow) {
  const Ino dir = vault_.MakeDir(kRootIno, "d");
  const Ino file = vault_.MakeFile(kRootIno, "f", "before");
  const HandleId handle = vault_.Open(file, kForBoth);
  ASSERT_EQ(Errno(vault_.Write(file, handle, 0, "dirty ")), 0);
  ASSERT_EQ(Rename(kRootIno, "f", dir, std::string(200, 'l')), 0);
  vault_.MakeFile(kRootIno, "f", "another");
  ASSERT_EQ(Errno(vault_.Write(file, handle, 6, "after")), 0);
  ASSERT_EQ(Errno(fs().Release(file, handle)), 0);
  vault_.Remount();
  EXPECT_EQ(vault_.Content(vault_.Find(kRootIno, "f")), "another");
  EXPECT_EQ(vault_.Content(
                vault_.Find(vault_.Find(kRootIno, "d"), std::string(200, 'l'))),
            "dirty after");
}

TEST_F(RenameTest, ReplacedFileStaysReadableAndWritableThroughItsHandle) {
  const Ino old_file = vault_.MakeFile(kRootIno, "f", "old content");
  const HandleId handle = vault_.Open(old_file, kForBoth);
  vault_.MakeFile(kRootIno, "new", "new content");
  ASSERT_EQ(Rename(kRootIno, "new", kRootIno, "f"), 0);
  EXPECT_EQ(vault_.Content(old_file, handle), "old content");
  ASSERT_EQ(Errno(vault_.Write(old_file, handle, 0, "OLD")), 0);
  ASSERT_EQ(Errno(fs().Sync(caller(), old_file, handle, SyncScope::kAll)), 0);
  EXPECT_EQ(vault_.Content(old_file, handle), "OLD content");
  EXPECT_EQ(vault_.Content(vault_.Find(kRootIno, "f")), "new content");
  EXPECT_EQ(fs().GetAttributes(caller(), old_file, handle)->links, 0u);
  ASSERT_EQ(Errno(fs().Release(old_file, handle)), 0);
}

TEST_F(RenameTest, ReplacedFileCanBeOpenedByNumberUntilItIsForgotten) {
  const Ino old_file = vault_.MakeFile(kRootIno, "f", "old content");
  vault_.MakeFile(kRootIno, "new", "new content");
  ASSERT_EQ(Rename(kRootIno, "new", kRootIno, "f"), 0);
  EXPECT_EQ(vault_.Content(old_file), "old content");
  EXPECT_EQ(vault_.Stat(old_file).links, 0u);
  EXPECT_EQ(fs().open_file_count(), 1u);
  fs().Forget(old_file, 1);
  EXPECT_EQ(fs().open_file_count(), 0u);
  EXPECT_EQ(Errno(fs().Open(caller(), old_file, kForReading)), ESTALE);
}

TEST_F(RenameTest, ReplacedFilesThatAreNeverForgottenCostAFewDescriptors) {
  vault_.MakeFile(kRootIno, "f", "");
  for (size_t i = 0; i < ReplacedFiles::kMost + 10; ++i) {
    vault_.MakeFile(kRootIno, "new", "");
    ASSERT_EQ(Rename(kRootIno, "new", kRootIno, "f"), 0);
  }
  EXPECT_EQ(fs().open_file_count(), ReplacedFiles::kMost);
}

TEST_F(RenameTest, KernelIsToldToForgetTheStoredSpellingOfBothNames) {
  vault_.MakeFile(kRootIno, kNfc, "x");
  const Ino dir = vault_.MakeDir(kRootIno, "d");
  vault_.kernel_cache().TakeEntries();
  ASSERT_EQ(Rename(kRootIno, "d", kRootIno, "e"), 0);
  EXPECT_TRUE(vault_.kernel_cache().TakeEntries().empty());
  ASSERT_EQ(Rename(kRootIno, kNfd, dir, "plain"), 0);
  EXPECT_EQ(vault_.kernel_cache().TakeEntries(),
            (std::vector<FakeKernelCache::Name>{{kRootIno, kNfc}}));
  ASSERT_EQ(Rename(dir, "plain", kRootIno, kNfd), 0);
  EXPECT_EQ(vault_.kernel_cache().TakeEntries(),
            (std::vector<FakeKernelCache::Name>{{kRootIno, kNfc}}));
}

TEST_F(RenameTest, FailureOfTheStoreLeavesBothNamesAsTheyWere) {
  const Ino source = vault_.MakeFile(kRootIno, "s", "source");
  const Ino target = vault_.MakeFile(kRootIno, "t", "target");
  vault_.faults().Fail(StorageCall::kRename, Fault::Nth(1, EDQUOT));
  EXPECT_EQ(Rename(kRootIno, "s", kRootIno, "t"), EDQUOT);
  EXPECT_EQ(vault_.Find(kRootIno, "s"), source);
  EXPECT_EQ(vault_.Find(kRootIno, "t"), target);
  EXPECT_EQ(vault_.Content(target), "target");
  EXPECT_EQ(vault_.Stat(target).links, 1u);
}

}  // namespace
}  // namespace casemate
