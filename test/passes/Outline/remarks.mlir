// RUN: sinter-opt %s --pass-pipeline='builtin.module(func.func(sinter-outline-pack-weights),sinter-outline-kernels,kernel.func(sinter-outline-plan-tiles))' --split-input-file --remarks-filter=sinter-outline --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s

// CHECK: remark: [Passed] PackWeights | Category:sinter-outline | Remark="the weight is stored in the order in which the kernel reads it", form=pack_matmul
// CHECK: remark: [Analysis] PlanTiles | Category:sinter-outline | Remark="cut into units of work that threads take", kernel=matmul_0, scratch_bytes={{.+}}, tiles={{.+}}
func.func @packed(%x: tensor<8x16xf32>) -> tensor<8x4xf32> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<16x4xf32>>
  %0 = kernel.group contract (%a = %x : tensor<8x16xf32>, %b = %w : tensor<16x4xf32>) -> tensor<8x4xf32> {
    %1 = nn.matmul %a, %b : tensor<8x16xf32>, tensor<16x4xf32>
    kernel.yield %1 : tensor<8x4xf32>
  }
  return %0 : tensor<8x4xf32>
}

// -----

// CHECK: remark: [Missed] PackWeights | Category:sinter-outline | Reason="it holds several matrices", Remark="the weight is read as it is"
func.func @several(%x: tensor<2x8x16xf32>) -> tensor<2x8x4xf32> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<2x16x4xf32>>
  %0 = kernel.group contract (%a = %x : tensor<2x8x16xf32>, %b = %w : tensor<2x16x4xf32>) -> tensor<2x8x4xf32> {
    %1 = nn.matmul %a, %b : tensor<2x8x16xf32>, tensor<2x16x4xf32>
    kernel.yield %1 : tensor<2x8x4xf32>
  }
  return %0 : tensor<2x8x4xf32>
}
