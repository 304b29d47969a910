// RUN: sinter-opt %s --sinter-codegen-expand-math --split-input-file | FileCheck %s

// Nothing is left that would be a call of the mathematical library.
// CHECK-LABEL: func.func @transcendental
// CHECK-NOT: math.{{exp|tanh|erf|log|sin|cos|powf}}
// CHECK: return
func.func @transcendental(%x: vector<16xf32>, %y: vector<16xf32>) -> vector<16xf32> {
  %0 = math.exp %x : vector<16xf32>
  %1 = math.tanh %0 : vector<16xf32>
  %2 = math.erf %1 : vector<16xf32>
  %3 = math.log %2 : vector<16xf32>
  %4 = math.sin %3 : vector<16xf32>
  %5 = math.cos %4 : vector<16xf32>
  %6 = math.powf %5, %y : vector<16xf32>
  return %6 : vector<16xf32>
}

// -----

// Instructions stay.
// CHECK-LABEL: func.func @instructions
// CHECK: math.sqrt
// CHECK: math.floor
// CHECK: math.roundeven
func.func @instructions(%x: vector<16xf32>) -> vector<16xf32> {
  %0 = math.sqrt %x : vector<16xf32>
  %1 = math.floor %0 : vector<16xf32>
  %2 = math.roundeven %1 : vector<16xf32>
  return %2 : vector<16xf32>
}

// -----

// Rounding to bf16 is a library call on processors without AVX512-BF16.
// CHECK-LABEL: func.func @round_to_bf16
// CHECK-NOT: arith.truncf
// CHECK: arith.trunci
// CHECK: return
func.func @round_to_bf16(%x: vector<8xf32>) -> vector<8xbf16> {
  %0 = arith.truncf %x : vector<8xf32> to vector<8xbf16>
  return %0 : vector<8xbf16>
}
