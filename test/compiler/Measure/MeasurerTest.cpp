//===- MeasurerTest.cpp - forms of a computation against each other -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Measure/Measurer.h"
#include "compiler/Driver/Measuring.h"
#include "compiler/Pipelines/Dialects.h"
#include <gtest/gtest.h>

using namespace sinter;
using namespace sinter::measure;

namespace {

class MeasurerTest : public testing::Test {
protected:
  MeasurerTest()
      : measurer("test", [this](mlir::ModuleOp module, llvm::StringRef path) {
          ++builds;
          bool isRefused = false;
          module.walk([&](nn::ErfOp) { isRefused = true; });
          if (isRefused)
            return llvm::createStringError("no code for erf");
          return compileModule(module, Phase::Plan, path, /*threads=*/2);
        }) {
    mlir::DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  /// A product [rows, 64] x [64, 64].
  Form makeProduct(llvm::StringRef name, int64_t rows) {
    mlir::Type element = mlir::Float32Type::get(&context);
    auto lhs = mlir::RankedTensorType::get({rows, 64}, element);
    auto weight = makeWeight(mlir::RankedTensorType::get({64, 64}, element));
    return {name.str(),
            makeFunction(&context, mlir::Type(lhs),
                         [&](mlir::OpBuilder &b, mlir::ValueRange args) {
                           mlir::Location loc = b.getUnknownLoc();
                           mlir::Value rhs =
                               nn::WeightOp::create(b, loc, weight);
                           return llvm::SmallVector<mlir::Value>{
                               nn::MatmulOp::create(b, loc, args[0], rhs)};
                         })};
  }

  /// A form that the compiler of this test has no code for.
  Form makeRefused(llvm::StringRef name) {
    mlir::Type type =
        mlir::RankedTensorType::get({64}, mlir::Float32Type::get(&context));
    return {name.str(),
            makeFunction(
                &context, type, [](mlir::OpBuilder &b, mlir::ValueRange args) {
                  return llvm::SmallVector<mlir::Value>{
                      nn::ErfOp::create(b, b.getUnknownLoc(), args[0])};
                })};
  }

  Probe makeProbe(Form first, Form second) {
    Probe probe;
    probe.what = first.name + " or " + second.name;
    probe.forms.push_back(std::move(first));
    probe.forms.push_back(std::move(second));
    return probe;
  }

  mlir::MLIRContext context;
  int builds = 0;
  Measurer measurer;
};

} // namespace

TEST_F(MeasurerTest, MoreWorkTakesLonger) {
  Probe probe = makeProbe(makeProduct("small", 16), makeProduct("large", 1024));
  std::vector<Measurement> times = measurer.measure(probe);
  ASSERT_EQ(times.size(), 1u);
  ASSERT_TRUE(times[0].get("small") && times[0].get("large"));
  // 64 times the work.
  EXPECT_GT(*times[0].get("large"), 8 * *times[0].get("small"));
  EXPECT_EQ(times[0].what, "small or large");
  EXPECT_EQ(builds, 1);
}

TEST_F(MeasurerTest, MeasuresEachComputationOnce) {
  Probe probes[] = {makeProbe(makeProduct("a", 16), makeProduct("b", 32)),
                    makeProbe(makeProduct("a", 16), makeProduct("b", 48)),
                    makeProbe(makeProduct("a", 16), makeProduct("b", 32))};
  std::vector<Measurement> times = measurer.measure(probes);
  EXPECT_EQ(builds, 1);
  EXPECT_EQ(measurer.getUsed().size(), 2u);
  EXPECT_EQ(times[0].nanoseconds, times[2].nanoseconds);
  EXPECT_NE(times[0].key, times[1].key);
  EXPECT_EQ(measurer.measure(probes)[1].nanoseconds, times[1].nanoseconds);
  EXPECT_EQ(builds, 1);
}

TEST_F(MeasurerTest, AFormWithoutCodeHasNoTime) {
  Probe probes[] = {makeProbe(makeProduct("a", 16), makeRefused("b")),
                    makeProbe(makeProduct("a", 16), makeProduct("b", 32))};
  std::vector<Measurement> times = measurer.measure(probes);
  EXPECT_TRUE(times[0].get("a"));
  EXPECT_EQ(times[0].nanoseconds.count("b"), 1u);
  EXPECT_FALSE(times[0].get("b"));
  EXPECT_TRUE(times[1].get("a") && times[1].get("b"));
}

TEST_F(MeasurerTest, ALockAnswersWithoutMeasuring) {
  Probe known = makeProbe(makeProduct("a", 16), makeProduct("b", 32));
  Probe stale = makeProbe(makeProduct("a", 16), makeProduct("b", 40));
  Probe unknown = makeProbe(makeProduct("a", 16), makeProduct("b", 48));
  measurer.measure(known);
  measurer.measure(stale);
  builds = 0;
  Measurer locked(measurer.getUsed());
  EXPECT_EQ(locked.measure(known)[0].nanoseconds,
            measurer.measure(known)[0].nanoseconds);
  EXPECT_TRUE(locked.measure(unknown)[0].nanoseconds.empty());
  EXPECT_EQ(locked.countMissing(), 1u);
  EXPECT_EQ(locked.countStale(), 1u);
  EXPECT_EQ(locked.getUsed().size(), 1u);
  EXPECT_EQ(builds, 0);
}
