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
/// ones signless; `i1` is a truth value, one byte in memory.
def NN_Float : AnyTypeOf<[F16, BF16, F32, F64]>;
def NN_Element : AnyTypeOf<[F16, BF16, F32, F64, I1, I8, I16, I32, I64, UI8, UI16, UI32, UI64]>;

/// Every free dimension has a known size in the encoding.
def NN_HasSizesPred : CPred<"::sinter::nn::hasSizes($_self)">;
class NN_TensorOf<list<Type> elements>
    : RankedTensorOf<elements, [NN_HasSizesPred], "ranked tensor with the size of each free dimension">;
def NN_AnyTensor : NN_TensorOf<[NN_Element]>;
def NN_FloatTensor : NN_TensorOf<[NN_Float]>;
def NN_BoolTensor : NN_TensorOf<[I1]>;
def NN_IndexTensor : NN_TensorOf<[I32, I64]>;
/// What nn.quantize makes, and what nn.dequantize reads.
def NN_QuantizedTensor : NN_TensorOf<[I8, I16, UI8, UI16]>;
def NN_DequantizableTensor : NN_TensorOf<[I8, I16, I32, UI8, UI16]>;

#endif // SINTER_DIALECTS_NN_NNDIALECT_TD
