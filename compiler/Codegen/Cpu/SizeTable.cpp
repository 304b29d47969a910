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

/// Builds LLVM IR for a size (see nn::build). Evaluating one never traps: a
/// divisor below 1, which only data can make, counts as 1, as in kernels.
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
    y = max(y, b.getInt64(1));
    return b.CreateSub(
        b.CreateSDiv(x, y),
        b.CreateZExt(b.CreateICmpSLT(b.CreateSRem(x, y), b.getInt64(0)),
                     b.getInt64Ty()));
  }
  Value *mod(Value *x, Value *y) {
    y = max(y, b.getInt64(1));
    return b.CreateSub(x, b.CreateMul(floorDiv(x, y), y));
  }
};

} // namespace

Value *codegen::emitSize(nn::SizeAttr size, llvm::IRBuilder<> &builder,
                         const llvm::StringMap<Value *> &symbols) {
  SizeEmitter emitter{builder, symbols};
  return nn::build<Value *>(size, emitter);
}
