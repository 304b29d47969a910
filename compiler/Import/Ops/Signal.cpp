//===- Signal.cpp - Fourier transforms and mel filters --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Term.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>
#include <functional>

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

namespace {

/// Complex numbers; `im` is absent where all are real.
struct Complex {
  Term re, im;

  template <typename Map>
  Complex map(Map map) const {
    return {map(re), im ? map(im) : Term()};
  }
};

} // namespace

static Complex multiply(const Complex &a, const Complex &b) {
  if (!a.im)
    return {a.re * b.re, a.re * b.im};
  return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

/// The largest matrix of a transform that is a constant.
static constexpr int64_t kMaxConstantElements = 1 << 16;
/// The longest transform that is one product with a matrix.
static constexpr int64_t kMaxRadix = 32;

/// exp(sign * 2 pi i * (row * column) / length), of shape [rows, columns].
static Complex makeRoots(NodeContext &node, int64_t rows, int64_t columns,
                         int64_t length, double sign, Type type) {
  SmallVector<double> re, im;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column) {
      double angle = 2 * M_PI * static_cast<double>(row * column % length) /
                     static_cast<double>(length);
      re.push_back(std::cos(angle));
      im.push_back(sign * std::sin(angle));
    }
  SmallVector<SizeAttr> sizes{node.getSize(rows), node.getSize(columns)};
  return {Term::vector(node, re, type).reshape(sizes),
          Term::vector(node, im, type).reshape(sizes)};
}

/// The matrix of a transform whose length is not a constant, or large.
static Complex computeRoots(NodeContext &node, SizeAttr length, double sign,
                            Type type) {
  Type i64 = IntegerType::get(node.getContext(), 64);
  Term count = Term::size(node, length, i64);
  Term product =
      Term::iota(node, length, i64, 0, 2) * Term::iota(node, length, i64, 1, 2);
  // The angle is reduced where that is exact.
  Term rest = product - product / count * count;
  Term angle = rest.cast(type) * (2 * M_PI) / count.cast(type);
  return {angle.cos(), sign * angle.sin()};
}

/// x * roots, with the transformed dimension last (of x [m, n]), or roots * x,
/// with it before the last (of x [m, n, k]).
static Complex applyRoots(const Complex &x, const Complex &roots, bool isLeft) {
  auto product = [&](Term values, Term matrix) {
    return isLeft ? matrix.matmul(values) : values.matmul(matrix);
  };
  Complex result{product(x.re, roots.re), product(x.re, roots.im)};
  if (!x.im)
    return result;
  return {result.re - product(x.im, roots.im),
          result.im + product(x.im, roots.re)};
}

/// The transform along the last dimension of x [m, n], not scaled. A length
/// that has a factor r is split: transforms of length r, a multiplication by
/// roots of unity, and transforms of length n / r (Cooley, Tukey: An Algorithm
/// for the Machine Calculation of Complex Fourier Series, 1965).
static Complex transform(NodeContext &node, const Complex &x, double sign) {
  SizeAttr batch = x.re.getSize(0), length = x.re.getSize(1);
  Type type = x.re.getElementType();
  std::optional<int64_t> count = length.getConstant();
  if (!count)
    return applyRoots(x, computeRoots(node, length, sign, type), false);
  int64_t n = *count, radix = 1;
  for (int64_t factor = 2; n > kMaxRadix && factor <= kMaxRadix; ++factor)
    if (n % factor == 0)
      radix = factor;
  if (radix == 1)
    return applyRoots(x,
                      n * n <= kMaxConstantElements
                          ? makeRoots(node, n, n, n, sign, type)
                          : computeRoots(node, length, sign, type),
                      false);
  SizeAttr first = node.getSize(radix), rest = node.getSize(n / radix);
  Complex grid = x.map([&](Term t) { return t.reshape({batch, first, rest}); });
  grid = applyRoots(grid, makeRoots(node, radix, radix, radix, sign, type),
                    /*isLeft=*/true);
  grid = multiply(grid, makeRoots(node, radix, n / radix, n, sign, type));
  grid = transform(node, grid.map([&](Term t) {
    return t.reshape({nn::mul(batch, first), rest});
  }),
                   sign);
  return grid.map([&](Term t) {
    return t.reshape({batch, first, rest})
        .transpose({0, 2, 1})
        .reshape({batch, length});
  });
}

namespace {

/// A transform along one dimension of a signal of shape [before, given, after]
/// once dimensions around it are joined.
struct Request {
  SizeAttr before, given, after;
  SizeAttr length; ///< Null for the length of the input.
  bool isInverse, isOneSided;
  /// The dimensions of the result, without the last, for the number of places
  /// along the transformed one.
  std::function<SmallVector<SizeAttr>(SizeAttr)> getShape;
};

} // namespace

/// The transform of `input` [.., 1 or 2], computed in the next wider type: much
/// of the sums cancels.
static FailureOr<Term> computeTransform(NodeContext &node, Term input,
                                        const Request &request) {
  int64_t rank = input.getRank();
  std::optional<int64_t> parts = input.getSize(-1).getConstant();
  if (parts != 1 && parts != 2)
    return failure(failed(node.invalid("a last dimension of 1 or 2",
                                       nn::toString(input.getSize(-1)))));
  bool isReal = parts == 1, toReal = request.isInverse && request.isOneSided;
  if (request.isOneSided && isReal == request.isInverse)
    return failure(failed(node.invalid(
        "real input of a one-sided transform, complex input of its inverse",
        isReal ? "real input" : "complex input")));
  SizeAttr before = request.before, given = request.given,
           after = request.after, length = request.length;
  if (!length)
    length = toReal ? nn::mul(nn::add(given, -1), 2) : given;
  SizeAttr half = nn::add(nn::floorDiv(length, 2), 1);
  SizeAttr taken = toReal ? half : length, batch = nn::mul(before, after);
  Builder builder(node.getContext());
  Type type = input.getElementType();
  Type inner = type.getIntOrFloatBitWidth() < 32 ? builder.getF32Type()
                                                 : builder.getF64Type();
  auto part = [&](int64_t index) {
    return input.slice(rank - 1, index, 1)
        .reshape({before, given, after})
        .transpose({0, 2, 1})
        .reshape({batch, given})
        .pad(1, node.getSize(0), nn::sub(taken, given))
        .cast(inner);
  };
  Complex x{part(0), isReal ? Term() : part(1)};
  if (toReal) {
    // The other half has the conjugates, in the other direction.
    SizeAttr missing = nn::sub(length, half);
    auto mirror = [&](Term t) { return t.slice(1, missing, missing, -1); };
    x = {x.re.concat(mirror(x.re), 1), x.im.concat(-mirror(x.im), 1)};
  }
  x = transform(node, x, request.isInverse ? 1 : -1);
  if (request.isInverse) {
    Term scale = Term::size(node, length, x.re.getElementType());
    x = x.map([&](Term t) { return t / scale; });
  }
  SizeAttr kept = request.isOneSided && !request.isInverse ? half : length;
  auto restore = [&](Term t) {
    return t.slice(1, node.getSize(0), kept)
        .cast(type)
        .reshape({before, after, kept})
        .transpose({0, 2, 1})
        .reshape(request.getShape(kept))
        .unsqueeze(rank - 1);
  };
  Term re = restore(x.re);
  return toReal ? re : re.concat(restore(x.im), rank - 1);
}

static LogicalResult buildDFT(NodeContext &node) {
  Term x = Term::input(node, 0);
  int64_t rank = x.getRank();
  bool isAttribute = node.getOpset() < 20;
  auto axes =
      !isAttribute && node.hasInput(2)
          ? node.readAxes(2, rank)
          : node.makeAxes(SmallVector<SizeAttr>{node.getSize(
                              isAttribute ? node.getInt("axis", 1) : -2)},
                          rank);
  if (failed(axes))
    return failure();
  if (axes->hits.size() != 1 || axes->hits[0][rank - 1].isConstant(1))
    return node.invalid("one axis of the signal",
                        "the last, of the parts of complex numbers");
  ArrayRef<SizeAttr> hits = axes->hits[0];
  SmallVector<SizeAttr> sizes = x.getSizes();
  SizeAttr one = node.getSize(1), isPast = node.getSize(0);
  Request request{one,
                  node.getSize(0),
                  one,
                  SizeAttr(),
                  node.getInt("inverse", 0) != 0,
                  node.getInt("onesided", 0) != 0,
                  [&](SizeAttr kept) {
                    SmallVector<SizeAttr> shape(sizes.begin(), sizes.end() - 1);
                    for (auto [size, hit] : llvm::zip(shape, hits))
                      size = select(hit, kept, size);
                    return node.settle(shape, "shape");
                  }};
  for (int64_t dim = 0; dim + 1 < rank; ++dim) {
    SizeAttr isHit = hits[dim];
    request.given = nn::add(request.given, nn::mul(isHit, sizes[dim]));
    request.after = nn::mul(request.after, select(isPast, sizes[dim], one));
    isPast = nn::add(isPast, isHit);
    request.before = nn::mul(request.before, select(isPast, one, sizes[dim]));
  }
  SmallVector<SizeAttr> joined =
      node.settle({request.before, request.given, request.after}, "signal");
  request.before = joined[0];
  request.given = joined[1];
  request.after = joined[2];
  if (node.hasInput(1)) {
    FailureOr<SizeAttr> length = node.readSize(1, "dft_length");
    if (failed(length))
      return failure();
    request.length = *length;
  }
  auto result = computeTransform(node, x, request);
  return failed(result) ? failure() : node.setOutput(0, *result);
}

/// Frames of the signal [batch, length, parts] times the window, transformed:
/// [batch, frames, bins, 2].
static LogicalResult buildSTFT(NodeContext &node) {
  Term signal = Term::input(node, 0), window = Term::input(node, 2);
  if (signal.getRank() == 2)
    signal = signal.unsqueeze(2);
  if (signal.getRank() != 3)
    return node.invalid("a signal of rank 3",
                        "rank " + Twine(signal.getRank()));
  FailureOr<SizeAttr> step = node.readSize(1, "frame_step"),
                      length = SizeAttr();
  if (node.hasInput(3))
    length = node.readSize(3, "frame_length");
  if (failed(step) || failed(length))
    return failure();
  if (nn::getRange(*step).second < 1)
    return node.invalid("a 'frame_step' above 0", nn::toString(*step));
  SizeAttr frame = *length  ? *length
                   : window ? window.getSize(0)
                            : signal.getSize(1);
  if (window && failed(node.unify(window.getSize(0), frame,
                                  "a window of 'frame_length' elements")))
    return failure();
  SizeAttr frames =
      nn::add(nn::floorDiv(nn::sub(signal.getSize(1), frame), *step), 1);
  Type i64 = IntegerType::get(node.getContext(), 64);
  Term places =
      Term::iota(node, frames, i64, 0, 2) * Term::size(node, *step, i64) +
      Term::iota(node, frame, i64, 1, 2);
  Term framed = signal.gather(places, 1);
  if (window)
    framed = framed * window.reshape({frame, node.getSize(1)});
  SizeAttr batch = signal.getSize(0);
  Request request{nn::mul(batch, frames),
                  frame,
                  node.getSize(1),
                  frame,
                  /*isInverse=*/false,
                  node.getInt("onesided", 1) != 0,
                  [&](SizeAttr kept) {
                    return SmallVector<SizeAttr>{batch, frames, kept};
                  }};
  auto result = computeTransform(node, framed, request);
  return failed(result) ? failure() : node.setOutput(0, *result);
}

/// Triangular filters whose peaks lie at equal distances on the mel scale,
/// 2595 * log10(1 + f / 700) of the frequency f in hertz: [bins, filters].
static LogicalResult buildMelWeightMatrix(NodeContext &node) {
  FailureOr<SizeAttr> filters = node.readSize(0, "num_mel_bins"),
                      length = node.readSize(1, "dft_length");
  if (failed(filters) || failed(length))
    return failure();
  Builder builder(node.getContext());
  Type f64 = builder.getF64Type();
  auto getScalar = [&](unsigned index) {
    return Term::input(node, index).cast(f64).reshape({});
  };
  double scale = 2595 / std::log(10.0);
  auto toMel = [&](Term hertz) { return scale * (hertz / 700 + 1).log(); };
  SizeAttr points = nn::add(*filters, 2);
  Term least = toMel(getScalar(3)), most = toMel(getScalar(4));
  Term mel = Term::iota(node, points, f64) *
                 ((most - least) / Term::size(node, points, f64)) +
             least;
  Term hertz = ((mel / scale).exp() - 1) * 700;
  Term bins =
      (Term::size(node, nn::add(*length, 1), f64) * hertz / getScalar(2))
          .floor();
  auto getPoints = [&](int64_t from) {
    return bins.slice(0, node.getSize(from), *filters);
  };
  Term left = getPoints(0), center = getPoints(1), right = getPoints(2);
  Term bin = Term::iota(node, nn::add(nn::floorDiv(*length, 2), 1), f64, 0, 2);
  Term zero = bin.like(0), one = bin.like(1);
  Term rise = center - left, fall = right - center;
  Term isRising = (left <= bin) & (bin <= center);
  Term rising = rise.equals(0).select(one, (bin - left) / rise.max(1));
  Term isFalling = (center <= bin) & (bin < right);
  Term result = isFalling.select((right - bin) / fall.max(1),
                                 isRising.select(rising, zero));
  Type type = node.getImporter().getElementType(
      static_cast<onnx::ElementType>(node.getInt("output_datatype", 1)));
  if (!type)
    return node.unsupported("an 'output_datatype' of numbers", "another type",
                            "make the filters in float and cast them");
  return node.setOutput(0, result.cast(type));
}

ArrayRef<OpRow> sinter::getSignalRows() {
  static const OpRow rows[] = {
      {"DFT", buildDFT},
      {"MelWeightMatrix", buildMelWeightMatrix},
      {"STFT", buildSTFT},
  };
  return rows;
}
