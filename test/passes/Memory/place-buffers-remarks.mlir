// RUN: sinter-opt %s --sinter-memory-place-buffers=in-place=false --split-input-file --verify-diagnostics --remarks-filter=sinter-memory --remark-format=emitRemark -o /dev/null

kernel.func @exp_0(%a: tensor<100xf32>) -> tensor<100xf32> attributes {kind = #kernel.kind<loop>} {
  %0 = nn.exp %a : tensor<100xf32>
  kernel.yield %0 : tensor<100xf32>
}
// expected-remark @below {{PlaceBuffers | Category:sinter-memory | Remark="values that do not live at the same time share memory", arena_bytes=896, buffers=2, lower_bound_bytes=896}}
func.func @fixed(%x: tensor<100xf32>) -> tensor<100xf32> {
  %0 = kernel.call @exp_0(%x) : (tensor<100xf32>) -> tensor<100xf32>
  %1 = kernel.call @exp_0(%0) : (tensor<100xf32>) -> tensor<100xf32>
  %2 = kernel.call @exp_0(%1) : (tensor<100xf32>) -> tensor<100xf32>
  return %2 : tensor<100xf32>
}

// -----

!t = tensor<?x16xf32, #nn.dims<[batch, 16]>>
kernel.func @exp_0(%a: !t) -> !t attributes {kind = #kernel.kind<loop>} {
  %0 = nn.exp %a : !t
  kernel.yield %0 : !t
}
// expected-remark @below {{PlaceBuffers | Category:sinter-memory | Remark="values that do not live at the same time share slots of memory", arena_bytes=64*batch, buffers=1, slots=1}}
func.func @free(%x: !t) -> !t {
  %0 = kernel.call @exp_0(%x) : (!t) -> !t
  %1 = kernel.call @exp_0(%0) : (!t) -> !t
  return %1 : !t
}

// -----

kernel.func @exp_0(%a: tensor<4xf32>) -> tensor<4xf32> attributes {kind = #kernel.kind<loop>} {
  %0 = nn.exp %a : tensor<4xf32>
  kernel.yield %0 : tensor<4xf32>
}
// expected-remark @below {{arena_bytes=0, buffers=0}}
// expected-remark @below {{Reason="it is an input, a weight or another output too, not the result of a kernel alone, or its size is not known when it is begun", Remark="output 1 is a copy"}}
func.func @copied(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %0 = kernel.call @exp_0(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %0, %x : tensor<4xf32>, tensor<4xf32>
}
