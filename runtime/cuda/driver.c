/*===- driver.c - opening the driver of NVIDIA GPUs -----------------------===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "cuda/driver.h"
#include "core/error.h"

#include <dlfcn.h>
#include <string.h>

#define LIBRARY "libcuda.so.1"

typedef struct entry {
  const char *symbol;
  size_t offset; /* of the pointer in sinter_cuda_driver_t */
} entry;

#define ENTRY(name, symbol, parameters)                                        \
  {symbol, offsetof(sinter_cuda_driver_t, name)},
static const entry entries[] = {SINTER_CUDA_FUNCTIONS(ENTRY)};
static const entry graph_entries[] = {SINTER_CUDA_GRAPH_FUNCTIONS(ENTRY)};
#undef ENTRY

/* Fills the pointers; returns the first symbol that is not there, or NULL. */
static const char *load(sinter_cuda_driver_t *driver, const entry *list,
                        size_t count) {
  for (size_t i = 0; i < count; ++i) {
    void *address = dlsym(driver->library, list[i].symbol);
    if (!address)
      return list[i].symbol;
    memcpy((char *)driver + list[i].offset, &address, sizeof address);
  }
  return NULL;
}

static sinter_status_t start(sinter_cuda_driver_t *driver,
                             sinter_error_t *error) {
  const char *missing =
      load(driver, entries, sizeof entries / sizeof entries[0]);
  if (missing) {
    sinter_fail(error, SINTER_STATUS_UNSUPPORTED_DEVICE,
                "the NVIDIA driver is too old: " LIBRARY " has no %s", missing);
    sinter_error_expected(error, "a driver for CUDA 11.0 or later");
    sinter_error_remedy(error, "install a newer driver, or run on the CPU");
    return SINTER_STATUS_UNSUPPORTED_DEVICE;
  }
  driver->has_graphs = !load(driver, graph_entries,
                             sizeof graph_entries / sizeof graph_entries[0]);
  int result = driver->init(0);
  if (!result)
    return SINTER_STATUS_OK;
  char reason[256];
  sinter_fail(error, SINTER_STATUS_UNSUPPORTED_DEVICE,
              result == CUDA_ERROR_NO_DEVICE
                  ? "the NVIDIA driver finds no device (%s)"
                  : "the NVIDIA driver cannot start: %s",
              sinter_cuda_describe(driver, result, reason, sizeof reason));
  sinter_error_remedy(error, "check that nvidia-smi shows a device, or run on "
                             "the CPU");
  return SINTER_STATUS_UNSUPPORTED_DEVICE;
}

sinter_status_t sinter_cuda_driver_open(sinter_cuda_driver_t *out_driver,
                                        sinter_error_t *error) {
  sinter_cuda_driver_t driver;
  memset(&driver, 0, sizeof driver);
  /* NODELETE: the driver has threads and state of its own. */
  driver.library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!driver.library) {
    const char *reason = dlerror();
    sinter_fail(error, SINTER_STATUS_UNSUPPORTED_DEVICE,
                "there is no NVIDIA driver: %s",
                reason ? reason : LIBRARY " cannot be opened");
    sinter_error_expected(error, LIBRARY);
    sinter_error_remedy(error, "install the NVIDIA driver, or run on the CPU");
    return SINTER_STATUS_UNSUPPORTED_DEVICE;
  }
  sinter_status_t status = start(&driver, error);
  if (status)
    sinter_cuda_driver_close(&driver);
  else
    *out_driver = driver;
  return status;
}

void sinter_cuda_driver_close(sinter_cuda_driver_t *driver) {
  if (driver->library)
    dlclose(driver->library);
  memset(driver, 0, sizeof *driver);
}

const char *sinter_cuda_describe(const sinter_cuda_driver_t *driver, int result,
                                 char *text, size_t bytes) {
  const char *name = NULL, *meaning = NULL;
  if (driver->get_error_name(result, &name) || !name)
    name = "unknown error";
  if (driver->get_error_text(result, &meaning) || !meaning)
    meaning = "the driver says no more";
  sinter_text_t writer = sinter_text_begin(text, bytes);
  sinter_text_append(&writer, "%s (%d): %s", name, result, meaning);
  return text;
}

sinter_status_t sinter_cuda_fail(const sinter_cuda_driver_t *driver, int result,
                                 const char *what, sinter_error_t *error) {
  char reason[256];
  return sinter_fail(
      error, SINTER_STATUS_DEVICE_FAILED, "the NVIDIA driver cannot %s: %s",
      what, sinter_cuda_describe(driver, result, reason, sizeof reason));
}
