/*===- old_driver.c - a driver without most functions ---------------------===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
__attribute__((visibility("default"))) int cuInit(unsigned flags) {
  return (int)flags;
}
