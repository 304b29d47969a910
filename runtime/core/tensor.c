/*===- tensor.c - tensors at the interface --------------------------------===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "sinter/tensor.h"
#include "core/error.h"
#include "sinter/value.h"

#include <string.h>

/* DLPack's codes; 255: the type has no place there. */
enum {
  DL_INT = 0,
  DL_UINT = 1,
  DL_FLOAT = 2,
  DL_BFLOAT = 4,
  DL_BOOL = 6,
  DL_F8E4M3FN = 10,
  DL_F8E4M3FNUZ = 11,
  DL_F8E5M2 = 12,
  DL_F8E5M2FNUZ = 13,
  DL_F8E8M0 = 14,
  DL_NONE = 255
};

typedef struct type_row {
  const char *name;
  uint8_t bits;
  uint8_t dl_code;
} type_row;

static const type_row type_rows[] = {
    [SINTER_TYPE_UNDEFINED] = {"undefined", 0, DL_NONE},
    [SINTER_TYPE_F32] = {"f32", 32, DL_FLOAT},
    [SINTER_TYPE_U8] = {"u8", 8, DL_UINT},
    [SINTER_TYPE_I8] = {"i8", 8, DL_INT},
    [SINTER_TYPE_U16] = {"u16", 16, DL_UINT},
    [SINTER_TYPE_I16] = {"i16", 16, DL_INT},
    [SINTER_TYPE_I32] = {"i32", 32, DL_INT},
    [SINTER_TYPE_I64] = {"i64", 64, DL_INT},
    [SINTER_TYPE_STRING] = {"string", 0, DL_NONE},
    [SINTER_TYPE_BOOL] = {"bool", 8, DL_BOOL},
    [SINTER_TYPE_F16] = {"f16", 16, DL_FLOAT},
    [SINTER_TYPE_F64] = {"f64", 64, DL_FLOAT},
    [SINTER_TYPE_U32] = {"u32", 32, DL_UINT},
    [SINTER_TYPE_U64] = {"u64", 64, DL_UINT},
    [SINTER_TYPE_BF16] = {"bf16", 16, DL_BFLOAT},
    [SINTER_TYPE_F8E4M3FN] = {"f8e4m3fn", 8, DL_F8E4M3FN},
    [SINTER_TYPE_F8E4M3FNUZ] = {"f8e4m3fnuz", 8, DL_F8E4M3FNUZ},
    [SINTER_TYPE_F8E5M2] = {"f8e5m2", 8, DL_F8E5M2},
    [SINTER_TYPE_F8E5M2FNUZ] = {"f8e5m2fnuz", 8, DL_F8E5M2FNUZ},
    [SINTER_TYPE_U4] = {"u4", 4, DL_NONE},
    [SINTER_TYPE_I4] = {"i4", 4, DL_NONE},
    [SINTER_TYPE_F4E2M1] = {"f4e2m1", 4, DL_NONE},
    [SINTER_TYPE_F8E8M0] = {"f8e8m0", 8, DL_F8E8M0},
    [SINTER_TYPE_U2] = {"u2", 2, DL_NONE},
    [SINTER_TYPE_I2] = {"i2", 2, DL_NONE},
};
enum { TYPE_ROW_COUNT = sizeof type_rows / sizeof type_rows[0] };

static const type_row *find_row(sinter_type_t type) {
  unsigned index = (unsigned)type;
  if (index >= TYPE_ROW_COUNT || !type_rows[index].name)
    index = SINTER_TYPE_UNDEFINED;
  return &type_rows[index];
}

size_t sinter_type_bits(sinter_type_t type) { return find_row(type)->bits; }
size_t sinter_type_bytes(sinter_type_t type) {
  return find_row(type)->bits / 8;
}
const char *sinter_type_name(sinter_type_t type) {
  return find_row(type)->name;
}

sinter_type_t sinter_type_from_name(const char *name) {
  for (unsigned index = 0; name && index < TYPE_ROW_COUNT; ++index)
    if (type_rows[index].name && !strcmp(type_rows[index].name, name))
      return (sinter_type_t)index;
  return SINTER_TYPE_UNDEFINED;
}

static sinter_status_t check_rank(int32_t rank, const int64_t *dims,
                                  sinter_error_t *error) {
  if (rank < 0 || rank > SINTER_MAX_RANK)
    return sinter_fail(error, SINTER_STATUS_BAD_TENSOR,
                       "a tensor of rank %d: ranks from 0 to %d are possible",
                       (int)rank, SINTER_MAX_RANK);
  if (rank > 0 && !dims)
    return sinter_fail(error, SINTER_STATUS_BAD_TENSOR,
                       "a tensor of rank %d without dims", (int)rank);
  return SINTER_STATUS_OK;
}

sinter_status_t sinter_tensor_bytes(sinter_type_t type, int32_t rank,
                                    const int64_t *dims, size_t *out_bytes,
                                    sinter_error_t *error) {
  if (!out_bytes)
    return sinter_fail(error, SINTER_STATUS_INVALID_ARGUMENT,
                       "out_bytes is NULL");
  sinter_status_t status = check_rank(rank, dims, error);
  if (status)
    return status;
  uint64_t bits = sinter_type_bits(type);
  if (!bits)
    return sinter_fail(error, SINTER_STATUS_BAD_TENSOR,
                       "elements of type %s (%d) have no fixed size",
                       sinter_type_name(type), (int)type);
  int empty = 0;
  for (int32_t i = 0; i < rank; ++i) {
    if (dims[i] < 0)
      return sinter_fail(error, SINTER_STATUS_BAD_TENSOR,
                         "dimension %d has the negative size %lld", (int)i,
                         (long long)dims[i]);
    empty |= dims[i] == 0;
  }
  /* Bytes, or elements where several share one. */
  uint64_t per_byte = bits < 8 ? 8 / bits : 1;
  uint64_t bytes = bits < 8 ? 1 : bits / 8;
  for (int32_t i = 0; i < rank && !empty; ++i)
    if (__builtin_mul_overflow(bytes, (uint64_t)dims[i], &bytes) ||
        bytes > (uint64_t)PTRDIFF_MAX)
      return sinter_fail(error, SINTER_STATUS_BAD_TENSOR,
                         "a tensor larger than the address space");
  bytes = bytes / per_byte + (bytes % per_byte != 0);
  *out_bytes = empty ? 0 : (size_t)bytes;
  return SINTER_STATUS_OK;
}

int sinter_tensor_is_contiguous(const sinter_tensor_t *tensor) {
  if (!tensor)
    return 0;
  if (!tensor->strides || tensor->rank <= 0)
    return 1;
  if (!tensor->dims)
    return 0;
  for (int32_t i = 0; i < tensor->rank; ++i)
    if (tensor->dims[i] == 0)
      return 1;
  int64_t expected = (int64_t)sinter_type_bytes(tensor->type);
  if (!expected)
    return 0;
  for (int32_t i = tensor->rank - 1; i >= 0; --i) {
    if (tensor->dims[i] != 1 && tensor->strides[i] != expected)
      return 0;
    if (__builtin_mul_overflow(expected, tensor->dims[i], &expected))
      return 0;
  }
  return 1;
}

sinter_status_t sinter_tensor_to_dlpack(const sinter_tensor_t *tensor,
                                        int64_t *shape, int64_t *strides,
                                        sinter_dl_tensor_t *out_tensor,
                                        sinter_error_t *error) {
  if (!tensor || !out_tensor || (tensor->rank > 0 && (!shape || !strides)))
    return sinter_fail(error, SINTER_STATUS_INVALID_ARGUMENT,
                       "tensor, shape, strides or out_tensor is NULL");
  sinter_status_t status = check_rank(tensor->rank, tensor->dims, error);
  if (status)
    return status;
  const type_row *row = find_row(tensor->type);
  if (row->dl_code == DL_NONE)
    return sinter_fail(error, SINTER_STATUS_BAD_TENSOR,
                       "DLPack has no element type for %s", row->name);
  int64_t step = 1;
  for (int32_t i = tensor->rank - 1; i >= 0; --i) {
    shape[i] = tensor->dims[i];
    strides[i] = step;
    step *= tensor->dims[i] > 0 ? tensor->dims[i] : 1;
    if (!tensor->strides)
      continue;
    int64_t element = row->bits / 8;
    if (tensor->strides[i] % element)
      return sinter_fail(error, SINTER_STATUS_BAD_TENSOR,
                         "the stride of dimension %d, %lld bytes, is not a "
                         "multiple of the element (%d bytes)",
                         (int)i, (long long)tensor->strides[i], (int)element);
    strides[i] = tensor->strides[i] / element;
  }
  sinter_dl_tensor_t result = {0};
  result.data = tensor->data;
  result.device = tensor->device;
  if (!result.device.kind)
    result.device.kind = SINTER_DEVICE_CPU;
  result.ndim = tensor->rank;
  result.dtype = (sinter_dl_type_t){row->dl_code, row->bits, 1};
  result.shape = tensor->rank ? shape : NULL;
  result.strides = tensor->rank ? strides : NULL;
  *out_tensor = result;
  return SINTER_STATUS_OK;
}

sinter_status_t sinter_tensor_from_dlpack(const sinter_dl_tensor_t *tensor,
                                          int64_t *byte_strides,
                                          sinter_tensor_t *out_tensor,
                                          sinter_error_t *error) {
  if (!tensor || !out_tensor || (tensor->ndim > 0 && !byte_strides))
    return sinter_fail(error, SINTER_STATUS_INVALID_ARGUMENT,
                       "tensor, byte_strides or out_tensor is NULL");
  sinter_status_t status = check_rank(tensor->ndim, tensor->shape, error);
  if (status)
    return status;
  sinter_type_t type = SINTER_TYPE_UNDEFINED;
  for (unsigned i = 1; i < TYPE_ROW_COUNT && tensor->dtype.lanes == 1; ++i)
    if (type_rows[i].name && type_rows[i].dl_code == tensor->dtype.code &&
        type_rows[i].bits == tensor->dtype.bits)
      type = (sinter_type_t)i;
  if (!type)
    return sinter_fail(
        error, SINTER_STATUS_BAD_TENSOR,
        "no element type for DLPack's code %d, %d bits, %d lanes",
        tensor->dtype.code, tensor->dtype.bits, tensor->dtype.lanes);
  int64_t bytes = (int64_t)sinter_type_bytes(type);
  for (int32_t i = 0; tensor->strides && i < tensor->ndim; ++i)
    if (__builtin_mul_overflow(tensor->strides[i], bytes, &byte_strides[i]))
      return sinter_fail(error, SINTER_STATUS_BAD_TENSOR,
                         "the stride of dimension %d is too large", (int)i);
  sinter_tensor_t result = {0};
  result.data =
      tensor->data ? (char *)tensor->data + tensor->byte_offset : NULL;
  result.type = type;
  result.rank = tensor->ndim;
  result.dims = tensor->shape;
  result.strides = tensor->strides && tensor->ndim ? byte_strides : NULL;
  result.device = tensor->device;
  *out_tensor = result;
  return SINTER_STATUS_OK;
}

/*===- Values that are not tensors ----------------------------------------===*/

static sinter_status_t fail_reserved(sinter_error_t *error) {
  return sinter_fail(error, SINTER_STATUS_UNSUPPORTED,
                     "strings, sequences, optionals and maps are not supported "
                     "by this version of the runtime");
}

sinter_status_t sinter_value_get_count(const sinter_value_t *value,
                                       size_t *out_count,
                                       sinter_error_t *error) {
  (void)value, (void)out_count;
  return fail_reserved(error);
}
sinter_status_t sinter_value_get_string(const sinter_value_t *value,
                                        size_t index, const char **out_text,
                                        size_t *out_bytes,
                                        sinter_error_t *error) {
  (void)value, (void)index, (void)out_text, (void)out_bytes;
  return fail_reserved(error);
}
sinter_status_t sinter_value_get_tensor(const sinter_value_t *value,
                                        size_t index,
                                        sinter_tensor_t *out_tensor,
                                        sinter_error_t *error) {
  (void)value, (void)index, (void)out_tensor;
  return fail_reserved(error);
}
sinter_status_t sinter_value_get_element(const sinter_value_t *value,
                                         size_t index,
                                         const sinter_value_t **out_element,
                                         sinter_error_t *error) {
  (void)value, (void)index, (void)out_element;
  return fail_reserved(error);
}
sinter_status_t sinter_value_get_key(const sinter_value_t *value, size_t index,
                                     sinter_tensor_t *out_key,
                                     sinter_error_t *error) {
  (void)value, (void)index, (void)out_key;
  return fail_reserved(error);
}
