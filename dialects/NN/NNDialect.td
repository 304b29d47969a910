//===- NNDialect.td - the nn dialect ------------------------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_DIALECTS_NN_NNDIALECT_TD
#define SINTER_DIALECTS_NN_NNDIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/TensorEncoding.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def NN_Dialect : Dialect {
  let name = "nn";
  let cppNamespace = "::sinter::nn";
  let summary = "model-level tensor operations with ONNX meaning";
  let description = [{
    What an inference graph is made of. Every operation has value semantics on
    ranked tensors. A tensor with free dimensions carries the size of each
    dimension as `#nn.dims`; a static tensor carries no encoding. Element-wise
    operations broadcast as NumPy does.
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
}

class NN_Op<string mnemonic, list<Trait> traits = []>
    : Op<NN_Dialect, mnemonic, !listconcat([Pure], traits)>;

/// An operation whose result types follow from operands and attributes. The
/// rule is `inferReturnTypes` (in the .cpp of the family); builders without
/// result types are generated from it, and the verifier compares with it.
class NN_InferredOp<string mnemonic, list<Trait> traits = []>
    : NN_Op<mnemonic, !listconcat([InferTypeOpAdaptor], traits)>;

/// What a tensor may hold. Unsigned integers are MLIR's unsigned types, signed
/// ones signless; `i1` is a truth value. In memory an element takes a byte at
/// least: `i1` is 0 or 1, integers of 2 and 4 bits are extended by their sign, a
/// `f4E2M1FN` lies in the low bits. Elements of 8 bits and less that are no
/// integers of 8 bits only move, are chosen from, or are cast; integers are quantized to and dequantized.
def NN_Float : AnyTypeOf<[F16, BF16, F32, F64]>;
def NN_SmallFloat : AnyTypeOf<[F8E4M3FN, F8E4M3FNUZ, F8E5M2, F8E5M2FNUZ, F8E8M0FNU, F4E2M1FN]>;
def NN_SmallInteger : AnyTypeOf<[I<2>, I<4>, UI<2>, UI<4>]>;
def NN_Integer : AnyTypeOf<[I8, I16, I32, I64, UI8, UI16, UI32, UI64]>;
def NN_Element : AnyTypeOf<[NN_Float, I1, NN_Integer, NN_SmallInteger, NN_SmallFloat]>;

/// Every free dimension has a known size in the encoding.
def NN_HasSizesPred : CPred<"::sinter::nn::hasSizes($_self)">;
class NN_TensorOf<list<Type> elements>
    : RankedTensorOf<elements, [NN_HasSizesPred], "ranked tensor with the size of each free dimension">;
def NN_AnyTensor : NN_TensorOf<[NN_Element]>;
def NN_FloatTensor : NN_TensorOf<[NN_Float]>;
def NN_BoolTensor : NN_TensorOf<[I1]>;
def NN_IndexTensor : NN_TensorOf<[I32, I64]>;
/// What nn.quantize makes, and what nn.dequantize reads.
def NN_QuantizedTensor : NN_TensorOf<[I8, I16, UI8, UI16, NN_SmallInteger]>;
def NN_DequantizableTensor : NN_TensorOf<[I8, I16, I32, UI8, UI16, NN_SmallInteger]>;
def NN_IntegerTensor : NN_TensorOf<[NN_Integer]>;

#endif // SINTER_DIALECTS_NN_NNDIALECT_TD
