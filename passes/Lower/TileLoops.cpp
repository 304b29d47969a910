//===- TileLoops.cpp - loops that emitters share --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/TileLoops.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace sinter;

SmallVector<Value> sinter::delinearize(KernelBuilder &kb, Value linear,
                                       ArrayRef<nn::SizeAttr> sizes) {
  SmallVector<Value> indices(sizes.size());
  for (size_t d = sizes.size(); d-- > 0;) {
    Value size = kb.size(sizes[d]);
    indices[d] = d == 0 ? linear : kb.rem(linear, size);
    if (d > 0)
      linear = kb.div(linear, size);
  }
  return indices;
}

void sinter::forEachPoint(KernelBuilder &kb, Value first, Value last,
                          ArrayRef<nn::SizeAttr> sizes,
                          function_ref<void(Value, ArrayRef<Value>)> body) {
  if (sizes.size() <= 1) {
    kb.forLoop(first, last, kb.index(1), [&](Value i) {
      SmallVector<Value> indices(sizes.size(), i);
      body(i, indices);
    });
    return;
  }
  SmallVector<Value> start = delinearize(kb, first, sizes);
  kb.forLoop(first, last, kb.index(1), start, [&](Value i, ValueRange carried) {
    SmallVector<Value> indices(carried);
    body(i, indices);
    Value step = kb.index(1);
    for (size_t d = indices.size(); d-- > 0;) {
      Value next = kb.add(indices[d], step);
      if (d == 0) {
        indices[d] = next;
        break;
      }
      Value wraps = arith::CmpIOp::create(
          kb.b, kb.loc, arith::CmpIPredicate::eq, next, kb.size(sizes[d]));
      indices[d] =
          arith::SelectOp::create(kb.b, kb.loc, wraps, kb.index(0), next);
      step = arith::SelectOp::create(kb.b, kb.loc, wraps, kb.index(1),
                                     kb.index(0));
    }
    return indices;
  });
}

void sinter::forEachVector(KernelBuilder &kb, Value low, Value high,
                           function_ref<void(Value, Value)> body) {
  forEachVector(kb, low, high, /*unroll=*/1, ValueRange(),
                [&](ArrayRef<Value> indices, Value mask, ValueRange) {
                  body(indices[0], mask);
                  return SmallVector<Value>();
                });
}

SmallVector<Value> sinter::forEachVector(
    KernelBuilder &kb, Value low, Value high, unsigned unroll,
    ValueRange initial,
    function_ref<SmallVector<Value>(ArrayRef<Value>, Value, ValueRange)> body) {
  int64_t lanes = kb.getLanes();
  SmallVector<Value> carried(initial);
  Value start = low;
  auto runWhole = [&](int64_t vectors) {
    Value step = kb.index(lanes * vectors);
    Value count = kb.div(kb.sub(high, start), step);
    Value end = kb.add(start, kb.mul(count, step));
    carried =
        kb.forLoop(start, end, step, carried, [&](Value i, ValueRange values) {
          SmallVector<Value> indices;
          for (int64_t v = 0; v < vectors; ++v)
            indices.push_back(kb.add(i, kb.index(v * lanes)));
          return body(indices, Value(), values);
        });
    start = end;
  };
  if (unroll > 1)
    runWhole(unroll);
  runWhole(1);

  Value isLeft = arith::CmpIOp::create(kb.b, kb.loc, arith::CmpIPredicate::slt,
                                       start, high);
  SmallVector<Type> types;
  for (Value value : carried)
    types.push_back(value.getType());
  OpBuilder::InsertionGuard guard(kb.b);
  bool yields = !types.empty();
  auto branch = scf::IfOp::create(kb.b, kb.loc, types, isLeft,
                                  /*withElseRegion=*/yields);
  kb.b.setInsertionPointToStart(branch.thenBlock());
  Value mask = kb.tailMask(kb.sub(high, start));
  SmallVector<Value> next = body({start}, mask, carried);
  if (!yields)
    return {};
  kb.b.setInsertionPointToEnd(branch.thenBlock());
  scf::YieldOp::create(kb.b, kb.loc, next);
  kb.b.setInsertionPointToEnd(branch.elseBlock());
  scf::YieldOp::create(kb.b, kb.loc, carried);
  return SmallVector<Value>(branch.getResults());
}

SmallVector<Value>
sinter::forEachPart(KernelBuilder &kb, nn::SizeAttr size, int64_t part,
                    ArrayRef<Value> start,
                    function_ref<SmallVector<Value>(Value, Value)> body,
                    CombineFunction combine) {
  Value end = kb.size(size);
  if (nn::getRange(size).second <= part)
    return body(kb.index(0), end);
  Value step = kb.index(part);
  return kb.forLoop(kb.index(0), end, step, start,
                    [&](Value from, ValueRange carried) {
                      Value to = kb.min(kb.add(from, step), end);
                      return combine(carried, body(from, to));
                    });
}
