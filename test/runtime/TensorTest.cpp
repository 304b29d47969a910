//===- TensorTest.cpp - tensors at the interface --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "sinter/tensor.h"
#include <gtest/gtest.h>
#include <string>

TEST(Type, NamesAndBytes) {
  EXPECT_EQ(sinter_type_bytes(SINTER_TYPE_F32), 4u);
  EXPECT_EQ(sinter_type_bytes(SINTER_TYPE_I64), 8u);
  EXPECT_EQ(sinter_type_bytes(SINTER_TYPE_BOOL), 1u);
  EXPECT_EQ(sinter_type_bytes(SINTER_TYPE_BF16), 2u);
  EXPECT_EQ(sinter_type_bytes(SINTER_TYPE_STRING), 0u);
  EXPECT_EQ(sinter_type_bytes(SINTER_TYPE_F8E5M2), 1u);
  EXPECT_EQ(sinter_type_bytes(SINTER_TYPE_I4), 0u) << "two share a byte";
  EXPECT_EQ(sinter_type_bits(SINTER_TYPE_I4), 4u);
  EXPECT_EQ(sinter_type_bits(SINTER_TYPE_U2), 2u);
  EXPECT_STREQ(sinter_type_name(SINTER_TYPE_U16), "u16");
  EXPECT_EQ(sinter_type_from_name("f16"), SINTER_TYPE_F16);
}

TEST(Type, UnknownValuesAreUndefined) {
  EXPECT_STREQ(sinter_type_name(static_cast<sinter_type_t>(14)), "undefined");
  EXPECT_STREQ(sinter_type_name(static_cast<sinter_type_t>(99)), "undefined");
  EXPECT_EQ(sinter_type_bytes(static_cast<sinter_type_t>(-3)), 0u);
  EXPECT_EQ(sinter_type_from_name("float"), SINTER_TYPE_UNDEFINED);
  EXPECT_EQ(sinter_type_from_name(nullptr), SINTER_TYPE_UNDEFINED);
}

TEST(TensorBytes, IsTheProduct) {
  int64_t dims[] = {2, 3, 5};
  size_t bytes = 0;
  ASSERT_EQ(sinter_tensor_bytes(SINTER_TYPE_F64, 3, dims, &bytes, nullptr),
            SINTER_STATUS_OK);
  EXPECT_EQ(bytes, 240u);
  ASSERT_EQ(sinter_tensor_bytes(SINTER_TYPE_F64, 0, nullptr, &bytes, nullptr),
            SINTER_STATUS_OK);
  EXPECT_EQ(bytes, 8u) << "a scalar has one element";
}

TEST(TensorBytes, SmallElementsArePacked) {
  int64_t dims[] = {3, 3};
  size_t bytes = 0;
  ASSERT_EQ(sinter_tensor_bytes(SINTER_TYPE_I4, 2, dims, &bytes, nullptr),
            SINTER_STATUS_OK);
  EXPECT_EQ(bytes, 5u) << "rows are not padded";
  ASSERT_EQ(sinter_tensor_bytes(SINTER_TYPE_U2, 2, dims, &bytes, nullptr),
            SINTER_STATUS_OK);
  EXPECT_EQ(bytes, 3u);
  int64_t strides[] = {3, 1};
  sinter_tensor_t tensor = {&bytes,  SINTER_TYPE_I4, 2, dims,
                            strides, {0, 0},         0};
  EXPECT_FALSE(sinter_tensor_is_contiguous(&tensor)) << "strides in bytes";
}

TEST(TensorBytes, EmptyTensorsNeverOverflow) {
  int64_t dims[] = {INT64_MAX, INT64_MAX, 0};
  size_t bytes = 1;
  ASSERT_EQ(sinter_tensor_bytes(SINTER_TYPE_F32, 3, dims, &bytes, nullptr),
            SINTER_STATUS_OK);
  EXPECT_EQ(bytes, 0u);
}

TEST(TensorBytes, OverflowIsAnError) {
  int64_t dims[] = {int64_t(1) << 40, int64_t(1) << 40};
  size_t bytes = 1;
  sinter_error_t error;
  EXPECT_EQ(sinter_tensor_bytes(SINTER_TYPE_F32, 2, dims, &bytes, &error),
            SINTER_STATUS_BAD_TENSOR);
  EXPECT_EQ(bytes, 1u);
}

TEST(TensorBytes, NegativeSizeNamesTheDimension) {
  int64_t dims[] = {2, -7};
  size_t bytes;
  sinter_error_t error;
  ASSERT_EQ(sinter_tensor_bytes(SINTER_TYPE_F32, 2, dims, &bytes, &error),
            SINTER_STATUS_BAD_TENSOR);
  EXPECT_NE(std::string(error.message).find("dimension 1"), std::string::npos);
  EXPECT_NE(std::string(error.message).find("-7"), std::string::npos);
}

TEST(TensorBytes, RankAndTypeAreChecked) {
  size_t bytes;
  EXPECT_EQ(sinter_tensor_bytes(SINTER_TYPE_F32, SINTER_MAX_RANK + 1, nullptr,
                                &bytes, nullptr),
            SINTER_STATUS_BAD_TENSOR);
  EXPECT_EQ(sinter_tensor_bytes(SINTER_TYPE_F32, -1, nullptr, &bytes, nullptr),
            SINTER_STATUS_BAD_TENSOR);
  EXPECT_EQ(sinter_tensor_bytes(SINTER_TYPE_F32, 1, nullptr, &bytes, nullptr),
            SINTER_STATUS_BAD_TENSOR);
  EXPECT_EQ(
      sinter_tensor_bytes(SINTER_TYPE_STRING, 0, nullptr, &bytes, nullptr),
      SINTER_STATUS_BAD_TENSOR);
}

static int isContiguous(std::initializer_list<int64_t> dims,
                        std::initializer_list<int64_t> strides) {
  sinter_tensor_t tensor = {};
  tensor.type = SINTER_TYPE_F32;
  tensor.rank = static_cast<int32_t>(dims.size());
  tensor.dims = dims.begin();
  tensor.strides = strides.size() ? strides.begin() : nullptr;
  return sinter_tensor_is_contiguous(&tensor);
}

TEST(Contiguous, Strides) {
  EXPECT_TRUE(isContiguous({2, 3}, {}));
  EXPECT_TRUE(isContiguous({2, 3}, {12, 4}));
  EXPECT_FALSE(isContiguous({2, 3}, {4, 8})) << "column-major";
  EXPECT_FALSE(isContiguous({2, 3}, {16, 4})) << "a gap after each row";
  EXPECT_FALSE(isContiguous({3}, {0})) << "broadcast";
  EXPECT_FALSE(isContiguous({3}, {-4})) << "reversed";
}

TEST(Contiguous, DimensionsOfSizeOneDoNotMatter) {
  EXPECT_TRUE(isContiguous({1, 3}, {999, 4}));
  EXPECT_TRUE(isContiguous({2, 1, 3}, {12, -5, 4}));
  EXPECT_TRUE(isContiguous({0, 3}, {1, 1})) << "no elements";
}

TEST(DLPack, RoundTripKeepsEverything) {
  float data[6] = {};
  int64_t dims[] = {2, 3}, strides[] = {4, 8}; // column-major
  sinter_tensor_t tensor = {data,    SINTER_TYPE_F32, 2,          dims,
                            strides, {0, 0},          sizeof data};
  int64_t shape[2], elementStrides[2], byteStrides[2];
  sinter_dl_tensor_t dl;
  ASSERT_EQ(
      sinter_tensor_to_dlpack(&tensor, shape, elementStrides, &dl, nullptr),
      SINTER_STATUS_OK);
  EXPECT_EQ(dl.data, data) << "no copy";
  EXPECT_EQ(dl.device.kind, SINTER_DEVICE_CPU);
  EXPECT_EQ(dl.dtype.code, 2);
  EXPECT_EQ(dl.dtype.bits, 32);
  EXPECT_EQ(dl.dtype.lanes, 1);
  EXPECT_EQ(dl.strides[0], 1);
  EXPECT_EQ(dl.strides[1], 2);
  sinter_tensor_t back;
  ASSERT_EQ(sinter_tensor_from_dlpack(&dl, byteStrides, &back, nullptr),
            SINTER_STATUS_OK);
  EXPECT_EQ(back.data, data);
  EXPECT_EQ(back.type, SINTER_TYPE_F32);
  EXPECT_EQ(back.rank, 2);
  EXPECT_EQ(back.dims[1], 3);
  EXPECT_EQ(back.strides[0], 4);
  EXPECT_EQ(back.strides[1], 8);
}

TEST(DLPack, EveryTypeComesBack) {
  for (int type = 1; type <= SINTER_TYPE_I2; ++type) {
    sinter_tensor_t tensor = {}, back = {};
    tensor.type = static_cast<sinter_type_t>(type);
    if (!sinter_type_bytes(tensor.type))
      continue;
    sinter_dl_tensor_t dl;
    ASSERT_EQ(sinter_tensor_to_dlpack(&tensor, nullptr, nullptr, &dl, nullptr),
              SINTER_STATUS_OK);
    ASSERT_EQ(sinter_tensor_from_dlpack(&dl, nullptr, &back, nullptr),
              SINTER_STATUS_OK);
    EXPECT_EQ(back.type, tensor.type) << sinter_type_name(tensor.type);
  }
}

TEST(DLPack, OffsetAndRowMajorStrides) {
  char data[32];
  int64_t shape[] = {2, 2}, byteStrides[2];
  sinter_dl_tensor_t dl = {data, {1, 0}, 2, {0, 64, 1}, shape, nullptr, 16};
  sinter_tensor_t tensor;
  ASSERT_EQ(sinter_tensor_from_dlpack(&dl, byteStrides, &tensor, nullptr),
            SINTER_STATUS_OK);
  EXPECT_EQ(tensor.data, data + 16);
  EXPECT_EQ(tensor.type, SINTER_TYPE_I64);
  EXPECT_EQ(tensor.strides, nullptr);
}

TEST(DLPack, WhatHasNoCounterpartIsRefused) {
  float data[4];
  int64_t dims[] = {2}, strides[] = {6}, shape[1], elementStrides[1];
  sinter_tensor_t tensor = {data, SINTER_TYPE_F32, 1, dims, strides, {0, 0}, 0};
  sinter_dl_tensor_t dl = {};
  EXPECT_EQ(
      sinter_tensor_to_dlpack(&tensor, shape, elementStrides, &dl, nullptr),
      SINTER_STATUS_BAD_TENSOR)
      << "a stride of one and a half elements";
  sinter_dl_tensor_t lanes = {data, {1, 0}, 0, {2, 32, 4}, nullptr, nullptr, 0};
  EXPECT_EQ(sinter_tensor_from_dlpack(&lanes, nullptr, &tensor, nullptr),
            SINTER_STATUS_BAD_TENSOR);
  sinter_dl_tensor_t complex = {data,    {1, 0},  0, {5, 64, 1},
                                nullptr, nullptr, 0};
  EXPECT_EQ(sinter_tensor_from_dlpack(&complex, nullptr, &tensor, nullptr),
            SINTER_STATUS_BAD_TENSOR);
}
