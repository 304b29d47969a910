// RUN: sinter-opt %s --sinter-outline-number-checks --split-input-file | FileCheck %s

// Numbers go on after the assumptions.
// CHECK:       module attributes {
// CHECK-SAME:    nn.checks = [
// CHECK-SAME:      {expected = "indices i with -n <= i < n, n = 10 (axis 0)", node = "embed", op = "Gather", remedy = "check the input that the indices come from"},
// CHECK-SAME:      {expected = "indices i with -n <= i < n, n = seq (axis 1)", node = "pick", op = "GatherElements", remedy = {{"[^"]+"}}}]
// CHECK:         nn.gather %{{.+}} axis 0 {check = 1 : i64}
// CHECK:         nn.gather_elements %{{.+}} axis 1 {check = 2 : i64}
!t = tensor<3x?xf32, #nn.dims<[3, seq]>>
module attributes {nn.assumptions = [{lhs = #nn.size<a>, rhs = #nn.size<b>, node = "n", op = "Add", expected = "a = b"}]} {
  func.func @main(%x: tensor<10x16xf32>, %i: tensor<3xi64>, %y: !t, %j: tensor<3x2xi64>) -> (tensor<3x16xf32>, tensor<3x2xf32>) {
    %0 = kernel.group loop (%a = %x : tensor<10x16xf32>, %b = %i : tensor<3xi64>) -> tensor<3x16xf32> {
      %2 = nn.gather %a, %b axis 0 : tensor<10x16xf32>, tensor<3xi64> loc("embed"("Gather":0:4))
      kernel.yield %2 : tensor<3x16xf32>
    }
    %1 = kernel.group loop (%a = %y : !t, %b = %j : tensor<3x2xi64>) -> tensor<3x2xf32> {
      %2 = nn.gather_elements %a, %b axis 1 : !t, tensor<3x2xi64> loc("pick"("GatherElements":0:5))
      kernel.yield %2 : tensor<3x2xf32>
    }
    return %0, %1 : tensor<3x16xf32>, tensor<3x2xf32>
  }
}

// -----

// CHECK: module attributes {nn.checks = []}
module {
  func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
    return %x : tensor<4xf32>
  }
}
