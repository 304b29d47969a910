// RUN: sinter-opt %s --pass-pipeline='builtin.module(sinter-lower-clone-kernels,builtin.module(sinter-lower-emit-kernels))' | FileCheck %s

// Bytes are multiplied four at a time: through 16 bits without VNNI, never by
// the instruction that saturates.

// CHECK-LABEL: module @x86_64_v3
// CHECK: func.func @product(
// CHECK: scf.for {{.*}} -> (vector<8xi32>
// CHECK: vector.load {{.*}} : memref<?xi8>, vector<32xi8>
// CHECK: arith.shrsi {{.*}} : vector<16xi16>
// CHECK: vector.load {{.*}} : memref<?xi8>, vector<4xi8>
// CHECK: llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"
// CHECK-NOT: pmadd.ub

// CHECK-LABEL: module @x86_64_v4 
// CHECK: llvm.call_intrinsic "llvm.x86.avx512.pmaddw.d.512"
// CHECK-NOT: pmaddubs

// CHECK-LABEL: module @x86_64_v4_vnni
// CHECK: vector.load {{.*}} : memref<?xi8>, vector<64xi8>
// CHECK: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"({{.*}}) : (vector<16xi32>, vector<64xi8>, vector<64xi8>) -> vector<16xi32>

// What is stored are bytes, sixteen at a time.
// CHECK: vector.store {{.*}} : memref<?xi8>, vector<16xi8>
kernel.func @product(%a: tensor<24x64xui8>, %w: tensor<1x1x16x32x4xi8>, %bias: tensor<32xi32>, %scale: tensor<32xf32>) -> tensor<24x32xui8>
    attributes {kind = #kernel.kind<contract>, tiles = #nn.size<1>, scratch = #nn.size<4096>} {
  %s = nn.weight #nn.weight<dense {value = dense<0.5> : tensor<f32>} : tensor<f32>>
  %z = nn.weight #nn.weight<dense {value = dense<128> : tensor<ui8>} : tensor<ui8>>
  %0 = kernel.unpack %w : tensor<1x1x16x32x4xi8> -> tensor<64x32xi8>
  %1 = nn.matmul %a, %0 : tensor<24x64xui8>, tensor<64x32xi8>
  %2 = nn.add %1, %bias : tensor<24x32xi32>, tensor<32xi32>
  %3 = nn.cast %2 : tensor<24x32xi32> to tensor<24x32xf32>
  %4 = nn.mul %3, %scale : tensor<24x32xf32>, tensor<32xf32>
  %5 = nn.quantize %4, %s, %z : tensor<24x32xf32>, tensor<f32>, tensor<ui8>
  kernel.yield %5 : tensor<24x32xui8>
}
