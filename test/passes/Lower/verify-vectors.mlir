// RUN: sinter-opt %s --verify-diagnostics --split-input-file --pass-pipeline='builtin.module(func.func(sinter-lower-verify-vectors))'

func.func @scalar(%a: memref<?xf32>, %n: index) attributes {kernel.kind = #kernel.kind<loop>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    // expected-error @below {{the innermost loop of kernel 'scalar' has no vector operation}}
    scf.for %j = %c0 to %n step %c1 {
      %x = memref.load %a[%j] : memref<?xf32>
      memref.store %x, %a[%i] : memref<?xf32>
    }
  }
  return
}

// -----

// Only innermost loops count, and an algorithm of its own may be scalar.
func.func @vector(%a: memref<?xf32>, %n: index) attributes {kernel.kind = #kernel.kind<loop>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %s = memref.load %a[%i] : memref<?xf32>
    scf.for %j = %c0 to %n step %c1 {
      %x = vector.load %a[%j] : memref<?xf32>, vector<8xf32>
      vector.store %x, %a[%i] : memref<?xf32>, vector<8xf32>
    }
  }
  return
}
func.func @serial(%a: memref<?xf32>, %n: index) attributes {kernel.kind = #kernel.kind<serial>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %x = memref.load %a[%i] : memref<?xf32>
    memref.store %x, %a[%c0] : memref<?xf32>
  }
  return
}
