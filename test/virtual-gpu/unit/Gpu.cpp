//===- Gpu.cpp - what the tests of the virtual GPU share ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Gpu.h"
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <unistd.h>

using namespace sinter::vgpu::abi;

/// The file of findings of this process.
static const std::string &reportPath() {
  static const std::string path =
      testing::TempDir() + "virtual-gpu." + std::to_string(getpid());
  return path;
}

static std::string readFile(const std::string &path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void Gpu::SetUp() {
  std::ofstream(reportPath(), std::ios::trunc);
  setenv("SINTER_VGPU_REPORT", reportPath().c_str(), 1);
  setenv("SINTER_VGPU_STEPS", "1000000", 1);
  ASSERT_EQ(cuInit(0), CUDA_SUCCESS);
  ASSERT_EQ(cuDevicePrimaryCtxRetain(&context, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuCtxSetCurrent(context), CUDA_SUCCESS);
}

void Gpu::TearDown() {
  cuDevicePrimaryCtxRelease_v2(0);
  unlink(reportPath().c_str());
}

void Gpu::load(const std::string &ptx) {
  ASSERT_EQ(cuModuleLoadData(&module, ptx.c_str()), CUDA_SUCCESS) << ptx;
}

void Gpu::loadKernel(const std::string &body, int parameters,
                     const std::string &before) {
  std::string text = ".version 8.0\n.target sm_80\n.address_size 64\n" +
                     before + "\n.visible .entry k(";
  for (int i = 0; i < parameters; ++i)
    text += (i ? ", .param .u64 p" : ".param .u64 p") + std::to_string(i);
  load(text +
       ") .maxntid 1024 {\n.reg .pred %p<8>;\n.reg .b16 %h<8>;\n"
       ".reg .b32 %r<32>;\n.reg .f32 %f<16>;\n.reg .b64 %d<16>;\n" +
       body + "\nret;\n}\n");
}

bool Gpu::loadCompiled(const std::string &name) {
  std::string folder = SINTER_VGPU_KERNELS;
  if (folder.empty())
    return false;
  std::string text = readFile(folder + "/" + name + ".ptx");
  EXPECT_FALSE(text.empty()) << folder << "/" << name << ".ptx";
  load(text);
  return true;
}

CUdeviceptr Gpu::allocate(size_t bytes) {
  CUdeviceptr address = 0;
  EXPECT_EQ(cuMemAlloc_v2(&address, bytes), CUDA_SUCCESS);
  return address;
}

CUfunction Gpu::function(const char *name) {
  CUfunction found = nullptr;
  EXPECT_EQ(cuModuleGetFunction(&found, module, name), CUDA_SUCCESS) << name;
  return found;
}

CUresult Gpu::launchWith(const char *name, Grid grid, Grid block,
                         unsigned sharedBytes, void **arguments) {
  CUresult result =
      cuLaunchKernel(function(name), grid.x, grid.y, grid.z, block.x, block.y,
                     block.z, sharedBytes, nullptr, arguments, nullptr);
  return result == CUDA_SUCCESS ? cuCtxSynchronize() : result;
}

std::string Gpu::report() const { return readFile(reportPath()); }

void Gpu::expectReport(std::initializer_list<const char *> parts) const {
  std::string text = report();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
  for (const char *part : parts)
    EXPECT_NE(text.find(part), std::string::npos)
        << "expected '" << part << "' in: " << text;
}
