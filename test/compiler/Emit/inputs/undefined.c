/* A root that needs a symbol from outside. SPDX-License-Identifier: Apache-2.0
 * WITH LLVM-exception */
extern int missing_function(void);
__attribute__((visibility("default"))) int (*const sinter_root)(void) =
    missing_function;
