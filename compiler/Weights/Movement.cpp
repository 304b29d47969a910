//===- Movement.cpp - weights whose elements move -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Weights/Evaluator.h"
#include "llvm/ADT/StringSwitch.h"
#include <cstring>

using namespace mlir;
using namespace sinter;
using namespace sinter::weights;

//===- Copies -------------------------------------------------------------===//

template <typename T>
static void copyRow(int64_t count, const char *in, int64_t inStride, char *out,
                    int64_t outStride) {
  constexpr int64_t kSize = sizeof(T);
  for (int64_t i = 0; i < count; ++i)
    std::memcpy(out + i * outStride * kSize, in + i * inStride * kSize, kSize);
}

void sinter::weights::copyStrided(ArrayRef<int64_t> shape,
                                  unsigned elementBytes, const char *in,
                                  ArrayRef<int64_t> inStrides, char *out,
                                  ArrayRef<int64_t> outStrides) {
  if (llvm::is_contained(shape, 0))
    return;
  if (shape.empty()) {
    std::memcpy(out, in, elementBytes);
    return;
  }
  size_t last = shape.size() - 1;
  int64_t bytes = elementBytes;
  SmallVector<int64_t> index(shape.size(), 0);
  for (;;) {
    if (inStrides[last] == 1 && outStrides[last] == 1)
      std::memcpy(out, in, shape[last] * bytes);
    else if (bytes == 4)
      copyRow<uint32_t>(shape[last], in, inStrides[last], out,
                        outStrides[last]);
    else if (bytes == 8)
      copyRow<uint64_t>(shape[last], in, inStrides[last], out,
                        outStrides[last]);
    else if (bytes == 2)
      copyRow<uint16_t>(shape[last], in, inStrides[last], out,
                        outStrides[last]);
    else
      copyRow<uint8_t>(shape[last], in, inStrides[last], out, outStrides[last]);
    size_t d = last;
    for (; d > 0; --d) {
      in += inStrides[d - 1] * bytes;
      out += outStrides[d - 1] * bytes;
      if (++index[d - 1] < shape[d - 1])
        break;
      in -= inStrides[d - 1] * bytes * shape[d - 1];
      out -= outStrides[d - 1] * bytes * shape[d - 1];
      index[d - 1] = 0;
    }
    if (d == 0)
      return;
  }
}

/// Copies operand 0 to the result, read with `inStrides` from element `start`.
static LogicalResult copyOperand(const Expression &e, int64_t start,
                                 ArrayRef<int64_t> inStrides, char *out) {
  unsigned bytes = getElementBytes(e.getKind());
  copyStrided(e.getShape(), bytes,
              e.operands[0].get() + start * static_cast<int64_t>(bytes),
              inStrides, out, getStrides(e.getShape()));
  return success();
}

static LogicalResult evaluateTranspose(const Expression &e, char *out) {
  SmallVector<int64_t> permutation, strides;
  if (!e.getInts("permutation", permutation))
    return failure();
  SmallVector<int64_t> own = getStrides(e.getShape(0));
  if (permutation.size() != own.size() || own.size() != e.getShape().size())
    return e.fail("has a permutation of another rank");
  for (auto [i, source] : llvm::enumerate(permutation)) {
    if (source < 0 || source >= static_cast<int64_t>(own.size()) ||
        e.getShape(0)[source] != e.getShape()[i])
      return e.fail("has a permutation that does not fit the shapes");
    strides.push_back(own[source]);
  }
  return copyOperand(e, 0, strides, out);
}

static LogicalResult evaluateSlice(const Expression &e, char *out) {
  SmallVector<int64_t> starts, sizes, steps,
      strides = getStrides(e.getShape(0));
  if (!e.getSizes("starts", starts) || !e.getSizes("sizes", sizes) ||
      !e.getInts("steps", steps))
    return failure();
  ArrayRef<int64_t> shape = e.getShape(0);
  if (starts.size() != shape.size() || steps.size() != shape.size() ||
      ArrayRef<int64_t>(sizes) != e.getShape())
    return e.fail("has starts, sizes and steps that do not fit the shapes");
  int64_t start = 0;
  for (size_t i = 0; i < shape.size(); ++i) {
    int64_t lastIndex = starts[i] + (sizes[i] - 1) * steps[i];
    if (sizes[i] > 0 && (starts[i] < 0 || starts[i] >= shape[i] ||
                         lastIndex < 0 || lastIndex >= shape[i]))
      return e.fail("reaches outside its operand");
    start += starts[i] * strides[i];
    strides[i] *= steps[i];
  }
  return copyOperand(e, start, strides, out);
}

static LogicalResult evaluateBroadcast(const Expression &e, char *out) {
  ArrayRef<int64_t> shape = e.getShape(), source = e.getShape(0);
  if (source.size() > shape.size())
    return e.fail("has a result of lower rank than its operand");
  SmallVector<int64_t> strides(shape.size(), 0), own = getStrides(source);
  size_t lead = shape.size() - source.size();
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] != 1 && source[i] != shape[lead + i])
      return e.fail("has an operand that does not broadcast to the result");
    strides[lead + i] = source[i] == 1 ? 0 : own[i];
  }
  return copyOperand(e, 0, strides, out);
}

static LogicalResult evaluateConcat(const Expression &e, char *out) {
  int64_t axis = 0;
  if (!e.getInt("axis", axis))
    return failure();
  ArrayRef<int64_t> shape = e.getShape();
  if (axis < 0 || axis >= static_cast<int64_t>(shape.size()))
    return e.fail("has an axis out of range");
  SmallVector<int64_t> strides = getStrides(shape);
  int64_t bytes = getElementBytes(e.getKind()), position = 0;
  for (unsigned i = 0; i < e.operands.size(); ++i) {
    SmallVector<int64_t> part(e.getShape(i));
    SmallVector<int64_t> expected(shape);
    if (part.size() == expected.size())
      expected[axis] = part[axis];
    if (part != expected || position + part[axis] > shape[axis])
      return e.fail("has operands that do not fit the result");
    copyStrided(part, bytes, e.operands[i].get(), getStrides(part),
                out + position * strides[axis] * bytes, strides);
    position += part[axis];
  }
  return position == shape[axis]
             ? success()
             : e.fail("has operands that do not fill the result");
}

//===- Index maps ---------------------------------------------------------===//

/// Where result position `i` of a padded dimension of `size` elements comes
/// from; -1 for the pad value.
static int64_t mapPadded(nn::PadMode mode, int64_t i, int64_t before,
                         int64_t size) {
  int64_t source = i - before;
  if ((source >= 0 && source < size) || size == 0)
    return size == 0 ? -1 : source;
  switch (mode) {
  case nn::PadMode::Constant:
    return -1;
  case nn::PadMode::Edge:
    return source < 0 ? 0 : size - 1;
  case nn::PadMode::Wrap:
    return ((source % size) + size) % size;
  case nn::PadMode::Reflect: {
    if (size == 1)
      return 0;
    int64_t period = 2 * (size - 1),
            place = ((source % period) + period) % period;
    return place < size ? place : period - place;
  }
  }
  return -1;
}

static LogicalResult evaluatePad(const Expression &e, char *out) {
  SmallVector<int64_t> before, after;
  auto mode = e.weight.getParams().getAs<nn::PadModeAttr>("mode");
  if (!e.getSizes("before", before) || !e.getSizes("after", after) || !mode ||
      e.operands.size() != 2)
    return e.fail("expects an operand, a value and a mode");
  ArrayRef<int64_t> shape = e.getShape(), source = e.getShape(0);
  if (source.size() != shape.size() || before.size() != shape.size() ||
      after.size() != shape.size())
    return e.fail("has amounts of another rank");
  for (size_t i = 0; i < shape.size(); ++i)
    if (shape[i] != source[i] + before[i] + after[i])
      return e.fail("has amounts that do not fit the shapes");
  SmallVector<int64_t> strides = getStrides(source), index(shape.size(), 0);
  int64_t bytes = getElementBytes(e.getKind());
  for (int64_t n = 0, total = e.weight.getType().getNumElements(); n < total;
       ++n, out += bytes) {
    int64_t offset = 0;
    bool isPad = false;
    for (size_t d = 0; d < shape.size(); ++d) {
      int64_t place =
          mapPadded(mode.getValue(), index[d], before[d], source[d]);
      isPad |= place < 0;
      offset += place * strides[d];
    }
    std::memcpy(
        out, isPad ? e.operands[1].get() : e.operands[0].get() + offset * bytes,
        bytes);
    for (size_t d = shape.size(); d-- > 0 && ++index[d] == shape[d];)
      index[d] = 0;
  }
  return success();
}

static LogicalResult evaluateGather(const Expression &e, char *out) {
  int64_t axis = 0;
  if (!e.getInt("axis", axis) || e.operands.size() != 2)
    return e.fail("expects an operand, indices and an axis");
  ArrayRef<int64_t> source = e.getShape(0);
  if (axis < 0 || axis >= static_cast<int64_t>(source.size()) ||
      getDomain(e.getKind(1)) != Domain::Signed)
    return e.fail("has an axis or indices that do not fit");
  int64_t outer = 1, inner = 1, size = source[axis];
  for (auto [i, dim] : llvm::enumerate(source))
    (static_cast<int64_t>(i) < axis ? outer : inner) *=
        static_cast<int64_t>(i) == axis ? 1 : dim;
  int64_t count = e.weight.getOperands()[1].getType().getNumElements();
  SmallVector<Scalar, 0> indices(count);
  loadElements(e.getKind(1), e.operands[1].get(), 1, count, indices.data());
  int64_t bytes = inner * getElementBytes(e.getKind());
  if (outer * count * inner != e.weight.getType().getNumElements())
    return e.fail("has a result of another size than operand and indices give");
  for (int64_t o = 0; o < outer; ++o)
    for (const Scalar &given : indices) {
      int64_t i = given.i < 0 ? given.i + size : given.i;
      if (i < 0 || i >= size)
        return e.fail("has an index out of range");
      std::memcpy(out, e.operands[0].get() + (o * size + i) * bytes, bytes);
      out += bytes;
    }
  return success();
}

static LogicalResult evaluateIota(const Expression &e, char *out) {
  int64_t axis = 0;
  auto start = e.weight.getParams().getAs<nn::SizeAttr>("start"),
       step = e.weight.getParams().getAs<nn::SizeAttr>("step");
  ArrayRef<int64_t> shape = e.getShape();
  if (!e.getInt("axis", axis) || !start || !step || !start.getConstant() ||
      !step.getConstant() || axis < 0 ||
      axis >= static_cast<int64_t>(shape.size()))
    return e.fail("expects an axis, and a constant start and step");
  int64_t inner = getStrides(shape)[axis], bytes = getElementBytes(e.getKind());
  bool isFloat = getDomain(e.getKind()) == Domain::Float;
  for (int64_t n = 0, total = e.weight.getType().getNumElements(); n < total;
       ++n) {
    Scalar value;
    value.i =
        *start.getConstant() + n / inner % shape[axis] * *step.getConstant();
    if (isFloat)
      value.f = static_cast<double>(value.i);
    storeElements(e.getKind(), &value, 1, out + n * bytes);
  }
  return success();
}

EvaluateFunction sinter::weights::findMovement(StringRef kind) {
  return llvm::StringSwitch<EvaluateFunction>(kind)
      .Case("transpose", evaluateTranspose)
      .Case("slice", evaluateSlice)
      .Case("broadcast", evaluateBroadcast)
      .Case("concat", evaluateConcat)
      .Case("pad", evaluatePad)
      .Case("gather", evaluateGather)
      .Case("iota", evaluateIota)
      .Case("reshape",
            [](const Expression &e, char *) {
              return e.fail("changes the number of elements");
            })
      .Default(nullptr);
}
