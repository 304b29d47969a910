//===- SizeTable.cpp - the sizes that generated code works with -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Cpu/SizeTable.h"

using namespace sinter;
using namespace sinter::codegen;
using llvm::Value;

unsigned SizeTable::getIndex(nn::SizeAttr size) {
  return entries.insert({size, this->size()}).first->second;
}

llvm::SmallVector<nn::SizeAttr> SizeTable::getSizes() const {
  llvm::SmallVector<nn::SizeAttr> sizes(fixed, fixed + 3);
  for (const auto &entry : entries)
    sizes.push_back(entry.first);
  return sizes;
}

namespace {

/// Builds LLVM IR for a size (see nn::build). Evaluating never traps: a zero
/// divisor gives 0.
struct SizeEmitter {
  llvm::IRBuilder<> &b;
  const llvm::StringMap<Value *> &symbols;

  Value *constant(int64_t value) { return b.getInt64(value); }
  Value *symbol(llvm::StringRef name) { return symbols.lookup(name); }
  Value *add(Value *x, Value *y) { return b.CreateAdd(x, y); }
  Value *mul(Value *x, Value *y) { return b.CreateMul(x, y); }
  Value *min(Value *x, Value *y) {
    return b.CreateSelect(b.CreateICmpSLT(x, y), x, y);
  }
  Value *max(Value *x, Value *y) {
    return b.CreateSelect(b.CreateICmpSGT(x, y), x, y);
  }
  Value *floorDiv(Value *x, Value *y) {
    Value *trivial = isTrivial(y);
    Value *divisor = b.CreateSelect(trivial, b.getInt64(1), y);
    Value *quotient = b.CreateSub(
        b.CreateSDiv(x, divisor),
        b.CreateZExt(hasNegativeRemainder(x, divisor), b.getInt64Ty()));
    return b.CreateSelect(trivial, b.CreateMul(x, y), quotient);
  }
  Value *mod(Value *x, Value *y) {
    return b.CreateSelect(isTrivial(y), b.getInt64(0),
                          b.CreateSub(x, b.CreateMul(floorDiv(x, y), y)));
  }

private:
  /// Whether `y` is 0 or -1: division by these is multiplication.
  Value *isTrivial(Value *y) {
    return b.CreateICmpULT(b.CreateAdd(y, b.getInt64(1)), b.getInt64(2));
  }
  Value *hasNegativeRemainder(Value *x, Value *y) {
    Value *remainder = b.CreateSRem(x, y);
    return b.CreateAnd(
        b.CreateICmpNE(remainder, b.getInt64(0)),
        b.CreateICmpSLT(b.CreateXor(remainder, y), b.getInt64(0)));
  }
};

} // namespace

Value *codegen::emitSize(nn::SizeAttr size, llvm::IRBuilder<> &builder,
                         const llvm::StringMap<Value *> &symbols) {
  SizeEmitter emitter{builder, symbols};
  return nn::build<Value *>(size, emitter);
}
