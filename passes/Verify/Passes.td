//===- Passes.td - verification between phases --------------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_VERIFY_PASSES_TD
#define SINTER_PASSES_VERIFY_PASSES_TD

include "mlir/Pass/PassBase.td"

def VerifyFormPass : Pass<"sinter-verify-form", "::mlir::ModuleOp"> {
  let summary = "checks that the IR has the form that a phase promises";
  let description = [{
    Fails on every operation that must not be left after the phase `form`, and
    on every one that lacks what the next phase relies on. The table of forms is
    at the head of VerifyForm.cpp. What it reports is a defect of the compiler,
    not of the model.

    Needs: nothing. Leaves: the IR as it is.
  }];
  let options = [
    Option<"form", "form", "std::string", /*default=*/"\"import\"",
           "Phase whose promise is checked: import, simplify, plan, compress, fuse, outline, lower or place">,
  ];
}

#endif // SINTER_PASSES_VERIFY_PASSES_TD
