// RUN: sinter-opt %s -split-input-file -verify-diagnostics

func.func @weight_c1() {
  // expected-error @below {{'nn.weight' op expects a result of the expression's type 'tensor<4xf32>', but got 'tensor<5xf32>'}}
  %0 = "nn.weight"() {value = #nn.weight<file {name = "w"} : tensor<4xf32>>} : () -> tensor<5xf32>
  return
}

// -----

func.func @size_value_c1() {
  // expected-error @below {{'nn.size_value' op expects as many sizes as elements, but got 1 sizes for 'tensor<2xi64>'}}
  %0 = nn.size_value [#nn.size<n>] : tensor<2xi64>
  return
}

// -----

func.func @size_value_c2() {
  // expected-error @below {{'nn.size_value' op expects a result of rank 0 or 1, but got 'tensor<1x1xi64>'}}
  %0 = nn.size_value [#nn.size<n>] : tensor<1x1xi64>
  return
}

// -----

func.func @iota_c1() {
  // expected-error @below {{'nn.iota' op expects 'axis' to be at least 0 and less than the rank 1, but got 1}}
  %0 = nn.iota axis 1 from <0> step <1> : tensor<4xi64>
  return
}

// -----

func.func @reshape_c1(%x: tensor<2x3xf32>) {
  // expected-error @below {{'nn.reshape' op expects a result with 6 elements, but got 5}}
  %0 = nn.reshape %x : tensor<2x3xf32> to tensor<5xf32>
  return
}

// -----

func.func @reshape_element_type(%x: tensor<2x3xf32>) {
  // expected-error @below {{'nn.reshape' op expects a result of the input's element type, but got 'tensor<6xi32>' from 'tensor<2x3xf32>'}}
  %0 = nn.reshape %x : tensor<2x3xf32> to tensor<6xi32>
  return
}

// -----

func.func @broadcast_c1(%x: tensor<3xf32>) {
  // expected-error @below {{'nn.broadcast' op expects input sizes that are 1 or those of the result, but got shapes [3] and [2, 4]}}
  %0 = nn.broadcast %x : tensor<3xf32> to tensor<2x4xf32>
  return
}

// -----

func.func @broadcast_c1_shrinks(%x: tensor<4xf32>) {
  // expected-error @below {{'nn.broadcast' op expects input sizes that are 1 or those of the result, but got shapes [4] and [1]}}
  %0 = nn.broadcast %x : tensor<4xf32> to tensor<1xf32>
  return
}

// -----

func.func @broadcast_element_type(%x: tensor<4xf32>) {
  // expected-error @below {{'nn.broadcast' op expects a result of the input's element type, but got 'tensor<2x4xf64>' from 'tensor<4xf32>'}}
  %0 = nn.broadcast %x : tensor<4xf32> to tensor<2x4xf64>
  return
}

// -----

func.func @transpose_c1_repeated(%x: tensor<2x3xf32>) {
  // expected-error @below {{'nn.transpose' op expects a permutation of the 2 dimensions, but got [0, 0]}}
  %0 = nn.transpose %x [0, 0] : tensor<2x3xf32>
  return
}

// -----

func.func @transpose_c1_short(%x: tensor<2x3xf32>) {
  // expected-error @below {{'nn.transpose' op expects a permutation of the 2 dimensions, but got [0]}}
  %0 = nn.transpose %x [0] : tensor<2x3xf32>
  return
}

// -----

func.func @slice_c1(%x: tensor<2x3xf32>) {
  // expected-error @below {{'nn.slice' op expects a start, size and step for each of 2 dimensions, but got 1, 2 and 2}}
  %0 = nn.slice %x starts [#nn.size<0>] sizes [#nn.size<1>, #nn.size<1>] steps [1, 1] : tensor<2x3xf32>
  return
}

// -----

func.func @slice_c2(%x: tensor<3xf32>) {
  // expected-error @below {{'nn.slice' op expects steps other than 0, but got 0 for dimension 0}}
  %0 = nn.slice %x starts [#nn.size<0>] sizes [#nn.size<1>] steps [0] : tensor<3xf32>
  return
}

// -----

func.func @slice_c3_static(%x: tensor<3xf32>) {
  // expected-error @below {{'nn.slice' op expects to take elements 0 to 2 of dimension 0, but got 1 to 3}}
  %0 = nn.slice %x starts [#nn.size<1>] sizes [#nn.size<3>] steps [1] : tensor<3xf32>
  return
}

// -----

func.func @slice_c3_free(%x: tensor<?xf32, #nn.dims<[n]>>) {
  // expected-error @below {{'nn.slice' op expects to take elements 0 to n - 1 of dimension 0, but got 1 to n}}
  %0 = nn.slice %x starts [#nn.size<1>] sizes [#nn.size<n>] steps [1] : tensor<?xf32, #nn.dims<[n]>>
  return
}

// -----

func.func @slice_c3_backwards(%x: tensor<3xf32>) {
  // expected-error @below {{'nn.slice' op expects to take elements 0 to 2 of dimension 0, but got 1 to -1}}
  %0 = nn.slice %x starts [#nn.size<1>] sizes [#nn.size<3>] steps [-1] : tensor<3xf32>
  return
}

// -----

func.func @concat_c1_nothing() {
  // expected-error @below {{'nn.concat' op expects at least one operand}}
  // expected-error @below {{'nn.concat' op failed to infer returned types}}
  %0 = "nn.concat"() {axis = 0} : () -> tensor<2xf32>
  return
}

// -----

func.func @concat_c1_axis(%x: tensor<3xf32>) {
  // expected-error @below {{'nn.concat' op expects 'axis' to be at least 0 and less than the rank 1, but got -1}}
  %0 = nn.concat %x axis -1 : tensor<3xf32>
  return
}

// -----

func.func @concat_c2_rank(%x: tensor<3xf32>, %y: tensor<3x1xf32>) {
  // expected-error @below {{'nn.concat' op expects operands of the same rank and element type, but got 'tensor<3xf32>' and 'tensor<3x1xf32>'}}
  %0 = nn.concat %x, %y axis 0 : tensor<3xf32>, tensor<3x1xf32>
  return
}

// -----

func.func @concat_c2_element_type(%x: tensor<3xf32>, %y: tensor<3xi32>) {
  // expected-error @below {{'nn.concat' op expects operands of the same rank and element type, but got 'tensor<3xf32>' and 'tensor<3xi32>'}}
  %0 = nn.concat %x, %y axis 0 : tensor<3xf32>, tensor<3xi32>
  return
}

// -----

func.func @concat_c3(%x: tensor<3x2xf32>, %y: tensor<4x2xf32>) {
  // expected-error @below {{'nn.concat' op expects equal sizes in dimension 0, but got 3 and 4}}
  %0 = nn.concat %x, %y axis 1 : tensor<3x2xf32>, tensor<4x2xf32>
  return
}

// -----

func.func @pad_c1(%x: tensor<3x2xf32>, %v: tensor<f32>) {
  // expected-error @below {{'nn.pad' op expects an amount before and after each of 2 dimensions, but got 1 and 1}}
  %0 = nn.pad %x, %v edge before [#nn.size<1>] after [#nn.size<1>] : tensor<3x2xf32>, tensor<f32>
  return
}

// -----

func.func @pad_c2(%x: tensor<3xf32>, %v: tensor<i32>) {
  // expected-error @below {{'nn.pad' op expects one element of type 'f32' as value, but got 'tensor<i32>'}}
  %0 = nn.pad %x, %v edge before [#nn.size<1>] after [#nn.size<1>] : tensor<3xf32>, tensor<i32>
  return
}

// -----

func.func @pad_negative_result(%x: tensor<3xf32>, %v: tensor<f32>) {
  // expected-error @below {{'nn.pad' op expects a result without negative sizes, but got [-1]}}
  %0 = nn.pad %x, %v constant before [#nn.size<-2>] after [#nn.size<-2>] : tensor<3xf32>, tensor<f32>
  return
}

// -----

func.func @gather_c1(%x: tensor<3xf32>, %i: tensor<2xi64>) {
  // expected-error @below {{'nn.gather' op expects 'axis' to be at least 0 and less than the rank 1, but got 2}}
  %0 = nn.gather %x, %i axis 2 : tensor<3xf32>, tensor<2xi64>
  return
}

// -----

func.func @gather_index_type(%x: tensor<3xf32>, %i: tensor<2xf32>) {
  // expected-error @below {{'nn.gather' op operand #1 must be ranked tensor with the size of each free dimension of 32-bit signless integer or 64-bit signless integer values, but got 'tensor<2xf32>'}}
  %0 = nn.gather %x, %i axis 0 : tensor<3xf32>, tensor<2xf32>
  return
}

// -----

func.func @gather_elements_c1(%x: tensor<3xf32>, %i: tensor<2xi64>) {
  // expected-error @below {{'nn.gather_elements' op expects 'axis' to be at least 0 and less than the rank 1, but got 1}}
  %0 = nn.gather_elements %x, %i axis 1 : tensor<3xf32>, tensor<2xi64>
  return
}

// -----

func.func @gather_elements_c2(%x: tensor<3xf32>, %i: tensor<2x1xi64>) {
  // expected-error @below {{'nn.gather_elements' op expects input and indices of the same rank, but got 'tensor<3xf32>' and 'tensor<2x1xi64>'}}
  %0 = nn.gather_elements %x, %i axis 0 : tensor<3xf32>, tensor<2x1xi64>
  return
}
