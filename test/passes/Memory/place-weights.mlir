// RUN: sinter-opt %s --sinter-memory-place-weights --split-input-file | FileCheck %s
// RUN: sinter-opt %s --sinter-memory-place-weights --split-input-file --remarks-filter=sinter-memory --remark-format=emitRemark 2>&1 | FileCheck %s --check-prefix=REMARK

// Offsets are multiples of 64: 12 bytes take 64, 130 take 192.
// CHECK:       module attributes {kernel.weights_bytes = 320 : i64}
// CHECK:         kernel.constant {{.*}}<file {name = "a"} : tensor<3xf32>> at 0
// CHECK:         kernel.constant {{.*}}<file {name = "b"} : tensor<130xi8>> at 64
// CHECK:         kernel.constant {{.*}}<file {name = "c"} : tensor<f64>> at 256
// CHECK:         kernel.constant {{.*}}<file {name = "a"} : tensor<3xf32>> at 0
// REMARK:      PlaceWeights | Category:sinter-memory | Remark="equal weights are stored once", weights=3, weights_bytes=320
module {
  kernel.schedule @main inputs [] outputs [] arena <0> scratch <0> {
    %0 = kernel.constant #nn.weight<file {name = "a"} : tensor<3xf32>>
    %1 = kernel.constant #nn.weight<file {name = "b"} : tensor<130xi8>>
    %2 = kernel.constant #nn.weight<file {name = "c"} : tensor<f64>>
    %3 = kernel.constant #nn.weight<file {name = "a"} : tensor<3xf32>>
  }
}

// -----

// CHECK: module attributes {kernel.weights_bytes = 0 : i64}
module {
  kernel.schedule @main inputs [] outputs [] arena <0> scratch <0> {
  }
}
