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

// -----

// Numbers of bf16 are rounded by integer arithmetic, and move as bits.
// CHECK-LABEL: func.func @bfloat
// CHECK-SAME: (%{{.+}}: memref<?xi16>
// CHECK-NOT: bf16
// CHECK: vector.gather {{.*}} into vector<8xi16>
// CHECK: arith.sitofp {{.*}} to vector<8xf32>
// CHECK-NOT: bf16
// CHECK: return
func.func @bfloat(%x: memref<?xbf16>, %at: index, %i: vector<8xi64>, %places: vector<8xindex>, %mask: vector<8xi1>) {
  %zero = arith.constant dense<1.0> : vector<8xbf16>
  %0 = vector.gather %x[%at] [%places], %mask, %zero : memref<?xbf16>, vector<8xindex>, vector<8xi1>, vector<8xbf16> into vector<8xbf16>
  %1 = arith.extf %0 : vector<8xbf16> to vector<8xf32>
  %one = memref.load %x[%at] : memref<?xbf16>
  %2 = vector.broadcast %one : bf16 to vector<8xbf16>
  %3 = arith.extf %2 : vector<8xbf16> to vector<8xf32>
  %whole = arith.sitofp %i : vector<8xi64> to vector<8xbf16>
  %real = arith.extf %whole : vector<8xbf16> to vector<8xf32>
  %sum = arith.addf %1, %real : vector<8xf32>
  %4 = arith.addf %sum, %3 : vector<8xf32>
  %5 = arith.truncf %4 : vector<8xf32> to vector<8xbf16>
  vector.store %5, %x[%at] : memref<?xbf16>, vector<8xbf16>
  return
}
