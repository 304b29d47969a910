//===- CudaErrorsTest.cpp - devices that refuse ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ArtifactBytes.h"
#include "CudaFixture.h"
#include "sinter/manifest_generated.h"
#include <cstddef>
#include <sodium.h>

using namespace sinter::test;
namespace fb = sinter::manifest;

namespace {

struct CudaErrors : Cuda {
  /// Expects that no context can be made, for this reason.
  void expectRefused(sinter_status_t status, const char *part, int32_t id = 0) {
    Context context(model, onDevice(id));
    EXPECT_EQ(context.status, status);
    EXPECT_EQ(context.handle, nullptr);
    EXPECT_TRUE(contains(context.error.message, part)) << context.error.message;
    error = context.error;
  }
  Model model;
  sinter_error_t error = {};
};

} // namespace

TEST_F(CudaErrors, ArtifactWithoutDeviceCode) {
  Model cpuOnly(SINTER_CPU_FIXTURE);
  EXPECT_EQ(sinter_model_device_code_count(cpuOnly), 0u);
  Context context(cpuOnly, onDevice());
  EXPECT_EQ(context.status, SINTER_STATUS_UNSUPPORTED_DEVICE);
  EXPECT_TRUE(contains(context.error.remedy, "--target cpu,cuda"));
}

TEST_F(CudaErrors, DriverThatDoesNotStart) {
  fake.initResult = 100;
  expectRefused(SINTER_STATUS_UNSUPPORTED_DEVICE, "finds no device");
  fake.initResult = 803;
  expectRefused(SINTER_STATUS_UNSUPPORTED_DEVICE, "cannot start");
}

TEST_F(CudaErrors, DeviceNumberOutOfRange) {
  fake.devices = 2;
  for (int32_t id : {2, -1}) {
    expectRefused(SINTER_STATUS_UNSUPPORTED_DEVICE, "there is no device", id);
    EXPECT_STREQ(error.expected, "0 to 1");
    EXPECT_EQ(error.found, std::to_string(id));
  }
}

TEST_F(CudaErrors, DevicesOfAnotherKind) {
  sinter_context_options_t options = onDevice();
  options.device.kind = 4; // OpenCL in DLPack
  Context context(model, options);
  EXPECT_EQ(context.status, SINTER_STATUS_UNSUPPORTED_DEVICE);
}

TEST_F(CudaErrors, WorkMemoryOfTheCallerIsForTheCpu) {
  alignas(64) static char work[64];
  sinter_context_options_t options = onDevice();
  options.work = work;
  options.work_bytes = sizeof work;
  Context context(model, options);
  EXPECT_EQ(context.status, SINTER_STATUS_INVALID_ARGUMENT);
}

TEST_F(CudaErrors, OptionsFromBeforeThereWereDevices) {
  sinter_context_options_t options = onDevice();
  options.struct_size = offsetof(sinter_context_options_t, device);
  Context context(model, options);
  ASSERT_EQ(context.status, SINTER_STATUS_OK);
  EXPECT_EQ(sinter_context_device(context).kind, SINTER_DEVICE_CPU);
}

TEST_F(CudaErrors, TheNearestCodeIsTaken) {
  struct {
    int major, minor;
    const char *code;
  } cases[] = {{8, 0, "sm_80"},  {8, 6, "sm_86"},      {8, 9, "sm_86"},
               {9, 0, "sm_90a"}, {9, 1, "compute_80"}, {12, 0, "compute_80"}};
  for (auto &entry : cases) {
    Model fresh;
    fake.major = entry.major;
    fake.minor = entry.minor;
    Context context(fresh, onDevice());
    EXPECT_EQ(sinter_context_device_name(context),
              std::string("Fake 0, ") + entry.code);
  }
}

TEST_F(CudaErrors, DeviceThatIsTooOld) {
  fake.major = 7;
  fake.minor = 5;
  expectRefused(SINTER_STATUS_UNSUPPORTED_DEVICE, "compute capability 7.5");
  EXPECT_STREQ(error.expected, "compute_80, sm_80, sm_86, sm_90a");
}

TEST_F(CudaErrors, CubinThatIsRefusedGivesWayToPtx) {
  fake.cubinResult = 209;
  Context context(model, onDevice());
  ASSERT_EQ(context.status, SINTER_STATUS_OK) << context.error.message;
  EXPECT_STREQ(sinter_context_device_name(context), "Fake 0, compute_80");
  EXPECT_EQ(fake.modules.size(), 3u) << "sm_86, sm_80, then PTX";
}

TEST_F(CudaErrors, PtxThatIsRefusedShowsTheLog) {
  fake.cubinResult = 209;
  fake.ptxResult = 218;
  fake.ptxLog = "ptxas application ptx input, line 7; fatal: Parsing error";
  expectRefused(SINTER_STATUS_DEVICE_FAILED, "line 7; fatal: Parsing error");
  EXPECT_TRUE(contains(error.message, "compute_80"));
  EXPECT_TRUE(contains(error.message, "for CUDA 12.4"));
  EXPECT_TRUE(contains(error.remedy, "--sm 86"));
}

TEST_F(CudaErrors, KernelThatIsNotInTheModule) {
  fake.kernels.erase("sum");
  expectRefused(SINTER_STATUS_DEVICE_FAILED, "find the kernel 'sum'");
}

TEST_F(CudaErrors, TooLittleMemoryForTheWeights) {
  fake.freeBytes = 1000;
  expectRefused(SINTER_STATUS_OUT_OF_MEMORY, "for the weights");
  EXPECT_EQ(error.expected,
            std::to_string(sinter_model_info(model)->weights_bytes) + " bytes");
  EXPECT_STREQ(error.found, "1000 bytes");
  fake.freeBytes = size_t(1) << 30;
  Context later(model, onDevice());
  EXPECT_EQ(later.status, SINTER_STATUS_OK) << "nothing was left half done";
}

TEST_F(CudaErrors, TooLittleMemoryForARunIsSaidBeforeIt) {
  Context context(model, onDevice());
  fake.freeBytes = 5000;
  Call small(2, 16), large(64, 4096);
  ASSERT_EQ(small.run(context), SINTER_STATUS_OK) << small.error.message;
  size_t launches = fake.launches.size();
  ASSERT_EQ(large.run(context), SINTER_STATUS_OUT_OF_MEMORY);
  EXPECT_EQ(fake.launches.size(), launches);
  // Arena, x and y of 1 MiB; scratch and bias of 16 KiB; the small ones.
  EXPECT_EQ(large.error.expected,
            std::to_string(3 * (1 << 20) + 2 * 16384 + 3 * 256) + " bytes");
  EXPECT_STREQ(large.error.found, "5000 bytes");
  ASSERT_EQ(small.run(context), SINTER_STATUS_OK);
  small.expectRight();
}

TEST_F(CudaErrors, FailedLaunchNamesKernelAndNodes) {
  Context context(model, onDevice());
  fake.launchResults["scale"] = 701;
  Call call(2, 16);
  ASSERT_EQ(call.run(context), SINTER_STATUS_DEVICE_FAILED);
  EXPECT_TRUE(contains(call.error.message, "kernel 'scale'"));
  EXPECT_TRUE(contains(call.error.message, "LAUNCH_OUT_OF_RESOURCES"));
  EXPECT_STREQ(call.error.node, "Mul_0, Add_1");
  fake.launchResults.clear();
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK);
  call.expectRight();
}

TEST_F(CudaErrors, FailureThatShowsLater) {
  Context context(model, onDevice());
  fake.syncResult = 700;
  Call call(2, 16);
  ASSERT_EQ(call.run(context), SINTER_STATUS_DEVICE_FAILED);
  EXPECT_TRUE(contains(call.error.message, "ILLEGAL_ADDRESS"));
  EXPECT_TRUE(contains(call.error.remedy, "CUDA_LAUNCH_BLOCKING=1"));
}

TEST_F(CudaErrors, LaunchesBeyondTheDevice) {
  Context context(model, onDevice());
  Call call(3, 4096);
  fake.maxGrid[1] = 2;
  Model other;
  Context narrow(other, onDevice());
  ASSERT_EQ(call.run(narrow), SINTER_STATUS_BAD_DIMENSION);
  EXPECT_STREQ(call.error.node, "ReduceSum_2");
  EXPECT_STREQ(call.error.expected, "at most 2");
  EXPECT_STREQ(call.error.found, "3");
  fake.maxShared = 4096;
  Model third;
  Context little(third, onDevice());
  Call wide(2, 4096);
  ASSERT_EQ(wide.run(little), SINTER_STATUS_BAD_DIMENSION);
  EXPECT_TRUE(contains(wide.error.message, "4096 bytes of shared memory"));
  EXPECT_STREQ(wide.error.expected, "at most 3072") << "1024 are static";
}

TEST_F(CudaErrors, TensorsThatAreSomewhereElse) {
  Context context(model, onDevice()), cpu(model);
  Call call(2, 16);
  call.inputs[0].device = {SINTER_DEVICE_CUDA, 1};
  ASSERT_EQ(call.run(context), SINTER_STATUS_BAD_TENSOR);
  EXPECT_TRUE(contains(call.error.message, "nor in that of the device"));
  call.inputs[0].device = {SINTER_DEVICE_CUDA, 0};
  ASSERT_EQ(call.run(cpu), SINTER_STATUS_BAD_TENSOR);
  call.inputs[0].device = {0, 0};
  call.outputs[1].device = {SINTER_DEVICE_CUDA, 0};
  ASSERT_EQ(call.run(cpu), SINTER_STATUS_BAD_TENSOR);
  EXPECT_TRUE(contains(call.error.message, "output 's'"));
}

/*===- The artifact -------------------------------------------------------===*/

namespace {

struct CudaArtifact : CudaErrors {
  CudaArtifact() : bytes(readFile(SINTER_FIXTURE)) {}
  const fb::Manifest *manifest() {
    return fb::GetManifest(bytes.data() + readSeal(bytes).manifest_offset);
  }
  /// Opens after a change to the manifest, its hash made right again.
  sinter_status_t reopen() {
    sinter_seal_t seal = readSeal(bytes);
    crypto_generichash(seal.manifest_hash, 32,
                       bytes.data() + seal.manifest_offset, seal.manifest_bytes,
                       nullptr, 0);
    writeSeal(bytes, seal);
    sinter_status_t status = tryOpen(bytes, error);
    bytes = readFile(SINTER_FIXTURE);
    return status;
  }
  template <typename T, typename Table>
  void set(const Table *table, flatbuffers::voffset_t field, T value) {
    const uint8_t *place =
        reinterpret_cast<const flatbuffers::Table *>(table)->GetAddressOf(
            field);
    ASSERT_NE(place, nullptr);
    std::memcpy(const_cast<uint8_t *>(place), &value, sizeof value);
  }
  void expectInvalid(const char *part) {
    EXPECT_EQ(reopen(), SINTER_STATUS_BAD_ARTIFACT);
    EXPECT_TRUE(contains(error.message, part)) << error.message;
  }
  Bytes bytes;
};

} // namespace

TEST_F(CudaArtifact, DamagedModuleIsFoundWhenItIsLoadedAndByVerify) {
  uint64_t begin = manifest()->device()->section()->offset();
  bytes[begin + 64 * 2 + 10] ^= 1; // sm_86, which this device takes
  EXPECT_EQ(tryOpen(bytes, error), SINTER_STATUS_OK);
  EXPECT_EQ(tryOpen(bytes, error, /*verify=*/true), SINTER_STATUS_BAD_ARTIFACT);
  EXPECT_TRUE(contains(error.message, "sm_86")) << error.message;
  AlignedBytes copy(bytes);
  sinter_model_t *damaged = nullptr;
  ASSERT_EQ(sinter_model_open_memory(copy.data(), copy.size(), nullptr,
                                     &damaged, &error),
            SINTER_STATUS_OK);
  Context context(damaged, onDevice());
  EXPECT_EQ(context.status, SINTER_STATUS_BAD_ARTIFACT);
  EXPECT_TRUE(fake.modules.empty()) << "nothing of it reaches the driver";
  sinter_model_close(damaged);
}

TEST_F(CudaArtifact, ByteInTheGapBeforeTheDeviceCode) {
  bytes[manifest()->device()->section()->offset() - 1] ^= 1;
  EXPECT_EQ(tryOpen(bytes, error), SINTER_STATUS_BAD_ARTIFACT);
}

TEST_F(CudaArtifact, SectionsThatLie) {
  set(manifest()->device()->section(), fb::Section::VT_OFFSET,
      uint64_t(1) << 62);
  expectInvalid("parts that are not there");
  set(manifest()->device()->section(), fb::Section::VT_BYTES, uint64_t(64));
  expectInvalid("do not fill their section");
  set(manifest()->device()->modules()->Get(0), fb::DeviceModule::VT_BYTES,
      uint64_t(65));
  expectInvalid("length of a device module");
  set(manifest()->device()->modules()->Get(0), fb::DeviceModule::VT_BYTES,
      ~uint64_t(63));
  expectInvalid("length of a device module");
}

TEST_F(CudaArtifact, LaunchesThatLie) {
  auto kernel = [&] { return manifest()->device()->kernels()->Get(1); };
  set(kernel(), fb::DeviceKernel::VT_GRID_Y, fb::Extent(0, 5));
  expectInvalid("a size that is not there");
  set(kernel(), fb::DeviceKernel::VT_SCRATCH, fb::Extent(-1, -1));
  expectInvalid("a size that is not there");
  set(kernel(), fb::DeviceKernel::VT_BLOCK_X, uint32_t(1025));
  expectInvalid("launch of a device kernel");
  set(kernel(), fb::DeviceKernel::VT_BLOCK_Z, uint32_t(0));
  expectInvalid("launch of a device kernel");
  set(kernel(), fb::DeviceKernel::VT_BUFFERS, UINT32_MAX);
  expectInvalid("launch of a device kernel");
}

TEST_F(CudaArtifact, ArchitecturesThatAreNone) {
  for (const char *name :
       {"compute_8x", "sm_8", "sm_", "amd_800000", "sm_80aa"}) {
    const flatbuffers::String *text =
        manifest()->device()->modules()->Get(0)->name();
    char *place = const_cast<char *>(text->c_str());
    std::memset(place, 0, text->size());
    std::strcpy(place, name);
    expectInvalid("unknown architecture");
  }
}
