// RUN: sinter-opt %s --pass-pipeline='builtin.module(kernel.func(sinter-outline-plan-tiles))' | FileCheck %s

// Both are formulas where a dimension is free.
// CHECK: kernel.func @relu_0({{.*}} attributes {kind = #kernel.kind<loop>, scratch = #nn.size<{{.+}}>, tiles = #nn.size<{{.*}}batch{{.*}}>} {
!t = tensor<?x3x224x224xf32, #nn.dims<[batch, 3, 224, 224]>>
kernel.func @relu_0(%a: !t) -> !t attributes {kind = #kernel.kind<loop>} {
  %0 = nn.relu %a : !t
  kernel.yield %0 : !t
}
