// RUN: sinter-opt %s --sinter-memory-place-buffers --split-input-file | FileCheck %s

// An output whose size is known when it is begun is written directly; what
// comes before the sizes are known is a buffer of its own.
// CHECK-LABEL: kernel.schedule @bind
// CHECK:         %[[Y:.+]] = kernel.output 0
// CHECK:         kernel.read_sizes %{{.+}} as ["?a"] width 64
// CHECK-NEXT:    kernel.check_sizes <["?a", 4]> of 4 bytes check 7
// CHECK-NEXT:    kernel.launch @k ins(%{{.+}}) outs(%[[Y]])
!late = tensor<?x4xf32, #nn.dims<["?a", 4]>>
kernel.func @k(%n: tensor<i64>) -> !late attributes {kind = #kernel.kind<loop>} {
  %0 = nn.size_value [#nn.size<1>] : tensor<1xf32>
  %1 = nn.broadcast %0 : tensor<1xf32> to !late
  kernel.yield %1 : !late
}
func.func @bind(%n: tensor<i64>) -> !late {
  nn.bind_sizes %n as ["?a"] : tensor<i64>
  %0 = kernel.call @k(%n) {check = 7 : i64} : (tensor<i64>) -> !late
  return %0 : !late
}

// -----

// With a bound the value is planned in the arena, else it grows. The last one
// shares the slot of the first.
// CHECK-LABEL: kernel.schedule @intermediate
// CHECK-SAME:    arena <((n + 3) floordiv 4) * 64>
// CHECK:         %[[G:.+]] = kernel.grown slot 0
// CHECK:         %[[A:.+]] = kernel.arena at <0> bytes <n * 16> live{{ ?}}[3, 4]
// CHECK:         %[[H:.+]] = kernel.grown slot 0
// CHECK:         kernel.read_sizes %{{.+}} as ["?a"]
// CHECK:         kernel.read_sizes %{{.+}} as ["?b"]
// CHECK-NEXT:    kernel.check_sizes <[-"?b" + n]> of 0 bytes check 5
// CHECK-NEXT:    kernel.grow %[[G]] bytes <"?a" * 16> keep <0>
// CHECK-NEXT:    kernel.launch @a ins(%{{.+}}) outs(%[[G]])
// CHECK-NEXT:    kernel.launch @b ins(%[[G]]) outs(%[[A]])
// CHECK-NEXT:    kernel.grow %[[H]] bytes <"?a" * 16> keep <0>
// CHECK-NEXT:    kernel.launch @c ins(%[[A]]) outs(%[[H]])
!a = tensor<?x4xf32, #nn.dims<["?a", 4]>>
!b = tensor<?x4xf32, #nn.dims<["?b", 4]>>
kernel.func @a(%n: tensor<i64>) -> !a attributes {kind = #kernel.kind<serial>} {
  %0 = nn.iota axis 0 from <0> step <1> : !a
  kernel.yield %0 : !a
}
kernel.func @b(%a: !a) -> !b attributes {kind = #kernel.kind<serial>} {
  %0 = nn.iota axis 0 from <0> step <1> : !b
  kernel.yield %0 : !b
}
kernel.func @c(%b: !b) -> !a attributes {kind = #kernel.kind<serial>} {
  %0 = nn.iota axis 0 from <0> step <1> : !a
  kernel.yield %0 : !a
}
kernel.func @d(%a: !a) -> tensor<4xf32> attributes {kind = #kernel.kind<serial>} {
  %0 = nn.iota axis 0 from <0> step <1> : tensor<4xf32>
  kernel.yield %0 : tensor<4xf32>
}
func.func @intermediate(%n: tensor<i64>, %m: tensor<i64>) -> tensor<4xf32> {
  nn.bind_sizes %n as ["?a"] : tensor<i64>
  nn.bind_sizes %m as ["?b"] bounds [#nn.size<n>] {check = 5 : i64} : tensor<i64>
  %0 = kernel.call @a(%n) : (tensor<i64>) -> !a
  %1 = kernel.call @b(%0) : (!a) -> !b
  %2 = kernel.call @c(%1) : (!b) -> !a
  %3 = kernel.call @d(%2) : (!a) -> tensor<4xf32>
  return %3 : tensor<4xf32>
}

// -----

// Carried values: the first is written where it is wanted (the old value is
// read element by element by the same launch), the second and third change
// places through a temporary, and the input outlives the loop.
// CHECK-LABEL: kernel.schedule @loop
// CHECK:         %[[X:.+]] = kernel.input 0
// CHECK:         %[[W:.+]] = kernel.input 1
// CHECK:         %[[C:.+]] = kernel.output 0
// CHECK:         %[[P:.+]] = kernel.output 1
// CHECK:         %[[Q:.+]] = kernel.output 2
// CHECK:         %[[S:.+]] = kernel.output 3
// CHECK:         %[[T0:.+]] = kernel.arena
// CHECK:         %[[T1:.+]] = kernel.arena
// CHECK:         kernel.copy %[[X]] to %[[C]] bytes <16>
// CHECK-NEXT:    kernel.copy %[[X]] to %[[P]] bytes <16>
// CHECK-NEXT:    kernel.copy %[[W]] to %[[Q]] bytes <16>
// CHECK-NEXT:    kernel.loop index "?t" count <n> executed "?e" {
// CHECK-NEXT:      kernel.launch @k ins(%[[C]], %[[W]]) outs(%[[C]])
// CHECK-NEXT:      kernel.copy %[[C]] to %[[S]] at <"?t" * 16> bytes <16>
// CHECK-NEXT:      kernel.copy %[[Q]] to %[[T0]] bytes <16>
// CHECK-NEXT:      kernel.copy %[[P]] to %[[T1]] bytes <16>
// CHECK-NEXT:      kernel.copy %[[T0]] to %[[P]] bytes <16>
// CHECK-NEXT:      kernel.copy %[[T1]] to %[[Q]] bytes <16>
// CHECK-NEXT:    }
kernel.func @k(%a: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<4xf32> attributes {kind = #kernel.kind<loop>} {
  %0 = nn.add %a, %b : tensor<4xf32>, tensor<4xf32>
  kernel.yield %0 : tensor<4xf32>
}
func.func @loop(%x: tensor<4xf32>, %w: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<?x4xf32, #nn.dims<[n, 4]>>) {
  %0:4 = nn.loop index "?t" count <n> executed "?e" carried(%x, %x, %w : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
      -> tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<?x4xf32, #nn.dims<[n, 4]>> {
  ^bb0(%c: tensor<4xf32>, %p: tensor<4xf32>, %q: tensor<4xf32>):
    %1 = kernel.call @k(%c, %w) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    nn.yield carried(%1, %q, %p : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) stacked(%1 : tensor<4xf32>)
  }
  return %0#0, %0#1, %0#2, %0#3 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<?x4xf32, #nn.dims<[n, 4]>>
}

// -----

// The old value is stacked, so the new one has a buffer of its own and is
// copied; what the loop begins with has the carried buffer from the start.
// CHECK-LABEL: kernel.schedule @copies
// CHECK:         %[[C:.+]] = kernel.output 0
// CHECK:         %[[S:.+]] = kernel.output 1
// CHECK:         %[[V:.+]] = kernel.arena at <0> bytes <16> live{{ ?}}[2, 3]
// CHECK:         kernel.launch @k ins(%{{.+}}) outs(%[[C]])
// CHECK-NEXT:    kernel.loop
// CHECK-NEXT:      kernel.launch @k ins(%[[C]]) outs(%[[V]])
// CHECK-NEXT:      kernel.copy %[[C]] to %[[S]] at
// CHECK-NEXT:      kernel.copy %[[V]] to %[[C]] bytes <16>
kernel.func @k(%a: tensor<4xf32>) -> tensor<4xf32> attributes {kind = #kernel.kind<loop>} {
  %0 = nn.exp %a : tensor<4xf32>
  kernel.yield %0 : tensor<4xf32>
}
func.func @copies(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<3x4xf32>) {
  %h = kernel.call @k(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %0:2 = nn.loop index "?t" count <3> executed "?e" carried(%h : tensor<4xf32>) -> tensor<4xf32>, tensor<3x4xf32> {
  ^bb0(%c: tensor<4xf32>):
    %1 = kernel.call @k(%c) : (tensor<4xf32>) -> tensor<4xf32>
    nn.yield carried(%1 : tensor<4xf32>) stacked(%c : tensor<4xf32>)
  }
  return %0#0, %0#1 : tensor<4xf32>, tensor<3x4xf32>
}

// -----

// A value from around a loop keeps its bytes until the loop ends, though its
// last reader comes first in the body.
// CHECK-LABEL: kernel.schedule @outer
// CHECK:         kernel.arena at <0> bytes <64> live{{ ?}}[0, 4]
// CHECK:         kernel.arena at <64> bytes <64> live{{ ?}}[2, 3]
kernel.func @k(%a: tensor<16xf32>) -> tensor<16xf32> attributes {kind = #kernel.kind<serial>} {
  %0 = nn.exp %a : tensor<16xf32>
  kernel.yield %0 : tensor<16xf32>
}
func.func @outer(%x: tensor<16xf32>) -> tensor<3x16xf32> {
  %0 = kernel.call @k(%x) : (tensor<16xf32>) -> tensor<16xf32>
  %s = nn.loop index "?t" count <3> executed "?e" -> tensor<3x16xf32> {
    %1 = kernel.call @k(%0) : (tensor<16xf32>) -> tensor<16xf32>
    %2 = kernel.call @k(%1) : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield stacked(%2 : tensor<16xf32>)
  }
  return %s : tensor<3x16xf32>
}

// -----

// Sizes that change: memory that grows, the condition in a buffer that the body
// writes; the stacked result is as long as the loop ran.
// CHECK-LABEL: kernel.schedule @grows
// CHECK:         kernel.grow %[[G:.+]] bytes <16> keep <0>
// CHECK-NEXT:    kernel.copy %{{.+}} to %[[G]] bytes <16>
// CHECK-NEXT:    kernel.set_sizes ["?s"] to [#nn.size<1>]
// CHECK-NEXT:    kernel.loop index "?t" count <9223372036854775807> executed "?e" while %[[C:.+]] {
// CHECK:           kernel.check_sizes <["?s" + 1, 4]> of 4 bytes check 3
// CHECK-NEXT:      kernel.grow %[[V:.+]] bytes <"?s" * 16 + 16> keep <0>
// CHECK-NEXT:      kernel.launch @longer ins(%[[G]]) outs(%[[V]])
// CHECK-NEXT:      kernel.launch @more ins(%[[V]]) outs(%[[C]])
// CHECK-NEXT:      kernel.grow %[[S:.+]] bytes <"?t" * 4 + 4> keep <"?t" * 4>
// CHECK-NEXT:      kernel.copy %{{.+}} to %[[S]] at <"?t" * 4> bytes <4>
// CHECK-NEXT:      kernel.grow %[[G]] bytes <"?s" * 16 + 16> keep <0>
// CHECK-NEXT:      kernel.copy %[[V]] to %[[G]] bytes <"?s" * 16 + 16>
// CHECK-NEXT:      kernel.set_sizes ["?s"] to [#nn.size<"?s" + 1>]
// CHECK-NEXT:    }
// CHECK:         kernel.copy %[[G]] to %{{.+}} bytes <"?s" * 16>
// CHECK:         kernel.copy %[[S]] to %{{.+}} bytes <"?e" * 4>
!s = tensor<?x4xf32, #nn.dims<["?s", 4]>>
!n = tensor<?x4xf32, #nn.dims<["?s" + 1, 4]>>
kernel.func @longer(%a: !s) -> !n attributes {kind = #kernel.kind<serial>} {
  %0 = nn.iota axis 0 from <0> step <1> : !n
  kernel.yield %0 : !n
}
kernel.func @more(%a: !n) -> tensor<i1> attributes {kind = #kernel.kind<serial>} {
  %0 = nn.weight #nn.weight<dense {value = dense<true> : tensor<i1>} : tensor<i1>>
  kernel.yield %0 : tensor<i1>
}
func.func @grows(%x: tensor<1x4xf32>, %y: tensor<f32>, %c: tensor<i1>) -> (!s, tensor<?xf32, #nn.dims<["?e"]>>) {
  %g, %ys = nn.loop index "?t" count <9223372036854775807> executed "?e" while(%c : tensor<i1>) carried(%x : tensor<1x4xf32>) sizes ["?s"] from [#nn.size<1>] next [#nn.size<"?s" + 1>] -> !s, tensor<?xf32, #nn.dims<["?e"]>> {
  ^bb0(%a: !s):
    %n = kernel.call @longer(%a) {check = 3 : i64} : (!s) -> !n
    %m = kernel.call @more(%n) : (!n) -> tensor<i1>
    nn.yield while(%m : tensor<i1>) carried(%n : !n) stacked(%y : tensor<f32>)
  }
  return %g, %ys : !s, tensor<?xf32, #nn.dims<["?e"]>>
}

// -----

// Both bodies write the result: directly, or by a copy.
// CHECK-LABEL: kernel.schedule @branches
// CHECK:         %[[R:.+]] = kernel.output 0
// CHECK:         kernel.if %{{.+}} {
// CHECK-NEXT:      kernel.launch @k ins(%[[X:.+]]) outs(%[[R]])
// CHECK-NEXT:    } else {
// CHECK-NEXT:      kernel.copy %[[X]] to %[[R]] bytes <64>
// CHECK-NEXT:    }
kernel.func @k(%a: tensor<16xf32>) -> tensor<16xf32> attributes {kind = #kernel.kind<serial>} {
  %0 = nn.exp %a : tensor<16xf32>
  kernel.yield %0 : tensor<16xf32>
}
func.func @branches(%x: tensor<16xf32>, %c: tensor<i1>) -> tensor<16xf32> {
  %0 = nn.if %c : tensor<i1> -> tensor<16xf32> {
    %1 = kernel.call @k(%x) : (tensor<16xf32>) -> tensor<16xf32>
    nn.yield carried(%1 : tensor<16xf32>)
  } else {
    nn.yield carried(%x : tensor<16xf32>)
  }
  return %0 : tensor<16xf32>
}

// -----

// What the loop begins with, what it carries, the result of the condition and of
// the last kernel are one buffer: the output, from the first launch on.
// CHECK-LABEL: kernel.schedule @taken_over
// CHECK:         %[[ONE:.+]] = kernel.arena {{.*}} bytes <64> live{{ ?}}[1, 7]
// CHECK:         %[[V:.+]] = kernel.arena {{.*}} bytes <64> live{{ ?}}[4, 5]
// CHECK:         %[[Y:.+]] = kernel.output 0
// CHECK:         kernel.launch @k ins(%{{.+}}) outs(%[[Y]])
// CHECK-NEXT:    kernel.launch @k ins(%{{.+}}) outs(%[[ONE]])
// CHECK-NEXT:    kernel.if
// CHECK-NEXT:      kernel.loop
// CHECK-NEXT:        kernel.launch @k ins(%[[Y]]) outs(%[[V]])
// CHECK-NEXT:        kernel.copy %[[V]] to %[[Y]] bytes <64>
// CHECK-NEXT:      }
// CHECK-NEXT:    } else {
// CHECK-NEXT:      kernel.copy %[[ONE]] to %[[Y]] bytes <64>
// CHECK-NEXT:    }
// CHECK-NEXT:    kernel.launch @e ins(%[[Y]]) outs(%[[Y]])
kernel.func @k(%a: tensor<16xf32>) -> tensor<16xf32> attributes {kind = #kernel.kind<serial>} {
  %0 = nn.exp %a : tensor<16xf32>
  kernel.yield %0 : tensor<16xf32>
}
kernel.func @e(%a: tensor<16xf32>) -> tensor<16xf32> attributes {kind = #kernel.kind<loop>} {
  %0 = nn.exp %a : tensor<16xf32>
  kernel.yield %0 : tensor<16xf32>
}
func.func @taken_over(%x: tensor<16xf32>, %c: tensor<i1>) -> tensor<16xf32> {
  %0 = kernel.call @k(%x) : (tensor<16xf32>) -> tensor<16xf32>
  %1 = kernel.call @k(%x) : (tensor<16xf32>) -> tensor<16xf32>
  %2 = nn.if %c : tensor<i1> -> tensor<16xf32> {
    %3 = nn.loop index "?t" count <3> executed "?e" carried(%0 : tensor<16xf32>) -> tensor<16xf32> {
    ^bb0(%arg: tensor<16xf32>):
      %4 = kernel.call @k(%arg) : (tensor<16xf32>) -> tensor<16xf32>
      nn.yield carried(%4 : tensor<16xf32>)
    }
    nn.yield carried(%3 : tensor<16xf32>)
  } else {
    nn.yield carried(%1 : tensor<16xf32>)
  }
  %5 = kernel.call @e(%2) : (tensor<16xf32>) -> tensor<16xf32>
  return %5 : tensor<16xf32>
}

// -----

// A view may have another number of elements until that is checked: neither the
// output nor its length is taken for what is computed before.
// CHECK-LABEL: kernel.schedule @view
// CHECK:         %[[R:.+]] = kernel.arena {{.*}} bytes <n * 16>
// CHECK:         %[[Y:.+]] = kernel.output 0
// CHECK:         kernel.launch @e ins(%{{.+}}) outs(%[[R]])
// CHECK-NEXT:    kernel.read_sizes
// CHECK-NEXT:    kernel.check_sizes <["?a"]> of 4 bytes elements <n * 4> check 2
// CHECK-NEXT:    kernel.check_sizes <["?a"]> of 4 bytes check 3
// CHECK-NEXT:    kernel.launch @f ins(%[[R]]) outs(%[[Y]])
!n = tensor<?x4xf32, #nn.dims<[n, 4]>>
!a = tensor<?xf32, #nn.dims<["?a"]>>
kernel.func @e(%a: !n) -> !n attributes {kind = #kernel.kind<loop>} {
  %0 = nn.exp %a : !n
  kernel.yield %0 : !n
}
kernel.func @f(%a: !a) -> !a attributes {kind = #kernel.kind<loop>} {
  %0 = nn.exp %a : !a
  kernel.yield %0 : !a
}
func.func @view(%x: !n, %s: tensor<i64>) -> !a {
  %0 = kernel.call @e(%x) : (!n) -> !n
  nn.bind_sizes %s as ["?a"] : tensor<i64>
  %1 = nn.reshape %0 {check = 2 : i64} : !n to !a
  %2 = kernel.call @f(%1) {check = 3 : i64} : (!a) -> !a
  return %2 : !a
}
