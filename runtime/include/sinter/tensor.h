/*===- sinter/tensor.h - tensors at the interface -----------------*- C -*-===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SINTER_TENSOR_H
#define SINTER_TENSOR_H

#include "sinter/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Element types, numbered as in ONNX (TensorProto.DataType). */
typedef enum sinter_type {
  SINTER_TYPE_UNDEFINED = 0,
  SINTER_TYPE_F32 = 1,
  SINTER_TYPE_U8 = 2,
  SINTER_TYPE_I8 = 3,
  SINTER_TYPE_U16 = 4,
  SINTER_TYPE_I16 = 5,
  SINTER_TYPE_I32 = 6,
  SINTER_TYPE_I64 = 7,
  SINTER_TYPE_STRING = 8, /* never in a sinter_tensor_t: see value.h */
  SINTER_TYPE_BOOL = 9,   /* one byte, 0 or 1 */
  SINTER_TYPE_F16 = 10,
  SINTER_TYPE_F64 = 11,
  SINTER_TYPE_U32 = 12,
  SINTER_TYPE_U64 = 13,
  SINTER_TYPE_BF16 = 16,
  SINTER_TYPE_F8E4M3FN = 17,
  SINTER_TYPE_F8E4M3FNUZ = 18,
  SINTER_TYPE_F8E5M2 = 19,
  SINTER_TYPE_F8E5M2FNUZ = 20,
  SINTER_TYPE_U4 = 21,     /* two elements a byte */
  SINTER_TYPE_I4 = 22,     /* two elements a byte */
  SINTER_TYPE_F4E2M1 = 23, /* two elements a byte */
  SINTER_TYPE_F8E8M0 = 24,
  SINTER_TYPE_U2 = 25, /* four elements a byte */
  SINTER_TYPE_I2 = 26  /* four elements a byte */
} sinter_type_t;

/** Where memory lies; numbered as in DLPack. */
typedef enum sinter_device_kind {
  SINTER_DEVICE_CPU = 1,
  SINTER_DEVICE_CUDA = 2
} sinter_device_kind_t;

/** A device; all zero means the CPU. */
typedef struct sinter_device {
  int32_t kind; /* sinter_device_kind_t, 0 = CPU */
  int32_t id;
} sinter_device_t;

/** The highest rank that a model can have at its interface. */
#define SINTER_MAX_RANK 32

/**
 * A view of memory that belongs to somebody else. Elements of 4 and of 2 bits
 * are packed as in ONNX files: row-major over the whole tensor (a row may begin
 * inside a byte), the first element of a byte in its lowest bits. A tensor of n
 * elements of 4 bits takes (n + 1) / 2 bytes, one of 2 bits (n + 3) / 4; what
 * is left of the last byte is zero in outputs and not looked at in inputs. Such
 * tensors have no strides. All zero is a valid value: as
 * an output it asks the context for memory.
 */
typedef struct sinter_tensor {
  void *data; /* address of the first element, aligned to the element */
  sinter_type_t type;
  int32_t rank;
  const int64_t *dims;    /* rank sizes */
  const int64_t *strides; /* rank byte strides; NULL = row-major without gaps */
  sinter_device_t device;
  size_t bytes; /* memory at data; 0 = exactly what type and dims say */
} sinter_tensor_t;

/** Bits of one element; 0 for types without a fixed size. */
SINTER_API size_t sinter_type_bits(sinter_type_t type);
/** Bytes of one element; 0 for types without a fixed size, and for those whose
 * elements share bytes (sinter_type_bits, sinter_tensor_bytes). */
SINTER_API size_t sinter_type_bytes(sinter_type_t type);
/** "f32", "i64", ...; "undefined" for unknown values. Never NULL. */
SINTER_API const char *sinter_type_name(sinter_type_t type);
/** The type of this name, or SINTER_TYPE_UNDEFINED. */
SINTER_API sinter_type_t sinter_type_from_name(const char *name);

/**
 * Bytes that a row-major tensor of these sizes takes. Fails with BAD_TENSOR on
 * a negative size, on a type without fixed size, and on overflow.
 */
SINTER_API sinter_status_t sinter_tensor_bytes(sinter_type_t type, int32_t rank,
                                               const int64_t *dims,
                                               size_t *out_bytes,
                                               sinter_error_t *error);

/** 1 if the elements lie row-major without gaps (strides of dimensions of size
 * 1 do not matter), else 0. */
SINTER_API int sinter_tensor_is_contiguous(const sinter_tensor_t *tensor);

/*===- DLPack -------------------------------------------------------------===*/

/** Same layout as DLDataType of DLPack 0.x and 1.x. */
typedef struct sinter_dl_type {
  uint8_t code; /* 0 int, 1 uint, 2 float, 4 bfloat, 6 bool; of float8: 10
                   e4m3fn, 11 e4m3fnuz, 12 e5m2, 13 e5m2fnuz, 14 e8m0fnu */
  uint8_t bits;
  uint16_t lanes;
} sinter_dl_type_t;

/** Same layout as DLTensor of DLPack 0.x and 1.x. */
typedef struct sinter_dl_tensor {
  void *data;
  sinter_device_t device; /* kind is never 0 here */
  int32_t ndim;
  sinter_dl_type_t dtype;
  int64_t *shape;
  int64_t *strides; /* in elements */
  uint64_t byte_offset;
} sinter_dl_tensor_t;

/**
 * Describes `tensor` as a DLTensor, without a copy of the data. `shape` and
 * `strides` are the caller's, `rank` entries each, and must live as long as
 * `out_tensor`. Fails where a byte stride is not a multiple of the element.
 */
SINTER_API sinter_status_t sinter_tensor_to_dlpack(
    const sinter_tensor_t *tensor, int64_t *shape, int64_t *strides,
    sinter_dl_tensor_t *out_tensor, sinter_error_t *error);

/**
 * The way back, without a copy of the data. `byte_strides` is the caller's,
 * `ndim` entries, and must live as long as `out_tensor`, like `tensor->shape`.
 * Fails on element types that have no counterpart (vector lanes, 4 bit,
 * complex).
 */
SINTER_API sinter_status_t sinter_tensor_from_dlpack(
    const sinter_dl_tensor_t *tensor, int64_t *byte_strides,
    sinter_tensor_t *out_tensor, sinter_error_t *error);

#ifdef __cplusplus
}
#endif

#endif /* SINTER_TENSOR_H */
