//===- Steps.cpp - the order of what a function does ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Memory/Steps.h"

#include "dialects/Kernel/KernelDialect.h"
#include "dialects/NN/NNShapes.h"
#include "dialects/NN/Size.h"
#include "passes/Memory/BufferGraph.h"

using namespace mlir;

namespace sinter::memory {

Steps::Steps(func::FuncOp function) {
  number(function.getBody().front(), /*isOuter=*/true);
}

/// Names that a block of the function defines are known from `step` on.
void Steps::define(ArrayAttr names, int64_t step) {
  for (auto name : names.getAsRange<StringAttr>())
    known[name.getValue()] = step;
}

void Steps::number(Block &block, bool isOuter) {
  for (Operation &op : block) {
    if (!isa<kernel::CallOp, nn::BindSizesOp, nn::LoopOp, nn::IfOp>(op))
      continue;
    int64_t step = next++;
    stepOf[&op] = step;
    for (Region &body : op.getRegions()) {
      number(body.front(), /*isOuter=*/false);
      step = next++;
      endOf[&body] = step;
    }
    if (auto bind = dyn_cast<nn::BindSizesOp>(op); bind && bind.getBounds())
      for (auto [name, bound] :
           llvm::zip(bind.getNames().getAsRange<StringAttr>(),
                     bind.getBounds()->getAsRange<nn::SizeAttr>()))
        bounds[name.getValue()] = getBound(bound);
    if (!isOuter)
      continue;
    if (auto bind = dyn_cast<nn::BindSizesOp>(op)) {
      define(bind.getNames(), step);
    } else if (auto loop = dyn_cast<nn::LoopOp>(op)) {
      define(loop.getSizeNames(), step);
      known[loop.getExecuted()] = step;
    } else if (auto condition = dyn_cast<nn::IfOp>(op)) {
      define(condition.getSizeNames(), step);
    }
  }
}

int64_t Steps::extend(Block *home, Operation *user, int64_t step) const {
  for (Operation *op = user; op && op->getBlock() != home;
       op = op->getParentOp())
    if (auto loop = dyn_cast_or_null<nn::LoopOp>(op->getParentOp()))
      step = std::max(step, getEnd(loop.getBody()));
  return step;
}

std::optional<int64_t> Steps::getKnown(Type type) const {
  int64_t step = -1;
  for (nn::SizeAttr size : nn::getSizes(type)) {
    SmallVector<StringRef> names;
    nn::collectSymbols(size, names);
    for (StringRef name : llvm::make_filter_range(names, nn::isLate)) {
      auto it = known.find(name);
      if (it == known.end())
        return std::nullopt;
      step = std::max(step, it->second);
    }
  }
  return step;
}

//===----------------------------------------------------------------------===//
// Bounds
//===----------------------------------------------------------------------===//

namespace {
/// A size, and one in dimensions that are not late that it never exceeds: null
/// if there is none.
struct Bounded {
  nn::SizeAttr value, bound;
  bool isLate() const { return nn::hasLate(value); }
};

/// Builds the bound of a size (see nn::build): only from what grows with the
/// late dimensions in it.
struct BoundBuilder {
  MLIRContext *context;
  const llvm::StringMap<nn::SizeAttr> &bounds;

  Bounded constant(int64_t value) { return exact(nn::getSize(context, value)); }
  Bounded symbol(StringRef name) {
    nn::SizeAttr value = nn::getSymbol(context, name);
    if (!nn::isLate(name))
      return exact(value);
    return {value, bounds.lookup(name)};
  }
  Bounded add(Bounded x, Bounded y) { return combine(nn::add, x, y); }
  Bounded min(Bounded x, Bounded y) {
    Bounded smaller = combine(nn::min, x, y);
    if (!smaller.bound)
      smaller.bound = x.bound ? x.bound : y.bound;
    return smaller;
  }
  Bounded max(Bounded x, Bounded y) { return combine(nn::max, x, y); }
  Bounded mul(Bounded x, Bounded y) {
    if (x.isLate())
      std::swap(x, y);
    Bounded product = combine(nn::mul, x, y);
    if (x.isLate() || (y.isLate() && nn::getRange(x.value).first < 0))
      product.bound = nullptr;
    return product;
  }
  Bounded floorDiv(Bounded x, Bounded y) {
    Bounded quotient = combine(nn::floorDiv, x, y);
    if (y.isLate() || nn::getRange(y.value).first < 1)
      quotient.bound = quotient.isLate() ? nullptr : quotient.value;
    return quotient;
  }
  Bounded mod(Bounded x, Bounded y) {
    Bounded rest = combine(nn::mod, x, y);
    if (!rest.isLate())
      return rest;
    bool isDivisorKnown = !y.isLate() && nn::getRange(y.value).first >= 1;
    return {rest.value, isDivisorKnown ? nn::add(y.value, -1) : nullptr};
  }

private:
  using Function = nn::SizeAttr (*)(nn::SizeAttr, nn::SizeAttr);
  static Bounded exact(nn::SizeAttr value) { return {value, value}; }
  static Bounded combine(Function function, Bounded x, Bounded y) {
    return {function(x.value, y.value),
            x.bound && y.bound ? function(x.bound, y.bound) : nullptr};
  }
};
} // namespace

/// At least `size`, in dimensions that are not late; null if there is no bound.
nn::SizeAttr Steps::getBound(nn::SizeAttr size) const {
  BoundBuilder builder{size.getContext(), bounds};
  return nn::build<Bounded>(size, builder).bound;
}

nn::SizeAttr Steps::getBoundOfBytes(Type type) const {
  nn::SizeAttr bytes = nn::getSize(type.getContext(), getElementBytes(type));
  for (nn::SizeAttr size : nn::getSizes(type)) {
    nn::SizeAttr bound = getBound(size);
    if (!bound)
      return nullptr;
    if (bound != size)
      bound = nn::max(bound, nn::getSize(type.getContext(), 0));
    bytes = nn::mul(bytes, bound);
  }
  return bytes;
}

} // namespace sinter::memory
