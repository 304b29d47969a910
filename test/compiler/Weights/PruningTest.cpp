//===- PruningTest.cpp - pruned and packed weights, computed by hand ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Weights/Sparse.h"
#include "compiler/Weights/WeightStore.h"
#include "dialects/NN/NNDialect.h"
#include "mlir/IR/Builders.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace mlir;
using namespace sinter;
using nn::WeightAttr;

namespace {

using Floats = std::vector<float>;
using Integers = std::vector<int32_t>;

class Pruning : public ::testing::Test {
protected:
  Pruning() : builder(&context) { context.loadDialect<nn::NNDialect>(); }

  WeightAttr dense(ArrayRef<int64_t> shape, ArrayRef<float> values) {
    auto type = RankedTensorType::get(shape, builder.getF32Type());
    return WeightAttr::get(&context, builder.getStringAttr("dense"), {},
                           builder.getDictionaryAttr(builder.getNamedAttr(
                               "value", DenseElementsAttr::get(type, values))),
                           type);
  }
  /// `kind` of a weight that is [k, n], or [n, k, ..] as a filter.
  WeightAttr make(StringRef kind, WeightAttr weight, RankedTensorType type,
                  ArrayRef<std::pair<StringRef, int64_t>> integers,
                  StringRef part = "") {
    bool isFilter = weight.getType().getRank() == 4;
    NamedAttrList params;
    params.set("row_axis", builder.getI64IntegerAttr(isFilter));
    params.set("column_axis", builder.getI64IntegerAttr(!isFilter));
    for (auto [name, value] : integers)
      params.set(name, builder.getI64IntegerAttr(value));
    if (!part.empty())
      params.set("part", builder.getStringAttr(part));
    return WeightAttr::get(&context, builder.getStringAttr(kind), weight,
                           params.getDictionary(&context), type);
  }
  WeightAttr prune(StringRef kind, WeightAttr weight,
                   ArrayRef<std::pair<StringRef, int64_t>> integers) {
    return make(kind, weight, weight.getType(), integers);
  }
  WeightAttr pack(WeightAttr weight, StringRef part, ArrayRef<int64_t> shape,
                  int64_t width) {
    Type type = part == "values" ? Type(builder.getF32Type())
                                 : Type(builder.getI32Type());
    return make("pack_sparse", weight, RankedTensorType::get(shape, type),
                {{"width", width}}, part);
  }
  template <typename T>
  std::vector<T> evaluate(WeightAttr weight) {
    WeightAttr value = evaluateSmall(weight, /*maxBytes=*/1 << 20);
    if (!value)
      return {};
    auto elements =
        value.getParams().getAs<DenseElementsAttr>("value").getValues<T>();
    return std::vector<T>(elements.begin(), elements.end());
  }

  MLIRContext context;
  Builder builder;
};

TEST_F(Pruning, TheLargestElementsStay) {
  WeightAttr weight = dense({2, 3}, {1, -5, 2, 3, 0.5, -4});
  EXPECT_EQ(evaluate<float>(
                prune("prune_blocks", weight, {{"width", 1}, {"keep", 3}})),
            (Floats{0, -5, 0, 3, 0, -4}));
  EXPECT_EQ(evaluate<float>(
                prune("prune_blocks", weight, {{"width", 1}, {"keep", 0}})),
            (Floats(6, 0.0f)));
  EXPECT_EQ(evaluate<float>(
                prune("prune_blocks", weight, {{"width", 1}, {"keep", 6}})),
            (Floats{1, -5, 2, 3, 0.5, -4}));
}

TEST_F(Pruning, OfEqualElementsTheFirstStay) {
  WeightAttr weight = dense({2, 3}, {1, -1, 1, 1, -1, 1});
  EXPECT_EQ(evaluate<float>(
                prune("prune_blocks", weight, {{"width", 1}, {"keep", 4}})),
            (Floats{1, -1, 1, 1, 0, 0}));
}

TEST_F(Pruning, BlocksAreJudgedByTheirMeanSquare) {
  // Blocks of 2: {3, 0} {2.2} / {2, 2} {1}. A narrow block has no
  // disadvantage: 4.84 is more than 4.5 and 4.
  WeightAttr weight = dense({2, 3}, {3, 0, 2.2, 2, 2, 1});
  EXPECT_EQ(evaluate<float>(
                prune("prune_blocks", weight, {{"width", 2}, {"keep", 1}})),
            (Floats{0, 0, 2.2, 0, 0, 0}));
  EXPECT_EQ(evaluate<float>(
                prune("prune_blocks", weight, {{"width", 2}, {"keep", 2}})),
            (Floats{3, 0, 2.2, 0, 0, 0}));
}

TEST_F(Pruning, GroupsAreRowsOfAColumn) {
  WeightAttr weight = dense({4, 2}, {1, 8, -3, 7, 2, 6, 0.5, 5});
  EXPECT_EQ(evaluate<float>(
                prune("prune_groups", weight, {{"group", 4}, {"keep", 2}})),
            (Floats{0, 8, -3, 7, 2, 0, 0, 0}));
  EXPECT_EQ(evaluate<float>(
                prune("prune_groups", weight, {{"group", 2}, {"keep", 1}})),
            (Floats{0, 8, -3, 0, 2, 6, 0, 0}));
  EXPECT_TRUE(evaluate<float>(
                  prune("prune_groups", weight, {{"group", 3}, {"keep", 1}}))
                  .empty());
}

TEST_F(Pruning, FiltersHaveTheirColumnsFirst) {
  // [o, i, 1, 1]: groups run along i.
  WeightAttr filter = dense({2, 4, 1, 1}, {1, 2, 3, 4, 8, 7, 6, 5});
  EXPECT_EQ(evaluate<float>(
                prune("prune_groups", filter, {{"group", 4}, {"keep", 1}})),
            (Floats{0, 0, 0, 4, 8, 0, 0, 0}));
  EXPECT_EQ(evaluate<float>(
                prune("prune_blocks", filter, {{"width", 2}, {"keep", 1}})),
            (Floats{1, 0, 0, 0, 8, 0, 0, 0}));
}

TEST_F(Pruning, NanStays) {
  WeightAttr weight = dense({1, 3}, {1000, std::nanf(""), 1});
  Floats pruned = evaluate<float>(
      prune("prune_blocks", weight, {{"width", 1}, {"keep", 1}}));
  EXPECT_EQ(pruned[0], 0);
  EXPECT_TRUE(std::isnan(pruned[1]));
}

TEST_F(Pruning, BlocksArePackedPanelByPanel) {
  // [3, 18]: panel 0 has rows 0 and 2, panel 1 (two columns) row 1.
  Floats values(3 * 18, 0.0f);
  values[0 * 18 + 3] = 1;
  values[2 * 18 + 15] = 2;
  values[1 * 18 + 16] = 3;
  values[1 * 18 + 17] = 4;
  WeightAttr weight = dense({3, 18}, values);
  EXPECT_EQ(evaluate<int32_t>(pack(weight, "starts", {3}, 16)),
            (Integers{0, 2, 3}));
  // There is place for one more block than there are.
  EXPECT_EQ(evaluate<int32_t>(pack(weight, "indices", {4}, 16)),
            (Integers{0, 2, 1, 0}));
  Floats packed(4 * 16, 0.0f);
  packed[3] = 1;
  packed[16 + 15] = 2;
  packed[32] = 3;
  packed[33] = 4;
  EXPECT_EQ(evaluate<float>(pack(weight, "values", {4, 16}, 16)), packed);
  EXPECT_TRUE(evaluate<int32_t>(pack(weight, "indices", {2}, 16)).empty());
  EXPECT_TRUE(evaluate<int32_t>(pack(weight, "starts", {4}, 16)).empty());
}

TEST_F(Pruning, ElementsArePackedDepthByDepth) {
  // [65, 2]: after 64 rows the columns begin anew.
  Floats values(65 * 2, 0.0f);
  values[1 * 2 + 0] = 1;
  values[63 * 2 + 0] = 2;
  values[5 * 2 + 1] = 3;
  values[64 * 2 + 1] = 4;
  WeightAttr weight = dense({65, 2}, values);
  EXPECT_EQ(evaluate<int32_t>(pack(weight, "starts", {5}, 1)),
            (Integers{0, 2, 3, 3, 4}));
  EXPECT_EQ(evaluate<int32_t>(pack(weight, "indices", {4}, 1)),
            (Integers{1, 63, 5, 64}));
  EXPECT_EQ(evaluate<float>(pack(weight, "values", {4}, 1)),
            (Floats{1, 2, 3, 4}));
}

TEST_F(Pruning, FiltersArePackedAsMatrices) {
  // [o, i] = [2, 3]: column 0 has rows 0 and 2.
  WeightAttr filter = dense({2, 3, 1, 1}, {1, 0, 2, 0, 3, 0});
  EXPECT_EQ(evaluate<int32_t>(pack(filter, "indices", {3}, 1)),
            (Integers{0, 2, 1}));
  EXPECT_EQ(evaluate<float>(pack(filter, "values", {3, 16}, 16))[0], 1);
  EXPECT_EQ(evaluate<float>(pack(filter, "values", {3, 16}, 16))[16 + 1], 3);
}

TEST(Sparsity, CountsElementsBlocksAndGroups) {
  // [8, 20]: in each column rows 0, 1 of every 4, but only columns 0 to 15.
  Floats values(8 * 20, 0.0f);
  for (int64_t row : {0, 1, 4, 5})
    for (int64_t column = 0; column < 16; ++column)
      values[row * 20 + column] = 2;
  auto view = weights::MatrixView::get({8, 20}, 0, 1);
  ASSERT_TRUE(view);
  auto getSparsity = [&] {
    return weights::getSparsity(*view, weights::ElementKind::F32,
                                reinterpret_cast<const char *>(values.data()));
  };
  weights::Sparsity sparsity = getSparsity();
  EXPECT_EQ(sparsity.elements, 160);
  EXPECT_EQ(sparsity.nonZeros, 64);
  EXPECT_EQ(sparsity.blocks, 16);
  EXPECT_EQ(sparsity.nonZeroBlocks, 4);
  EXPECT_EQ(sparsity.squares, 256);
  EXPECT_EQ(sparsity.groups, std::make_pair(int64_t(2), int64_t(4)));

  // Three of the first four rows, four of eight: 4:8.
  values[2 * 20] = 1;
  values[4 * 20] = 0;
  EXPECT_EQ(getSparsity().groups, std::make_pair(int64_t(4), int64_t(8)));
  values[4 * 20] = 1;
  EXPECT_FALSE(getSparsity().groups);
}

} // namespace
