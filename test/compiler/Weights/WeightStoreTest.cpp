//===- WeightStoreTest.cpp - weight expressions, computed by hand ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Weights/WeightStore.h"
#include "dialects/NN/NNShapes.h"
#include "mlir/IR/Diagnostics.h"
#include "test/compiler/Import/Protobuf.h"
#include "gtest/gtest.h"
#include <cmath>
#include <numeric>

using namespace mlir;
using namespace sinter;
using nn::WeightAttr;

namespace {

class Weights : public ::testing::Test {
protected:
  Weights() : builder(&context) { context.loadDialect<nn::NNDialect>(); }

  RankedTensorType type(ArrayRef<int64_t> shape, Type element) {
    return RankedTensorType::get(shape, element);
  }
  RankedTensorType floats(ArrayRef<int64_t> shape) {
    return type(shape, builder.getF32Type());
  }

  WeightAttr make(StringRef kind, ArrayRef<WeightAttr> operands,
                  RankedTensorType result,
                  ArrayRef<NamedAttribute> params = {}) {
    return WeightAttr::get(&context, builder.getStringAttr(kind), operands,
                           builder.getDictionaryAttr(params), result);
  }
  WeightAttr dense(DenseElementsAttr value) {
    return make("dense", {}, cast<RankedTensorType>(value.getType()),
                builder.getNamedAttr("value", value));
  }
  WeightAttr dense(ArrayRef<int64_t> shape, ArrayRef<float> values) {
    return dense(DenseElementsAttr::get(floats(shape), values));
  }
  /// 0, 1, 2, ..
  WeightAttr counting(ArrayRef<int64_t> shape) {
    RankedTensorType result = floats(shape);
    std::vector<float> values(result.getNumElements());
    std::iota(values.begin(), values.end(), 0.0f);
    return dense(shape, values);
  }
  WeightAttr integers(ArrayRef<int64_t> shape, ArrayRef<int64_t> values) {
    return dense(
        DenseElementsAttr::get(type(shape, builder.getI64Type()), values));
  }
  NamedAttribute list(StringRef name, ArrayRef<int64_t> values) {
    return builder.getNamedAttr(name, builder.getDenseI64ArrayAttr(values));
  }
  NamedAttribute integer(StringRef name, int64_t value) {
    return builder.getNamedAttr(name, builder.getI64IntegerAttr(value));
  }
  NamedAttribute sizes(StringRef name, ArrayRef<int64_t> values) {
    return builder.getNamedAttr(
        name, nn::makeSizeArray(&context, nn::getSizes(&context, values)));
  }

  template <typename T = float>
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

using Floats = std::vector<float>;
using Integers = std::vector<int64_t>;

TEST_F(Weights, ElementwiseOperationsBroadcast) {
  WeightAttr rows = counting({2, 3}), columns = dense({2, 1}, {10, 20});
  EXPECT_EQ(evaluate(make("add", {rows, columns}, floats({2, 3}))),
            (Floats{10, 11, 12, 23, 24, 25}));
  EXPECT_EQ(evaluate(make("sub", {dense({}, {1}), rows}, floats({2, 3}))),
            (Floats{1, 0, -1, -2, -3, -4}));
  EXPECT_TRUE(evaluate(make("add", {rows, dense({2}, {1, 2})}, floats({2, 3})))
                  .empty());
}

TEST_F(Weights, FloatsAreRoundedOnce) {
  WeightAttr third =
      make("div", {dense({1}, {1}), dense({1}, {3})}, floats({1}));
  EXPECT_EQ(evaluate(third)[0], 1.0f / 3.0f);
  EXPECT_EQ(evaluate(make("sqrt", {dense({1}, {2})}, floats({1})))[0],
            std::sqrt(2.0f));
  // 2^24 + 1 is no float: each operation rounds, not only the last.
  WeightAttr big =
      make("add", {dense({1}, {16777216}), dense({1}, {1})}, floats({1}));
  EXPECT_EQ(
      evaluate(make("sub", {big, dense({1}, {16777216})}, floats({1})))[0],
      0.0f);
}

TEST_F(Weights, NanWins) {
  float nan = std::nanf("");
  WeightAttr values = dense({3}, {nan, -1, 2});
  for (StringRef kind : {"relu", "abs", "neg"})
    EXPECT_TRUE(std::isnan(evaluate(make(kind, {values}, floats({3})))[0]))
        << kind.str();
  EXPECT_TRUE(std::isnan(
      evaluate(make("max", {values, dense({}, {0})}, floats({3})))[0]));
  EXPECT_TRUE(std::isnan(
      evaluate(make("min", {dense({}, {0}), values}, floats({3})))[0]));
  WeightAttr clamped =
      make("clamp", {values}, floats({3}),
           {builder.getNamedAttr("min", builder.getF64FloatAttr(0)),
            builder.getNamedAttr("max", builder.getF64FloatAttr(1))});
  EXPECT_TRUE(std::isnan(evaluate(clamped)[0]));
  EXPECT_EQ(evaluate(clamped)[2], 1.0f);
}

TEST_F(Weights, IntegerDivisionIsDefined) {
  RankedTensorType four = type({4}, builder.getI64Type());
  WeightAttr lhs = integers({4}, {7, -7, 5, INT64_MIN}),
             rhs = integers({4}, {2, 2, 0, -1});
  EXPECT_EQ(evaluate<int64_t>(make("div", {lhs, rhs}, four)),
            (Integers{3, -3, 0, INT64_MIN}));
  WeightAttr a = integers({4}, {7, -7, 7, -7}),
             b = integers({4}, {3, 3, -3, -3});
  EXPECT_EQ(evaluate<int64_t>(make("mod", {a, b}, four)),
            (Integers{1, 2, -2, -1}));
  EXPECT_EQ(evaluate<int64_t>(
                make("mod", {a, b}, four,
                     builder.getNamedAttr("fmod", builder.getUnitAttr()))),
            (Integers{1, -1, 1, -1}));
}

TEST_F(Weights, CastsSaturateAndWrap) {
  WeightAttr values = dense({4}, {1.9f, -1.9f, 1e20f, std::nanf("")});
  EXPECT_EQ(evaluate<int64_t>(
                make("cast", {values}, type({4}, builder.getI64Type()))),
            (Integers{1, -1, INT64_MAX, 0}));
  WeightAttr narrow = make("cast", {integers({2}, {300, -1})},
                           type({2}, builder.getIntegerType(8, false)));
  EXPECT_EQ(evaluate<uint8_t>(narrow), (std::vector<uint8_t>{44, 255}));
  EXPECT_EQ(
      evaluate<bool>(make("cast", {values}, type({4}, builder.getI1Type()))),
      (std::vector<bool>{true, true, true, true}));
}

TEST_F(Weights, SmallTypes) {
  auto cast = [&](ArrayRef<float> values, Type to) {
    int64_t count = static_cast<int64_t>(values.size());
    WeightAttr narrow = make("cast", dense({count}, values), type({count}, to));
    return evaluate(make("cast", narrow, floats({count})));
  };
  Type i4 = builder.getIntegerType(4), ui2 = builder.getIntegerType(2, false);
  EXPECT_EQ(cast({-9, -8, -1.5f, 7, 100}, i4),
            (std::vector<float>{-8, -8, -1, 7, 7}));
  EXPECT_EQ(cast({-1, 3, 4}, ui2), (std::vector<float>{0, 3, 3}));
  EXPECT_EQ(cast({0.25f, 5, -100}, builder.getType<Float4E2M1FNType>()),
            (std::vector<float>{0, 4, -6}));
  EXPECT_EQ(cast({1.0625f, 448, -0x1p-9f}, builder.getType<Float8E4M3FNType>()),
            (std::vector<float>{1, 448, -0x1p-9f}));
  EXPECT_TRUE(std::isnan(cast({1e6f}, builder.getType<Float8E4M3FNType>())[0]));
  EXPECT_EQ(cast({0, 1, 1.5f, 1e-3f}, builder.getType<Float8E8M0FNUType>()),
            (std::vector<float>{0x1p-127f, 1, 2, 0x1p-9f}));
  EXPECT_TRUE(std::isnan(
      cast({std::nanf("")}, builder.getType<Float8E8M0FNUType>())[0]));
  // Integers wrap, and go on with their sign.
  WeightAttr wrapped = make("cast", integers({3}, {8, 15, 16}), type({3}, i4));
  EXPECT_EQ(evaluate(make("cast", wrapped, floats({3}))),
            (std::vector<float>{-8, -1, 0}));
}

TEST_F(Weights, Bits) {
  WeightAttr bits = make("bit_cast", dense({2}, {1.0f, -0.0f}),
                         type({2}, builder.getI32Type()));
  EXPECT_EQ(evaluate<int32_t>(bits),
            (std::vector<int32_t>{0x3f800000, INT32_MIN}));
  RankedTensorType words = type({4}, builder.getI64Type());
  auto apply = [&](StringRef kind, ArrayRef<int64_t> x, ArrayRef<int64_t> y) {
    return evaluate<int64_t>(
        make(kind, {integers({4}, x), integers({4}, y)}, words));
  };
  EXPECT_EQ(apply("bit_and", {6, -1, 0, 1}, {3, 5, 7, 1}),
            (std::vector<int64_t>{2, 5, 0, 1}));
  EXPECT_EQ(apply("shift_left", {1, 1, 1, 1}, {3, 63, 64, -1}),
            (std::vector<int64_t>{8, INT64_MIN, 0, 0}));
  EXPECT_EQ(apply("shift_right", {-8, -8, 8, -8}, {1, 64, 64, -1}),
            (std::vector<int64_t>{-4, -1, 0, -1}));
}

TEST_F(Weights, Quantization) {
  RankedTensorType bytes = type({2, 4}, builder.getIntegerType(8, false));
  RankedTensorType zeroType = type({2, 1}, bytes.getElementType());
  WeightAttr values =
      dense({2, 4}, {0.25f, 0.75f, -9, std::nanf(""), 0.75f, -0.75f, 1e30f, 9});
  WeightAttr scale = dense({}, {0.5f});
  WeightAttr zero =
      dense(DenseElementsAttr::get(zeroType, ArrayRef<uint8_t>{10, 128}));
  // Quotients 0.5, 1.5, -18 | 1.5, -1.5, 2e30, 18: halves to even.
  std::vector<uint8_t> quantized{10, 12, 0, 0, 130, 126, 255, 146};
  WeightAttr integers = make("quantize", {values, scale, zero}, bytes);
  EXPECT_EQ(evaluate<uint8_t>(integers), quantized);
  EXPECT_EQ(
      evaluate(make("dequantize", {integers, scale, zero}, floats({2, 4}))),
      (Floats{0, 1, -5, -5, 1, -1, 63.5, 9}));
  // The zero point is not of the type of the integers.
  EXPECT_TRUE(
      evaluate(make("dequantize", {integers, scale, scale}, floats({2, 4})))
          .empty());
}

TEST_F(Weights, WhereAndComparisons) {
  RankedTensorType bits = type({3}, builder.getI1Type());
  WeightAttr less = make("less", {dense({3}, {1, 2, 3}), dense({}, {2})}, bits);
  EXPECT_EQ(evaluate<bool>(less), (std::vector<bool>{true, false, false}));
  EXPECT_EQ(
      evaluate(make("where", {less, dense({3}, {1, 2, 3}), dense({}, {0})},
                    floats({3}))),
      (Floats{1, 0, 0}));
}

TEST_F(Weights, Movement) {
  WeightAttr matrix = counting({2, 3});
  EXPECT_EQ(evaluate(make("transpose", {matrix}, floats({3, 2}),
                          list("permutation", {1, 0}))),
            (Floats{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(evaluate(make("reshape", {matrix}, floats({6}))),
            (Floats{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(evaluate(make("slice", {matrix}, floats({2, 2}),
                          {sizes("starts", {0, 2}), sizes("sizes", {2, 2}),
                           list("steps", {1, -2})})),
            (Floats{2, 0, 5, 3}));
  EXPECT_EQ(
      evaluate(make("broadcast", {dense({2, 1}, {7, 8})}, floats({2, 2, 2}))),
      (Floats{7, 7, 8, 8, 7, 7, 8, 8}));
  EXPECT_EQ(evaluate(make("concat", {matrix, dense({2, 1}, {9, 8})},
                          floats({2, 4}), integer("axis", 1))),
            (Floats{0, 1, 2, 9, 3, 4, 5, 8}));
  EXPECT_EQ(evaluate(make("gather", {matrix, integers({2}, {-1, 0})},
                          floats({2, 2}), integer("axis", 1))),
            (Floats{2, 0, 5, 3}));
  EXPECT_TRUE(evaluate(make("gather", {matrix, integers({1}, {3})},
                            floats({2, 1}), integer("axis", 1)))
                  .empty());
}

TEST_F(Weights, PadModes) {
  WeightAttr row = counting({3}), value = dense({}, {9});
  auto pad = [&](nn::PadMode mode, int64_t before, int64_t after) {
    return evaluate(make(
        "pad", {row, value}, floats({3 + before + after}),
        {sizes("before", {before}), sizes("after", {after}),
         builder.getNamedAttr("mode", nn::PadModeAttr::get(&context, mode))}));
  };
  EXPECT_EQ(pad(nn::PadMode::Constant, 1, 2), (Floats{9, 0, 1, 2, 9, 9}));
  EXPECT_EQ(pad(nn::PadMode::Reflect, 2, 1), (Floats{2, 1, 0, 1, 2, 1}));
  EXPECT_EQ(pad(nn::PadMode::Edge, 1, 1), (Floats{0, 0, 1, 2, 2}));
  EXPECT_EQ(pad(nn::PadMode::Wrap, 1, 1), (Floats{2, 0, 1, 2, 0}));
  EXPECT_EQ(pad(nn::PadMode::Constant, -1, 1), (Floats{1, 2, 9}));
}

TEST_F(Weights, Reductions) {
  WeightAttr matrix = counting({2, 3});
  auto reduce = [&](nn::ReduceKind kind, ArrayRef<int64_t> axes,
                    ArrayRef<int64_t> shape) {
    return evaluate(make(
        "reduce", {matrix}, floats(shape),
        {builder.getNamedAttr("kind", nn::ReduceKindAttr::get(&context, kind)),
         list("axes", axes)}));
  };
  EXPECT_EQ(reduce(nn::ReduceKind::Sum, {0}, {1, 3}), (Floats{3, 5, 7}));
  EXPECT_EQ(reduce(nn::ReduceKind::Mean, {1}, {2, 1}), (Floats{1, 4}));
  EXPECT_EQ(reduce(nn::ReduceKind::Max, {0, 1}, {1, 1}), (Floats{5}));
  EXPECT_EQ(reduce(nn::ReduceKind::Prod, {1}, {2, 1}), (Floats{0, 60}));
  EXPECT_TRUE(reduce(nn::ReduceKind::Sum, {0}, {2, 1}).empty());
}

//===- Packing ------------------------------------------------------------===//

TEST_F(Weights, PacksMatrices) {
  // [k = 2, n = 33]: two panels, the second with one column and zeros.
  Floats packed = evaluate(make("pack_matmul", {counting({2, 33})},
                                floats({1, 2, 2, 32}), integer("panel", 32)));
  ASSERT_EQ(packed.size(), 128u);
  EXPECT_EQ(packed[0], 0);
  EXPECT_EQ(packed[31], 31);
  EXPECT_EQ(packed[32], 33);
  EXPECT_EQ(packed[64], 32);
  EXPECT_EQ(packed[65], 0);
  EXPECT_EQ(packed[96], 65);
  EXPECT_EQ(packed[127], 0);
}

TEST_F(Weights, PacksFilters) {
  // [o = 4, i/g = 2, 1, 3], two groups -> [2, 1, 1, 3, 2, 32].
  WeightAttr filter = counting({4, 2, 1, 3});
  Floats packed =
      evaluate(make("pack_conv", {filter}, floats({2, 1, 1, 3, 2, 32}),
                    {integer("panel", 32), integer("group", 2)}));
  ASSERT_EQ(packed.size(), 384u);
  auto at = [&](int g, int s, int i, int j) {
    return packed[((g * 3 + s) * 2 + i) * 32 + j];
  };
  for (int g = 0; g < 2; ++g)
    for (int s = 0; s < 3; ++s)
      for (int i = 0; i < 2; ++i) {
        for (int j = 0; j < 2; ++j)
          EXPECT_EQ(at(g, s, i, j), ((g * 2 + j) * 2 + i) * 3 + s);
        EXPECT_EQ(at(g, s, i, 2), 0);
      }
}

TEST_F(Weights, PacksTransposedFilters) {
  // [i = 4, o/g = 3, 2], two groups -> [2, 1, 2, 2, 32].
  Floats packed = evaluate(make("pack_conv_transpose", {counting({4, 3, 2})},
                                floats({2, 1, 2, 2, 32}),
                                {integer("panel", 32), integer("group", 2)}));
  ASSERT_EQ(packed.size(), 256u);
  auto at = [&](int g, int s, int i, int j) {
    return packed[((g * 2 + s) * 2 + i) * 32 + j];
  };
  for (int g = 0; g < 2; ++g)
    for (int s = 0; s < 2; ++s)
      for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 3; ++j)
          EXPECT_EQ(at(g, s, i, j), ((g * 2 + i) * 3 + j) * 2 + s);
}

TEST_F(Weights, PacksDepthwiseFilters) {
  EXPECT_EQ(evaluate(make("pack_depthwise", {counting({2, 1, 1, 3})},
                          floats({1, 3, 2}))),
            (Floats{0, 3, 1, 4, 2, 5}));
}

TEST_F(Weights, PacksSteps) {
  // [k = 6, n = 3] -> [1, 1, 2, 4, 4]: the second step has two rows.
  Floats packed =
      evaluate(make("pack_matmul", {counting({6, 3})}, floats({1, 1, 2, 4, 4}),
                    {integer("panel", 4), integer("step", 4)}));
  ASSERT_EQ(packed.size(), 32u);
  for (int k = 0; k < 8; ++k)
    for (int j = 0; j < 4; ++j)
      EXPECT_EQ(packed[(k / 4 * 4 + j) * 4 + k % 4],
                k < 6 && j < 3 ? k * 3 + j : 0);
  // [o = 4, i/g = 5, 3], two groups -> [2, 1, 3, 2, 2, 4].
  packed = evaluate(
      make("pack_conv", {counting({4, 5, 3})}, floats({2, 1, 3, 2, 2, 4}),
           {integer("panel", 2), integer("group", 2), integer("step", 4)}));
  ASSERT_EQ(packed.size(), 96u);
  for (int g = 0; g < 2; ++g)
    for (int s = 0; s < 3; ++s)
      for (int i = 0; i < 8; ++i)
        for (int j = 0; j < 2; ++j)
          EXPECT_EQ(packed[(((g * 3 + s) * 2 + i / 4) * 2 + j) * 4 + i % 4],
                    i < 5 ? ((g * 2 + j) * 5 + i) * 3 + s : 0);
  // [c = 2, 1, 5, 3] -> [2, 3, 2, 4]: rows of the window by four.
  packed = evaluate(make("pack_depthwise", {counting({2, 1, 5, 3})},
                         floats({2, 3, 2, 4}), integer("step", 4)));
  ASSERT_EQ(packed.size(), 48u);
  for (int row = 0; row < 8; ++row)
    for (int w = 0; w < 3; ++w)
      for (int c = 0; c < 2; ++c)
        EXPECT_EQ(packed[((row / 4 * 3 + w) * 2 + c) * 4 + row % 4],
                  row < 5 ? (c * 5 + row) * 3 + w : 0);
}

TEST_F(Weights, RefusesPackedShapesThatDoNotFit) {
  EXPECT_TRUE(evaluate(make("pack_matmul", {counting({2, 33})},
                            floats({1, 1, 2, 32}), integer("panel", 32)))
                  .empty());
  EXPECT_TRUE(evaluate(make("pack_conv", {counting({3, 2, 1})},
                            floats({2, 1, 1, 2, 32}),
                            {integer("panel", 32), integer("group", 2)}))
                  .empty());
}

//===- Files --------------------------------------------------------------===//

TEST_F(Weights, SmallExpressionsOnly) {
  EXPECT_EQ(evaluateSmall(counting({300}), 1024), nullptr);
  EXPECT_EQ(evaluateSmall(
                make("file", {}, floats({3}),
                     builder.getNamedAttr("name", builder.getStringAttr("w")))),
            nullptr);
  EXPECT_EQ(evaluateSmall(make("strange", {counting({3})}, floats({3}))),
            nullptr);
  EXPECT_TRUE(isWeightKind("sigmoid"));
  EXPECT_FALSE(isWeightKind("matmul"));
}

TEST_F(Weights, ReadsTheFile) {
  test::TemporaryFile file(
      test::makeModel(
          test::makeTensor("w", 3, std::string("\0\0\x80?\0\0\0@\0\0@@", 12)))
          .bytes);
  Location location = builder.getUnknownLoc();
  auto store = WeightStore::open(file.getPath(), location);
  ASSERT_TRUE(succeeded(store));
  auto leaf = [&](StringRef name, int64_t size) {
    return make("file", {}, floats({size}),
                builder.getNamedAttr("name", builder.getStringAttr(name)));
  };
  float out[3];
  MutableArrayRef<char> bytes(reinterpret_cast<char *>(out), sizeof out);
  ASSERT_TRUE(succeeded((*store)->evaluate(
      make("neg", {leaf("w", 3)}, floats({3})), bytes, location)));
  EXPECT_EQ(out[0], -1);
  EXPECT_EQ(out[2], -3);

  std::string message;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    message = diagnostic.str();
    return success();
  });
  EXPECT_TRUE(failed((*store)->evaluate(leaf("v", 3), bytes, location)));
  EXPECT_NE(message.find("no constant"), std::string::npos) << message;
  EXPECT_TRUE(
      failed((*store)->evaluate(leaf("w", 2), bytes.take_front(8), location)));
  EXPECT_TRUE(
      failed((*store)->evaluate(leaf("w", 3), bytes.drop_back(), location)));
  EXPECT_TRUE(failed(WeightStore::open("/nowhere", location)));

  auto empty = WeightStore::open("", location);
  ASSERT_TRUE(succeeded(empty));
  EXPECT_TRUE(succeeded((*empty)->evaluate(counting({3}), bytes, location)));
  EXPECT_TRUE(failed((*empty)->evaluate(leaf("w", 3), bytes, location)));
  EXPECT_NE(message.find("needs a model"), std::string::npos) << message;
}

} // namespace
