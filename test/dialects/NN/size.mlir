// RUN: sinter-opt %s | FileCheck %s
// RUN: sinter-opt %s --mlir-print-op-generic | sinter-opt | FileCheck %s

// CHECK-LABEL: func.func private @polynomials
func.func private @polynomials() attributes {
  // CHECK-SAME: a_constant = #nn.size<4>
  a_constant = #nn.size<4>,
  // CHECK-SAME: b_zero = #nn.size<0>
  b_zero = #nn.size<h - h>,
  // CHECK-SAME: c_product = #nn.size<batch * 64>
  c_product = #nn.size<64 * batch>,
  // CHECK-SAME: d_order = #nn.size<a * b + a + b * 2 - 1>
  d_order = #nn.size<2 * b - 1 + b * a + a>,
  // CHECK-SAME: e_power = #nn.size<h * h + h * 2 + 1>
  e_power = #nn.size<(h + 1) * (1 + h)>,
  // CHECK-SAME: f_quoted = #nn.size<"p2o.0" * 3>
  f_quoted = #nn.size<"p2o.0" * 3>,
  // CHECK-SAME: g_reserved = #nn.size<"mod" + "unknown">
  g_reserved = #nn.size<"mod" + "unknown">,
  // CHECK-SAME: h_negative = #nn.size<-h + 3>
  h_negative = #nn.size<3 - h>,
  // CHECK-SAME: i_factor = #nn.size<h * -2>
  i_factor = #nn.size<-2 * h>,
  // CHECK-SAME: j_precedence = #nn.size<w * (h floordiv 2) + 3>
  j_precedence = #nn.size<w * (h floordiv 2) + 3>,
  // CHECK-SAME: k_negated = #nn.size<-(h mod 2) + 1>
  k_negated = #nn.size<1 - h mod 2>,
  // CHECK-SAME: l_overflow = #nn.size<unknown>
  l_overflow = #nn.size<9223372036854775807 * 2>,
  // CHECK-SAME: m_escaped = #nn.size<"a\22b">
  m_escaped = #nn.size<"a\"b">}

// CHECK-LABEL: func.func private @divisions
func.func private @divisions() attributes {
  // CHECK-SAME: a_cancel = #nn.size<a>
  a_cancel = #nn.size<(a * b) floordiv b>,
  // CHECK-SAME: b_coefficient = #nn.size<x * 2>
  b_coefficient = #nn.size<(4 * x) floordiv 2>,
  // CHECK-SAME: c_remainder = #nn.size<x * 2 + 1>
  c_remainder = #nn.size<(4 * x + 3) floordiv 2>,
  // CHECK-SAME: d_nested = #nn.size<x floordiv 4>
  d_nested = #nn.size<(x floordiv 2) floordiv 2>,
  // CHECK-SAME: e_shift = #nn.size<k + x floordiv 2>
  e_shift = #nn.size<(x + 2 * k) floordiv 2>,
  // CHECK-SAME: f_ceil = #nn.size<(x + 1) floordiv 2>
  f_ceil = #nn.size<x ceildiv 2>,
  // A stride of 2 with one pad, as convolutions spell it.
  // CHECK-SAME: g_conv = #nn.size<(x + 1) floordiv 2>
  g_conv = #nn.size<(x - 1) floordiv 2 + 1>,
  // CHECK-SAME: h_common = #nn.size<(x + 1) floordiv 2>
  h_common = #nn.size<(6 * x + 6) floordiv 12>,
  // CHECK-SAME: i_symbolic = #nn.size<a + a floordiv b>
  i_symbolic = #nn.size<(a * b + a) floordiv b>,
  // CHECK-SAME: j_factor = #nn.size<c floordiv d>
  j_factor = #nn.size<(a * b * c) floordiv (a * b * d)>,
  // CHECK-SAME: k_polynomial = #nn.size<h - 1>
  k_polynomial = #nn.size<(h * h - 1) floordiv (h + 1)>,
  // CHECK-SAME: l_nested_ceil = #nn.size<(h + 3) floordiv 4>
  l_nested_ceil = #nn.size<(h ceildiv 2) ceildiv 2>,
  // CHECK-SAME: m_small = #nn.size<0>
  m_small = #nn.size<h floordiv (h + 1)>,
  // CHECK-SAME: n_kept = #nn.size<h floordiv 2 + w floordiv 2>
  n_kept = #nn.size<h floordiv 2 + w floordiv 2>,
  // CHECK-SAME: o_nested_term = #nn.size<(h + 2) floordiv 4>
  o_nested_term = #nn.size<(h floordiv 2 + 1) floordiv 2>,
  // CHECK-SAME: p_ceil_symbolic = #nn.size<(a - 1) floordiv b + 1>
  p_ceil_symbolic = #nn.size<a ceildiv b>}

// CHECK-LABEL: func.func private @remainders
func.func private @remainders() attributes {
  // CHECK-SAME: a_zero = #nn.size<0>
  a_zero = #nn.size<(4 * x) mod 2>,
  // CHECK-SAME: b_reduced = #nn.size<(x + 1) mod 3>
  b_reduced = #nn.size<(4 * x + 7) mod 3>,
  // CHECK-SAME: c_common = #nn.size<(x mod 3) * 2 + 1>
  c_common = #nn.size<(2 * x + 1) mod 6>,
  // CHECK-SAME: d_inner = #nn.size<x mod 3>
  d_inner = #nn.size<(x mod 6) mod 3>,
  // CHECK-SAME: e_symbolic = #nn.size<0>
  e_symbolic = #nn.size<(a * b) mod b>,
  // CHECK-SAME: f_kept = #nn.size<x mod 4>
  f_kept = #nn.size<x mod 4>,
  // CHECK-SAME: g_constant = #nn.size<2>
  g_constant = #nn.size<-4 mod 3>,
  // CHECK-SAME: h_small = #nn.size<x mod 2>
  h_small = #nn.size<(x mod 2) mod 5>}

// CHECK-LABEL: func.func private @extrema
func.func private @extrema() attributes {
  // Free dimensions are at least 1.
  // CHECK-SAME: a_min = #nn.size<1>
  a_min = #nn.size<min(1, h)>,
  // CHECK-SAME: b_max = #nn.size<h>
  b_max = #nn.size<max(0, h)>,
  // CHECK-SAME: c_kept = #nn.size<min(h, 5)>
  c_kept = #nn.size<min(5, h)>,
  // CHECK-SAME: d_flat = #nn.size<max(max(a, b), c)>
  d_flat = #nn.size<max(c, max(b, max(a, c)))>,
  // CHECK-SAME: e_compared = #nn.size<h + 1>
  e_compared = #nn.size<max(h, h + 1)>,
  // CHECK-SAME: f_division = #nn.size<h floordiv 2>
  f_division = #nn.size<min(h floordiv 2, (h + 1) floordiv 2)>,
  // CHECK-SAME: g_absorbed = #nn.size<h>
  g_absorbed = #nn.size<max(h, min(h, w))>,
  // CHECK-SAME: h_half = #nn.size<h floordiv 2>
  h_half = #nn.size<min(h, h floordiv 2)>}

// CHECK-LABEL: func.func private @encoding
// CHECK-SAME: tensor<?x3x?xf32, #nn.dims<[batch, 3, w floordiv 2]>>
func.func private @encoding(tensor<?x3x?xf32, #nn.dims<[batch, 3, w floordiv 2]>>)
