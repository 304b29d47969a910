//===- DriverTest.cpp - the driver API of the virtual GPU -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Gpu.h"
#include <cstdlib>

using namespace sinter::vgpu::abi;

namespace {

/// p0[tid] += 1.
const char *const kIncrement = R"(
  ld.param.u64 %d0, [p0];
  mov.u32 %r1, %tid.x;
  mad.wide.u32 %d1, %r1, 4, %d0;
  ld.global.u32 %r2, [%d1];
  add.u32 %r2, %r2, 1;
  st.global.u32 [%d1], %r2;
)";

class DriverApi : public Gpu {
public:
  CUstream stream() {
    CUstream made = nullptr;
    EXPECT_EQ(cuStreamCreate(&made, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
    return made;
  }
  void increment(CUdeviceptr buffer, CUstream on) {
    void *arguments[] = {&buffer};
    EXPECT_EQ(cuLaunchKernel(function("k"), 1, 1, 1, 4, 1, 1, 0, on, arguments,
                             nullptr),
              CUDA_SUCCESS);
  }
  /// Loads a text that must be refused; gives the log.
  std::string refuse(const std::string &ptx, CUresult error) {
    char log[512] = "";
    int options[] = {CU_JIT_ERROR_LOG_BUFFER,
                     CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
    void *values[] = {log, reinterpret_cast<void *>(sizeof log)};
    EXPECT_EQ(cuModuleLoadDataEx(&module, ptx.c_str(), 2, options, values),
              error)
        << ptx;
    return log;
  }
};

const std::string kHead = ".version 8.0\n.target sm_80\n.address_size 64\n";

} // namespace

TEST_F(DriverApi, RefusesWhatIsNoPtx) {
  EXPECT_NE(refuse("hello", CUDA_ERROR_INVALID_PTX)
                .find("line 1: expected '.version' at the start"),
            std::string::npos);
  EXPECT_NE(refuse(kHead + ".entry k() { add.u32 %r1, %r2, %r3; }",
                   CUDA_ERROR_INVALID_PTX)
                .find("line 4: 'add.u32': '%r1' is no register"),
            std::string::npos);
  EXPECT_NE(refuse(kHead + ".entry k() {\n.reg .b64 %d<2>;\n.reg .b32 %r<2>;\n"
                           "add.u32 %r1, %d1, 1;\n}",
                   CUDA_ERROR_INVALID_PTX)
                .find("line 7: 'add.u32': '%d1' has 64 bits, expected 32"),
            std::string::npos);
  EXPECT_NE(
      refuse(kHead + ".entry k() {\nbra nowhere;\n}", CUDA_ERROR_INVALID_PTX)
          .find("there is no label 'nowhere'"),
      std::string::npos);
  EXPECT_NE(
      refuse(kHead + ".entry k() {\nfrobnicate.u32;\n}", CUDA_ERROR_INVALID_PTX)
          .find("'frobnicate.u32': the virtual GPU does not know"),
      std::string::npos);
  EXPECT_NE(refuse(kHead + ".entry k() {\n.shared .b8 tile[50000];\nret;\n}",
                   CUDA_ERROR_INVALID_PTX)
                .find("uses too much shared data: 50000 bytes"),
            std::string::npos);
  EXPECT_NE(refuse(kHead + ".entry k() { /*", CUDA_ERROR_INVALID_PTX)
                .find("a comment that does not end"),
            std::string::npos);
  for (const char *body :
       {".shared .align 3 .b8 t[4];", ".shared .b8 t[99999999999];",
        ".local .b8 t[9999999];", ".reg .b32 %r<4000000000>;",
        "mov.f32 %f1, 0f12;", "ld.global.u32", "@", "bra", "call f, (x);",
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {}, {}, {}, {};",
        "ld.global.u32 [], [];", "bar.sync;", "cp.async.wait_group %r1;"})
    refuse(kHead + ".entry k() {\n.reg .f32 %f<2>;\n" + body + "\n}",
           CUDA_ERROR_INVALID_PTX);
  refuse("", CUDA_ERROR_INVALID_PTX);
  EXPECT_NE(refuse(kHead + ".entry k() { ret;", CUDA_ERROR_INVALID_PTX)
                .find("found the end of the text"),
            std::string::npos);
}

TEST_F(DriverApi, RefusesOtherProcessors) {
  EXPECT_NE(refuse(".version 8.0\n.target sm_90a\n.address_size 64\n",
                   CUDA_ERROR_NO_BINARY_FOR_GPU)
                .find("sm_90a does not run on sm_80"),
            std::string::npos);
  EXPECT_EQ(cuModuleLoadData(&module, "\177ELF and more"),
            CUDA_ERROR_NO_BINARY_FOR_GPU);
  refuse(".version 10.0\n.target sm_80\n", CUDA_ERROR_UNSUPPORTED_PTX_VERSION);
}

TEST_F(DriverApi, NamesItsFunctions) {
  loadKernel(kIncrement, 1);
  CUfunction found = nullptr;
  EXPECT_EQ(cuModuleGetFunction(&found, module, "other"), CUDA_ERROR_NOT_FOUND);
  int value = 0;
  EXPECT_EQ(cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK,
                               function("k")),
            CUDA_SUCCESS);
  EXPECT_EQ(value, 1024);
  void *address = nullptr;
  int status = 0;
  EXPECT_EQ(cuGetProcAddress_v2("cuMemAlloc", &address, 12000, 0, &status),
            CUDA_SUCCESS);
  EXPECT_EQ(address, reinterpret_cast<void *>(cuMemAlloc_v2));
  EXPECT_EQ(cuGetProcAddress_v2("cuNothing", &address, 12000, 0, &status),
            CUDA_ERROR_NOT_FOUND);
  const char *name = nullptr;
  EXPECT_EQ(cuGetErrorName(CUDA_ERROR_LAUNCH_FAILED, &name), CUDA_SUCCESS);
  EXPECT_STREQ(name, "CUDA_ERROR_LAUNCH_FAILED");
}

TEST_F(DriverApi, CountsItsMemory) {
  size_t before = 0, after = 0, total = 0;
  ASSERT_EQ(cuMemGetInfo_v2(&before, &total), CUDA_SUCCESS);
  CUdeviceptr buffer = allocate(1000);
  ASSERT_EQ(cuMemGetInfo_v2(&after, &total), CUDA_SUCCESS);
  EXPECT_EQ(before - after, 1000u);
  CUdeviceptr other = 0;
  EXPECT_EQ(cuMemAlloc_v2(&other, after + 1), CUDA_ERROR_OUT_OF_MEMORY);
  EXPECT_EQ(cuMemFree_v2(buffer), CUDA_SUCCESS);
  EXPECT_EQ(cuMemFree_v2(buffer), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemFree_v2(12345), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(DriverApi, ChecksItsCopies) {
  CUdeviceptr buffer = allocate(16);
  char host[32] = {};
  EXPECT_EQ(cuMemcpyHtoD_v2(buffer, host, 17), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemcpyHtoD_v2(buffer + 8, host, 8), CUDA_SUCCESS);
  EXPECT_EQ(cuMemcpyDtoH_v2(host, buffer + 12, 8), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(DriverApi, WorksLate) {
  loadKernel(kIncrement, 1);
  CUdeviceptr buffer = upload(std::vector<int>{1, 2, 3, 4});
  void *pinned = nullptr;
  ASSERT_EQ(cuMemHostAlloc(&pinned, 16, 0), CUDA_SUCCESS);
  auto *values = static_cast<int *>(pinned);
  std::fill_n(values, 4, -1);
  CUstream on = stream();
  increment(buffer, on);
  ASSERT_EQ(cuMemcpyDtoHAsync_v2(values, buffer, 16, on), CUDA_SUCCESS);
  EXPECT_EQ(values[0], -1) << "nothing is done before the host waits";
  EXPECT_EQ(cuStreamQuery(on), CUDA_ERROR_NOT_READY);
  ASSERT_EQ(cuStreamSynchronize(on), CUDA_SUCCESS);
  EXPECT_EQ(cuStreamQuery(on), CUDA_SUCCESS);
  EXPECT_EQ(std::vector<int>(values, values + 4),
            (std::vector<int>{2, 3, 4, 5}));
  EXPECT_EQ(cuMemFreeHost(pinned), CUDA_SUCCESS);
}

TEST_F(DriverApi, StreamsWaitForEvents) {
  loadKernel(kIncrement, 1);
  CUdeviceptr buffer = upload(std::vector<int>(4, 0));
  CUstream first = stream(), second = stream();
  CUevent start = nullptr, done = nullptr;
  ASSERT_EQ(cuEventCreate(&start, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuEventCreate(&done, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuEventRecord(start, first), CUDA_SUCCESS);
  ASSERT_EQ(cuMemsetD32Async(buffer, 10, 4, first), CUDA_SUCCESS);
  ASSERT_EQ(cuEventRecord(done, first), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamWaitEvent(second, done, 0), CUDA_SUCCESS);
  increment(buffer, second);
  float time = -1;
  EXPECT_EQ(cuEventElapsedTime(&time, start, done), CUDA_ERROR_NOT_READY);
  ASSERT_EQ(cuStreamSynchronize(second), CUDA_SUCCESS);
  EXPECT_EQ(cuEventQuery(done), CUDA_SUCCESS);
  EXPECT_EQ(cuEventElapsedTime(&time, start, done), CUDA_SUCCESS);
  EXPECT_GE(time, 0);
  EXPECT_EQ(download<int>(buffer, 4), std::vector<int>(4, 11));
}

TEST_F(DriverApi, GraphsRunAgain) {
  loadKernel(kIncrement, 1);
  CUdeviceptr buffer = upload(std::vector<int>(4, 0));
  CUstream on = stream();
  CUgraph graph = nullptr;
  CUgraphExec exec = nullptr;
  ASSERT_EQ(cuStreamBeginCapture_v2(on, 1), CUDA_SUCCESS);
  increment(buffer, on);
  increment(buffer, on);
  EXPECT_EQ(cuStreamSynchronize(on), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  ASSERT_EQ(cuStreamEndCapture(on, &graph), CUDA_SUCCESS);
  EXPECT_EQ(download<int>(buffer, 4), std::vector<int>(4, 0));
  ASSERT_EQ(cuGraphInstantiateWithFlags(&exec, graph, 0), CUDA_SUCCESS);
  for (int i = 0; i < 3; ++i)
    ASSERT_EQ(cuGraphLaunch(exec, on), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamSynchronize(on), CUDA_SUCCESS);
  EXPECT_EQ(download<int>(buffer, 4), std::vector<int>(4, 6));
  EXPECT_EQ(cuGraphExecDestroy(exec), CUDA_SUCCESS);
  EXPECT_EQ(cuGraphDestroy(graph), CUDA_SUCCESS);
}

TEST_F(DriverApi, NeedsAContext) {
  ASSERT_EQ(cuCtxSetCurrent(nullptr), CUDA_SUCCESS);
  CUdeviceptr buffer = 0;
  EXPECT_EQ(cuMemAlloc_v2(&buffer, 4), CUDA_ERROR_INVALID_CONTEXT);
  CUdevice device = 0;
  EXPECT_EQ(cuDeviceGet(&device, 1), CUDA_ERROR_INVALID_DEVICE);
}

TEST_F(DriverApi, ObeysTheEnvironment) {
  ASSERT_EQ(cuDevicePrimaryCtxRelease_v2(0), CUDA_SUCCESS);
  setenv("SINTER_VGPU_DEVICES", "0", 1);
  EXPECT_EQ(cuInit(0), CUDA_ERROR_NO_DEVICE);
  int value = 0;
  EXPECT_EQ(cuDeviceGetCount(&value), CUDA_ERROR_NOT_INITIALIZED);
  setenv("SINTER_VGPU_DEVICES", "2", 1);
  setenv("SINTER_VGPU_MEMORY", "1000", 1);
  setenv("SINTER_VGPU_SM", "75", 1);
  setenv("CUDA_LAUNCH_BLOCKING", "1", 1);
  ASSERT_EQ(cuInit(0), CUDA_SUCCESS);
  ASSERT_EQ(cuDeviceGetCount(&value), CUDA_SUCCESS);
  EXPECT_EQ(value, 2);
  ASSERT_EQ(cuDeviceGetAttribute(
                &value, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, 1),
            CUDA_SUCCESS);
  EXPECT_EQ(value, 5);
  ASSERT_EQ(cuDevicePrimaryCtxRetain(&context, 1), CUDA_SUCCESS);
  ASSERT_EQ(cuCtxSetCurrent(context), CUDA_SUCCESS);
  CUdeviceptr buffer = 0;
  EXPECT_EQ(cuMemAlloc_v2(&buffer, 1001), CUDA_ERROR_OUT_OF_MEMORY);
  refuse(kHead, CUDA_ERROR_NO_BINARY_FOR_GPU);
  ASSERT_EQ(cuModuleLoadData(&module,
                             ".version 7.0\n.target sm_75\n.address_size 64\n"
                             ".entry k() { trap; }"),
            CUDA_SUCCESS);
  EXPECT_EQ(cuLaunchKernel(function("k"), 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr,
                           nullptr),
            CUDA_ERROR_LAUNCH_FAILED)
      << "the launch itself tells of the fault";
  cuDevicePrimaryCtxRelease_v2(1);
  for (const char *name : {"SINTER_VGPU_DEVICES", "SINTER_VGPU_MEMORY",
                           "SINTER_VGPU_SM", "CUDA_LAUNCH_BLOCKING"})
    unsetenv(name);
}
