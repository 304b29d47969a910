// RUN: sinter-opt %s --sinter-lower-cuda-emit-kernels --canonicalize --cse | FileCheck %s

module @cuda attributes {kernel.target = "cuda", nn.free_dims = [{min = 1 : i64, name = "batch"}]} {
  // A large product: tiles of 128 x 128, in two stages of asynchronous copies of
  // 16 bytes, multiplied 8 x 8 a thread.
  // CHECK-DAG: memref.global "private" @large_tiles : memref<37376xi8, 3>
  // CHECK-LABEL: func.func @large(
  // CHECK-SAME: grid = [#nn.size<128>,
  // CHECK-SAME: threads = 256
  // CHECK: nvvm.cp.async.shared.global %{{.+}}, %{{.+}}, 16, cache = cg
  // CHECK: nvvm.cp.async.commit.group
  // CHECK: scf.for {{.*}} iter_args
  // CHECK: nvvm.cp.async.wait.group 0
  // CHECK-NEXT: nvvm.barrier0
  // CHECK: scf.if
  // CHECK: nvvm.cp.async.shared.global
  // CHECK: nvvm.cp.async.commit.group
  // CHECK: scf.for
  // CHECK-COUNT-64: vector.fma {{.*}} : vector<4xf32>
  // The sums go out in four parts of 32 rows.
  // CHECK-COUNT-4: vector.store {{.*}} : memref<?xf32, 1>, vector<4xf32>
  kernel.func @large(%x: tensor<2048x64xf32>, %w: tensor<1x32x64x32xf32>) -> tensor<2048x1024xf32> attributes {kind = #kernel.kind<contract>} {
    %f = kernel.unpack %w : tensor<1x32x64x32xf32> -> tensor<64x1024xf32>
    %0 = nn.matmul %x, %f : tensor<2048x64xf32>, tensor<64x1024xf32>
    kernel.yield %0 : tensor<2048x1024xf32>
  }

  // Few rows: small tiles. Columns that are no multiple of four are stored one
  // by one, with their bias.
  // CHECK-LABEL: func.func @free(
  // CHECK-SAME: grid = [#nn.size<((batch + 31) floordiv 32) * 3>,
  // CHECK-SAME: threads = 128
  // CHECK: vector.store {{.*}} : memref<?xf32, 1>, vector<1xf32>
  kernel.func @free(%x: tensor<?x72xf32, #nn.dims<[batch, 72]>>, %w: tensor<1x3x72x32xf32>, %b: tensor<70xf32>) -> tensor<?x70xf32, #nn.dims<[batch, 70]>> attributes {kind = #kernel.kind<contract>} {
    %f = kernel.unpack %w : tensor<1x3x72x32xf32> -> tensor<72x70xf32>
    %0 = nn.matmul %x, %f : tensor<?x72xf32, #nn.dims<[batch, 72]>>, tensor<72x70xf32>
    %1 = nn.add %0, %b : tensor<?x70xf32, #nn.dims<[batch, 70]>>, tensor<70xf32>
    kernel.yield %1 : tensor<?x70xf32, #nn.dims<[batch, 70]>>
  }

  // Both operands are computed: a batch each, the right one along the sum, so
  // its copies are of single elements.
  // CHECK-LABEL: func.func @scores(
  // CHECK-SAME: grid = [#nn.size<8>,
  // CHECK: nvvm.cp.async.shared.global %{{.+}}, %{{.+}}, 16, cache = cg
  // CHECK: nvvm.cp.async.shared.global %{{.+}}, %{{.+}}, 4, cache = ca
  kernel.func @scores(%q: tensor<2x33x24xf32>, %k: tensor<2x33x24xf32>) -> tensor<2x33x33xf32> attributes {kind = #kernel.kind<contract>} {
    %t = nn.transpose %k [0, 2, 1] : tensor<2x33x24xf32>
    %0 = nn.matmul %q, %t : tensor<2x33x24xf32>, tensor<2x24x33xf32>
    kernel.yield %0 : tensor<2x33x33xf32>
  }

  // Half precision goes to the tensor cores, 64 x 64 x 32: each of four warps
  // has 2 x 4 fragments in two steps.
  // CHECK-LABEL: func.func @half(
  // CHECK-SAME: threads = 128
  // CHECK: nvvm.ldmatrix {{.*}}layout = #nvvm.mma_layout<col>
  // CHECK: nvvm.ldmatrix {{.*}}layout = #nvvm.mma_layout<row>
  // CHECK-COUNT-16: nvvm.mma.sync
  // CHECK-NOT: nvvm.mma.sync
  kernel.func @half(%x: tensor<50x72xf16>, %w: tensor<1x3x72x32xf16>) -> tensor<50x70xf16> attributes {kind = #kernel.kind<contract>} {
    %f = kernel.unpack %w : tensor<1x3x72x32xf16> -> tensor<72x70xf16>
    %0 = nn.matmul %x, %f : tensor<50x72xf16>, tensor<72x70xf16>
    kernel.yield %0 : tensor<50x70xf16>
  }

  // A padded convolution is one product of 196 rows: copies beyond the edges
  // have no bytes, nothing is padded in memory.
  // CHECK-LABEL: func.func @conv(
  // CHECK-SAME: grid = [#nn.size<7>,
  // CHECK: arith.cmpi ult
  // CHECK: arith.cmpi ult
  // CHECK: %[[BYTES:.+]] = arith.select %{{.+}}, %c16_i32, %c0_i32
  // CHECK: nvvm.cp.async.shared.global {{.*}}, %[[BYTES]]
  kernel.func @conv(%x: tensor<1x14x14x16xf32>, %w: tensor<1x1x3x3x16x32xf32>) -> tensor<1x14x14x32xf32> attributes {kind = #kernel.kind<contract>} {
    %0 = kernel.unpack %w : tensor<1x1x3x3x16x32xf32> -> tensor<32x16x3x3xf32>
    %1 = nn.conv %x, %0 strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 channels_last : tensor<1x14x14x16xf32>, tensor<32x16x3x3xf32>
    kernel.yield %1 : tensor<1x14x14x32xf32>
  }

  // 8-bit integers go to the tensor cores by quads; padding that is not zero
  // goes through registers, asynchronous copies could only fill in zeros.
  // CHECK-LABEL: func.func @bytes(
  // CHECK: %[[PAD:.+]] = arith.constant dense<7> : vector<16xi8>
  // CHECK: vector.load {{.*}} : memref<?xi8, 1>, vector<16xi8>
  // CHECK: scf.yield %[[PAD]] : vector<16xi8>
  // CHECK: nvvm.mma.sync {{.*}}intOverflowBehavior = #nvvm.mma_int_overflow<wrapped>
  kernel.func @bytes(%x: tensor<1x9x9x16xui8>, %w: tensor<1x2x3x3x4x32x4xi8>) -> tensor<1x9x9x40xi32> attributes {kind = #kernel.kind<contract>} {
    %f = kernel.unpack %w : tensor<1x2x3x3x4x32x4xi8> -> tensor<40x16x3x3xi8>
    %0 = nn.conv %x, %f strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 channels_last pad_value 7 : tensor<1x9x9x16xui8>, tensor<40x16x3x3xi8>
    kernel.yield %0 : tensor<1x9x9x40xi32>
  }
}
