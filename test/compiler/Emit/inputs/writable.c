/* A root that leads to state. SPDX-License-Identifier: Apache-2.0 WITH
 * LLVM-exception */
int counter = 5;
__attribute__((visibility("default"))) int *const sinter_root = &counter;
