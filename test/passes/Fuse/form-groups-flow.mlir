// RUN: sinter-opt %s --sinter-fuse-form-groups --split-input-file | FileCheck %s

// What stands before nn.bind_sizes and what stands after it are two groups,
// though one reads the other element by element.
// CHECK-LABEL: func.func @bind
// CHECK:         %[[A:.+]] = kernel.group loop
// CHECK-NEXT:      nn.relu
// CHECK-NEXT:      kernel.yield
// CHECK:         nn.bind_sizes %{{.+}} as ["?a"]
// CHECK:         %[[B:.+]] = kernel.group loop (%{{.+}} = %[[A]]
// CHECK-NEXT:      nn.exp
// CHECK-NEXT:      kernel.yield
// CHECK:         %[[C:.+]] = kernel.group loop () -> tensor<?xi64
// CHECK-NEXT:      nn.iota
// CHECK:         return %[[B]], %[[C]]
!late = tensor<?xi64, #nn.dims<["?a"]>>
func.func @bind(%x: tensor<4xf32>, %n: tensor<i64>) -> (tensor<4xf32>, !late) {
  %0 = nn.relu %x : tensor<4xf32>
  nn.bind_sizes %n as ["?a"] : tensor<i64>
  %1 = nn.exp %0 : tensor<4xf32>
  %2 = nn.iota axis 0 from <0> step <1> : !late
  return %1, %2 : tensor<4xf32>, !late
}

// -----

// The body is grouped by itself: what it reads from around it and what it
// yields are results of groups. The counter is computed in the body.
// CHECK-LABEL: func.func @loop
// CHECK:         %[[OUTER:.+]] = kernel.group loop
// CHECK-NEXT:      nn.relu
// CHECK-NEXT:      kernel.yield
// CHECK-NOT:     nn.iota
// CHECK:         %[[L:.+]]:2 = nn.loop index "?t" count <3> executed "?e"
// CHECK:         ^bb0(%[[ARG:.+]]: tensor<4xf32>):
// CHECK:           %[[N:.+]] = kernel.group loop (%{{.+}} = %[[ARG]] : tensor<4xf32>, %{{.+}} = %[[OUTER]] : tensor<4xf32>)
// CHECK-NEXT:        nn.add
// CHECK-NEXT:        nn.iota
// CHECK-NEXT:        nn.add
// CHECK-NEXT:        nn.tanh
// CHECK-NEXT:        kernel.yield
// CHECK:           nn.yield carried(%[[N]] : tensor<4xf32>) stacked(%[[N]] : tensor<4xf32>)
// CHECK:         %[[AFTER:.+]] = kernel.group loop (%{{.+}} = %[[L]]#0
// CHECK-NEXT:      nn.neg
// CHECK-NEXT:      kernel.yield
// CHECK:         return %[[AFTER]], %[[L]]#1
func.func @loop(%x: tensor<4xf32>, %h: tensor<4xf32>) -> (tensor<4xf32>, tensor<3x4xf32>) {
  %i = nn.iota axis 0 from <0> step <1> : tensor<4xf32>
  %0 = nn.relu %x : tensor<4xf32>
  %f, %s = nn.loop index "?t" count <3> executed "?e" carried(%h : tensor<4xf32>) -> tensor<4xf32>, tensor<3x4xf32> {
  ^bb0(%arg: tensor<4xf32>):
    %1 = nn.add %arg, %0 : tensor<4xf32>, tensor<4xf32>
    %2 = nn.add %1, %i : tensor<4xf32>, tensor<4xf32>
    %3 = nn.tanh %2 : tensor<4xf32>
    nn.yield carried(%3 : tensor<4xf32>) stacked(%3 : tensor<4xf32>)
  }
  %4 = nn.neg %f : tensor<4xf32>
  return %4, %s : tensor<4xf32>, tensor<3x4xf32>
}

// -----

// CHECK-LABEL: func.func @branches
// CHECK:         %[[R:.+]] = nn.if
// CHECK-NEXT:      %[[A:.+]] = kernel.group loop
// CHECK-NEXT:        nn.exp
// CHECK-NEXT:        nn.neg
// CHECK-NEXT:        kernel.yield
// CHECK:           nn.yield carried(%[[A]]
// CHECK:         } else {
// CHECK-NEXT:      nn.yield carried(%arg0
// CHECK:         return %[[R]]
func.func @branches(%x: tensor<4xf32>, %c: tensor<i1>) -> tensor<4xf32> {
  %0 = nn.if %c : tensor<i1> -> tensor<4xf32> {
    %1 = nn.exp %x : tensor<4xf32>
    %2 = nn.neg %1 : tensor<4xf32>
    nn.yield carried(%2 : tensor<4xf32>)
  } else {
    nn.yield carried(%x : tensor<4xf32>)
  }
  return %0 : tensor<4xf32>
}
