//===- ProbeTest.cpp - small computations cut out of a model --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Measure/Probe.h"
#include "compiler/Pipelines/Dialects.h"
#include "compiler/Weights/WeightStore.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace sinter;
using namespace sinter::measure;

namespace {

class ProbeTest : public testing::Test {
protected:
  ProbeTest() {
    mlir::DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  /// A product, a bias and a ReLU on a free number of rows, from the layer
  /// `name`.
  mlir::OwningOpRef<mlir::ModuleOp> parseLayer(const std::string &name) {
    return mlir::parseSourceString<mlir::ModuleOp>(
        R"mlir(
func.func @main(%x: tensor<?x64xf32, #nn.dims<[rows * 2, 64]>>)
    -> tensor<?x32xf32, #nn.dims<[rows * 2, 32]>> {
  %w = nn.weight #nn.weight<file {name = ")mlir" +
            name + R"mlir("} : tensor<64x32xf32>>
  %b = nn.weight #nn.weight<file {name = "b"} : tensor<32xf32>>
  %two = nn.weight #nn.weight<dense {value = dense<2.0> : tensor<f32>} : tensor<f32>>
  %0 = nn.matmul %x, %w {plan = {precision = "fp32"}} : tensor<?x64xf32, #nn.dims<[rows * 2, 64]>>, tensor<64x32xf32>
  %1 = nn.add %0, %b : tensor<?x32xf32, #nn.dims<[rows * 2, 32]>>, tensor<32xf32>
  %2 = nn.mul %1, %two : tensor<?x32xf32, #nn.dims<[rows * 2, 32]>>, tensor<f32>
  return %2 : tensor<?x32xf32, #nn.dims<[rows * 2, 32]>>
})mlir",
        &context);
  }

  static mlir::OwningOpRef<mlir::func::FuncOp>
  extractLayer(mlir::ModuleOp module, std::optional<int64_t> rows) {
    llvm::SmallVector<mlir::Operation *> ops;
    module.walk([&](mlir::Operation *op) {
      if (mlir::isa<nn::MatmulOp, nn::AddOp, nn::MulOp>(op))
        ops.push_back(op);
    });
    return extractFunction(
        ops, ops.back()->getResults(),
        [&](llvm::StringRef name) { return name == "rows" ? rows : 0; });
  }

  mlir::MLIRContext context;
};

} // namespace

TEST_F(ProbeTest, ExtractsAFunctionOfStaticShape) {
  auto module = parseLayer("w1");
  auto function = extractLayer(*module, 8);
  ASSERT_TRUE(bool(function));
  EXPECT_TRUE(succeeded(mlir::verify(*function)));
  mlir::Builder b(&context);
  EXPECT_EQ(
      function->getFunctionType(),
      b.getFunctionType(mlir::RankedTensorType::get({16, 64}, b.getF32Type()),
                        mlir::RankedTensorType::get({16, 32}, b.getF32Type())));
  std::string text;
  llvm::raw_string_ostream(text) << *function;
  EXPECT_EQ(text.find("#nn.dims"), std::string::npos) << text;
  EXPECT_EQ(text.find("plan"), std::string::npos) << text;
  // Big weights are made up, a single number stays.
  EXPECT_EQ(text.find("\"w1\""), std::string::npos) << text;
  EXPECT_NE(text.find("dense<2.000000e+00>"), std::string::npos) << text;
}

TEST_F(ProbeTest, RefusesAnUnknownSize) {
  auto module = parseLayer("w1");
  EXPECT_FALSE(bool(extractLayer(*module, std::nullopt)));
}

TEST_F(ProbeTest, LayersOfOneShapeHaveOneKey) {
  auto key = [&](const std::string &name, int64_t rows, llvm::StringRef isa) {
    auto module = parseLayer(name);
    Probe probe;
    probe.forms.push_back({"fp32", extractLayer(*module, rows)});
    return getKey(probe, isa);
  };
  std::string first = key("w1", 8, "x86-64-v4");
  EXPECT_EQ(first.size(), 32u);
  EXPECT_EQ(key("w2", 8, "x86-64-v4"), first);
  EXPECT_NE(key("w1", 9, "x86-64-v4"), first);
  EXPECT_NE(key("w1", 8, "x86-64-v3"), first);
}

TEST_F(ProbeTest, MakesUpWeights) {
  mlir::Builder b(&context);
  auto evaluate = [&](mlir::Type element) {
    auto type = mlir::RankedTensorType::get({2, 3}, element);
    nn::WeightAttr value = evaluateSmall(makeWeight(type));
    return mlir::cast<mlir::DenseElementsAttr>(value.getParams().get("value"));
  };
  auto floats = evaluate(b.getF32Type()).getValues<float>();
  auto bytes = evaluate(b.getIntegerType(8)).getValues<int8_t>();
  auto unsignedBytes =
      evaluate(b.getIntegerType(8, /*isSigned=*/false)).getValues<uint8_t>();
  for (int i = 0; i < 6; ++i) {
    EXPECT_NEAR(floats[i], std::sin(i), 1e-6);
    EXPECT_EQ(bytes[i], static_cast<int8_t>(std::sin(i) * 100));
    EXPECT_EQ(unsignedBytes[i],
              static_cast<uint8_t>(std::fabs(std::sin(i)) * 100));
  }
}
