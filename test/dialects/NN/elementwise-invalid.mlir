// RUN: sinter-opt %s -split-input-file -verify-diagnostics

func.func @elementwise_c1(%x: tensor<4xf32>, %y: tensor<4xf64>) {
  // expected-error @below {{'nn.add' op expects operands with the same element type, but got 'f32' and 'f64'}}
  %0 = nn.add %x, %y : tensor<4xf32>, tensor<4xf64>
  return
}

// -----

func.func @elementwise_c2_static(%x: tensor<4xf32>, %y: tensor<3xf32>) {
  // expected-error @below {{'nn.mul' op expects equal sizes, or 1, in every dimension, but got shapes [4] and [3]}}
  %0 = nn.mul %x, %y : tensor<4xf32>, tensor<3xf32>
  return
}

// -----

func.func @elementwise_c2_free(%x: tensor<?xf32, #nn.dims<[n]>>, %y: tensor<?xf32, #nn.dims<[m floordiv 2]>>) {
  // expected-error @below {{'nn.equal' op expects equal sizes, or 1, in every dimension, but got shapes [n] and [floor(m/2)]}}
  %0 = nn.equal %x, %y : tensor<?xf32, #nn.dims<[n]>>, tensor<?xf32, #nn.dims<[m floordiv 2]>>
  return
}

// -----

func.func @elementwise_result(%x: tensor<4xf32>) {
  // expected-error @below {{'nn.relu' op inferred type(s) 'tensor<4xf32>' are incompatible with return type(s) of operation 'tensor<5xf32>'}}
  // expected-error @below {{'nn.relu' op failed to infer returned types}}
  %0 = "nn.relu"(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @elementwise_not_a_tensor(%x: f32) {
  // expected-error @below {{invalid kind of type specified}}
  %0 = nn.relu %x : f32
  return
}

// -----

func.func @elementwise_no_sizes(%x: tensor<?xf32>) {
  // expected-error @below {{'nn.relu' op expects sizes that fit in 64 bits, but got a result of shape [unknown]}}
  %0 = nn.relu %x : tensor<?xf32>
  return
}

// -----

func.func @elementwise_other_encoding(%x: tensor<4xf32, "other">) {
  // expected-error @below {{'nn.cast' op operand #0 must be ranked tensor with the size of each free dimension}}
  %0 = nn.cast %x : tensor<4xf32, "other"> to tensor<4xi32>
  return
}

// -----

func.func @elementwise_element_type(%x: tensor<4xi3>) {
  // expected-error @below {{'nn.cast' op operand #0 must be ranked tensor with the size of each free dimension}}
  %0 = nn.cast %x : tensor<4xi3> to tensor<4xi32>
  return
}

// -----

func.func @clamp_c1(%x: tensor<4xf32>) {
  // expected-error @below {{'nn.clamp' op expects bounds that are numbers, but got NaN as 'max'}}
  %0 = nn.clamp %x range(0.0, 0x7FF8000000000000) : tensor<4xf32>
  return
}

// -----

func.func @where_c1(%c: tensor<4xi1>, %x: tensor<4xf32>, %y: tensor<4xi32>) {
  // expected-error @below {{'nn.where' op expects operands with the same element type, but got 'f32' and 'i32'}}
  %0 = nn.where %c, %x, %y : tensor<4xi1>, tensor<4xf32>, tensor<4xi32>
  return
}

// -----

func.func @where_c2(%c: tensor<3xi1>, %x: tensor<4xf32>, %y: tensor<4xf32>) {
  // expected-error @below {{'nn.where' op expects equal sizes, or 1, in every dimension, but got shapes [3] and [4]}}
  %0 = nn.where %c, %x, %y : tensor<3xi1>, tensor<4xf32>, tensor<4xf32>
  return
}

// -----

func.func @cast_c1(%x: tensor<?xf32, #nn.dims<[n]>>) {
  // expected-error @below {{'nn.cast' op expects a result of the input's shape, but got [m] from [n]}}
  %0 = nn.cast %x : tensor<?xf32, #nn.dims<[n]>> to tensor<?xi32, #nn.dims<[m]>>
  return
}

// -----

func.func @bit_cast_c2(%x: tensor<4xf32>) {
  // expected-error @below {{'nn.bit_cast' op expects elements of as many bits as those of 'tensor<4xf32>', but got 'tensor<4xi64>'}}
  %0 = nn.bit_cast %x : tensor<4xf32> to tensor<4xi64>
  return
}

// -----

func.func @bits_of_floats(%x: tensor<4xf32>) {
  // expected-error @below {{'nn.bit_not' op operand #0 must be ranked tensor with the size of each free dimension}}
  %0 = nn.bit_not %x : tensor<4xf32>
  return
}

// -----

func.func @quantize_c1(%x: tensor<4xf32>, %scale: tensor<f16>, %zero: tensor<ui8>) {
  // expected-error @below {{'nn.quantize' op expects operands with the same element type, but got 'f32' and 'f16'}}
  %0 = nn.quantize %x, %scale, %zero : tensor<4xf32>, tensor<f16>, tensor<ui8>
  return
}

// -----

func.func @quantize_c2(%x: tensor<4xf32>, %scale: tensor<3xf32>, %zero: tensor<ui8>) {
  // expected-error @below {{'nn.quantize' op expects equal sizes, or 1, in every dimension, but got shapes [4] and [3]}}
  %0 = nn.quantize %x, %scale, %zero : tensor<4xf32>, tensor<3xf32>, tensor<ui8>
  return
}

// -----

func.func @quantize_to_i32(%x: tensor<4xf32>, %scale: tensor<f32>, %zero: tensor<i32>) {
  // expected-error @below {{'nn.quantize' op operand #2 must be ranked tensor with the size of each free dimension}}
  %0 = nn.quantize %x, %scale, %zero : tensor<4xf32>, tensor<f32>, tensor<i32>
  return
}

// -----

func.func @dequantize_c1(%q: tensor<4xui8>, %scale: tensor<f32>, %zero: tensor<i8>) {
  // expected-error @below {{'nn.dequantize' op expects operands with the same element type, but got 'ui8' and 'i8'}}
  %0 = nn.dequantize %q, %scale, %zero : tensor<4xui8>, tensor<f32>, tensor<i8>
  return
}
