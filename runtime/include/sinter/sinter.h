/*===- sinter/sinter.h - the whole C interface --------------------*- C -*-===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SINTER_SINTER_H
#define SINTER_SINTER_H

#include "sinter/context.h"
#include "sinter/cpu.h"
#include "sinter/model.h"
#include "sinter/status.h"
#include "sinter/tensor.h"
#include "sinter/value.h"

#endif /* SINTER_SINTER_H */
