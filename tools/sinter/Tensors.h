//===- Tensors.h - what the commands take from runtime/files -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SINTER_TOOLS_SINTER_RUNTIME_FILES_H
#define SINTER_TOOLS_SINTER_RUNTIME_FILES_H

#include "runtime/files/Failure.h"
#include "runtime/files/Files.h"
#include "runtime/files/Npy.h"
#include "runtime/files/Npz.h"
#include "runtime/files/Pb.h"
#include "runtime/files/Value.h"

namespace sinter::cli {

using files::computeStatistics;
using files::countElements;
using files::describeDims;
using files::describeTensor;
using files::ElementType;
using files::ExitCode;
using files::Failure;
using files::findExternalFiles;
using files::formatNpy;
using files::formatPb;
using files::getElement;
using files::getTypeInfo;
using files::getTypeName;
using files::getTypeOfNpy;
using files::hasSuffix;
using files::isFloat;
using files::makeFolder;
using files::parseNpy;
using files::parsePb;
using files::PbMessage;
using files::readFile;
using files::readNpz;
using files::setElement;
using files::Statistics;
using files::TypeInfo;
using files::Value;
using files::writeFile;

} // namespace sinter::cli

#endif // SINTER_TOOLS_SINTER_RUNTIME_FILES_H
