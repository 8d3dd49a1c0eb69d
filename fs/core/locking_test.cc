// What has to wait for what: one thread is stopped in the middle of a change,
// another tries what must not come between.
#include <atomic>
#include <cerrno>
#include <functional>
#include <string>
#include <thread>

#include "gtest/gtest.h"
#include "testing/model/core_fixture.h"

namespace casemate {
namespace {

class LockingTest : public CoreTest {
 protected:
  // Runs `change` until the store is asked for `call`, then `intruder` for
  // about as long as it would take it if nothing stopped it. True if it was
  // stopped. Returns when both are done.
  bool IsKeptOut(StorageCall call, const std::function<void()>& change,
                 const std::function<void()>& intruder) {
    vault_.faults().Block(call);
    std::thread changing(change);
    vault_.faults().WaitUntilBlocked(call);
    std::atomic<bool> is_done{false};
    std::thread intruding([&] {
      intruder();
      is_done = true;
    });
    for (int i = 0; i < 20000 && !is_done; ++i) std::this_thread::yield();
    const bool was_kept_out = !is_done;
    vault_.faults().Unblock(call);
    changing.join();
    intruding.join();
    return was_kept_out;
  }
  int Rename(Ino from, absl::string_view old_name, Ino to,
             absl::string_view new_name) {
    return Errno(
        fs().Rename(caller(), from, old_name, to, new_name, RenameFlag::kNone));
  }
  int MakeNode(Ino parent) {
    return Errno(fs().MakeNode(caller(), parent, "new", 0600));
  }
};

TEST_F(LockingTest, NothingIsMadeInADirectoryThatIsBeingRemoved) {
  const Ino dir = vault_.MakeDir(kRootIno, "d");
  int removed = -1;
  int made = -1;
  EXPECT_TRUE(IsKeptOut(
      StorageCall::kUnlink,
      [&] { removed = Errno(fs().RemoveDirectory(caller(), kRootIno, "d")); },
      [&] { made = MakeNode(dir); }));
  EXPECT_EQ(removed, 0);
  EXPECT_EQ(made, ENOENT);
}

TEST_F(LockingTest, NothingIsMadeInADirectoryThatIsBeingReplaced) {
  const Ino target = vault_.MakeDir(kRootIno, "target");
  vault_.MakeDir(kRootIno, "source");
  int renamed = -1;
  int made = -1;
  EXPECT_TRUE(IsKeptOut(
      StorageCall::kRename,
      [&] { renamed = Rename(kRootIno, "source", kRootIno, "target"); },
      [&] { made = MakeNode(target); }));
  EXPECT_EQ(renamed, 0);
  EXPECT_EQ(made, ENOENT);
}

// Each alone is fine; both together would cut a loop off the tree.
TEST_F(LockingTest, TwoDirectoriesCannotBeMovedIntoEachOther) {
  const Ino p = vault_.MakeDir(kRootIno, "p");
  const Ino q = vault_.MakeDir(kRootIno, "q");
  const Ino a = vault_.MakeDir(p, "a");
  const Ino b = vault_.MakeDir(q, "b");
  int first = -1;
  int second = -1;
  vault_.faults().Block(StorageCall::kRename);
  std::thread one([&] { first = Rename(p, "a", b, "x"); });
  vault_.faults().WaitUntilBlocked(StorageCall::kRename);
  vault_.faults().ClearCalls();
  std::thread two([&] { second = Rename(q, "b", a, "y"); });
  for (int i = 0; i < 20000; ++i) std::this_thread::yield();
  EXPECT_TRUE(vault_.faults().CallsOf(StorageCall::kRename).empty());
  vault_.faults().Unblock(StorageCall::kRename);
  one.join();
  two.join();
  EXPECT_EQ(first, 0);
  EXPECT_EQ(second, EINVAL);
  EXPECT_EQ(vault_.Find(b, "x"), a);
  EXPECT_EQ(vault_.Find(q, "b"), b);
}

TEST_F(LockingTest, NameIsNotLookedUpWhileItIsBeingRemoved) {
  vault_.MakeFile(kRootIno, "f", "");
  int found = -1;
  EXPECT_TRUE(IsKeptOut(
      StorageCall::kUnlink,
      [&] { fs().Unlink(caller(), kRootIno, "f").IgnoreError(); },
      [&] { found = LookupErrno(kRootIno, "f"); }));
  EXPECT_EQ(found, ENOENT);
}

// Its content is at the new name already, the table says the old one still.
TEST_F(LockingTest, NodeIsFoundInTheMiddleOfItsRename) {
  const std::string long_name(150, 'l');  // moved in several steps
  const auto of_moving_file = [&](const std::function<int(Ino)>& intruder) {
    const Ino file = vault_.MakeFile(kRootIno, long_name, "content");
    int error = -1;
    EXPECT_TRUE(IsKeptOut(
        StorageCall::kRemoveDir,
        [&] { EXPECT_EQ(Rename(kRootIno, long_name, kRootIno, "short"), 0); },
        [&] { error = intruder(file); }));
    EXPECT_EQ(Errno(fs().Unlink(caller(), kRootIno, "short")), 0);
    return error;
  };
  EXPECT_EQ(of_moving_file([&](Ino file) {
              return Errno(fs().GetAttributes(caller(), file, absl::nullopt));
            }),
            0);
  EXPECT_EQ(of_moving_file([&](Ino file) {
              const auto handle = fs().Open(caller(), file, kForReading);
              return handle.ok() ? Errno(fs().Release(file, *handle))
                                 : Errno(handle);
            }),
            0);
  EXPECT_EQ(of_moving_file([&](Ino file) {
              SetAttributesRequest request;
              request.size = 3;
              request.permissions = 0600;
              return Errno(
                  fs().SetAttributes(caller(), file, request, absl::nullopt));
            }),
            0);
}

// Ancestors first: a rename that waits for the directory above must not hold
// the one below already, whatever their numbers, for rmdir takes them downward.
TEST_F(LockingTest, RenameWaitsForTheDirectoryAboveWithNothingInHand) {
  const Ino below = vault_.MakeDir(kRootIno, "below");
  const Ino above = vault_.MakeDir(kRootIno, "above");
  ASSERT_LT(below, above);
  ASSERT_EQ(Rename(kRootIno, "below", above, "below"), 0);
  vault_.MakeFile(below, "f", "");
  vault_.MakeFile(above, "victim", "");
  vault_.faults().Block(StorageCall::kUnlink);
  std::thread holding(
      [&] { fs().Unlink(caller(), above, "victim").IgnoreError(); });
  vault_.faults().WaitUntilBlocked(StorageCall::kUnlink);
  std::thread renaming([&] { Rename(below, "f", above, "f"); });
  for (int i = 0; i < 20000; ++i) std::this_thread::yield();
  std::atomic<bool> is_made{false};
  std::thread making([&] { is_made = MakeNode(below) == 0; });
  // Only a failure takes that long.
  for (int i = 0; i < 2000000 && !is_made; ++i) std::this_thread::yield();
  EXPECT_TRUE(is_made);
  vault_.faults().Unblock(StorageCall::kUnlink);
  holding.join();
  renaming.join();
  making.join();
}

TEST_F(LockingTest, OtherDirectoriesAreFreeWhileOneIsChanged) {
  const Ino dir = vault_.MakeDir(kRootIno, "d");
  vault_.MakeFile(kRootIno, "f", "");
  vault_.faults().Block(StorageCall::kUnlink);
  int removed = -1;
  std::thread removing(
      [&] { removed = Errno(fs().Unlink(caller(), kRootIno, "f")); });
  vault_.faults().WaitUntilBlocked(StorageCall::kUnlink);
  EXPECT_EQ(MakeNode(dir), 0);
  vault_.faults().Unblock(StorageCall::kUnlink);
  removing.join();
  EXPECT_EQ(removed, 0);
}

}  // namespace
}  // namespace casemate
