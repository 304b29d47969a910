//===- ShapesTest.cpp - shapes, inference and node locations --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/NNShapes.h"
#include "dialects/NN/NodeLocation.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::nn;

namespace {

class ShapesTest : public ::testing::Test {
protected:
  ShapesTest() : builder(&context), location(builder.getUnknownLoc()) {
    context.loadDialect<NNDialect>();
  }

  SizeAttr size(StringRef text) {
    return cast<SizeAttr>(
        parseAttribute(("#nn.size<" + text + ">").str(), &context));
  }
  Type type(StringRef text) { return parseType(text, &context); }
  SmallVector<SizeAttr> sizes(ArrayRef<StringRef> texts) {
    return llvm::map_to_vector(texts, [&](StringRef t) { return size(t); });
  }

  MLIRContext context;
  OpBuilder builder;
  Location location;
};

TEST_F(ShapesTest, TensorTypesAreCanonical) {
  Type f32 = builder.getF32Type();
  EXPECT_EQ(makeTensorType(sizes({"2", "3"}), f32), type("tensor<2x3xf32>"));
  EXPECT_EQ(makeTensorType({}, f32), type("tensor<f32>"));
  EXPECT_EQ(makeTensorType(sizes({"n - n + 4", "2 * n"}), f32),
            type("tensor<4x?xf32, #nn.dims<[4, n * 2]>>"));
}

TEST_F(ShapesTest, SizesOfTypes) {
  EXPECT_EQ(getSizes(type("tensor<4x?xf32, #nn.dims<[4, n * 2]>>")),
            sizes({"4", "2 * n"}));
  EXPECT_TRUE(getSizes(type("tensor<?xf32>"))[0].isUnknown());
  EXPECT_TRUE(getSizes(type("f32")).empty());
  EXPECT_EQ(getNumElements(type("tensor<4x?xf32, #nn.dims<[4, n * 2]>>")),
            size("n * 8"));
  EXPECT_EQ(getNumElements(type("tensor<f32>")), size("1"));
  EXPECT_EQ(getSizes(&context, {4, 5}), sizes({"4", "5"}));
  EXPECT_EQ(getSizes(makeSizeArray(&context, sizes({"n", "5"}))),
            sizes({"n", "5"}));

  EXPECT_TRUE(hasSizes(type("tensor<2x3xf32>")));
  EXPECT_TRUE(hasSizes(type("tensor<?xf32, #nn.dims<[n]>>")));
  EXPECT_FALSE(hasSizes(type("tensor<?xf32, #nn.dims<[unknown]>>")));
  EXPECT_FALSE(hasSizes(type("tensor<?xf32>")));
  EXPECT_FALSE(hasSizes(type("tensor<*xf32>")));
  EXPECT_FALSE(hasSizes(type("tensor<4xf32, \"other\">")));
}

TEST_F(ShapesTest, Broadcasting) {
  EXPECT_EQ(broadcastSizes(sizes({"n", "1", "3"}), sizes({"5", "1"})),
            sizes({"n", "5", "3"}));
  EXPECT_EQ(broadcastSizes(sizes({"n"}), sizes({"4"})), sizes({"4"}));
  EXPECT_EQ(broadcastSizes(sizes({"n"}), sizes({"1"})), sizes({"n"}));
  EXPECT_EQ(broadcastSizes({}, sizes({"n"})), sizes({"n"}));
  EXPECT_EQ(broadcastSizes(sizes({"0"}), sizes({"1"})), sizes({"0"}));
  EXPECT_EQ(broadcastSizes(sizes({"n"}), sizes({"m"})), std::nullopt);
  EXPECT_EQ(broadcastSizes(sizes({"3"}), sizes({"4"})), std::nullopt);
  EXPECT_EQ(broadcastSizes(sizes({"0"}), sizes({"4"})), std::nullopt);
  EXPECT_EQ(toString(ArrayRef(sizes({"n * 2", "3"}))), "[2*n, 3]");
}

TEST_F(ShapesTest, CreateInferred) {
  Block block;
  Value x =
      block.addArgument(type("tensor<?x8xf32, #nn.dims<[n, 8]>>"), location);
  Value y = block.addArgument(type("tensor<8x3xf32>"), location);
  builder.setInsertionPointToEnd(&block);

  FailureOr<MatmulOp> matmul =
      createInferred<MatmulOp>(builder, location, x, y);
  ASSERT_TRUE(succeeded(matmul));
  EXPECT_EQ(matmul->getType(), type("tensor<?x3xf32, #nn.dims<[n, 3]>>"));
  FailureOr<TransposeOp> transpose = createInferred<TransposeOp>(
      builder, location, x, builder.getDenseI64ArrayAttr({1, 0}));
  ASSERT_TRUE(succeeded(transpose));
  EXPECT_EQ(transpose->getType(), type("tensor<8x?xf32, #nn.dims<[8, n]>>"));

  std::string message;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    message = diagnostic.str();
    return success();
  });
  EXPECT_TRUE(failed(createInferred<MatmulOp>(builder, location, y, x)));
  EXPECT_EQ(message, "'nn.matmul' op expects as many columns on the left as "
                     "rows on the right, but got shapes [8, 3] and [n, 8]");
  EXPECT_EQ(llvm::range_size(block), 2u);
}

TEST_F(ShapesTest, NodeLocations) {
  Location conv = getNodeLocation(&context, "conv1", "Conv", 0);
  Location relu = getNodeLocation(&context, "", "Relu", 12);
  Location fused = fuseLocations(
      &context, {relu, fuseLocations(&context, {conv, relu}), location});

  auto nodesOf = [](Location location) {
    llvm::SetVector<StringRef> names;
    collectNodes(location, names);
    return llvm::to_vector(names.getArrayRef());
  };
  EXPECT_EQ(nodesOf(conv), (SmallVector<StringRef>{"conv1"}));
  EXPECT_EQ(nodesOf(fused), (SmallVector<StringRef>{"Relu_12", "conv1"}));
  EXPECT_EQ(nodesOf(CallSiteLoc::get(conv, relu)),
            (SmallVector<StringRef>{"conv1", "Relu_12"}));
  // A name around a location that is not a node's is no node.
  Location named = NameLoc::get(builder.getStringAttr("pass"), conv);
  EXPECT_EQ(nodesOf(named), (SmallVector<StringRef>{"conv1"}));
  EXPECT_TRUE(nodesOf(location).empty());
  EXPECT_EQ(getNodeOpType(fused), "Relu");
  EXPECT_EQ(getNodeOpType(location), "");
}

} // namespace
