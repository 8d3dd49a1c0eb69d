#include "fs/fuse/notifier.h"

#include <linux/fuse.h>

#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include "fs/fuse/fake_transport.h"
#include "fs/fuse/raw_kernel.h"
#include "fs/fuse/vault_session.h"
#include "gtest/gtest.h"

namespace casemate {
namespace {

// A session is attached by its INIT: what was queued before goes out then.
class NotifierTest : public ::testing::Test {
 protected:
  std::vector<Answer> InitAndWaitFor(size_t count) {
    mount_.session().Process(
        MutableBytes(reinterpret_cast<uint8_t*>(&init_[0]), init_.size()));
    std::vector<Answer> answers;
    while (answers.size() < count + 1) {
      for (const std::string& message : mount_.transport().WaitForMessages(1)) {
        answers.push_back(RawKernel::Parse(message));
      }
    }
    answers.erase(answers.begin());  // INIT's reply
    return answers;
  }

  TemporaryVault vault_;
  VaultSession mount_{&vault_};
  std::string init_ = mount_.kernel().InitRequest(RawKernel::kOffered);
};

fuse_notify_inval_inode_out RangeOf(const Answer& answer) {
  EXPECT_EQ(-answer.error, FUSE_NOTIFY_INVAL_INODE);
  return answer.As<fuse_notify_inval_inode_out>();
}

TEST_F(NotifierTest, SendsEachKindInTheOrderItWasQueued) {
  mount_.notifier().Delete(Ino{2}, Ino{3}, "gone");
  mount_.notifier().InvalidateEntry(Ino{4}, "changed");
  mount_.notifier().InvalidateInode(Ino{5}, 10, 20);
  const std::vector<Answer> sent = InitAndWaitFor(3);
  EXPECT_EQ(-sent[0].error, FUSE_NOTIFY_DELETE);
  EXPECT_EQ(sent[0].As<fuse_notify_delete_out>().parent, 2u);
  EXPECT_EQ(sent[0].As<fuse_notify_delete_out>().child, 3u);
  EXPECT_EQ(sent[0].body.substr(sizeof(fuse_notify_delete_out)),
            WireName("gone"));
  EXPECT_EQ(-sent[1].error, FUSE_NOTIFY_INVAL_ENTRY);
  EXPECT_EQ(RangeOf(sent[2]).ino, 5u);
  EXPECT_EQ(RangeOf(sent[2]).off, 10);
  EXPECT_EQ(RangeOf(sent[2]).len, 20);
}

TEST_F(NotifierTest, TheSameEntryIsSentOnce) {
  mount_.notifier().InvalidateEntry(Ino{4}, "name");
  mount_.notifier().InvalidateEntry(Ino{4}, "name");
  mount_.notifier().InvalidateEntry(Ino{4}, "other");
  mount_.notifier().InvalidateEntry(Ino{5}, "name");
  const std::vector<Answer> sent = InitAndWaitFor(3);
  EXPECT_EQ(sent.size(), 3u);
  EXPECT_EQ(sent[1].body.substr(sizeof(fuse_notify_inval_entry_out)),
            WireName("other"));
  EXPECT_EQ(sent[2].As<fuse_notify_inval_entry_out>().parent, 5u);
}

TEST_F(NotifierTest, RangesOfAnInodeAreJoined) {
  mount_.notifier().InvalidateInode(Ino{2}, 100, 10);
  mount_.notifier().InvalidateInode(Ino{2}, 50, 10);
  mount_.notifier().InvalidateInode(Ino{3}, 100, 10);
  mount_.notifier().InvalidateInode(Ino{3}, 200, 0);  // to the end
  mount_.notifier().InvalidateInode(Ino{4}, -1, 0);   // attributes only
  mount_.notifier().InvalidateInode(Ino{4}, 7, 1);
  mount_.notifier().InvalidateInode(Ino{5}, 1, 2);
  mount_.notifier().InvalidateInode(Ino{5}, INT64_MAX, INT64_MAX);
  const std::vector<Answer> sent = InitAndWaitFor(4);
  EXPECT_EQ(RangeOf(sent[0]).off, 50);
  EXPECT_EQ(RangeOf(sent[0]).len, 60);
  EXPECT_EQ(RangeOf(sent[1]).off, 100);
  EXPECT_EQ(RangeOf(sent[1]).len, 0);
  EXPECT_EQ(RangeOf(sent[2]).off, 7);
  EXPECT_EQ(RangeOf(sent[2]).len, 1);
  EXPECT_EQ(RangeOf(sent[3]).off, 1);
  EXPECT_EQ(RangeOf(sent[3]).len, 0);
}

TEST_F(NotifierTest, ARefusalIsNoReasonToStop) {
  mount_.transport().AnswerNotifications(-ENOTEMPTY);
  mount_.notifier().InvalidateEntry(Ino{1}, "a");
  mount_.notifier().Delete(Ino{1}, Ino{2}, "b");
  mount_.notifier().InvalidateInode(Ino{3}, 0, 0);
  EXPECT_EQ(InitAndWaitFor(3).size(), 3u);
}

TEST_F(NotifierTest, HandlersGoOnWhileTheKernelKeepsANotificationWaiting) {
  mount_.kernel().Init();
  mount_.transport().HoldNotifications(true);
  mount_.notifier().InvalidateEntry(Ino{1}, "name");
  EXPECT_EQ(mount_.kernel().Mkdir(1, "dir").error, 0);
  mount_.notifier().InvalidateEntry(Ino{1}, "dir");
  EXPECT_EQ(mount_.kernel().Lookup(1, "dir").error, 0);
  mount_.transport().HoldNotifications(false);
  mount_.transport().WaitForMessages(2);
}

TEST_F(NotifierTest, DetachWaitsForTheNotificationBeingSent) {
  // Often: whether a Detach that does not wait is caught is a matter of time.
  for (int i = 0; i < 20; ++i) {
    VaultSession mount(&vault_);
    mount.kernel().Init();
    mount.transport().HoldNotifications(true);
    mount.notifier().InvalidateEntry(Ino{1}, "name");
    mount.transport().WaitUntilNotificationIsHeld();
    std::thread kernel([&] { mount.transport().HoldNotifications(false); });
    mount.notifier().Detach();
    EXPECT_FALSE(mount.transport().HoldsNotification());
    kernel.join();
  }
}

TEST(NotifierCapacityTest, AFullQueueDropsCountsAndLogs) {
  FakeClock clock;
  KeepingLogger keeping;
  RateLimitedLogger logger(&keeping, &clock, absl::Seconds(1));
  Notifier notifier(&logger, 2);
  notifier.InvalidateEntry(Ino{1}, "a");
  notifier.InvalidateEntry(Ino{1}, "b");
  EXPECT_EQ(keeping.last(), "");
  notifier.InvalidateEntry(Ino{1}, "a");  // is queued
  EXPECT_EQ(notifier.dropped(), 0u);
  notifier.InvalidateEntry(Ino{1}, "secret");
  EXPECT_EQ(notifier.dropped(), 1u);
  EXPECT_NE(keeping.last(), "");
  EXPECT_EQ(keeping.last().find("secret"), std::string::npos);
}

}  // namespace
}  // namespace casemate
