//===- NNAttrs.td - sizes and weights as attributes ---------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_DIALECTS_NN_NNATTRS_TD
#define SINTER_DIALECTS_NN_NNATTRS_TD

include "dialects/NN/NNDialect.td"

class NN_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<NN_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

def NN_SizeAttr : NN_Attr<"Size", "size"> {
  let summary = "an integer that is a formula of the free dimensions";
  let description = [{
    A polynomial with integer coefficients over *atoms*: a free dimension by
    name, or `floordiv`, `mod`, `min`, `max` of two sizes (`ceildiv` is read and
    becomes a `floordiv`). Sizes are canonical: two equal polynomials are the same
    attribute, so equality of attributes is (sound, not complete) equality of
    sizes. Free dimensions are at least 1; arithmetic is on 64-bit integers, and
    a coefficient that does not fit makes the whole size `unknown`, which no
    tensor may have. A free dimension whose name is not an identifier, or is a
    word of the syntax, is written in quotes.

    ```mlir
    #nn.size<4>   #nn.size<batch * 64>   #nn.size<(h + 1) floordiv 2>   #nn.size<"p2o.0" * 3>
    ```
  }];
  // Terms in canonical order; the storage is built by the functions of Size.h.
  let parameters = (ins ArrayRefOfSelfAllocationParameter<"::sinter::nn::SizeTerm", "">:$terms);
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    /// The value if it does not depend on a free dimension.
    std::optional<int64_t> getConstant() const;
    bool isConstant(int64_t value) const { return getConstant() == value; }
    /// Whether the arithmetic that made it left 64 bits.
    bool isUnknown() const;
  }];
}

def NN_DimsAttr : NN_Attr<"Dims", "dims",
    [DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let summary = "the size of every dimension of a tensor, as its encoding";
  let description = [{
    ```mlir
    tensor<?x3x?xf32, #nn.dims<[batch, 3, w floordiv 2]>>
    ```
    Constraints:
    - (C1) one size for each dimension;
    - (C2) a dimension is static where its size is constant, with the same value,
      and free where it is not;
    - (C3) at least one dimension is free: a static tensor carries no sizes.
  }];
  let parameters = (ins ArrayRefParameter<"::sinter::nn::SizeAttr">:$sizes);
  let hasCustomAssemblyFormat = 1;
}

def NN_WeightAttr : NN_Attr<"Weight", "weight"> {
  let summary = "a constant tensor as a lazy expression over the model's weights";
  let description = [{
    The bytes stay in the model file; the IR holds what has to be done to them.
    `kind` is `file` (an initializer, `params` = `{name = "..."}`), `dense` (a
    small value, `params` = `{value = dense<...>}`), or the mnemonic of the `nn`
    or `kernel` operation that computes it from `operands`, with that
    operation's attributes as `params`. Evaluated by the WeightStore.

    ```mlir
    #nn.weight<file {name = "conv1.weight"} : tensor<64x3x7x7xf32>>
    #nn.weight<transpose(#nn.weight<file {name = "fc.w"} : tensor<10x4xf32>>) {permutation = array<i64: 1, 0>} : tensor<4x10xf32>>
    ```
  }];
  let parameters = (ins "::mlir::StringAttr":$kind,
                        ArrayRefParameter<"::sinter::nn::WeightAttr">:$operands,
                        "::mlir::DictionaryAttr":$params,
                        "::mlir::RankedTensorType":$type);
  let hasCustomAssemblyFormat = 1;
}

#endif // SINTER_DIALECTS_NN_NNATTRS_TD
