//===- WindowEmitter.cpp - kernels of kind window for CUDA ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A thread computes one result, or four neighbouring channels where there are
// that many. The taps of a small window are unrolled, each with a test whether
// it meets the input; those of a large one are looped over as far as they do.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "passes/Lower/Elementwise.h"
#include "passes/Lower/TileLoops.h"
#include "passes/Lower/WindowTaps.h"
#include "passes/LowerCuda/Emitters.h"
#include "passes/LowerCuda/Vectorize.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::cuda;

/// Taps up to which a window is unrolled.
static constexpr int64_t maxUnrolledTaps = 25;

namespace {

/// Emits the results of one thread.
class WindowEmitter {
public:
  WindowEmitter(DeviceBuilder &kb, const WindowPlan &plan,
                ArrayRef<Value> indices)
      : kb(kb), plan(plan), epilogue(kb, plan.epilogue),
        elementType(getElementTypeOrSelf(plan.input.getType())),
        inputStrides(getRowMajorStrides(kb.b.getContext(), plan.inputSizes)) {
    point.indices.assign(indices.begin(), indices.end());
    point.vectorDim =
        kb.getLanes() > 1 ? static_cast<int>(plan.sizes.size()) - 1 : -1;
  }

  void run(Value offset);

private:
  Value getIndex(unsigned spatial) const { return point.indices[spatial + 1]; }
  Value getChannel() const { return point.indices.back(); }
  /// `sum` with the tap at `taps` (an index a spatial dimension), which meets
  /// the input.
  Value addTap(Value sum, ArrayRef<Value> taps);
  /// The same for one that does not.
  Value addPad(Value sum, ArrayRef<Value> taps);
  Value addTapOrPad(Value sum, ArrayRef<Value> taps, Value inside);
  Value loadFilter(ArrayRef<Value> taps);
  /// The product of 8-bit integers added to sums of 32 bits.
  Value addWidened(Value sum, Value input, Value filter);
  Value addUnrolledTaps(Value sum);
  Value addLoopedTaps(Value sum, SmallVector<Value> taps);
  Value getInputIndex(unsigned spatial, Value tap);

  DeviceBuilder &kb;
  const WindowPlan &plan;
  PointEmitter epilogue;
  Type elementType;
  SmallVector<nn::SizeAttr> inputStrides;
  Point point;
};

} // namespace

Value WindowEmitter::getInputIndex(unsigned spatial, Value tap) {
  return kb.add(getWindowStart(kb, plan, spatial, getIndex(spatial)),
                kb.mul(tap, kb.index(plan.dilations[spatial])));
}

Value WindowEmitter::loadFilter(ArrayRef<Value> taps) {
  Value row = kb.index(0), channels = kb.size(plan.sizes.back());
  for (auto [d, tap] : llvm::enumerate(taps.drop_back()))
    row = kb.add(kb.mul(row, kb.index(plan.window[d])), tap);
  // Of bytes, four rows lie together for each column and channel.
  Value rows = kb.index(plan.hasQuads() ? 4 : 1);
  Value place = kb.add(kb.mul(kb.div(row, rows), kb.index(plan.window.back())),
                       taps.back());
  place = kb.add(kb.mul(place, channels), getChannel());
  if (plan.hasQuads())
    place = kb.add(kb.mul(place, rows), kb.rem(row, rows));
  return kb.loadVector(kb.getBuffer(plan.filter),
                       getElementTypeOrSelf(plan.filter.getType()), place);
}

Value WindowEmitter::addWidened(Value sum, Value input, Value filter) {
  input = arith::ExtUIOp::create(kb.b, kb.loc, sum.getType(), input);
  filter = arith::ExtSIOp::create(kb.b, kb.loc, sum.getType(), filter);
  return accumulateTap(kb, plan, elementType, sum, input, filter);
}

Value WindowEmitter::addTap(Value sum, ArrayRef<Value> taps) {
  Value offset =
      kb.add(kb.mul(point.indices[0], kb.size(inputStrides[0])), getChannel());
  for (auto [d, tap] : llvm::enumerate(taps))
    offset = kb.add(
        offset, kb.mul(getInputIndex(d, tap), kb.size(inputStrides[d + 1])));
  Value input = kb.loadVector(kb.getBuffer(plan.input), elementType, offset);
  Value filter = plan.filter ? loadFilter(taps) : Value();
  if (plan.hasQuads())
    return addWidened(sum, input, filter);
  return accumulateTap(kb, plan, elementType, sum, input, filter);
}

Value WindowEmitter::addPad(Value sum, ArrayRef<Value> taps) {
  if (plan.padValue == 0)
    return sum;
  Value pad = kb.constant(kb.getVector(getComputeType(elementType)),
                          kb.b.getI64IntegerAttr(plan.padValue));
  return addWidened(sum, pad, loadFilter(taps));
}

Value WindowEmitter::addTapOrPad(Value sum, ArrayRef<Value> taps,
                                 Value inside) {
  return kb.ifElse(
      inside, [&] { return SmallVector<Value>{addTap(sum, taps)}; },
      [&] { return SmallVector<Value>{addPad(sum, taps)}; })[0];
}

Value WindowEmitter::addUnrolledTaps(Value sum) {
  // Whether each tap of each dimension meets the input.
  SmallVector<SmallVector<Value>> meets(plan.getSpatialRank());
  for (unsigned d = 0; d < plan.getSpatialRank(); ++d)
    for (int64_t tap = 0; tap < plan.window[d]; ++tap)
      meets[d].push_back(arith::CmpIOp::create(
          kb.b, kb.loc, arith::CmpIPredicate::ult,
          getInputIndex(d, kb.index(tap)), kb.size(plan.getInputSize(d))));
  for (int64_t number = 0; number < plan.getTaps(); ++number) {
    SmallVector<Value> taps(plan.getSpatialRank());
    Value inside;
    int64_t rest = number;
    for (unsigned d = taps.size(); d-- > 0;) {
      int64_t tap = rest % plan.window[d];
      rest /= plan.window[d];
      taps[d] = kb.index(tap);
      inside = inside
                   ? arith::AndIOp::create(kb.b, kb.loc, inside, meets[d][tap])
                         .getResult()
                   : meets[d][tap];
    }
    sum = addTapOrPad(sum, taps, inside);
  }
  return sum;
}

Value WindowEmitter::addLoopedTaps(Value sum, SmallVector<Value> taps) {
  unsigned d = taps.size();
  bool hasPad = plan.padValue != 0;
  if (d == plan.getSpatialRank()) {
    if (!hasPad)
      return addTap(sum, taps);
    Value inside;
    for (auto [dim, tap] : llvm::enumerate(taps)) {
      Value meets = arith::CmpIOp::create(
          kb.b, kb.loc, arith::CmpIPredicate::ult, getInputIndex(dim, tap),
          kb.size(plan.getInputSize(dim)));
      inside =
          inside
              ? arith::AndIOp::create(kb.b, kb.loc, inside, meets).getResult()
              : meets;
    }
    return addTapOrPad(sum, taps, inside);
  }
  std::pair<Value, Value> range{kb.index(0), kb.index(plan.window[d])};
  if (!hasPad)
    range = getTapRange(kb, plan, d, getIndex(d));
  SmallVector<Value> start{sum};
  return kb.forLoop(range.first, range.second, kb.index(1), start,
                    [&](Value tap, ValueRange carried) {
                      SmallVector<Value> next(taps);
                      next.push_back(tap);
                      return SmallVector<Value>{
                          addLoopedTaps(carried[0], next)};
                    })[0];
}

void WindowEmitter::run(Value offset) {
  Type type =
      getComputeType(getElementTypeOrSelf(plan.op->getResult(0).getType()));
  Value sum =
      kb.constant(kb.getVector(type),
                  getNeutral(plan.kind, elementType.isUnsignedInteger(), type));
  sum = plan.getTaps() <= maxUnrolledTaps ? addUnrolledTaps(sum)
                                          : addLoopedTaps(sum, {});
  if (plan.kind == nn::ReduceKind::Mean) {
    Value count = kb.index(1);
    for (unsigned d = 0; d < plan.getSpatialRank(); ++d)
      count = kb.mul(count, getTapCount(kb, plan, d, getIndex(d)));
    sum = divideByCount(kb, sum, count);
  }
  epilogue.setSeed(plan.op->getResult(0), sum);
  epilogue.startPoint(point);
  SmallVector<Value> values;
  for (unsigned root : plan.roots)
    values.push_back(epilogue.emit(root));
  for (auto [number, value] : llvm::enumerate(values))
    kb.storeVector(value, kb.getResultBuffer(number),
                   getElementTypeOrSelf(
                       kb.getKernel().getFunctionType().getResult(number)),
                   offset);
}

LogicalResult sinter::cuda::emitWindowKernel(DeviceBuilder &kb) {
  FailureOr<WindowPlan> plan = makeWindowPlan(kb.getKernel());
  if (failed(plan))
    return failure();
  // The channels of input, filter and results lie alike.
  bool isWide =
      !plan->hasQuads() && canVectorize(plan->epilogue, plan->sizes.size() - 1);
  int64_t lanes = isWide ? vectorLanes : 1;
  kb.setLanes(lanes);
  nn::SizeAttr items =
      nn::floorDiv(nn::product(kb.b.getContext(), plan->sizes), lanes);
  kb.setLaunch(nn::ceilDiv(items, blockSize));
  Value item =
      kb.add(kb.mul(kb.getBlock(), kb.index(blockSize)), kb.getThread());
  kb.ifThen(kb.less(item, kb.size(items)), [&] {
    Value element = kb.mul(item, kb.index(lanes));
    WindowEmitter(kb, *plan, delinearize(kb, element, plan->sizes))
        .run(element);
  });
  return success();
}
