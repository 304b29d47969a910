//===- DecisionLogTest.cpp - collecting remarks ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Report/DecisionLog.h"

#include "dialects/NN/NodeLocation.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Remarks.h"
#include <gtest/gtest.h>
#include <thread>

using namespace sinter;
namespace remark = mlir::remark;

namespace {

class DecisionLogTest : public testing::Test {
protected:
  DecisionLogTest() { log.attach(context); }

  mlir::Location node(const char *name, unsigned index) {
    return nn::getNodeLocation(&context, name, "Conv", index);
  }
  static remark::RemarkOpts options(llvm::StringRef name) {
    return remark::RemarkOpts::name(name).category("sinter-fuse");
  }

  DecisionLog log; // outlives the context
  mlir::MLIRContext context;
};

TEST_F(DecisionLogTest, KeepsAllPartsOfARemark) {
  log.enterPhase("fuse");
  mlir::Location both =
      nn::fuseLocations(&context, {node("b", 7), node("a", 3), node("b", 7)});
  remark::missed(both, options("FormGroup"))
      << "two " << remark::add("parts of {0}", "text")
      << remark::reason("because of {0}", 5) << remark::suggest("do this")
      << remark::metric("users", 3) << remark::metric("kind", "loop");
  std::vector<Decision> decisions = log.getDecisions();
  ASSERT_EQ(decisions.size(), 1u);
  const Decision &decision = decisions.front();
  EXPECT_EQ(decision.phaseName, "fuse");
  EXPECT_EQ(decision.category, "fuse");
  EXPECT_EQ(decision.name, "FormGroup");
  EXPECT_EQ(decision.kind, Decision::Kind::Missed);
  EXPECT_EQ(decision.text, "two parts of text");
  EXPECT_EQ(decision.reason, "because of 5");
  EXPECT_EQ(decision.suggestion, "do this");
  ASSERT_EQ(decision.nodes.size(), 2u);
  EXPECT_EQ(decision.nodes[0].name, "a");
  EXPECT_EQ(decision.nodes[1].index, 7u);
  EXPECT_EQ(decision.nodes[1].op, "Conv");
  ASSERT_TRUE(decision.findMetric("users"));
  EXPECT_EQ(*decision.findMetric("users"), "3");
  EXPECT_EQ(*decision.findMetric("kind"), "loop");
  EXPECT_FALSE(decision.findMetric("other"));
}

TEST_F(DecisionLogTest, KnowsEveryKind) {
  mlir::Location place = node("a", 0);
  remark::passed(place, options("A")) << "x";
  remark::missed(place, options("B")) << "x";
  remark::failed(place, options("C")) << "x";
  remark::analysis(place, options("D")) << "x";
  std::vector<Decision> decisions = log.getDecisions();
  ASSERT_EQ(decisions.size(), 4u);
  EXPECT_EQ(decisions[0].kind, Decision::Kind::Passed);
  EXPECT_EQ(decisions[1].kind, Decision::Kind::Missed);
  EXPECT_EQ(decisions[2].kind, Decision::Kind::Failed);
  EXPECT_EQ(decisions[3].kind, Decision::Kind::Analysis);
}

TEST_F(DecisionLogTest, LeavesOutWhatOthersSayAndRepeats) {
  remark::passed(node("a", 0), remark::RemarkOpts::name("A").category("llvm"))
      << "x";
  for (int i = 0; i < 2; ++i)
    remark::passed(node("a", 0), options("A")) << "x";
  remark::passed(node("a", 0), options("A")) << "y";
  EXPECT_EQ(log.getDecisions().size(), 2u);
}

TEST_F(DecisionLogTest, OrderDoesNotDependOnThreads) {
  constexpr unsigned count = 64;
  log.enterPhase("simplify");
  std::vector<mlir::Location> locations;
  for (unsigned i = 0; i < count; ++i)
    locations.push_back(node(("n" + std::to_string(i)).c_str(), i));
  auto emit = [&](unsigned from) {
    for (unsigned i = from; i < count; i += 2)
      remark::passed(locations[count - 1 - i], options("A")) << "x";
  };
  std::thread other(emit, 0);
  emit(1);
  other.join();
  log.enterPhase("fuse");
  remark::passed(locations[0], options("A")) << "later";
  std::vector<Decision> decisions = log.getDecisions();
  ASSERT_EQ(decisions.size(), count + 1);
  for (unsigned i = 0; i < count; ++i)
    EXPECT_EQ(decisions[i].nodes.front().index, i);
  EXPECT_EQ(decisions.back().phaseName, "fuse");
}

} // namespace
