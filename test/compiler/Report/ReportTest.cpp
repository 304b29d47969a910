//===- ReportTest.cpp - what became of each node --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Report/Report.h"

#include "dialects/Kernel/KernelDialect.h"
#include "dialects/NN/NNDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Parser/Parser.h"
#include <gtest/gtest.h>

using namespace sinter;
namespace remark = mlir::remark;

namespace {

/// Two launches of one kernel, one of an integer contraction, and a view.
constexpr char outlined[] = R"(
#a = loc("a"("Relu":0:0))
#b = loc("b"("Relu":0:1))
#c = loc("c"("MatMul":0:2))
#v = loc("v"("Reshape":0:3))
kernel.func @relu_0(%x: tensor<4x8xf32>) -> tensor<4x8xf32>
    attributes {kind = #kernel.kind<loop>, tiles = #nn.size<4>, scratch = #nn.size<0>} {
  %0 = nn.relu %x : tensor<4x8xf32>
  kernel.yield %0 : tensor<4x8xf32>
} loc(fused[#a, #b])
kernel.func @less_1(%x: tensor<4x8xf32>) -> tensor<4x8xi1>
    attributes {kind = #kernel.kind<loop>} {
  %0 = nn.less %x, %x : tensor<4x8xf32>, tensor<4x8xf32>
  kernel.yield %0 : tensor<4x8xi1>
} loc(#c)
func.func @main(%x: tensor<4x8xf32>) -> (tensor<32xf32>, tensor<4x8xi1>) {
  %0 = kernel.call @relu_0(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32> loc(#a)
  %1 = kernel.call @relu_0(%0) : (tensor<4x8xf32>) -> tensor<4x8xf32> loc(fused[#b, #a])
  %2 = kernel.call @less_1(%1) : (tensor<4x8xf32>) -> tensor<4x8xi1> loc(#c)
  %3 = nn.reshape %1 : tensor<4x8xf32> to tensor<32xf32> loc(#v)
  return %3, %2 : tensor<32xf32>, tensor<4x8xi1>
}
)";

class ReportTest : public testing::Test {
protected:
  ReportTest() {
    log.attach(context);
    context.loadDialect<kernel::KernelDialect, nn::NNDialect,
                        mlir::func::FuncDialect>();
    module = mlir::parseSourceString<mlir::ModuleOp>(outlined, &context);
  }

  DecisionLog log;
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

TEST_F(ReportTest, ConnectsNodesLaunchesAndKernels) {
  ASSERT_TRUE(module);
  log.enterPhase("outline");
  log.observe(*module);
  Report report = makeReport(*module, log);
  ASSERT_EQ(report.nodes.size(), 4u);
  EXPECT_EQ(report.nodes[0].launches, (std::vector<unsigned>{0, 1}));
  EXPECT_EQ(report.nodes[1].launches, (std::vector<unsigned>{1}));
  EXPECT_EQ(report.nodes[3].launches, (std::vector<unsigned>{}));
  EXPECT_EQ(report.nodes[3].lastPhase, "outline");
  ASSERT_EQ(report.launches.size(), 3u);
  EXPECT_EQ(report.launches[1].nodes, (std::vector<unsigned>{0, 1}));
  EXPECT_EQ(report.launches[2].kernel, 1u);
  ASSERT_EQ(report.kernels.size(), 2u);
  EXPECT_EQ(report.kernels[0].name, "relu_0");
  EXPECT_EQ(report.kernels[0].kind, "loop");
  EXPECT_EQ(report.kernels[0].operations, (std::vector<std::string>{"relu"}));
  EXPECT_EQ(report.kernels[0].precision, "fp32");
  EXPECT_EQ(report.kernels[0].tiles, "4");
  EXPECT_EQ(report.kernels[0].devices, (std::vector<std::string>{"cpu"}));
  EXPECT_NE(report.kernels[0].code.find("nn.relu"), std::string::npos);
  EXPECT_EQ(report.kernels[0].code.find("loc("), std::string::npos);
  EXPECT_EQ(report.kernels[1].precision, "bool");
}

TEST_F(ReportTest, TakesDevicesFromTheModule) {
  mlir::Builder builder(&context);
  (*module)->setAttr("sinter.targets",
                     builder.getStrArrayAttr({"cpu", "cuda"}));
  EXPECT_EQ(makeReport(*module, log).kernels[0].devices,
            (std::vector<std::string>{"cpu", "cuda"}));
}

TEST_F(ReportTest, TakesSparsityFromTheDecision) {
  log.observe(*module);
  mlir::Location place = (*module->getOps<kernel::FuncOp>().begin()).getLoc();
  auto options = remark::RemarkOpts::name("Prune").category("sinter-prune");
  remark::missed(place, options) << "no" << remark::metric("sparsity", 0.5);
  EXPECT_FALSE(makeReport(*module, log).kernels[0].sparsity);
  remark::passed(place, options) << "yes" << remark::metric("sparsity", 0.8);
  Report report = makeReport(*module, log);
  ASSERT_TRUE(report.kernels[0].sparsity);
  EXPECT_DOUBLE_EQ(*report.kernels[0].sparsity, 0.8);
  EXPECT_FALSE(report.kernels[1].sparsity);
}

TEST_F(ReportTest, NodesThatWereNeverObservedAreLeftOut) {
  Report report = makeReport(*module, log);
  EXPECT_TRUE(report.nodes.empty());
  EXPECT_EQ(report.launches.size(), 3u);
  EXPECT_TRUE(report.launches[0].nodes.empty());
}

} // namespace
