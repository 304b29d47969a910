//===- DefectsTest.cpp - mistakes that must be found ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// kernels/defects.cu has each kernel twice: right, which must run without a
// finding, and with one mistake, which must be told with the place.
//
//===----------------------------------------------------------------------===//

#include "Gpu.h"

using namespace sinter::vgpu::abi;

namespace {

class Defects : public Gpu {
public:
  void SetUp() override {
    Gpu::SetUp();
    if (!loadCompiled("defects"))
      GTEST_SKIP() << "no nvcc that works: it compiles these kernels";
  }
  /// Runs the right kernel; then the wrong one, which must end with `error`.
  template <typename... Args>
  void run(const std::string &name, Grid grid, Grid block, CUresult error,
           Args... args) {
    ASSERT_EQ(launch(name.c_str(), grid, block, 0, args...), CUDA_SUCCESS);
    ASSERT_EQ(report(), "");
    EXPECT_EQ(launch((name + "_broken").c_str(), grid, block, 0, args...),
              error);
    // The context is lost, as on a device.
    CUdeviceptr address = 0;
    EXPECT_EQ(cuMemAlloc_v2(&address, 4), error);
  }
};

} // namespace

TEST_F(Defects, MissingBarrier) {
  run("reverse", {1}, {128}, CUDA_ERROR_LAUNCH_FAILED,
      upload(std::vector<float>(128, 1.5f)), allocate(512));
  expectReport({"race in shared memory", "'reverse_broken'",
                "defects.cu:", "block (0,0,0), thread (",
                "with no barrier between", "the other is thread"});
}

TEST_F(Defects, WrongWaitCount) {
  run("copy", {1}, {32}, CUDA_ERROR_LAUNCH_FAILED,
      upload(std::vector<float>(256, 2.0f)), allocate(1024));
  expectReport({"use of an asynchronous copy before its wait", "'copy_broken'",
                "defects.cu:", "no wait has completed"});
}

TEST_F(Defects, IndexOffByOne) {
  run("difference", {1}, {128}, CUDA_ERROR_ILLEGAL_ADDRESS,
      upload(std::vector<float>(128, 1.0f)), allocate(512), 128);
  expectReport({"out-of-bounds access", "'difference_broken'",
                "defects.cu:", "thread (127,0,0)", "ld.global", "4 bytes at",
                "0 bytes past the end of the allocation of 512"});
}

TEST_F(Defects, WrongStride) {
  run("rows", {4}, {32}, CUDA_ERROR_ILLEGAL_ADDRESS,
      upload(std::vector<float>(128, 1.0f)), allocate(512), 32);
  expectReport({"out-of-bounds access", "'rows_broken'",
                "defects.cu:", "block (3,0,0), thread (29,0,0)", "st.global"});
}

TEST_F(Defects, UninitialisedAccumulator) {
  run("dot", {1}, {64}, CUDA_ERROR_LAUNCH_FAILED,
      upload(std::vector<float>(200, 1.0f)),
      upload(std::vector<float>(200, 2.0f)), allocate(256), 200);
  expectReport({"use of an uninitialised value", "'dot_broken'",
                "defects.cu:", "as a value for global memory", "ld.shared"});
}

TEST_F(Defects, MissingBoundsCheck) {
  run("twice", {2}, {64}, CUDA_ERROR_ILLEGAL_ADDRESS,
      upload(std::vector<float>(100, 1.0f)), 100);
  expectReport({"out-of-bounds access", "'twice_broken'",
                "defects.cu:", "block (1,0,0), thread (36,0,0)"});
}
