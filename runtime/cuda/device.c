/*===- device.c - a model on a GPU: code and weights ----------------------===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "cuda/device.h"
#include "core/error.h"
#include "core/hash.h"

#include <stdlib.h>
#include <string.h>

/*===- Memory -------------------------------------------------------------===*/

sinter_status_t sinter_cuda_enter(const sinter_cuda_device_t *device,
                                  sinter_error_t *error) {
  int result = device->driver.push_context(device->primary);
  return result
             ? sinter_cuda_fail(&device->driver, result, "use a device", error)
             : SINTER_STATUS_OK;
}

void sinter_cuda_leave(const sinter_cuda_device_t *device) {
  void *context;
  (void)device->driver.pop_context(&context);
}

sinter_status_t sinter_cuda_allocate(const sinter_cuda_device_t *device,
                                     uint64_t bytes, const char *purpose,
                                     sinter_cuda_address_t *out_address,
                                     sinter_error_t *error) {
  const sinter_cuda_driver_t *driver = &device->driver;
  size_t free_bytes = 0, total = 0;
  *out_address = 0;
  if (!bytes)
    return SINTER_STATUS_OK;
  int result = driver->get_memory(&free_bytes, &total);
  if (!result && bytes > free_bytes)
    result = CUDA_ERROR_OUT_OF_MEMORY;
  else if (!result)
    result = driver->allocate(out_address, bytes);
  if (!result)
    return SINTER_STATUS_OK;
  if (result != CUDA_ERROR_OUT_OF_MEMORY)
    return sinter_cuda_fail(driver, result, "allocate device memory", error);
  sinter_fail(error, SINTER_STATUS_OUT_OF_MEMORY,
              "device %d (%s) has too little memory for the %s: %llu bytes are "
              "needed, %zu are free of %zu",
              device->ordinal, device->name, purpose, (unsigned long long)bytes,
              free_bytes, total);
  sinter_error_expected(error, "%llu bytes", (unsigned long long)bytes);
  sinter_error_found(error, "%zu bytes", free_bytes);
  sinter_error_remedy(error, "use smaller inputs, another device, or the CPU");
  return SINTER_STATUS_OUT_OF_MEMORY;
}

static sinter_status_t upload_weights(const sinter_model_t *model,
                                      sinter_cuda_device_t *device,
                                      sinter_error_t *error) {
  const sinter_cuda_driver_t *driver = &device->driver;
  uint64_t bytes = model->artifact.manifest.weights.bytes;
  sinter_status_t status =
      sinter_cuda_allocate(device, bytes, "weights", &device->weights, error);
  if (status || !bytes)
    return status;
  void *stream = NULL;
  int result = driver->create_stream(&stream, CUDA_STREAM_NON_BLOCKING);
  if (!result)
    result =
        driver->copy_to_device(device->weights, model->weights, bytes, stream);
  if (stream) {
    int ended = driver->synchronize(stream);
    result = result ? result : ended;
    (void)driver->destroy_stream(stream);
  }
  return result ? sinter_cuda_fail(driver, result, "copy weights to the device",
                                   error)
                : SINTER_STATUS_OK;
}

/*===- Code ---------------------------------------------------------------===*/

static int can_run(const sinter_cuda_device_t *device,
                   const sinter_device_module_t *module) {
  int version = device->major * 10 + device->minor;
  int wanted = module->major * 10 + module->minor;
  if (module->is_exact)
    return wanted == version;
  return wanted <= version &&
         (module->info.is_ptx || module->major == device->major);
}

/* 1 if `a` is to be tried before `b`: cubins before PTX, then the nearer one.
 */
static int is_better(const sinter_device_module_t *a,
                     const sinter_device_module_t *b) {
  if (!b || a->info.is_ptx != b->info.is_ptx)
    return !b || b->info.is_ptx;
  int difference = (a->major - b->major) * 10 + a->minor - b->minor;
  return difference ? difference > 0 : a->is_exact > b->is_exact;
}

static sinter_status_t fail_no_code(const sinter_manifest_t *manifest,
                                    const sinter_cuda_device_t *device,
                                    sinter_error_t *error) {
  sinter_fail(error, SINTER_STATUS_UNSUPPORTED_DEVICE,
              "the artifact has no code for device %d (%s, compute capability "
              "%d.%d)",
              device->ordinal, device->name, device->major, device->minor);
  sinter_text_t text = sinter_error_expected_text(error);
  for (size_t i = 0; i < manifest->device_code_count; ++i)
    sinter_text_append(&text, "%s%s", i ? ", " : "",
                       manifest->device_modules[i].info.name);
  sinter_error_found(error, "compute capability %d.%d", device->major,
                     device->minor);
  sinter_error_remedy(error, "use a device of compute capability 8.0 or "
                             "higher, or the CPU");
  return SINTER_STATUS_UNSUPPORTED_DEVICE;
}

static sinter_status_t fail_refused(const sinter_cuda_device_t *device,
                                    const sinter_device_module_t *module,
                                    int result, char *log,
                                    sinter_error_t *error) {
  char reason[256];
  int version = 0;
  for (char *at = log; *at; ++at) /* a message is one line */
    if (*at == '\n' || *at == '\t')
      *at = ' ';
  (void)device->driver.get_version(&version);
  sinter_fail(
      error, SINTER_STATUS_DEVICE_FAILED,
      "the NVIDIA driver (for CUDA %d.%d) refuses the code for %s: %s%s%s",
      version / 1000, version % 1000 / 10, module->info.name,
      sinter_cuda_describe(&device->driver, result, reason, sizeof reason),
      log[0] ? "; it says: " : "", log);
  sinter_error_found(error, "%s", log);
  sinter_error_remedy(error,
                      "install a newer driver, or compile the model "
                      "with --sm %d%d",
                      device->major, device->minor);
  return SINTER_STATUS_DEVICE_FAILED;
}

/* Loads a private copy of the module, which is what its hash is of. `refused`
 * is set where another module may do. */
static sinter_status_t load_module(const sinter_model_t *model,
                                   sinter_cuda_device_t *device,
                                   const sinter_device_module_t *module,
                                   int *refused, sinter_error_t *error) {
  char log[sizeof error->message / 2] = "";
  uint8_t *code = malloc(module->info.bytes);
  if (!code)
    return sinter_fail(error, SINTER_STATUS_OUT_OF_MEMORY,
                       "no memory for device code");
  memcpy(code, model->device_code + module->offset, module->info.bytes);
  int options[] = {CUDA_JIT_ERROR_LOG, CUDA_JIT_ERROR_LOG_BYTES};
  void *values[] = {log, (void *)(uintptr_t)(sizeof log - 1)};
  sinter_status_t status = SINTER_STATUS_OK;
  int result = 0;
  /* PTX is text, and what ends it must be there. */
  if (!sinter_hash_matches(code, module->info.bytes, module->hash) ||
      code[module->info.bytes - 1])
    status = sinter_fail_device_module(module, error);
  else
    result =
        device->driver.load_module(&device->module, code, 2, options, values);
  free(code);
  if (result)
    status = fail_refused(device, module, result, log, error);
  *refused = result == CUDA_ERROR_INVALID_IMAGE ||
             result == CUDA_ERROR_NO_BINARY_FOR_GPU ||
             result == CUDA_ERROR_INVALID_PTX ||
             result == CUDA_ERROR_UNSUPPORTED_PTX_VERSION;
  sinter_text_t title = sinter_text_begin(device->title, sizeof device->title);
  sinter_text_append(&title, "%s, %s", device->name, module->info.name);
  return status;
}

static sinter_status_t load_code(const sinter_model_t *model,
                                 sinter_cuda_device_t *device,
                                 sinter_error_t *error) {
  const sinter_manifest_t *manifest = &model->artifact.manifest;
  const sinter_device_module_t *last = NULL;
  sinter_status_t status = SINTER_STATUS_OK;
  int refused = 1;
  while (refused) {
    const sinter_device_module_t *best = NULL;
    for (size_t i = 0; i < manifest->device_code_count; ++i) {
      const sinter_device_module_t *module = &manifest->device_modules[i];
      if (can_run(device, module) && module != last &&
          (!last || is_better(last, module)) && is_better(module, best))
        best = module;
    }
    if (!best)
      return last ? status : fail_no_code(manifest, device, error);
    status = load_module(model, device, best, &refused, error);
    last = best;
  }
  return status;
}

static sinter_status_t find_kernels(const sinter_model_t *model,
                                    sinter_cuda_device_t *device,
                                    sinter_error_t *error) {
  const sinter_cuda_driver_t *driver = &device->driver;
  const sinter_manifest_t *manifest = &model->artifact.manifest;
  for (size_t i = 0; i < manifest->kernel_count; ++i) {
    const sinter_device_kernel_t *info = &manifest->device_kernels[i];
    sinter_cuda_kernel_t *kernel = &device->kernels[i];
    int fixed = 0;
    int result =
        driver->get_function(&kernel->function, device->module, info->entry);
    if (!result)
      result = driver->get_function_attribute(
          &fixed, CUDA_FUNCTION_STATIC_SHARED_BYTES, kernel->function);
    int most = device->max_shared - fixed;
    kernel->max_shared = most > 0 ? (uint64_t)most : 0;
    int asks = info->shared.index >= 0 || info->shared.value;
    if (!result && asks && most > 0)
      result = driver->set_function_attribute(
          kernel->function, CUDA_FUNCTION_MAX_DYNAMIC_SHARED_BYTES, most);
    if (result) {
      char what[160];
      sinter_text_t text = sinter_text_begin(what, sizeof what);
      sinter_text_append(&text, "find the kernel '%s'", info->entry);
      return sinter_cuda_fail(driver, result, what, error);
    }
  }
  return SINTER_STATUS_OK;
}

/*===- Devices ------------------------------------------------------------===*/

static sinter_status_t read_facts(sinter_cuda_device_t *device,
                                  sinter_error_t *error) {
  const sinter_cuda_driver_t *driver = &device->driver;
  int count = 0;
  int result = driver->get_device_count(&count);
  if (!result && (device->ordinal < 0 || device->ordinal >= count)) {
    sinter_fail(error, SINTER_STATUS_UNSUPPORTED_DEVICE,
                "there is no device %d: the NVIDIA driver has %d",
                device->ordinal, count);
    sinter_error_expected(error, "0 to %d", count - 1);
    sinter_error_found(error, "%d", device->ordinal);
    sinter_error_remedy(error, "use one of the devices that nvidia-smi shows");
    return SINTER_STATUS_UNSUPPORTED_DEVICE;
  }
  if (!result)
    result = driver->get_device(&device->handle, device->ordinal);
  if (!result)
    result = driver->get_device_name(device->name, sizeof device->name,
                                     device->handle);
  struct {
    int *value, attribute;
  } facts[] = {{&device->major, CUDA_CAPABILITY_MAJOR},
               {&device->minor, CUDA_CAPABILITY_MINOR},
               {&device->max_grid[0], CUDA_MAX_GRID_X},
               {&device->max_grid[1], CUDA_MAX_GRID_Y},
               {&device->max_grid[2], CUDA_MAX_GRID_Z},
               {&device->max_shared, CUDA_MAX_SHARED_BYTES}};
  for (size_t i = 0; i < sizeof facts / sizeof facts[0] && !result; ++i)
    result = driver->get_device_attribute(facts[i].value, facts[i].attribute,
                                          device->handle);
  if (!result)
    result = driver->retain_primary(&device->primary, device->handle);
  return result ? sinter_cuda_fail(driver, result, "open the device", error)
                : SINTER_STATUS_OK;
}

static void free_device(sinter_cuda_device_t *device) {
  const sinter_cuda_driver_t *driver = &device->driver;
  if (device->primary) {
    if (!sinter_cuda_enter(device, NULL)) {
      if (device->weights)
        (void)driver->release(device->weights);
      if (device->module)
        (void)driver->unload_module(device->module);
      sinter_cuda_leave(device);
    }
    (void)driver->release_primary(device->handle);
  }
  sinter_cuda_driver_close(&device->driver);
  free(device->kernels);
  free(device);
}

static sinter_status_t fill_device(const sinter_model_t *model,
                                   sinter_cuda_device_t *device,
                                   sinter_error_t *error) {
  size_t kernels = model->artifact.manifest.kernel_count;
  device->kernels = calloc(kernels + 1, sizeof *device->kernels);
  if (!device->kernels)
    return sinter_fail(error, SINTER_STATUS_OUT_OF_MEMORY,
                       "no memory for a device");
  sinter_status_t status = sinter_cuda_driver_open(&device->driver, error);
  if (!status)
    status = read_facts(device, error);
  if (!status)
    status = sinter_cuda_enter(device, error);
  if (status)
    return status;
  status = load_code(model, device, error);
  if (!status)
    status = find_kernels(model, device, error);
  if (!status)
    status = upload_weights(model, device, error);
  sinter_cuda_leave(device);
  return status;
}

static sinter_status_t make_device(sinter_model_t *model, int32_t ordinal,
                                   sinter_cuda_device_t **out_device,
                                   sinter_error_t *error) {
  sinter_cuda_device_t *device = calloc(1, sizeof *device);
  if (!device)
    return sinter_fail(error, SINTER_STATUS_OUT_OF_MEMORY,
                       "no memory for a device");
  device->ordinal = ordinal;
  sinter_status_t status = fill_device(model, device, error);
  if (status) {
    free_device(device);
    return status;
  }
  device->next = model->devices;
  *out_device = model->devices = device;
  return SINTER_STATUS_OK;
}

sinter_status_t sinter_cuda_device_acquire(sinter_model_t *model,
                                           int32_t ordinal,
                                           sinter_cuda_device_t **out_device,
                                           sinter_error_t *error) {
  if (!model->artifact.manifest.device_code_count) {
    sinter_fail(error, SINTER_STATUS_UNSUPPORTED_DEVICE,
                "the artifact has no code for NVIDIA devices");
    sinter_error_remedy(error, "compile the model with --target cpu,cuda");
    return SINTER_STATUS_UNSUPPORTED_DEVICE;
  }
  sinter_status_t status = SINTER_STATUS_OK;
  pthread_mutex_lock(&model->devices_lock);
  sinter_cuda_device_t *device = model->devices;
  while (device && device->ordinal != ordinal)
    device = device->next;
  if (device)
    *out_device = device;
  else
    status = make_device(model, ordinal, out_device, error);
  pthread_mutex_unlock(&model->devices_lock);
  return status;
}

void sinter_cuda_devices_free(sinter_model_t *model) {
  while (model->devices) {
    sinter_cuda_device_t *device = model->devices;
    model->devices = device->next;
    free_device(device);
  }
}
