// RUN: sinter-opt %s --sinter-fuse-form-groups=fuse=false | FileCheck %s
// RUN: sinter-opt %s --sinter-fuse-form-groups=fuse=false --remarks-filter=sinter-fuse --remark-format=emitRemark 2>&1 | FileCheck %s --check-prefix=REMARK

// REMARK: [Missed] FormGroup | Category:sinter-fuse | Reason="fusion is switched off", Remark="'sub' is alone in its kernel"

// CHECK-LABEL: func.func @alone
// CHECK:         kernel.group contract
// CHECK-NEXT:      nn.matmul
// CHECK-NEXT:      kernel.yield
// CHECK:         kernel.group reduce
// CHECK-NEXT:      nn.reduce
// CHECK-NEXT:      kernel.yield
// CHECK:         kernel.group loop
// CHECK-NEXT:      nn.sub
// CHECK-NEXT:      kernel.yield
func.func @alone(%x: tensor<8x16xf32>, %w: tensor<16x4xf32>) -> tensor<8x4xf32> {
  %0 = nn.matmul %x, %w : tensor<8x16xf32>, tensor<16x4xf32>
  %1 = nn.reduce max %0 axes [1] : tensor<8x4xf32>
  %2 = nn.sub %0, %1 : tensor<8x4xf32>, tensor<8x1xf32>
  return %2 : tensor<8x4xf32>
}
