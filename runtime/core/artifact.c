/*===- artifact.c - a file whose parts have been checked ------------------===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _POSIX_C_SOURCE 200809L /* pread, strerror_r */
#include "core/artifact.h"
#include "core/error.h"
#include "core/format.h"
#include "core/hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Code larger than this is not an artifact of ours. */
#define MAX_IMAGE_BYTES (1ull << 30)

/* Copies [offset, offset + bytes), which lies within the source. */
static sinter_status_t read_source(const sinter_source_t *source,
                                   uint64_t offset, void *data, size_t bytes,
                                   sinter_error_t *error) {
  if (source->memory) {
    memcpy(data, source->memory + offset, bytes);
    return SINTER_STATUS_OK;
  }
  for (size_t done = 0; done < bytes;) {
    ssize_t count = pread(source->descriptor, (char *)data + done, bytes - done,
                          (off_t)(offset + done));
    if (count > 0) {
      done += (size_t)count;
    } else if (count == 0) {
      return sinter_fail(error, SINTER_STATUS_BAD_ARTIFACT,
                         "'%s' became shorter while it was read", source->name);
    } else if (errno != EINTR) {
      char reason[128] = "";
      return sinter_fail(
          error, SINTER_STATUS_IO, "cannot read '%s': %s", source->name,
          strerror_r(errno, reason, sizeof reason) ? "read error" : reason);
    }
  }
  return SINTER_STATUS_OK;
}

/* A private copy of a range. */
static sinter_status_t copy_source(const sinter_source_t *source,
                                   sinter_section_t range, uint8_t **out_data,
                                   sinter_error_t *error) {
  uint8_t *data = malloc(range.bytes ? range.bytes : 1);
  if (!data)
    return sinter_fail(error, SINTER_STATUS_OUT_OF_MEMORY,
                       "no memory to read '%s'", source->name);
  sinter_status_t status =
      read_source(source, range.offset, data, range.bytes, error);
  if (status)
    free(data);
  else
    *out_data = data;
  return status;
}

static sinter_status_t fail_damaged(const sinter_source_t *source,
                                    const char *what, sinter_error_t *error) {
  sinter_fail(error, SINTER_STATUS_BAD_ARTIFACT, "'%s' is damaged: %s",
              source->name, what);
  sinter_error_remedy(error,
                      "copy the artifact again, or compile the model again");
  return SINTER_STATUS_BAD_ARTIFACT;
}

/* Tells a file that was cut short from one that never was an artifact. */
static sinter_status_t fail_without_seal(const sinter_source_t *source,
                                         sinter_error_t *error) {
  char head[16] = {0};
  if (source->bytes >= sizeof head) {
    sinter_status_t status = read_source(source, 0, head, sizeof head, error);
    if (status)
      return status;
  }
  if (!memcmp(head, "\177ELF", 4) &&
      !memcmp(head + SINTER_IMAGE_MARK_OFFSET, SINTER_IMAGE_MARK,
              SINTER_IMAGE_MARK_BYTES)) {
    sinter_fail(
        error, SINTER_STATUS_BAD_ARTIFACT,
        "'%s' is cut short or has bytes added: it has %llu bytes and no "
        "seal at its end",
        source->name, (unsigned long long)source->bytes);
    sinter_error_expected(error, "a seal in the last %zu bytes",
                          sizeof(sinter_seal_t));
    sinter_error_remedy(error,
                        "copy the artifact again, or compile the model again");
    return SINTER_STATUS_BAD_ARTIFACT;
  }
  sinter_fail(error, SINTER_STATUS_BAD_ARTIFACT,
              "'%s' is not a Sinter artifact%s", source->name,
              source->bytes ? "" : ": it is empty");
  sinter_error_expected(error, "a file made by `sinter compile`");
  sinter_error_found(error, "%llu bytes of something else",
                     (unsigned long long)source->bytes);
  sinter_error_remedy(error, "compile the ONNX model with `sinter compile`");
  return SINTER_STATUS_BAD_ARTIFACT;
}

static sinter_status_t read_seal(const sinter_source_t *source,
                                 sinter_seal_t *seal, sinter_error_t *error) {
  static const uint8_t zeros[sizeof seal->zeros];
  if (source->bytes < sizeof *seal)
    return fail_without_seal(source, error);
  uint64_t place = source->bytes - sizeof *seal;
  sinter_status_t status =
      read_source(source, place, seal, sizeof *seal, error);
  if (status)
    return status;
  if (memcmp(seal->magic, SINTER_SEAL_MAGIC, SINTER_SEAL_MAGIC_BYTES))
    return fail_without_seal(source, error);
  if (seal->version != SINTER_FORMAT_VERSION) {
    sinter_fail(error, SINTER_STATUS_BAD_VERSION,
                "'%s' has format version %u, but this runtime reads version %u",
                source->name, seal->version, SINTER_FORMAT_VERSION);
    sinter_error_expected(error, "format version %u", SINTER_FORMAT_VERSION);
    sinter_error_found(error, "format version %u", seal->version);
    sinter_error_remedy(error,
                        "compile the model again with this version of Sinter");
    return SINTER_STATUS_BAD_VERSION;
  }
  if (seal->file_bytes != source->bytes) {
    fail_damaged(source, "its length is not the one in its seal", error);
    sinter_error_expected(error, "%llu bytes",
                          (unsigned long long)seal->file_bytes);
    sinter_error_found(error, "%llu bytes", (unsigned long long)source->bytes);
    return SINTER_STATUS_BAD_ARTIFACT;
  }
  if (seal->reserved || memcmp(seal->zeros, zeros, sizeof zeros))
    return fail_damaged(source, "its seal has a reserved byte that is not zero",
                        error);
  if (seal->manifest_offset > place || seal->manifest_offset % 8 ||
      seal->manifest_bytes > place - seal->manifest_offset ||
      sinter_align_up(seal->manifest_offset + seal->manifest_bytes, 8) != place)
    return fail_damaged(source, "its manifest is not where it should be",
                        error);
  return SINTER_STATUS_OK;
}

/* The gap in front of a part holds zeros only, or it could hide something. */
static sinter_status_t check_gap(const sinter_source_t *source, uint64_t begin,
                                 uint64_t end, sinter_error_t *error) {
  uint8_t bytes[SINTER_WEIGHTS_ALIGN];
  if (begin > end || end - begin >= sizeof bytes)
    return fail_damaged(source, "its parts do not follow each other", error);
  sinter_status_t status =
      read_source(source, begin, bytes, (size_t)(end - begin), error);
  if (status)
    return status;
  for (uint64_t i = 0; i < end - begin; ++i)
    if (bytes[i])
      return fail_damaged(source, "a byte between its parts is not zero",
                          error);
  return SINTER_STATUS_OK;
}

/* The first byte after the weights and, where there is any, the device code; 0
 * if they are not where they should be. */
static uint64_t check_data(const sinter_manifest_t *manifest, uint64_t end) {
  const sinter_section_t *weights = &manifest->weights,
                         *device = &manifest->device;
  if (weights->offset !=
          sinter_align_up(manifest->image.bytes, SINTER_WEIGHTS_ALIGN) ||
      weights->offset > end || weights->bytes > end - weights->offset)
    return 0;
  uint64_t after = weights->offset + weights->bytes;
  if (!device->bytes)
    return after;
  if (device->offset != sinter_align_up(after, SINTER_DEVICE_ALIGN) ||
      device->offset > end || device->bytes > end - device->offset)
    return 0;
  return device->offset + device->bytes;
}

/* image | weights | device | tail | manifest | seal, without room for anything
 * else. */
static sinter_status_t check_places(const sinter_source_t *source,
                                    const sinter_manifest_t *manifest,
                                    const sinter_seal_t *seal,
                                    sinter_error_t *error) {
  const sinter_section_t *image = &manifest->image, *tail = &manifest->tail;
  uint64_t weights_begin = manifest->weights.offset;
  uint64_t weights_end = weights_begin + manifest->weights.bytes;
  uint64_t end = seal->manifest_offset;
  uint64_t data_end = check_data(manifest, end);
  if (image->offset != 0 || image->bytes > end ||
      image->bytes > MAX_IMAGE_BYTES || !data_end ||
      tail->offset != sinter_align_up(data_end, 8) || tail->offset > end ||
      tail->bytes > end - tail->offset ||
      sinter_align_up(tail->offset + tail->bytes, 8) != end)
    return fail_damaged(
        source, "its manifest describes parts that are not there", error);
  sinter_status_t status =
      check_gap(source, image->bytes, weights_begin, error);
  if (!status && manifest->device.bytes)
    status = check_gap(source, weights_end, manifest->device.offset, error);
  if (!status)
    status = check_gap(source, data_end, tail->offset, error);
  if (!status)
    status = check_gap(source, tail->offset + tail->bytes, end, error);
  if (!status)
    status = check_gap(source, end + seal->manifest_bytes,
                       source->bytes - sizeof *seal, error);
  return status;
}

static sinter_status_t read_parts(const sinter_source_t *source,
                                  sinter_artifact_t *artifact,
                                  sinter_error_t *error) {
  sinter_seal_t seal;
  sinter_manifest_t *manifest = &artifact->manifest;
  sinter_status_t status = read_seal(source, &seal, error);
  if (status)
    return status;
  sinter_section_t place = {seal.manifest_offset, seal.manifest_bytes};
  status = copy_source(source, place, &artifact->manifest_data, error);
  if (status)
    return status;
  if (!sinter_hash_matches(artifact->manifest_data, seal.manifest_bytes,
                           seal.manifest_hash))
    return fail_damaged(
        source, "its manifest does not have the hash in its seal", error);
  status = sinter_manifest_read(artifact->manifest_data, seal.manifest_bytes,
                                &artifact->pile, manifest, error);
  if (!status)
    status = check_places(source, manifest, &seal, error);
  if (!status)
    status = copy_source(source, manifest->image, &artifact->image, error);
  if (status)
    return status;
  if (!sinter_hash_matches(artifact->image, manifest->image.bytes,
                           manifest->image_hash))
    return fail_damaged(
        source, "its code does not have the hash in its manifest", error);

  uint8_t *tail;
  status = copy_source(source, manifest->tail, &tail, error);
  if (status)
    return status;
  int matches =
      sinter_hash_matches(tail, manifest->tail.bytes, manifest->tail_hash);
  free(tail);
  if (!matches)
    return fail_damaged(
        source, "its section headers do not have the hash in its manifest",
        error);
  manifest->info.artifact_bytes = source->bytes;
  return SINTER_STATUS_OK;
}

sinter_status_t sinter_artifact_read(const sinter_source_t *source,
                                     sinter_artifact_t *out_artifact,
                                     sinter_error_t *error) {
  memset(out_artifact, 0, sizeof *out_artifact);
  sinter_status_t status = read_parts(source, out_artifact, error);
  if (status)
    sinter_artifact_free(out_artifact);
  return status;
}

void sinter_artifact_drop_image(sinter_artifact_t *artifact) {
  free(artifact->image);
  artifact->image = NULL;
}

void sinter_artifact_free(sinter_artifact_t *artifact) {
  free(artifact->manifest_data);
  free(artifact->image);
  sinter_pile_free(&artifact->pile);
  memset(artifact, 0, sizeof *artifact);
}
