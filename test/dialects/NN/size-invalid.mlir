// RUN: sinter-opt %s -split-input-file -verify-diagnostics

// expected-error @below {{expects a positive divisor, but got 0}}
func.func private @size_zero_divisor() attributes {a = #nn.size<h floordiv 0>}

// -----

// expected-error @below {{expects a positive divisor, but got -2}}
func.func private @size_negative_divisor() attributes {a = #nn.size<h mod -2>}

// -----

// expected-error @below {{expects a size: an integer, the name of a free dimension, or a formula}}
func.func private @size_missing() attributes {a = #nn.size<h + >}

// -----

// expected-error @below {{expects an operand before 'floordiv'}}
func.func private @size_operator_first() attributes {a = #nn.size<floordiv 2>}

// -----

// expected-error @below {{expects a size for each of 2 dimensions, but got 1}}
func.func private @dims_c1(tensor<?x4xf32, #nn.dims<[h]>>)

// -----

// expected-error @below {{expects dimension 1 to be static where its size is constant, and '?' where it is not, but got ? with size 4}}
func.func private @dims_c2_constant(tensor<?x?xf32, #nn.dims<[h, 4]>>)

// -----

// expected-error @below {{expects dimension 0 to be static where its size is constant, and '?' where it is not, but got 2 with size h}}
func.func private @dims_c2_free(tensor<2xf32, #nn.dims<[h]>>)

// -----

// expected-error @below {{expects a free dimension in a tensor with sizes}}
func.func private @dims_c3(tensor<2xf32, #nn.dims<[2]>>)
