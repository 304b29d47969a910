/*===- model.c - opening an artifact --------------------------------------===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _POSIX_C_SOURCE 200809L
#include "core/error.h"
#include "core/format.h"
#include "core/state.h"
#include "cuda/device.h"
#include "sinter/cpu.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void sinter_open_options_init(sinter_open_options_t *options) {
  if (options)
    *options = (sinter_open_options_t){.struct_size = sizeof *options};
}

sinter_status_t sinter_read_options(const void *options, void *defaults,
                                    size_t bytes, size_t least,
                                    const char *name, sinter_error_t *error) {
  if (!options)
    return SINTER_STATUS_OK;
  size_t size;
  memcpy(&size, options, sizeof size);
  if (size < least) {
    sinter_fail(error, SINTER_STATUS_INVALID_ARGUMENT,
                "%s.struct_size is %zu, which no version of it has", name,
                size);
    sinter_error_expected(error, "at least %zu", least);
    sinter_error_found(error, "%zu", size);
    sinter_error_remedy(error, "call %s_init first", name);
    return SINTER_STATUS_INVALID_ARGUMENT;
  }
  /* Options of a newer header: fine as long as they are not used. */
  for (size_t i = bytes; i < size; ++i)
    if (((const char *)options)[i])
      return sinter_fail(error, SINTER_STATUS_UNSUPPORTED,
                         "%s has a field that this version of the runtime "
                         "(%s) does not know",
                         name, SINTER_VERSION_STRING);
  memcpy(defaults, options, size < bytes ? size : bytes);
  return SINTER_STATUS_OK;
}

/*===- The instruction set ------------------------------------------------===*/

/* A list of variants, or only of those that this processor can run. */
static void list_variants(const sinter_manifest_t *manifest,
                          sinter_text_t *text) {
  for (size_t i = 0; i < manifest->variant_count; ++i)
    sinter_text_append(text, "%s%s", i ? ", " : "", manifest->variants[i].name);
}

static sinter_status_t fail_cpu(const sinter_manifest_t *manifest,
                                const char *wanted, sinter_error_t *error) {
  sinter_fail(error, SINTER_STATUS_UNSUPPORTED_CPU,
              wanted
                  ? "this processor (%s) cannot run the code for %s"
                  : "this processor (%s) cannot run any code in the artifact",
              sinter_cpu_name(), wanted);
  sinter_text_t text = sinter_error_expected_text(error);
  sinter_text_append(&text, "a processor with ");
  if (wanted)
    sinter_text_append(&text, "%s", wanted);
  else
    list_variants(manifest, &text);
  sinter_error_found(error, "%s", sinter_cpu_name());
  sinter_error_remedy(
      error, wanted ? "leave the instruction set to be chosen"
                    : "use a processor with AVX2 (x86-64-v3) or better");
  return SINTER_STATUS_UNSUPPORTED_CPU;
}

static sinter_status_t choose_variant(sinter_model_t *model, const char *isa,
                                      size_t *out_index,
                                      sinter_error_t *error) {
  sinter_manifest_t *manifest = &model->artifact.manifest;
  uint64_t features = sinter_cpu_features();
  size_t chosen = manifest->variant_count;
  int is_there = 0;
  for (size_t i = 0; i < manifest->variant_count; ++i) {
    sinter_variant_info_t *variant = &manifest->variants[i];
    variant->supported = (variant->features & ~features) == 0;
    int is_wanted = !isa || !strcmp(isa, variant->name);
    is_there |= is_wanted;
    if (is_wanted && variant->supported && chosen == manifest->variant_count)
      chosen = i;
  }
  if (!is_there) {
    sinter_fail(error, SINTER_STATUS_INVALID_ARGUMENT,
                "the artifact has no code for the instruction set '%s'", isa);
    sinter_text_t text = sinter_error_expected_text(error);
    list_variants(manifest, &text);
    sinter_error_found(error, "%s", isa);
    return SINTER_STATUS_INVALID_ARGUMENT;
  }
  if (chosen == manifest->variant_count)
    return fail_cpu(manifest, isa, error);
  manifest->info.isa = manifest->variants[chosen].name;
  *out_index = chosen;
  return SINTER_STATUS_OK;
}

/*===- Opening ------------------------------------------------------------===*/

static sinter_status_t load_code(sinter_model_t *model, const char *isa,
                                 sinter_error_t *error) {
  const sinter_manifest_t *manifest = &model->artifact.manifest;
  size_t variant = 0;
  sinter_image_promise_t promise = {
      manifest->root_address, manifest->variant_count, manifest->kernel_count};
  sinter_status_t status = choose_variant(model, isa, &variant, error);
  if (!status)
    status = sinter_image_load(model->artifact.image, manifest->image.bytes,
                               &promise, &model->image, error);
  if (status)
    return status;
  sinter_artifact_drop_image(&model->artifact);
  if (model->image.root->variants[variant].features !=
      manifest->variants[variant].features)
    return sinter_fail(
        error, SINTER_STATUS_BAD_ARTIFACT,
        "the code in the artifact is invalid: its variants are not "
        "those of the manifest");
  model->kernels = model->image.root->variants[variant].kernels;
  return SINTER_STATUS_OK;
}

/* Weights and device code, which follows them. */
static sinter_status_t map_weights(const sinter_source_t *source,
                                   sinter_model_t *model,
                                   sinter_error_t *error) {
  const sinter_manifest_t *manifest = &model->artifact.manifest;
  sinter_section_t place = manifest->weights, device = manifest->device;
  uint64_t device_begin = device.bytes ? device.offset - place.offset : 0;
  size_t bytes = device.bytes ? device_begin + device.bytes : place.bytes;
  model->weights = model->no_weights;
  if (!bytes)
    return SINTER_STATUS_OK;
  const uint8_t *base;
  if (source->memory) {
    base = source->memory + place.offset;
  } else {
    void *map = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, source->descriptor,
                     (off_t)place.offset);
    if (map == MAP_FAILED)
      return sinter_fail(
          error,
          errno == ENOMEM ? SINTER_STATUS_OUT_OF_MEMORY : SINTER_STATUS_IO,
          "cannot map the %zu bytes of weights of '%s'", bytes, source->name);
    if (place.bytes)
      (void)!posix_madvise(map, place.bytes, POSIX_MADV_WILLNEED);
    base = model->weights_map = map;
    model->weights_map_bytes = bytes;
  }
  if (place.bytes)
    model->weights = base;
  model->device_code = base + device_begin;
  return SINTER_STATUS_OK;
}

static sinter_status_t open_source(const sinter_source_t *source,
                                   const sinter_open_options_t *options,
                                   sinter_model_t **out_model,
                                   sinter_error_t *error) {
  sinter_open_options_t known;
  sinter_open_options_init(&known);
  sinter_status_t status =
      sinter_read_options(options, &known, sizeof known, sizeof known,
                          "sinter_open_options", error);
  if (status)
    return status;
  sinter_model_t *model = aligned_alloc(64, sinter_align_up(sizeof *model, 64));
  if (!model)
    return sinter_fail(error, SINTER_STATUS_OUT_OF_MEMORY,
                       "no memory for a model");
  memset(model, 0, sizeof *model);
  atomic_init(&model->owners, 1);
  if (pthread_mutex_init(&model->devices_lock, NULL)) {
    free(model);
    return sinter_fail(error, SINTER_STATUS_OUT_OF_MEMORY,
                       "no memory for a model");
  }
  status = sinter_artifact_read(source, &model->artifact, error);
  if (!status)
    status = load_code(model, known.isa, error);
  if (!status)
    status = map_weights(source, model, error);
  if (!status && known.verify)
    status = sinter_model_verify(model, 0, error);
  if (status)
    sinter_model_close(model);
  else
    *out_model = model;
  return status;
}

/* The message of the system for errno. */
static sinter_status_t fail_file(const char *path, const char *what,
                                 sinter_error_t *error) {
  char reason[128] = "";
  int number = errno;
  if (strerror_r(number, reason, sizeof reason))
    reason[0] = 0;
  sinter_fail(error, SINTER_STATUS_IO, "cannot %s '%s': %s", what, path,
              reason);
  if (number == ENOENT)
    sinter_error_remedy(error, "check the path");
  return SINTER_STATUS_IO;
}

sinter_status_t sinter_model_open(const char *path,
                                  const sinter_open_options_t *options,
                                  sinter_model_t **out_model,
                                  sinter_error_t *error) {
  if (!path || !out_model)
    return sinter_fail(error, SINTER_STATUS_INVALID_ARGUMENT,
                       "path or out_model is NULL");
  /* Not blocking: a pipe in place of a file must not hang. */
  int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    return fail_file(path, "open", error);
  struct stat facts;
  sinter_status_t status = SINTER_STATUS_OK;
  if (fstat(descriptor, &facts))
    status = fail_file(path, "read", error);
  else if (!S_ISREG(facts.st_mode))
    status = sinter_fail(error, SINTER_STATUS_IO, "'%s' is not a file", path);
  if (!status) {
    sinter_source_t source = {descriptor, NULL, (uint64_t)facts.st_size, path};
    status = open_source(&source, options, out_model, error);
  }
  close(descriptor);
  return status;
}

sinter_status_t sinter_model_open_memory(const void *data, size_t bytes,
                                         const sinter_open_options_t *options,
                                         sinter_model_t **out_model,
                                         sinter_error_t *error) {
  if (!data || !out_model)
    return sinter_fail(error, SINTER_STATUS_INVALID_ARGUMENT,
                       "data or out_model is NULL");
  if ((uintptr_t)data % 64)
    return sinter_fail(error, SINTER_STATUS_INVALID_ARGUMENT,
                       "the memory of the artifact is not aligned to 64 bytes");
  sinter_source_t source = {-1, data, bytes, "memory"};
  return open_source(&source, options, out_model, error);
}

void sinter_model_retain(sinter_model_t *model) {
  atomic_fetch_add_explicit(&model->owners, 1, memory_order_relaxed);
}

void sinter_model_close(sinter_model_t *model) {
  if (!model ||
      atomic_fetch_sub_explicit(&model->owners, 1, memory_order_acq_rel) != 1)
    return;
  sinter_cuda_devices_free(model);
  pthread_mutex_destroy(&model->devices_lock);
  if (model->weights_map)
    munmap(model->weights_map, model->weights_map_bytes);
  sinter_image_unload(&model->image);
  sinter_artifact_free(&model->artifact);
  free(model);
}
