// RUN: sinter-opt %s --split-input-file --sinter-lower-cuda-clone-kernels | FileCheck %s

// CHECK: kernel.func @relu_0
// CHECK: module @cuda attributes {kernel.target = "cuda"}
// CHECK-NEXT: kernel.func @relu_0
module attributes {sinter.targets = ["cpu", "cuda"]} {
  kernel.func @relu_0(%a: tensor<4xf32>) -> tensor<4xf32> attributes {kind = #kernel.kind<loop>} {
    %0 = nn.relu %a : tensor<4xf32>
    kernel.yield %0 : tensor<4xf32>
  }
}

// -----

// Nobody asked for CUDA.
// CHECK: kernel.func @relu_1
// CHECK-NOT: module @cuda
module attributes {sinter.targets = ["cpu"]} {
  kernel.func @relu_1(%a: tensor<4xf32>) -> tensor<4xf32> attributes {kind = #kernel.kind<loop>} {
    %0 = nn.relu %a : tensor<4xf32>
    kernel.yield %0 : tensor<4xf32>
  }
}
