#include "fs/inode/inode_table.h"

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "crypto/random/os_random.h"
#include "gtest/gtest.h"
#include "ops/metrics/metrics.h"
#include "rapidcheck/gtest.h"

namespace casemate {
namespace {

const BackingId kRootBacking{1, 2, 3};

class InodeTableTest : public testing::Test {
 protected:
  FoundInode File(uint64_t backing_inode, const std::string& entry = "a.c9r") {
    return {{1, backing_inode, 0},
            NodeKind::kFile,
            {root_id_, entry},
            absl::nullopt};
  }
  FoundInode Directory(uint64_t backing_inode, const DirId& id,
                       const std::string& entry = "d.c9r") {
    return {{1, backing_inode, 0}, NodeKind::kDirectory, {root_id_, entry}, id};
  }

  std::shared_ptr<const DirId> root_id_ = std::make_shared<const DirId>();
  OsRandom random_;
  Metrics metrics_;
  InodeTable table_{kRootBacking, &metrics_};
};

TEST_F(InodeTableTest, RootIsNumberOneAndCannotBeForgotten) {
  table_.Forget(kRootIno, 1000);
  EXPECT_EQ(table_.Root()->ino(), kRootIno);
  EXPECT_TRUE(table_.Root()->dir_id()->is_root());
  EXPECT_EQ(table_.size(), 1);
  EXPECT_EQ(metrics_.forget_underflows().value(), 0);
}

TEST_F(InodeTableTest, TwoLookupsOfOneObjectAreOneNodeWithTwoLookups) {
  const Ino first = table_.Enter(File(7))->ino();
  const Ino second = table_.Enter(File(7, "b.c9r"))->ino();
  EXPECT_EQ(first, second);
  table_.Forget(first, 1);
  EXPECT_TRUE(table_.Find(first));
  table_.Forget(first, 1);
  EXPECT_FALSE(table_.Find(first));
  EXPECT_EQ(table_.size(), 1);
}

TEST_F(InodeTableTest, NumbersStartAtTwoAndNeverComeBack) {
  const Ino first = table_.Enter(File(7))->ino();
  EXPECT_EQ(first, Ino{2});
  table_.Forget(first, 1);
  EXPECT_NE(table_.Enter(File(7))->ino(), first);
}

TEST_F(InodeTableTest, PinKeepsAForgottenNodeAddressable) {
  InodePin pin = table_.Enter(File(7));
  const Ino ino = pin->ino();
  table_.Forget(ino, 1);
  EXPECT_TRUE(table_.Find(ino));
  EXPECT_EQ(table_.FindByBacking({1, 7, 0})->ino(), ino);
  pin = InodePin();
  EXPECT_FALSE(table_.Find(ino));
  EXPECT_FALSE(table_.FindByBacking({1, 7, 0}));
}

TEST_F(InodeTableTest, ForgettingTooMuchOrTheUnknownIsCountedAndHarmless) {
  const Ino ino = table_.Enter(File(7))->ino();
  table_.Forget(ino, 0);
  EXPECT_TRUE(table_.Find(ino));
  table_.Forget(ino, 5);
  EXPECT_FALSE(table_.Find(ino));
  table_.Forget(ino, 1);
  table_.Forget(kNoIno, 1);
  EXPECT_EQ(metrics_.forget_underflows().value(), 3);
}

TEST_F(InodeTableTest, RemovedNodeStaysByNumberAndFreesItsBackingId) {
  const InodePin pin = table_.Enter(File(7));
  FileStat last;
  last.links = 1;
  last.size = 42;
  table_.MarkRemoved(*pin, last);
  EXPECT_EQ(table_.RemovedStat(*pin)->size, 42);
  EXPECT_EQ(table_.RemovedStat(*pin)->links, 0);
  EXPECT_FALSE(table_.FindByBacking({1, 7, 0}));
  // The store gives the number to somebody else.
  const InodePin successor = table_.Enter(File(7));
  EXPECT_NE(successor->ino(), pin->ino());
  table_.Forget(pin->ino(), 1);
  EXPECT_EQ(table_.FindByBacking({1, 7, 0})->ino(), successor->ino());
}

TEST_F(InodeTableTest, ObjectThatChangedItsKindIsAnotherNode) {
  const InodePin file = table_.Enter(File(7));
  const DirId id = DirId::Random(random_);
  const InodePin directory = table_.Enter(Directory(7, id));
  EXPECT_NE(directory->ino(), file->ino());
  EXPECT_EQ(file->kind(), NodeKind::kFile);
  EXPECT_EQ(directory->kind(), NodeKind::kDirectory);
}

TEST_F(InodeTableTest, MoveChangesTheLocationAndKeepsTheNode) {
  const DirId id = DirId::Random(random_);
  const InodePin pin = table_.Enter(Directory(7, id));
  const auto other = std::make_shared<const DirId>(DirId::Random(random_));
  table_.Move(*pin, {other, "moved.c9r"});
  EXPECT_EQ(table_.LocationOf(*pin), (Location{other, "moved.c9r"}));
  EXPECT_EQ(*table_.LocationOfDirectory(id), (Location{other, "moved.c9r"}));
  EXPECT_EQ(table_.FindByBacking({1, 7, 0})->ino(), pin->ino());
}

TEST_F(InodeTableTest, ForgottenDirectoryIsNoLongerFoundById) {
  const DirId id = DirId::Random(random_);
  const Ino ino = table_.Enter(Directory(7, id))->ino();
  EXPECT_TRUE(table_.LocationOfDirectory(id).has_value());
  table_.Forget(ino, 1);
  EXPECT_FALSE(table_.LocationOfDirectory(id).has_value());
}

TEST_F(InodeTableTest, GaugeFollowsTheNumberOfNodes) {
  EXPECT_EQ(metrics_.inodes().value(), 1);
  const Ino ino = table_.Enter(File(7))->ino();
  EXPECT_EQ(metrics_.inodes().value(), 2);
  table_.Forget(ino, 1);
  EXPECT_EQ(metrics_.inodes().value(), 1);
}

TEST_F(InodeTableTest, ImportOfAnExportIsTheSameTable) {
  const DirId id = DirId::Random(random_);
  const Ino dir = table_.Enter(Directory(7, id))->ino();
  const InodePin file = table_.Enter(File(8));
  table_.Enter(File(8));
  const InodePin removed = table_.Enter(File(9, "gone.c9r"));
  FileStat last;
  last.size = 5;
  table_.MarkRemoved(*removed, last);

  InodeTable successor(kRootBacking, nullptr);
  successor.Import(table_.Export());
  EXPECT_EQ(successor.size(), 4);
  EXPECT_EQ(successor.FindByBacking({1, 7, 0})->ino(), dir);
  EXPECT_EQ(*successor.Find(dir)->dir_id(), id);
  EXPECT_EQ(successor.LocationOf(*successor.Find(file->ino())),
            table_.LocationOf(*file));
  EXPECT_FALSE(successor.FindByBacking({1, 9, 0}));
  EXPECT_EQ(successor.RemovedStat(*successor.Find(removed->ino()))->size, 5);
  successor.Forget(file->ino(), 1);
  EXPECT_TRUE(successor.Find(file->ino()));
  successor.Forget(file->ino(), 1);
  EXPECT_FALSE(successor.Find(file->ino()));
  EXPECT_GT(successor.Enter(File(10))->ino(), removed->ino());
}

// Against the plainest of models: a count per node.
RC_GTEST_FIXTURE_PROP(InodeTableTest, CountsAgreeWithTheModel, ()) {
  struct Model {
    uint64_t lookups = 0;
    int pins = 0;
  };
  InodeTable table(kRootBacking, nullptr);
  std::map<Ino, Model> model;
  std::map<uint64_t, Ino> live;  // by backing inode
  std::vector<InodePin> pins;
  const int steps = *rc::gen::inRange(1, 200);
  for (int i = 0; i < steps; ++i) {
    const uint64_t backing = *rc::gen::inRange<uint64_t>(10, 14);
    switch (*rc::gen::inRange(0, 4)) {
      case 0: {
        const Ino ino = table.Enter(File(backing))->ino();
        if (live.count(backing) != 0) {
          RC_ASSERT(live[backing] == ino);
        } else {
          RC_ASSERT(model.count(ino) == 0);
        }
        live[backing] = ino;
        ++model[ino].lookups;
        break;
      }
      case 1:
        if (live.count(backing) != 0) {
          const uint64_t count = *rc::gen::inRange<uint64_t>(0, 4);
          Model& node = model[live[backing]];
          table.Forget(live[backing], count);
          node.lookups -= std::min(node.lookups, count);
        }
        break;
      case 2:
        if (live.count(backing) != 0) {
          pins.push_back(table.Find(live[backing]));
          ++model[live[backing]].pins;
        }
        break;
      case 3:
        if (!pins.empty()) {
          --model[pins.back()->ino()].pins;
          pins.pop_back();
        }
        break;
    }
    for (auto it = live.begin(); it != live.end();) {
      const Model& node = model[it->second];
      const bool is_alive = node.lookups > 0 || node.pins > 0;
      RC_ASSERT(static_cast<bool>(table.Find(it->second)) == is_alive);
      it = is_alive ? std::next(it) : live.erase(it);
    }
    RC_ASSERT(table.size() == live.size() + 1);
  }
}

// L8: for tsan as much as for the assertion.
TEST_F(InodeTableTest, LookupRacingTheLastForgetFindsALiveNode) {
  constexpr int kRounds = 2000;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this] {
      for (int i = 0; i < kRounds; ++i) {
        const Ino ino = table_.Enter(File(7))->ino();
        EXPECT_TRUE(table_.Find(ino));
        table_.Forget(ino, 1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(table_.size(), 1);
  EXPECT_EQ(metrics_.forget_underflows().value(), 0);
}

}  // namespace
}  // namespace casemate
