/* An object without sinter_root. SPDX-License-Identifier: Apache-2.0 WITH
 * LLVM-exception */
int sinter_not_a_root(void) { return 0; }
