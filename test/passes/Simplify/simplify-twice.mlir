// A second run of the phase finds nothing to do.
// RUN: sinter-opt %s --sinter-phase-simplify -o %t.once
// RUN: sinter-opt %t.once --sinter-phase-simplify -o %t.twice
// RUN: diff %t.once %t.twice
// RUN: FileCheck %s < %t.once

// CHECK-LABEL: @main
// CHECK-COUNT-2: nn.transpose %
// CHECK-NOT: nn.transpose %
func.func @main(%x: tensor<?x8x16x16xf32, #nn.dims<[n, 8, 16, 16]>>) -> tensor<?x8x8x8xf32, #nn.dims<[n, 8, 8, 8]>> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x8x3x3xf32>>
  %v = nn.weight #nn.weight<file {name = "v"} : tensor<8x8x1x1xf32>>
  %s = nn.weight #nn.weight<file {name = "s"} : tensor<8x1x1xf32>>
  %0 = nn.conv %x, %w strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1] group 1 : tensor<?x8x16x16xf32, #nn.dims<[n, 8, 16, 16]>>, tensor<8x8x3x3xf32>
  %1 = nn.mul %0, %s : tensor<?x8x8x8xf32, #nn.dims<[n, 8, 8, 8]>>, tensor<8x1x1xf32>
  %2 = nn.relu %1 : tensor<?x8x8x8xf32, #nn.dims<[n, 8, 8, 8]>>
  %3 = nn.conv %2, %v strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : tensor<?x8x8x8xf32, #nn.dims<[n, 8, 8, 8]>>, tensor<8x8x1x1xf32>
  %4 = nn.reduce mean %3 axes [2, 3] : tensor<?x8x8x8xf32, #nn.dims<[n, 8, 8, 8]>>
  %5 = nn.sigmoid %4 : tensor<?x8x1x1xf32, #nn.dims<[n, 8, 1, 1]>>
  %6 = nn.mul %3, %5 : tensor<?x8x8x8xf32, #nn.dims<[n, 8, 8, 8]>>, tensor<?x8x1x1xf32, #nn.dims<[n, 8, 1, 1]>>
  %7 = nn.add %6, %2 : tensor<?x8x8x8xf32, #nn.dims<[n, 8, 8, 8]>>, tensor<?x8x8x8xf32, #nn.dims<[n, 8, 8, 8]>>
  return %7 : tensor<?x8x8x8xf32, #nn.dims<[n, 8, 8, 8]>>
}
