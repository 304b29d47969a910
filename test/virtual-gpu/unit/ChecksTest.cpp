//===- ChecksTest.cpp - what the virtual GPU reports ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One small PTX kernel for each check, and its neighbour that is right.
//
//===----------------------------------------------------------------------===//

#include "Gpu.h"

using namespace sinter::vgpu::abi;

namespace {

/// The thread's own element: %d1 = p0 + 4 * tid, %r1 = tid.
const char *const kOwnElement = R"(
  ld.param.u64 %d0, [p0];
  mov.u32 %r1, %tid.x;
  mul.wide.u32 %d1, %r1, 4;
  add.s64 %d1, %d0, %d1;
)";

class Checks : public Gpu {
public:
  /// Runs `body` with one buffer of `bytes`, all zero, on `threads` threads.
  CUresult run(const std::string &body, unsigned threads, size_t bytes = 4096,
               const std::string &before = "") {
    loadKernel(std::string(kOwnElement) + body, 1, before);
    CUdeviceptr buffer = upload(std::vector<uint8_t>(bytes, 0));
    return launch("k", {1}, {threads}, 0, buffer);
  }
};

} // namespace

TEST_F(Checks, NullPointer) {
  EXPECT_EQ(run("mov.u64 %d2, 0; ld.global.u32 %r2, [%d2];", 1),
            CUDA_ERROR_ILLEGAL_ADDRESS);
  expectReport({"out-of-bounds access: kernel 'k', PTX line", "at 0x0"});
}

TEST_F(Checks, Misaligned) {
  EXPECT_EQ(run("ld.global.v2.u32 {%r2, %r3}, [%d1];", 2),
            CUDA_ERROR_MISALIGNED_ADDRESS);
  expectReport({"misaligned access", "thread (1,0,0)", "8 bytes at"});
}

TEST_F(Checks, FreedMemory) {
  loadKernel(std::string(kOwnElement) + "st.global.u32 [%d1], %r1;", 1);
  CUdeviceptr buffer = allocate(64);
  ASSERT_EQ(cuMemFree_v2(buffer), CUDA_SUCCESS);
  EXPECT_EQ(launch("k", {1}, {1}, 0, buffer), CUDA_ERROR_ILLEGAL_ADDRESS);
  expectReport({"use of freed memory", "the freed allocation of 64 bytes"});
}

TEST_F(Checks, UndefinedRegister) {
  EXPECT_EQ(run("add.u32 %r3, %r2, 1;\nst.global.u32 [%d1], %r3;", 1),
            CUDA_ERROR_LAUNCH_FAILED);
  expectReport({"register %r3 is used as a value for global memory",
                "its value comes from PTX line", ": add.u32"});
}

TEST_F(Checks, UndefinedBranch) {
  EXPECT_EQ(run("setp.eq.u32 %p1, %r2, 0;\n@%p1 bra done;\ndone:", 1),
            CUDA_ERROR_LAUNCH_FAILED);
  expectReport({"register %p1 is used as the guard of an instruction"});
}

TEST_F(Checks, UndefinedSelection) {
  const std::string select = "setp.eq.u32 %p1, %r2, 0;\n"
                             "selp.u32 %r3, %r1, 5, %p1;\n";
  EXPECT_EQ(run(select + "mov.u32 %r3, 1;\nst.global.u32 [%d1], %r3;", 1),
            CUDA_SUCCESS);
  EXPECT_EQ(run(select + "st.global.u32 [%d1], %r3;", 1),
            CUDA_ERROR_LAUNCH_FAILED);
  expectReport({"register %r3 is used as a value for global memory",
                ": setp.eq.u32, which reads"});
}

TEST_F(Checks, UndefinedAddress) {
  EXPECT_EQ(run("add.s64 %d3, %d2, %d0;\nld.global.u32 %r2, [%d3];", 1),
            CUDA_ERROR_LAUNCH_FAILED);
  expectReport({"register %d3 is used as an address"});
}

TEST_F(Checks, UndefinedHalfIsNoUse) {
  // The upper half is undefined, but only the lower one is used.
  EXPECT_EQ(run("cvt.u16.u32 %h1, %r1;\nmov.b32 %r2, {%h1, %h2};\n"
                "mov.b32 {%h3, _}, %r2;\ncvt.u32.u16 %r3, %h3;\n"
                "st.global.u32 [%d1], %r3;",
                32),
            CUDA_SUCCESS);
  EXPECT_EQ(report(), "");
}

TEST_F(Checks, UndefinedBytesOfGlobalMemory) {
  loadKernel(std::string(kOwnElement) +
                 "ld.global.u8 %r2, [%d1];\nst.global.u8 [%d1+1], %r2;\n"
                 "ld.global.u8 %r3, [%d1+2];\nst.global.u8 [%d1+1], %r3;",
             1);
  CUdeviceptr buffer = allocate(4);
  uint16_t first = 7;
  ASSERT_EQ(cuMemcpyHtoD_v2(buffer, &first, 1), CUDA_SUCCESS);
  EXPECT_EQ(launch("k", {1}, {1}, 0, buffer), CUDA_ERROR_LAUNCH_FAILED);
  expectReport({"register %r3", "ld.global.u8"});
}

TEST_F(Checks, UndefinedResultOfACopy) {
  CUdeviceptr buffer = allocate(16);
  ASSERT_EQ(cuMemsetD32_v2(buffer, 0, 3), CUDA_SUCCESS);
  std::vector<int> host(4);
  EXPECT_EQ(cuMemcpyDtoH_v2(host.data(), buffer, 16), CUDA_ERROR_LAUNCH_FAILED);
  expectReport({"reads 4 bytes that nothing has written", "offset 12"});
}

TEST_F(Checks, UndefinedLocalMemory) {
  EXPECT_EQ(run(".local .align 4 .b8 frame[16];\nld.local.u32 %r2, [frame+4];\n"
                "st.global.u32 [%d1], %r2;",
                1),
            CUDA_ERROR_LAUNCH_FAILED);
  expectReport({"use of an uninitialised value", "ld.local.u32"});
}

TEST_F(Checks, OutsideOfLocalMemory) {
  EXPECT_EQ(
      run(".local .align 4 .b8 frame[16];\nst.local.u32 [frame+16], %r1;", 1),
      CUDA_ERROR_ILLEGAL_ADDRESS);
  expectReport({"out-of-bounds access", "lie in no variable of the thread"});
}

TEST_F(Checks, OutsideOfSharedMemory) {
  EXPECT_EQ(run(".shared .align 4 .b8 tile[64];\nmov.u32 %r2, tile;\n"
                "shl.b32 %r3, %r1, 2;\nadd.u32 %r2, %r2, %r3;\n"
                "st.shared.u32 [%r2], %r1;",
                32),
            CUDA_ERROR_ILLEGAL_ADDRESS);
  expectReport({"out-of-bounds access", "thread (16,0,0)",
                "0 bytes past the end of the variable of 64 bytes"});
}

TEST_F(Checks, WriteAfterRead) {
  // The warp that comes last to a barrier goes on first: the second one reads
  // what the first one then overwrites.
  const std::string start =
      ".shared .align 4 .b8 tile[256];\nmov.u32 %r3, tile;\n"
      "shl.b32 %r2, %r1, 2;\nadd.u32 %r2, %r2, %r3;\nxor.b32 %r4, %r1, 32;\n"
      "shl.b32 %r4, %r4, 2;\nadd.u32 %r4, %r4, %r3;\n"
      "st.shared.u32 [%r2], %r1;\nbar.sync 0;\nsetp.ge.u32 %p1, %r1, 32;\n"
      "@%p1 ld.shared.u32 %r5, [%r4];\n";
  const std::string again =
      "add.u32 %r1, %r1, 1;\n@!%p1 st.shared.u32 [%r2], %r1;\n";
  EXPECT_EQ(run(start + "bar.sync 0;\n" + again, 64), CUDA_SUCCESS);
  EXPECT_EQ(run(start + again, 64), CUDA_ERROR_LAUNCH_FAILED);
  expectReport({"race in shared memory", "thread (0,0,0)",
                "writes what another thread read with no barrier between",
                "the other is thread 32 of the block"});
}

TEST_F(Checks, WriteAfterReadInsideAWarp) {
  const std::string start =
      ".shared .align 4 .b8 tile[4];\nst.shared.u32 [tile], 5;\n"
      "bar.sync 0;\nsetp.eq.u32 %p1, %r1, 9;\nld.shared.u32 %r5, [tile];\n";
  const std::string again = "@%p1 st.shared.u32 [tile], %r1;\n";
  EXPECT_EQ(run(start + "bar.warp.sync -1;\n" + again, 32), CUDA_SUCCESS);
  EXPECT_EQ(run(start + again, 32), CUDA_ERROR_LAUNCH_FAILED);
  expectReport({"race in shared memory", "thread (9,0,0)",
                "writes what another lane read"});
}

TEST_F(Checks, TwoWriters) {
  // The same value may be written by many threads, different ones may not.
  const std::string tile = ".shared .align 4 .b8 tile[4];\n";
  EXPECT_EQ(run(tile + "st.shared.u32 [tile], 5;", 64), CUDA_SUCCESS);
  EXPECT_EQ(run(tile + "st.shared.u32 [tile], %r1;", 64),
            CUDA_ERROR_LAUNCH_FAILED);
  expectReport({"race in shared memory", "thread (1,0,0)",
                "writes what another thread wrote"});
}

TEST_F(Checks, RaceInsideAWarp) {
  const std::string place =
      ".shared .align 4 .b8 tile[128];\nmov.u32 %r3, tile;\n"
      "shl.b32 %r2, %r1, 2;\nadd.u32 %r2, %r2, %r3;\nxor.b32 %r4, %r1, 1;\n"
      "shl.b32 %r4, %r4, 2;\nadd.u32 %r4, %r4, %r3;\n"
      "st.shared.u32 [%r2], %r1;\n";
  EXPECT_EQ(run(place + "bar.warp.sync -1;\nld.shared.u32 %r5, [%r4];", 32),
            CUDA_SUCCESS);
  EXPECT_EQ(run(place + "ld.shared.u32 %r5, [%r4];", 32),
            CUDA_ERROR_LAUNCH_FAILED);
  expectReport({"race in shared memory", "reads what another thread wrote"});
}

TEST_F(Checks, BytesOfOneWordDoNotRace) {
  EXPECT_EQ(run(".shared .align 4 .b8 tile[64];\nmov.u32 %r3, tile;\n"
                "add.u32 %r2, %r1, %r3;\nst.shared.u8 [%r2], %r1;\n"
                "ld.shared.u8 %r4, [%r2];",
                64),
            CUDA_SUCCESS);
}

TEST_F(Checks, NamedBarriers) {
  // Two warps meet at barrier 1; the others neither wait nor are waited for.
  EXPECT_EQ(run("setp.ge.u32 %p1, %r1, 64;\n@%p1 bra done;\n"
                "bar.sync 1, 64;\ndone:\nbar.sync 0;",
                128),
            CUDA_SUCCESS);
}

TEST_F(Checks, BarrierOnOnePathOfAWarp) {
  EXPECT_EQ(run("setp.lt.u32 %p1, %r1, 7;\n@%p1 bra skip;\nbar.sync 0;\nskip:\n"
                "st.global.u32 [%d1], %r1;",
                32),
            CUDA_ERROR_LAUNCH_FAILED);
  expectReport({"divergent barrier", "thread (0,0,0)", "bar.sync",
                "25 of 32 threads of the warp have come"});
}

TEST_F(Checks, BarrierThatAWarpDoesNotReach) {
  EXPECT_EQ(
      run("setp.lt.u32 %p1, %r1, 32;\n@%p1 bra done;\nbar.sync 0;\ndone:", 64),
      CUDA_ERROR_LAUNCH_FAILED);
  expectReport({"divergent barrier", "warp 0 has ended", "warp 1 waits at"});
}

TEST_F(Checks, ShuffleOnOnePath) {
  EXPECT_EQ(run("setp.lt.u32 %p1, %r1, 7;\n@%p1 bra skip;\n"
                "shfl.sync.bfly.b32 %r2, %r1, 1, 31, -1;\nskip:\n"
                "st.global.u32 [%d1], %r1;",
                32),
            CUDA_ERROR_LAUNCH_FAILED);
  expectReport({"divergent warp instruction", "thread (0,0,0)"});
}

TEST_F(Checks, AsynchronousTargetIsNotWritten) {
  const std::string copy =
      ".shared .align 16 .b8 tile[16];\ncp.async.ca.shared.global [tile], "
      "[%d0], 16;\ncp.async.commit_group;\n";
  EXPECT_EQ(run(copy + "cp.async.wait_all;\nst.shared.u32 [tile], %r1;", 1),
            CUDA_SUCCESS);
  EXPECT_EQ(run(copy + "cp.async.wait_group 1;\nst.shared.u32 [tile], %r1;", 1),
            CUDA_ERROR_LAUNCH_FAILED);
  expectReport({"use of an asynchronous copy before its wait"});
}

TEST_F(Checks, AsynchronousCopyFillsWithZero) {
  EXPECT_EQ(run(".shared .align 16 .b8 tile[16];\nmov.u32 %r2, 77;\n"
                "st.global.u32 [%d0], %r2;\nst.global.u32 [%d0+4], %r2;\n"
                "mov.u32 %r3, 4;\n"
                "cp.async.ca.shared.global [tile], [%d0], 16, %r3;\n"
                "cp.async.wait_all;\nld.shared.v2.u32 {%r4, %r5}, [tile];\n"
                "st.global.v2.u32 [%d0+8], {%r4, %r5};",
                1, 16),
            CUDA_SUCCESS);
}

TEST_F(Checks, ConstantsAreNotWritten) {
  EXPECT_EQ(run("mov.u64 %d2, limit;\nst.global.u32 [%d2], %r1;", 1, 16,
                ".const .align 4 .u32 limit = 5;"),
            CUDA_ERROR_ILLEGAL_ADDRESS);
  expectReport({"write to constant memory"});
}

TEST_F(Checks, EndlessLoop) {
  EXPECT_EQ(run("again:\nbra again;", 1), CUDA_ERROR_LAUNCH_TIMEOUT);
  expectReport({"no progress", "1000000 warp instructions"});
}

TEST_F(Checks, Trap) {
  EXPECT_EQ(run("trap;", 1), CUDA_ERROR_LAUNCH_FAILED);
  expectReport({"trap: kernel 'k'"});
}

TEST_F(Checks, SharedMemoryBeyondTheLimit) {
  loadKernel(".shared .align 4 .b8 tile[1024];", 0);
  EXPECT_EQ(launch("k", {1}, {32}, 48 * 1024), CUDA_ERROR_INVALID_VALUE);
  expectReport({"launch beyond the limits", "49152 bytes of dynamic",
                "the kernel's limit is 48128"});
  ASSERT_EQ(cuFuncSetAttribute(function("k"),
                               CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                               48 * 1024),
            CUDA_SUCCESS);
  EXPECT_EQ(launch("k", {1}, {32}, 48 * 1024), CUDA_SUCCESS);
}

TEST_F(Checks, BlocksBeyondTheLimit) {
  loadKernel("", 0);
  EXPECT_EQ(launch("k", {1}, {1025}, 0), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(launch("k", {1}, {32, 64}, 0), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(launch("k", {1, 65536}, {32}, 0), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(launch("k", {0}, {32}, 0), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(Checks, MissingLaunchBounds) {
  load(".version 8.0\n.target sm_80\n.address_size 64\n"
       ".visible .entry k() { ret; }");
  EXPECT_EQ(launch("k", {1}, {256}, 0), CUDA_SUCCESS);
  EXPECT_EQ(launch("k", {1}, {512}, 0), CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES);
  expectReport({"launch beyond the limits", "has no .maxntid"});
}
