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

// An algorithm says what it expects; one that accepts everything has no check.
// CHECK: module attributes {nn.checks = [{expected = "k <= 8", node = "top", op = "TopK", remedy = "check the inputs of the node"}]}
// CHECK:   nn.algorithm "top_k_f32"(%{{.+}}) {{.*}}check "k <= 8" {check_number = 0 : i64}
// CHECK-NOT: check_number
module {
  func.func @main(%x: tensor<8xf32>) -> (tensor<3xi64>, tensor<8xf32>) {
    %0 = kernel.group serial (%a = %x : tensor<8xf32>) -> tensor<3xi64> {
      %v, %i = nn.algorithm "top_k_f32"(%a) integers [0, 1] numbers [] units <1> scratch <64> check "k <= 8" : (tensor<8xf32>) -> (tensor<3xf32>, tensor<3xi64>) loc("top"("TopK":0:3))
      kernel.yield %i : tensor<3xi64>
    }
    %1 = kernel.group serial (%a = %x : tensor<8xf32>) -> tensor<8xf32> {
      %2 = nn.algorithm "accumulate_f32"(%a) integers [0, 0, 0, 0] numbers [] units <1> scratch <0> : (tensor<8xf32>) -> tensor<8xf32>
      kernel.yield %2 : tensor<8xf32>
    }
    return %0, %1 : tensor<3xi64>, tensor<8xf32>
  }
}

// -----

// CHECK: module attributes {nn.checks = []}
module {
  func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
    return %x : tensor<4xf32>
  }
}

// -----

// Sizes that data decides: of a group, a view, a bound, a loop.
// CHECK:       module attributes {
// CHECK-SAME:    nn.checks = [
// CHECK-SAME:      {expected = "sizes that are possible: ?b <= n", node = "bind", op = "Reshape"
// CHECK-SAME:      {expected = "sizes that are possible: [?a, 4]", node = "make", op = "Expand"
// CHECK-SAME:      {expected = "sizes that are possible: [?b, 2] with the elements of [?a, 4]", node = "view", op = "Reshape"
// CHECK-SAME:      {expected = "sizes that are possible: [?a, 4]", node = "loop", op = "Loop"
// CHECK:         nn.bind_sizes %{{.+}} as ["?a"] :
// CHECK:         nn.bind_sizes %{{.+}} as ["?b"] bounds [#nn.size<n>] {check = 0 : i64}
// CHECK:         kernel.group loop {{.*}} attributes {check = 1 : i64}
// CHECK:         nn.reshape {{.*}} {check = 2 : i64}
// CHECK:         nn.reshape %{{.+}} : tensor<?x4xf32, #nn.dims<["?a", 4]>> to
// CHECK:         } {check = 3 : i64}
!a = tensor<?x4xf32, #nn.dims<["?a", 4]>>
!b = tensor<?x2xf32, #nn.dims<["?b", 2]>>
!f = tensor<?xf32, #nn.dims<["?a" * 4]>>
module {
  func.func @main(%x: tensor<4xf32>, %i: tensor<i64>) -> (!b, !f, !a) {
    nn.bind_sizes %i as ["?a"] : tensor<i64> loc("size"("Reshape":0:1))
    nn.bind_sizes %i as ["?b"] bounds [#nn.size<n>] : tensor<i64> loc("bind"("Reshape":0:1))
    %0 = kernel.group loop (%a = %x : tensor<4xf32>) -> !a {
      %2 = nn.broadcast %a : tensor<4xf32> to !a
      kernel.yield %2 : !a
    } loc("make"("Expand":0:2))
    %1 = nn.reshape %0 : !a to !b loc("view"("Reshape":0:3))
    %3 = nn.reshape %0 : !a to !f loc("flat"("Flatten":0:4))
    %4 = nn.loop index "?t" count <3> executed "?e" carried(%0 : !a) -> !a {
    ^bb0(%arg: !a):
      nn.yield carried(%arg : !a)
    } loc("loop"("Loop":0:5))
    return %1, %3, %4 : !b, !f, !a
  }
}
