/*===- verify.c - all weights against their hashes ------------------------===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Manifest, code and tail were checked when the artifact was opened; what is
 * left are the weights, in leaves of 1 MiB whose hashes the manifest holds, and
 * the modules for devices.
 */
#include "core/error.h"
#include "core/hash.h"
#include "core/state.h"

typedef struct verification {
  const sinter_model_t *model;
  atomic_ullong next;        /* leaf */
  atomic_ullong first_wrong; /* leaf, or leaf_count */
} verification;

static uint64_t leaf_bytes(const sinter_manifest_t *manifest, uint64_t leaf) {
  uint64_t rest = manifest->weights.bytes - leaf * SINTER_LEAF_BYTES;
  return rest < SINTER_LEAF_BYTES ? rest : SINTER_LEAF_BYTES;
}

static void verify_leaves(void *argument, size_t slot) {
  (void)slot;
  verification *work = argument;
  const sinter_manifest_t *manifest = &work->model->artifact.manifest;
  for (;;) {
    unsigned long long leaf = atomic_fetch_add(&work->next, 1);
    if (leaf >= manifest->leaf_count)
      return;
    if (sinter_hash_matches(work->model->weights + leaf * SINTER_LEAF_BYTES,
                            leaf_bytes(manifest, leaf),
                            manifest->weights_hashes +
                                leaf * SINTER_HASH_BYTES))
      continue;
    unsigned long long known = atomic_load(&work->first_wrong);
    while (leaf < known &&
           !atomic_compare_exchange_weak(&work->first_wrong, &known, leaf))
      ;
  }
}

static sinter_status_t verify_device_code(const sinter_model_t *model,
                                          sinter_error_t *error) {
  const sinter_manifest_t *manifest = &model->artifact.manifest;
  for (size_t i = 0; i < manifest->device_code_count; ++i) {
    const sinter_device_module_t *module = &manifest->device_modules[i];
    if (!sinter_hash_matches(model->device_code + module->offset,
                             module->info.bytes, module->hash))
      return sinter_fail_device_module(module, error);
  }
  return SINTER_STATUS_OK;
}

sinter_status_t sinter_fail_device_module(const sinter_device_module_t *module,
                                          sinter_error_t *error) {
  sinter_fail(error, SINTER_STATUS_BAD_ARTIFACT,
              "the device code for %s is damaged: it does not have the hash in "
              "the manifest of the artifact",
              module->info.name);
  sinter_error_remedy(error,
                      "copy the artifact again, or compile the model again");
  return SINTER_STATUS_BAD_ARTIFACT;
}

sinter_status_t sinter_model_verify(const sinter_model_t *model,
                                    int32_t threads, sinter_error_t *error) {
  if (!model)
    return sinter_fail(error, SINTER_STATUS_INVALID_ARGUMENT, "model is NULL");
  const sinter_manifest_t *manifest = &model->artifact.manifest;
  sinter_parallel_t parallel;
  sinter_status_t status =
      sinter_parallel_begin(threads, NULL, &parallel, error);
  if (status)
    return status;
  verification work = {.model = model};
  atomic_init(&work.next, 0);
  atomic_init(&work.first_wrong, manifest->leaf_count);
  sinter_parallel_run(&parallel, (size_t)parallel.threads, verify_leaves,
                      &work);
  sinter_parallel_end(&parallel);

  uint64_t wrong = atomic_load(&work.first_wrong);
  if (wrong == manifest->leaf_count)
    return verify_device_code(model, error);
  uint64_t begin = manifest->weights.offset + wrong * SINTER_LEAF_BYTES;
  sinter_fail(
      error, SINTER_STATUS_BAD_ARTIFACT,
      "the weights are damaged: bytes %llu to %llu of the artifact do not "
      "have the hash in its manifest",
      (unsigned long long)begin,
      (unsigned long long)(begin + leaf_bytes(manifest, wrong) - 1));
  sinter_error_remedy(error,
                      "copy the artifact again, or compile the model again");
  return SINTER_STATUS_BAD_ARTIFACT;
}
