//===- ContractCases.cpp - contractions by description --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ContractCases.h"

#include "gtest/gtest.h"
#include <cmath>
#include <cstring>
#include <map>

using namespace sinter::test;

//===----------------------------------------------------------------------===//
// Tensors and text
//===----------------------------------------------------------------------===//

namespace {

using Sizes = std::vector<long>;

Sizes getSizes(const Dims &dims) {
  Sizes sizes;
  for (const Dim &dim : dims)
    sizes.push_back(dim.size);
  return sizes;
}

long getCount(const Sizes &sizes) {
  long count = 1;
  for (long size : sizes)
    count *= size;
  return count;
}

std::string getType(const Dims &dims) {
  std::string shape, sizes;
  bool free = false;
  for (const Dim &dim : dims) {
    bool fixed = dim.text == std::to_string(dim.size);
    free |= !fixed;
    shape += (fixed ? dim.text : "?") + "x";
    sizes += (sizes.empty() ? "" : ", ") + dim.text;
  }
  std::string type = "tensor<" + shape + "f32";
  return free ? type + ", #nn.dims<[" + sizes + "]>>" : type + ">";
}

std::string getList(const Sizes &values) {
  std::string text;
  for (long value : values)
    text += (text.empty() ? "" : ", ") + std::to_string(value);
  return "[" + text + "]";
}

template <typename T>
std::vector<T> permute(const std::vector<T> &values, const Sizes &permutation) {
  std::vector<T> result;
  for (long from : permutation)
    result.push_back(values[from]);
  return result;
}

/// `permutation` undone: result[permutation[i]] = values[i].
Dims unpermute(const Dims &values, const Sizes &permutation) {
  if (permutation.empty())
    return values;
  Dims result = values;
  for (size_t i = 0; i < permutation.size(); ++i)
    result[permutation[i]] = values[i];
  return result;
}

/// Calls `body` for every index below `sizes`, the last running fastest.
template <typename Body>
void forEach(const Sizes &sizes, Body body) {
  Sizes index(sizes.size(), 0);
  for (long i = 0, count = getCount(sizes); i < count; ++i) {
    body(index);
    for (size_t dim = sizes.size(); dim-- > 0;) {
      if (++index[dim] < sizes[dim])
        break;
      index[dim] = 0;
    }
  }
}

/// A row-major tensor of floats in a guarded buffer.
struct Tensor {
  Sizes sizes;
  GuardedBuffer buffer;

  explicit Tensor(Sizes sizes)
      : sizes(sizes), buffer(getCount(sizes) * sizeof(float)) {}
  static Tensor random(Sizes sizes, unsigned seed) {
    Tensor tensor(std::move(sizes));
    for (long i = 0; i < getCount(tensor.sizes); ++i) {
      seed = seed * 1664525u + 1013904223u;
      tensor.buffer.as<float>()[i] = int(seed >> 16) % 1001 / 500.0f - 1;
    }
    return tensor;
  }
  float &at(const Sizes &index) const {
    long offset = 0;
    for (size_t dim = 0; dim < sizes.size(); ++dim)
      offset = offset * sizes[dim] + index[dim];
    return buffer.as<float>()[offset];
  }
};

/// The text of a kernel as it grows.
struct Text {
  std::string arguments, body;
  int next = 0;

  void addArgument(const std::string &name, const Dims &dims) {
    arguments +=
        (arguments.empty() ? "%" : ", %") + name + ": " + getType(dims);
  }
  std::string addOp(const std::string &rest) {
    std::string name = "%" + std::to_string(next++);
    body += "  " + name + " = " + rest + "\n";
    return name;
  }
  std::string addTranspose(const std::string &value, const Sizes &permutation,
                           const Dims &from) {
    if (permutation.empty())
      return value;
    std::string list = getList(permutation);
    return addOp("nn.transpose " + value + " " + list + " : " + getType(from));
  }
  std::string finish(const std::string &value, const Dims &result) {
    return "kernel.func @k(" + arguments + ") -> " + getType(result) +
           " attributes {kind = #kernel.kind<contract>} {\n" + body +
           "  kernel.yield " + value + " : " + getType(result) + "\n}\n";
  }
};

//===----------------------------------------------------------------------===//
// Epilogues
//===----------------------------------------------------------------------===//

/// The other operand of an epilogue, in the shape of the (unpermuted) result.
Dims getEpilogueDims(Epilogue epilogue, const Dims &result) {
  switch (epilogue) {
  case Epilogue::BiasRelu:
    return {result.back()};
  case Epilogue::Residual:
    return result;
  case Epilogue::RowScale: {
    Dims dims = result;
    dims.back() = Dim(1);
    return dims;
  }
  default:
    return {};
  }
}

std::string addEpilogue(Text &text, Epilogue epilogue, std::string value,
                        const Dims &result) {
  std::string type = getType(result);
  Dims dims = getEpilogueDims(epilogue, result);
  std::string types = type + ", " + getType(dims);
  if (!dims.empty())
    text.addArgument("e", dims);
  switch (epilogue) {
  case Epilogue::None:
    return value;
  case Epilogue::BiasRelu:
    value = text.addOp("nn.add " + value + ", %e : " + types);
    return text.addOp("nn.relu " + value + " : " + type);
  case Epilogue::Residual:
    return text.addOp("nn.add %e, " + value + " : " + types);
  case Epilogue::RowScale:
    return text.addOp("nn.mul " + value + ", %e : " + types);
  case Epilogue::Swish: {
    std::string gate = text.addOp("nn.sigmoid " + value + " : " + type);
    return text.addOp("nn.mul " + value + ", " + gate + " : " + type + ", " +
                      type);
  }
  }
  return value;
}

double applyEpilogue(Epilogue epilogue, double value, const Tensor *operand,
                     Sizes index) {
  switch (epilogue) {
  case Epilogue::None:
    return value;
  case Epilogue::BiasRelu:
    return std::max(0.0, value + operand->at({index.back()}));
  case Epilogue::Residual:
    return value + operand->at(index);
  case Epilogue::RowScale:
    index.back() = 0;
    return value * operand->at(index);
  case Epilogue::Swish:
    return value / (1 + std::exp(-value));
  }
  return value;
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

/// Compiles `source`, runs it and compares with `reference` (in the order of
/// what is stored), whose sums have `depth` products.
void runAndCompare(const std::string &source, unsigned lanes,
                   const FreeDims &free, std::vector<void *> buffers,
                   const Tensor &reference, long depth) {
  // With free sizes several cases are one kernel.
  static std::map<std::pair<std::string, unsigned>,
                  std::unique_ptr<CompiledKernel>>
      kernels;
  std::unique_ptr<CompiledKernel> &kernel = kernels[{source, lanes}];
  if (!kernel)
    kernel = CompiledKernel::compile(source, lanes, free.names);
  ASSERT_TRUE(kernel) << source;
  Tensor one(reference.sizes), several(reference.sizes);
  buffers.push_back(one.buffer.data());
  ASSERT_EQ(kernel->run(buffers, free.values, 1), 0);
  buffers.back() = several.buffer.data();
  ASSERT_EQ(kernel->run(buffers, free.values, 3), 0);
  EXPECT_EQ(memcmp(one.buffer.data(), several.buffer.data(), one.buffer.size()),
            0)
      << "slots change the result of\n"
      << source;
  // Products are at most 1 in absolute value.
  double tolerance = 2e-7 * (depth + 16);
  long wrong = 0;
  forEach(reference.sizes, [&](const Sizes &index) {
    double difference = std::abs(one.at(index) - reference.at(index));
    if (difference <= tolerance)
      return;
    if (wrong++ == 0)
      ADD_FAILURE() << "at " << getList(index) << ": expects "
                    << reference.at(index) << ", but got " << one.at(index)
                    << " with " << lanes << " lanes\n"
                    << source;
  });
  EXPECT_EQ(wrong, 0);
}

/// A packed weight: [groups, panels, leading.., 32] of `get(group, lead, n)`.
template <typename Get>
Tensor pack(long groups, long columns, const Sizes &leading, Get get) {
  Sizes sizes = {groups, (columns + 31) / 32};
  sizes.insert(sizes.end(), leading.begin(), leading.end());
  sizes.push_back(32);
  Tensor packed(sizes);
  forEach(sizes, [&](const Sizes &index) {
    long column = index[1] * 32 + index.back();
    Sizes lead(index.begin() + 2, index.end() - 1);
    packed.at(index) = column < columns ? get(index[0], lead, column) : 0;
  });
  return packed;
}

Dims toDims(const Sizes &sizes) { return Dims(sizes.begin(), sizes.end()); }

} // namespace

void sinter::test::check(const MatmulCase &test, unsigned lanes) {
  if (!canRun(lanes))
    GTEST_SKIP() << "no vectors of " << lanes << " lanes on this processor";
  Sizes lhsSizes = getSizes(test.lhs), rhsSizes = getSizes(test.rhs);
  Sizes sizes = getSizes(test.result);
  Dims lhsDims = unpermute(test.lhs, test.lhsPermutation);
  Dims rhsDims = unpermute(test.rhs, test.rhsPermutation);
  Tensor lhs = Tensor::random(getSizes(lhsDims), 1);
  Tensor rhs = Tensor::random(getSizes(rhsDims), 2);
  auto getAt = [](const Tensor &tensor, const Sizes &permutation, Sizes index) {
    Sizes at = index;
    for (size_t i = 0; i < permutation.size(); ++i)
      at[permutation[i]] = index[i];
    return tensor.at(at);
  };
  long depth = lhsSizes.back(), rank = sizes.size();

  Text text;
  text.addArgument("a", lhsDims);
  std::vector<void *> buffers = {lhs.buffer.data()};
  Tensor packed =
      pack(1, rhsSizes.back(), {depth}, [&](long, const Sizes &k, long n) {
        Sizes index(rhsSizes.size(), 0);
        index[index.size() - 2] = k[0];
        index.back() = n;
        return getAt(rhs, test.rhsPermutation, index);
      });
  std::string a = text.addTranspose("%a", test.lhsPermutation, lhsDims), b;
  if (test.packed) {
    text.addArgument("b", toDims(packed.sizes));
    b = text.addOp("kernel.unpack %b : " + getType(toDims(packed.sizes)) +
                   " -> " + getType(test.rhs));
    buffers.push_back(packed.buffer.data());
  } else {
    text.addArgument("b", rhsDims);
    b = text.addTranspose("%b", test.rhsPermutation, rhsDims);
    buffers.push_back(rhs.buffer.data());
  }
  std::string value = text.addOp("nn.matmul " + a + ", " + b + " : " +
                                 getType(test.lhs) + ", " + getType(test.rhs));
  value = addEpilogue(text, test.epilogue, value, test.result);
  Tensor operand =
      Tensor::random(getSizes(getEpilogueDims(test.epilogue, test.result)), 3);
  if (!getEpilogueDims(test.epilogue, test.result).empty())
    buffers.push_back(operand.buffer.data());
  value = text.addTranspose(value, test.resultPermutation, test.result);
  Dims stored = test.resultPermutation.empty()
                    ? test.result
                    : permute(test.result, test.resultPermutation);

  Tensor reference(getSizes(stored));
  forEach(sizes, [&](const Sizes &index) {
    auto align = [&](const Sizes &operandSizes, long beforeLast, long last) {
      Sizes at(operandSizes.size(), 0);
      for (size_t dim = 0; dim + 2 < at.size(); ++dim)
        if (operandSizes[dim] != 1)
          at[dim] = index[dim + rank - at.size()];
      at[at.size() - 2] = beforeLast;
      at.back() = last;
      return at;
    };
    double sum = 0;
    for (long k = 0; k < depth; ++k)
      sum += double(getAt(lhs, test.lhsPermutation,
                          align(lhsSizes, index[rank - 2], k))) *
             getAt(rhs, test.rhsPermutation, align(rhsSizes, k, index.back()));
    sum = applyEpilogue(test.epilogue, sum, &operand, index);
    reference.at(test.resultPermutation.empty()
                     ? index
                     : permute(index, test.resultPermutation)) = sum;
  });
  runAndCompare(text.finish(value, stored), lanes, test.free, buffers,
                reference, depth);
}

void sinter::test::check(const ConvCase &test, unsigned lanes) {
  if (!canRun(lanes))
    GTEST_SKIP() << "no vectors of " << lanes << " lanes on this processor";
  Sizes inSizes = getSizes(test.input), sizes = getSizes(test.result);
  size_t rank = sizes.size(), spatialRank = rank - 2;
  long in = inSizes.back(), out = sizes.back();
  long inGroup = in / test.group, outGroup = out / test.group;
  Sizes channelsFirst = {0, long(rank) - 1}, channelsLast = {0};
  for (size_t dim = 1; dim <= spatialRank; ++dim) {
    channelsFirst.push_back(dim);
    channelsLast.push_back(dim + 1);
  }
  channelsLast.push_back(1);
  Dims argument =
      test.channelsFirstInput ? permute(test.input, channelsFirst) : test.input;
  Tensor input = Tensor::random(getSizes(argument), 1);
  // [out, in / group, ..] or, transposed, [in, out / group, ..].
  Sizes filterSizes = {test.transposed ? in : out,
                       test.transposed ? outGroup : inGroup};
  filterSizes.insert(filterSizes.end(), test.filter.begin(), test.filter.end());
  Tensor filter = Tensor::random(filterSizes, 2);
  Sizes leading = test.filter;
  leading.push_back(inGroup);
  auto getFilter = [&](long group, const Sizes &taps, long i, long o) {
    Sizes index = test.transposed ? Sizes{group * inGroup + i, o}
                                  : Sizes{group * outGroup + o, i};
    index.insert(index.end(), taps.begin(), taps.end());
    return filter.at(index);
  };
  Tensor packed = pack(test.group, outGroup, leading,
                       [&](long group, Sizes lead, long column) {
                         long i = lead.back();
                         lead.pop_back();
                         return getFilter(group, lead, i, column);
                       });

  Text text;
  text.addArgument("x", argument);
  text.addArgument("w", toDims(packed.sizes));
  std::string x = test.channelsFirstInput
                      ? text.addTranspose("%x", channelsLast, argument)
                      : "%x";
  std::string w =
      text.addOp("kernel.unpack %w : " + getType(toDims(packed.sizes)) +
                 " -> " + getType(toDims(filterSizes)));
  std::string value = text.addOp(
      std::string(test.transposed ? "nn.conv_transpose " : "nn.conv ") + x +
      ", " + w + " strides " + getList(test.strides) + " pads " +
      getList(test.pads) + " dilations " + getList(test.dilations) +
      (test.transposed ? " output_padding " + getList(test.outputPadding)
                       : "") +
      " group " + std::to_string(test.group) + " channels_last : " +
      getType(test.input) + ", " + getType(toDims(filterSizes)));
  value = addEpilogue(text, test.epilogue, value, test.result);
  std::vector<void *> buffers = {input.buffer.data(), packed.buffer.data()};
  Dims operandDims = getEpilogueDims(test.epilogue, test.result);
  Tensor operand = Tensor::random(getSizes(operandDims), 3);
  if (!operandDims.empty())
    buffers.push_back(operand.buffer.data());
  Dims stored = test.result;
  if (test.channelsFirstResult) {
    value = text.addTranspose(value, channelsFirst, test.result);
    stored = permute(test.result, channelsFirst);
  }

  Tensor reference(getSizes(stored));
  forEach(sizes, [&](const Sizes &index) {
    long group = index.back() / outGroup, o = index.back() % outGroup;
    double sum = 0;
    forEach(test.filter, [&](const Sizes &taps) {
      Sizes at = {index[0]};
      for (size_t dim = 0; dim < spatialRank; ++dim) {
        long place;
        if (test.transposed) {
          place =
              index[dim + 1] + test.pads[dim] - taps[dim] * test.dilations[dim];
          if (place % test.strides[dim] != 0)
            return;
          place /= test.strides[dim];
        } else {
          place = index[dim + 1] * test.strides[dim] +
                  taps[dim] * test.dilations[dim] - test.pads[dim];
        }
        if (place < 0 || place >= inSizes[dim + 1])
          return;
        at.push_back(place);
      }
      at.push_back(0);
      for (long i = 0; i < inGroup; ++i) {
        at.back() = group * inGroup + i;
        double element =
            input.at(test.channelsFirstInput ? permute(at, channelsFirst) : at);
        sum += element * getFilter(group, taps, i, o);
      }
    });
    sum = applyEpilogue(test.epilogue, sum, &operand, index);
    reference.at(test.channelsFirstResult ? permute(index, channelsFirst)
                                          : index) = sum;
  });
  runAndCompare(text.finish(value, stored), lanes, test.free, buffers,
                reference, getCount(leading));
}
