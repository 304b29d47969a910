//===- IntegerDot.cpp - sums of products of 8-bit integers ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/IntegerDot.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace sinter;

static bool hasVnni(KernelBuilder &kb) {
  return kb.getInstructionSet().dot == InstructionSet::Dot::Vnni;
}

static VectorType getBytes(KernelBuilder &kb) {
  return VectorType::get({4 * kb.getLanes()}, kb.b.getI8Type());
}

static VectorType getHalves(KernelBuilder &kb) {
  return VectorType::get({2 * kb.getLanes()}, kb.b.getI16Type());
}

static Value makeSplat(KernelBuilder &kb, VectorType type, int64_t value) {
  auto scalar = kb.b.getIntegerAttr(type.getElementType(), value);
  return arith::ConstantOp::create(kb.b, kb.loc,
                                   DenseElementsAttr::get(type, scalar));
}

DotOperand sinter::makeUnsignedQuads(KernelBuilder &kb, Value quads) {
  if (hasVnni(kb))
    return {vector::BitCastOp::create(kb.b, kb.loc, getBytes(kb), quads), {}};
  VectorType type = getHalves(kb);
  Value halves = vector::BitCastOp::create(kb.b, kb.loc, type, quads);
  return {
      arith::AndIOp::create(kb.b, kb.loc, halves, makeSplat(kb, type, 0xff)),
      arith::ShRUIOp::create(kb.b, kb.loc, halves, makeSplat(kb, type, 8))};
}

DotOperand sinter::makeSignedQuads(KernelBuilder &kb, Value bytes) {
  if (hasVnni(kb))
    return {bytes, {}};
  VectorType type = getHalves(kb);
  Value halves = vector::BitCastOp::create(kb.b, kb.loc, type, bytes);
  Value eight = makeSplat(kb, type, 8);
  Value low = arith::ShLIOp::create(kb.b, kb.loc, halves, eight);
  return {arith::ShRSIOp::create(kb.b, kb.loc, low, eight),
          arith::ShRSIOp::create(kb.b, kb.loc, halves, eight)};
}

Value sinter::emitDot(KernelBuilder &kb, const DotOperand &unsignedQuads,
                      const DotOperand &signedQuads, Value sum) {
  auto call = [&](const Twine &name, ValueRange operands) {
    return LLVM::CallIntrinsicOp::create(kb.b, kb.loc, sum.getType(),
                                         kb.b.getStringAttr("llvm.x86." + name),
                                         operands)
        .getResult(0);
  };
  int64_t bits = 32 * kb.getLanes();
  if (hasVnni(kb))
    return call("avx512.vpdpbusd." + Twine(bits),
                {sum, unsignedQuads.first, signedQuads.first});
  StringRef multiply = bits == 512 ? "avx512.pmaddw.d.512" : "avx2.pmadd.wd";
  Value products = call(multiply, {unsignedQuads.first, signedQuads.first});
  sum = arith::AddIOp::create(kb.b, kb.loc, sum, products);
  products = call(multiply, {unsignedQuads.second, signedQuads.second});
  return arith::AddIOp::create(kb.b, kb.loc, sum, products);
}

DotOperand sinter::loadSignedQuads(KernelBuilder &kb, Value buffer,
                                   Value offset) {
  VectorType bytes = getBytes(kb);
  bool isBytes = getElementTypeOrSelf(buffer.getType()).isInteger(8);
  Value quads = vector::LoadOp::create(
      kb.b, kb.loc, isBytes ? bytes : kb.getVector(kb.b.getI32Type()), buffer,
      ValueRange{offset});
  if (!isBytes)
    quads = vector::BitCastOp::create(kb.b, kb.loc, bytes, quads);
  return makeSignedQuads(kb, quads);
}

Value sinter::loadQuad(KernelBuilder &kb, Value buffer, Value offset) {
  OpBuilder &b = kb.b;
  Value bytes =
      vector::LoadOp::create(b, kb.loc, VectorType::get({4}, b.getI8Type()),
                             buffer, ValueRange{offset});
  Value word = vector::BitCastOp::create(
      b, kb.loc, VectorType::get({1}, b.getI32Type()), bytes);
  return vector::ExtractOp::create(b, kb.loc, word, ArrayRef<int64_t>{0});
}

Value sinter::loadQuadOf(KernelBuilder &kb, Value buffer,
                         ArrayRef<Value> offsets) {
  Value quad;
  for (auto [index, offset] : llvm::enumerate(offsets)) {
    Value byte = memref::LoadOp::create(kb.b, kb.loc, buffer, offset);
    byte = arith::ExtUIOp::create(kb.b, kb.loc, kb.b.getI32Type(), byte);
    Value shift = arith::ConstantOp::create(
        kb.b, kb.loc, kb.b.getI32IntegerAttr(8 * static_cast<int32_t>(index)));
    byte = arith::ShLIOp::create(kb.b, kb.loc, byte, shift);
    quad = quad ? arith::OrIOp::create(kb.b, kb.loc, quad, byte) : byte;
  }
  return quad;
}
