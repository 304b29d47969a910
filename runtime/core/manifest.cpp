//===- manifest.cpp - the manifest as C structures ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The only C++ of the runtime: FlatBuffers' verifier and accessors are headers.
// Compiled without exceptions and RTTI, and nothing here needs libstdc++.
//
//===----------------------------------------------------------------------===//

#include "core/manifest.h"
#include "core/error.h"
#include "core/format.h"
#include "sinter/abi.h"
#include "sinter/manifest_generated.h"

#include <cstring>

namespace fb = sinter::manifest;

namespace {

/// Turns tables into C structures; the first failure sticks in `status`.
class Reader {
public:
  Reader(sinter_pile_t *pile, sinter_manifest_t *out, sinter_error_t *error)
      : pile(pile), out(*out), error(error) {}

  sinter_status_t read(const fb::Manifest &manifest);

private:
  sinter_status_t fail(const char *what) {
    return status = sinter_fail(error, SINTER_STATUS_BAD_ARTIFACT,
                                "the manifest is invalid: %s", what);
  }
  template <typename T>
  T *allocate(size_t count) {
    void *memory = sinter_pile_allocate(pile, count, sizeof(T));
    if (!memory)
      status = sinter_fail(error, SINTER_STATUS_OUT_OF_MEMORY,
                           "no memory for the manifest of the artifact");
    return static_cast<T *>(memory);
  }
  static const char *text(const flatbuffers::String *string) {
    return string ? string->c_str() : "";
  }

  const char **
  readNodes(const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>
                *nodes,
            size_t &count);
  void readFreeDims(const fb::Manifest &manifest);
  void readLate(const fb::Manifest &manifest);
  void readValue(const fb::Tensor &tensor, bool isInput,
                 sinter_value_info_t &info, int32_t **sizes);
  void readDim(const fb::Dim &dim, bool isInput, sinter_dim_info_t &info,
               int32_t &size);
  void readValues(const fb::Manifest &manifest);
  void readKernels(const fb::Manifest &manifest);
  void readChecksAndVariants(const fb::Manifest &manifest);
  void readPlaces(const fb::Manifest &manifest);
  void readDevice(const fb::Device &device);
  void readDeviceModule(const fb::DeviceModule &module,
                        sinter_device_module_t &result);
  void readDeviceKernel(const fb::DeviceKernel &kernel,
                        sinter_device_kernel_t &result);
  sinter_extent_t readExtent(const fb::Extent &extent);
  const uint8_t *readHash(const flatbuffers::Vector<uint8_t> *hash,
                          const char *complaint);
  sinter_section_t readSection(const fb::Section *section);

  sinter_pile_t *pile;
  sinter_manifest_t &out;
  sinter_error_t *error;
  sinter_status_t status = SINTER_STATUS_OK;
};

} // namespace

const char **Reader::readNodes(
    const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>> *nodes,
    size_t &count) {
  count = nodes ? nodes->size() : 0;
  const char **result = allocate<const char *>(count);
  if (!result)
    count = 0;
  for (size_t i = 0; i < count; ++i)
    result[i] = text(nodes->Get(static_cast<unsigned>(i)));
  return result;
}

void Reader::readFreeDims(const fb::Manifest &manifest) {
  size_t count = manifest.free_dims()->size();
  out.free_dims = allocate<sinter_free_dim_info_t>(count);
  if (status)
    return;
  out.free_dim_count = count;
  for (size_t i = 0; i < count; ++i) {
    const fb::FreeDim &dim =
        *manifest.free_dims()->Get(static_cast<unsigned>(i));
    out.free_dims[i] = {text(dim.name()), dim.min(), dim.max(), dim.optimum()};
    if (dim.min() < 0 || dim.max() < dim.min()) {
      fail("the range of a free dimension is empty");
      return;
    }
  }
}

/// What is found while running: dimensions, the sizes that depend on them, and
/// memory.
void Reader::readLate(const fb::Manifest &manifest) {
  const uint32_t most = 1u << 20;
  out.late_dim_count = manifest.late_dims();
  out.slot_count = manifest.slots();
  out.reads = manifest.reads();
  out.late_sizes = allocate<uint8_t>(out.size_count);
  if (status)
    return;
  if (out.late_dim_count > most || out.slot_count > most) {
    fail("the number of late dimensions or of slots is out of range");
    return;
  }
  std::memset(out.late_sizes, 0, out.size_count);
  if (const flatbuffers::Vector<uint32_t> *list = manifest.late_sizes())
    for (uint32_t index : *list) {
      if (index >= out.size_count) {
        fail("a late size is not there");
        return;
      }
      out.late_sizes[index] = 1;
    }
  if (out.late_sizes[0] || out.late_sizes[1])
    fail("the memory that is prepared depends on late dimensions");
}

void Reader::readDim(const fb::Dim &dim, bool isInput, sinter_dim_info_t &info,
                     int32_t &size) {
  info = {dim.value() >= 0 ? dim.value() : -1, -1, text(dim.formula())};
  size = -1;
  if (dim.value() >= 0)
    return;
  if (dim.free_dim() >= 0) {
    if (static_cast<size_t>(dim.free_dim()) >= out.free_dim_count)
      fail("a dimension refers to a free dimension that is not there");
    info.free_dim = dim.free_dim();
  } else if (isInput) {
    fail("a dimension of an input is neither fixed nor free");
  }
  if (isInput)
    return;
  if (dim.size_index() >= 0 &&
      static_cast<uint32_t>(dim.size_index()) < out.size_count)
    size = dim.size_index();
  else if (info.free_dim < 0)
    fail("a dimension of an output refers to a size that is not there");
}

void Reader::readValue(const fb::Tensor &tensor, bool isInput,
                       sinter_value_info_t &info, int32_t **sizes) {
  size_t rank = tensor.dims()->size();
  // Converted only when in range: other values of an enumeration are undefined.
  int number = static_cast<int>(tensor.type());
  sinter_type_t type = number <= SINTER_TYPE_I2
                           ? static_cast<sinter_type_t>(number)
                           : SINTER_TYPE_UNDEFINED;
  if (rank > SINTER_MAX_RANK) {
    fail("an input or output has too many dimensions");
    return;
  }
  if (!sinter_type_bits(type)) {
    fail("an input or output has an unknown element type");
    return;
  }
  sinter_dim_info_t *dims = allocate<sinter_dim_info_t>(rank);
  int32_t *indices = allocate<int32_t>(rank);
  if (status)
    return;
  for (size_t i = 0; i < rank && !status; ++i)
    readDim(*tensor.dims()->Get(static_cast<unsigned>(i)), isInput, dims[i],
            indices[i]);
  info = {text(tensor.name()), SINTER_VALUE_TENSOR, type,
          static_cast<int32_t>(rank), dims};
  if (sizes)
    *sizes = indices;
}

void Reader::readValues(const fb::Manifest &manifest) {
  out.input_count = manifest.inputs()->size();
  out.output_count = manifest.outputs()->size();
  out.inputs = allocate<sinter_value_info_t>(out.input_count);
  out.outputs = allocate<sinter_value_info_t>(out.output_count);
  out.output_sizes = allocate<int32_t *>(out.output_count);
  out.late_outputs = allocate<uint8_t>(out.output_count);
  for (size_t i = 0; i < out.input_count && !status; ++i)
    readValue(*manifest.inputs()->Get(static_cast<unsigned>(i)),
              /*isInput=*/true, out.inputs[i], nullptr);
  for (size_t i = 0; i < out.output_count && !status; ++i)
    readValue(*manifest.outputs()->Get(static_cast<unsigned>(i)),
              /*isInput=*/false, out.outputs[i], &out.output_sizes[i]);
  for (size_t i = 0; i < out.output_count && !status; ++i) {
    out.late_outputs[i] = 0;
    for (int32_t k = 0; k < out.outputs[i].rank; ++k)
      if (int32_t size = out.output_sizes[i][k]; size >= 0)
        out.late_outputs[i] |= out.late_sizes[size];
  }
}

void Reader::readKernels(const fb::Manifest &manifest) {
  out.kernel_count = manifest.kernels()->size();
  out.launch_count = manifest.launches()->size();
  out.kernels = allocate<sinter_kernel_info_t>(out.kernel_count);
  out.launches = allocate<sinter_launch_info_t>(out.launch_count);
  for (size_t i = 0; i < out.kernel_count && !status; ++i) {
    const fb::Kernel &kernel =
        *manifest.kernels()->Get(static_cast<unsigned>(i));
    sinter_kernel_info_t &info = out.kernels[i];
    info.name = text(kernel.name());
    info.kind = text(kernel.kind());
    info.nodes = readNodes(kernel.nodes(), info.node_count);
  }
  for (size_t i = 0; i < out.launch_count && !status; ++i) {
    const fb::Launch &launch =
        *manifest.launches()->Get(static_cast<unsigned>(i));
    sinter_launch_info_t &info = out.launches[i];
    if (launch.kernel() < 0 ||
        static_cast<size_t>(launch.kernel()) >= out.kernel_count) {
      fail("a launch refers to a kernel that is not there");
      return;
    }
    info.kernel = static_cast<size_t>(launch.kernel());
    info.nodes = readNodes(launch.nodes(), info.node_count);
  }
}

void Reader::readChecksAndVariants(const fb::Manifest &manifest) {
  out.check_count = manifest.checks()->size();
  out.variant_count = manifest.variants()->size();
  out.checks = allocate<sinter_check_t>(out.check_count);
  out.variants = allocate<sinter_variant_info_t>(out.variant_count);
  if (status)
    return;
  for (size_t i = 0; i < out.check_count; ++i) {
    const fb::Check &check = *manifest.checks()->Get(static_cast<unsigned>(i));
    out.checks[i] = {text(check.node()), text(check.op()),
                     text(check.expected()), text(check.remedy())};
  }
  for (size_t i = 0; i < out.variant_count; ++i) {
    const fb::Variant &variant =
        *manifest.variants()->Get(static_cast<unsigned>(i));
    out.variants[i] = {text(variant.name()), variant.features(), 0};
  }
  if (!out.variant_count)
    fail("it has no variant");
}

sinter_section_t Reader::readSection(const fb::Section *section) {
  if (!section)
    return {0, 0};
  return {section->offset(), section->bytes()};
}

const uint8_t *Reader::readHash(const flatbuffers::Vector<uint8_t> *hash,
                                const char *complaint) {
  if (hash && hash->size() == SINTER_HASH_BYTES)
    return hash->data();
  fail(complaint);
  return nullptr;
}

void Reader::readPlaces(const fb::Manifest &manifest) {
  out.image = readSection(manifest.image());
  out.weights = readSection(manifest.weights());
  out.tail = readSection(manifest.tail());
  out.root_address = manifest.root_address();
  out.image_hash =
      readHash(manifest.image_hash(), "the hash of the code is missing");
  out.tail_hash =
      readHash(manifest.tail_hash(), "the hash of the tail is missing");
  if (manifest.weights_leaf_bytes() != SINTER_LEAF_BYTES) {
    fail("the weights are hashed in pieces of an unknown size");
    return;
  }
  out.leaf_count = out.weights.bytes / SINTER_LEAF_BYTES +
                   (out.weights.bytes % SINTER_LEAF_BYTES != 0);
  const flatbuffers::Vector<uint8_t> *hashes = manifest.weights_hashes();
  uint64_t hashBytes = hashes ? hashes->size() : 0;
  if (hashBytes % SINTER_HASH_BYTES ||
      hashBytes / SINTER_HASH_BYTES != out.leaf_count)
    fail("the number of hashes does not fit the weights");
  out.weights_hashes = hashes ? hashes->data() : nullptr;
}

/// Reads "compute_80", "sm_80" or "sm_90a"; returns whether it is one of these.
static bool readArchitecture(const char *name, sinter_device_module_t &result) {
  result.info.is_ptx = !strncmp(name, "compute_", 8);
  if (!result.info.is_ptx && strncmp(name, "sm_", 3))
    return false;
  const char *at = strchr(name, '_') + 1;
  int32_t number = 0;
  int digits = 0;
  for (; *at >= '0' && *at <= '9' && digits < 4; ++at, ++digits)
    number = number * 10 + (*at - '0');
  result.major = number / 10;
  result.minor = number % 10;
  result.is_exact = *at == 'a' || *at == 'f';
  return digits >= 2 && !at[result.is_exact];
}

void Reader::readDeviceModule(const fb::DeviceModule &module,
                              sinter_device_module_t &result) {
  result.info.name = text(module.name());
  result.info.bytes = module.bytes();
  result.offset = out.device.bytes;
  result.hash =
      readHash(module.hash(), "the hash of a device module is missing");
  if (!readArchitecture(result.info.name, result))
    fail("a device module is for an unknown architecture");
  const uint64_t limit = uint64_t(1) << 30;
  if (!module.bytes() || module.bytes() % SINTER_MODULE_ALIGN ||
      module.bytes() > limit || out.device.bytes > limit) {
    fail("the length of a device module is out of range");
    return;
  }
  out.device.bytes += module.bytes();
}

sinter_extent_t Reader::readExtent(const fb::Extent &extent) {
  if (extent.index() >= 0
          ? static_cast<uint32_t>(extent.index()) >= out.size_count
          : extent.value() < 0)
    fail("a device kernel refers to a size that is not there");
  return {extent.value(), extent.index()};
}

void Reader::readDeviceKernel(const fb::DeviceKernel &kernel,
                              sinter_device_kernel_t &result) {
  const uint32_t mostThreads = 1024, mostBuffers = 1u << 16;
  result.entry = text(kernel.entry());
  const fb::Extent *grid[] = {kernel.grid_x(), kernel.grid_y(),
                              kernel.grid_z()};
  const uint32_t block[] = {kernel.block_x(), kernel.block_y(),
                            kernel.block_z()};
  uint64_t threads = 1;
  for (int i = 0; i < 3; ++i) {
    result.grid[i] = readExtent(*grid[i]);
    result.block[i] = block[i];
    threads *= block[i] <= mostThreads ? block[i] : 0;
  }
  result.shared = readExtent(*kernel.shared());
  result.scratch = readExtent(*kernel.scratch());
  result.is_late = 0;
  for (const sinter_extent_t &extent :
       {result.grid[0], result.grid[1], result.grid[2], result.shared,
        result.scratch})
    if (!status && extent.index >= 0)
      result.is_late |= out.late_sizes[extent.index];
  result.buffers = kernel.buffers();
  result.reports = kernel.reports();
  if (!threads || threads > mostThreads || result.buffers > mostBuffers)
    fail("the launch of a device kernel is out of range");
}

void Reader::readDevice(const fb::Device &device) {
  size_t kernels = device.kernels()->size(), count = device.modules()->size();
  sinter_section_t place = readSection(device.section());
  if (kernels != out.kernel_count || !count) {
    fail("its device kernels are not those of the processor");
    return;
  }
  out.device_modules = allocate<sinter_device_module_t>(count);
  out.device_kernels = allocate<sinter_device_kernel_t>(kernels);
  out.device_code_count = count;
  out.device = {place.offset, 0};
  for (unsigned i = 0; i < count && !status; ++i)
    readDeviceModule(*device.modules()->Get(i), out.device_modules[i]);
  for (unsigned i = 0; i < kernels && !status; ++i)
    readDeviceKernel(*device.kernels()->Get(i), out.device_kernels[i]);
  if (!status && out.device.bytes != place.bytes)
    fail("its device modules do not fill their section");
}

sinter_status_t Reader::read(const fb::Manifest &manifest) {
  out = {};
  if (manifest.abi_version() != SINTER_ABI_VERSION) {
    status = sinter_fail(
        error, SINTER_STATUS_BAD_VERSION,
        "the artifact was made for ABI version %u by %s, but this "
        "runtime has version %u",
        manifest.abi_version(), text(manifest.compiler()), SINTER_ABI_VERSION);
    sinter_error_expected(error, "ABI version %u", SINTER_ABI_VERSION);
    sinter_error_found(error, "ABI version %u", manifest.abi_version());
    sinter_error_remedy(error,
                        "compile the model again with this version of Sinter");
    return status;
  }
  out.size_count = manifest.size_count();
  if (out.size_count < 3 || out.size_count > 1u << 20)
    return fail("the number of sizes is out of range");
  readFreeDims(manifest);
  if (!status)
    readLate(manifest);
  if (!status)
    readValues(manifest);
  if (!status)
    readKernels(manifest);
  if (!status)
    readChecksAndVariants(manifest);
  if (!status)
    readPlaces(manifest);
  if (!status && manifest.device())
    readDevice(*manifest.device());
  out.info.name = text(manifest.model_name());
  out.info.lock = text(manifest.lock());
  out.info.compiler = text(manifest.compiler());
  out.info.arena_formula = text(manifest.arena_formula());
  out.info.scratch_formula = text(manifest.scratch_formula());
  if (manifest.model_hash() &&
      manifest.model_hash()->size() == SINTER_HASH_BYTES)
    out.info.model_hash = manifest.model_hash()->data();
  out.info.code_bytes = out.image.bytes;
  out.info.weights_bytes = out.weights.bytes;
  out.info.node_count = manifest.node_count();
  out.info.abi_version = manifest.abi_version();
  return status;
}

extern "C" sinter_status_t
sinter_manifest_read(const uint8_t *data, size_t bytes, sinter_pile_t *pile,
                     sinter_manifest_t *out_manifest, sinter_error_t *error) {
  // FlatBuffers offsets are 32 bits and signed in places.
  const size_t limit = size_t(1) << 30;
  if (bytes < 8 || bytes > limit)
    return sinter_fail(error, SINTER_STATUS_BAD_ARTIFACT,
                       "the manifest is invalid: %zu bytes are not possible",
                       bytes);
  flatbuffers::Verifier verifier(data, bytes, /*max_depth=*/16,
                                 /*max_tables=*/100000000);
  if (!fb::VerifyManifestBuffer(verifier))
    return sinter_fail(error, SINTER_STATUS_BAD_ARTIFACT,
                       "the manifest is invalid: its structure is broken");
  return Reader(pile, out_manifest, error).read(*fb::GetManifest(data));
}
