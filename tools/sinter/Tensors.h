//===- Tensors.h - what the commands take from tensors/ -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SINTER_TOOLS_SINTER_TENSORS_H
#define SINTER_TOOLS_SINTER_TENSORS_H

#include "tensors/Failure.h"
#include "tensors/Files.h"
#include "tensors/Npy.h"
#include "tensors/Npz.h"
#include "tensors/Pb.h"
#include "tensors/Value.h"

namespace sinter::cli {

using tensors::computeStatistics;
using tensors::countElements;
using tensors::describeDims;
using tensors::describeTensor;
using tensors::ElementType;
using tensors::ExitCode;
using tensors::Failure;
using tensors::findExternalFiles;
using tensors::formatNpy;
using tensors::formatPb;
using tensors::getElement;
using tensors::getTypeInfo;
using tensors::getTypeName;
using tensors::getTypeOfNpy;
using tensors::hasSuffix;
using tensors::isFloat;
using tensors::makeFolder;
using tensors::parseNpy;
using tensors::parsePb;
using tensors::PbMessage;
using tensors::readFile;
using tensors::readNpz;
using tensors::setElement;
using tensors::Statistics;
using tensors::TypeInfo;
using tensors::Value;
using tensors::writeFile;

} // namespace sinter::cli

#endif // SINTER_TOOLS_SINTER_TENSORS_H
