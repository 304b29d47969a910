// RUN: sinter-opt %s --sinter-fuse-form-groups --split-input-file --verify-diagnostics --remarks-filter=sinter-fuse --remark-format=emitRemark -o /dev/null

func.func @passed(%x: tensor<8x16xf32>, %w: tensor<16x4xf32>) -> tensor<8x4xf32> {
  // expected-remark @below {{[Passed] FormGroup | Category:sinter-fuse | Remark="one kernel computes matmul, relu", kind=contract}}
  %0 = nn.matmul %x, %w : tensor<8x16xf32>, tensor<16x4xf32>
  %1 = nn.relu %0 : tensor<8x4xf32>
  return %1 : tensor<8x4xf32>
}

// -----

func.func @repetition(%x: tensor<8x4xf32>, %b: tensor<4xf32>) -> tensor<8x4xf32> {
  // expected-remark @below {{its elements would be computed again for each repetition}}
  %0 = nn.exp %b : tensor<4xf32>
  // expected-remark @below {{nothing beside it can share its loop}}
  %1 = nn.add %x, %0 : tensor<8x4xf32>, tensor<4xf32>
  return %1 : tensor<8x4xf32>
}

// -----

func.func @shape(%x: tensor<8x16xf32>, %w: tensor<16x1xf32>, %b: tensor<4xf32>) -> tensor<8x4xf32> {
  // expected-remark @below {{Remark="one kernel computes matmul", kind=contract}}
  %0 = nn.matmul %x, %w : tensor<8x16xf32>, tensor<16x1xf32>
  // expected-remark @below {{its result has another shape than the kernel that feeds it}}
  %1 = nn.add %0, %b : tensor<8x1xf32>, tensor<4xf32>
  return %1 : tensor<8x4xf32>
}

// -----

func.func @algorithm(%x: tensor<8x16xf32>) -> tensor<8x1xi64> {
  // expected-remark @below {{[Missed] FormGroup | Category:sinter-fuse | Reason="it is an algorithm of its own", Remark="'arg_reduce' is alone in its kernel", kind=serial}}
  %0 = nn.arg_reduce max %x axis 1 : tensor<8x16xf32>
  return %0 : tensor<8x1xi64>
}

// -----

func.func @computed_filter(%x: tensor<1x8x8x4xf32>, %f: tensor<6x4x1x1xf32>) -> tensor<1x8x8x6xf32> {
  // expected-remark @below {{its filter is computed by the model}}
  %0 = nn.conv %x, %f strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 channels_last : tensor<1x8x8x4xf32>, tensor<6x4x1x1xf32>
  return %0 : tensor<1x8x8x6xf32>
}

// -----

func.func @cycle(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  // expected-remark @below {{a kernel between the two would depend on itself}}
  %0 = nn.exp %x : tensor<8x4xf32>
  // expected-remark @below {{'reshape' is a view of memory and needs no kernel}}
  %1 = nn.reshape %0 : tensor<8x4xf32> to tensor<32xf32>
  // expected-remark @below {{'neg' is alone in its kernel}}
  %2 = nn.neg %1 : tensor<32xf32>
  // expected-remark @below {{'reshape' is a view of memory and needs no kernel}}
  %3 = nn.reshape %2 : tensor<32xf32> to tensor<8x4xf32>
  // expected-remark @below {{'add' is alone in its kernel}}
  %4 = nn.add %0, %3 : tensor<8x4xf32>, tensor<8x4xf32>
  return %4 : tensor<8x4xf32>
}

// -----

func.func @clones(%x: tensor<1x8xf32>, %y: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  // A group is where its first operation is.
  // expected-remark @below {{one kernel computes broadcast, exp}}
  // expected-remark @below {{one kernel computes broadcast, sub}}
  // expected-remark @below {{Reason="that costs less than to store and load the result", Remark="'broadcast' is computed anew by each of its users", users=2}}
  %0 = nn.broadcast %x : tensor<1x8xf32> to tensor<4x8xf32>
  %1 = nn.exp %0 : tensor<4x8xf32>
  %2 = nn.sub %y, %0 : tensor<4x8xf32>, tensor<4x8xf32>
  return %1, %2 : tensor<4x8xf32>, tensor<4x8xf32>
}
