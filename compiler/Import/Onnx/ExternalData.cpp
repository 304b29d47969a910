//===- ExternalData.cpp - tensors that lie in files of their own ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Onnx/ExternalData.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace sinter;
using namespace sinter::onnx;
using llvm::failure;
using llvm::FailureOr;
using llvm::LogicalResult;
using llvm::StringRef;
using llvm::success;
using llvm::Twine;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

static LogicalResult fail(ImportIssue &issue, StringRef code,
                          const Twine &expected, const Twine &found,
                          StringRef remedy) {
  issue.kind = ImportIssue::Kind::BadInput;
  issue.code = code.str();
  issue.expected = expected.str();
  issue.found = found.str();
  issue.remedy = remedy.str();
  return failure();
}

/// A path that cannot leave the folder it is joined to by its text alone.
static bool isContained(StringRef location) {
  if (location.empty() || path::is_absolute(location) ||
      location.contains('\0'))
    return false;
  for (auto it = path::begin(location), end = path::end(location); it != end;
       ++it)
    if (*it == "..")
      return false;
  return true;
}

FailureOr<unsigned> ExternalData::mapLocation(StringRef location,
                                              ImportIssue &issue) {
  auto known = mapped.find(location);
  if (known != mapped.end())
    return known->second;
  constexpr StringRef kInside = "a file inside the folder of the model";
  constexpr StringRef kMove =
      "put the data beside the model and refer to it by a relative path";
  if (!isContained(location))
    return fail(issue, "external_data_outside", kInside,
                "the location '" + location + "'", kMove);

  llvm::SmallString<256> folder(file.path), target, realFolder, realTarget;
  fs::make_absolute(folder);
  path::remove_filename(folder);
  target = folder;
  path::append(target, location);
  if (std::error_code error = fs::real_path(target, realTarget))
    return fail(issue, "external_data_missing",
                "the file '" + Twine(target) + "'", error.message(),
                "copy the data file of the model beside it");
  if (fs::real_path(folder, realFolder) ||
      !StringRef(realTarget)
           .starts_with((realFolder + (realFolder == "/" ? "" : "/")).str()))
    return fail(issue, "external_data_outside", kInside,
                "a link from '" + location + "' to '" + realTarget + "'",
                kMove);
  if (!fs::is_regular_file(realTarget))
    return fail(issue, "external_data_missing", "a regular file",
                "'" + location + "', which is none",
                "copy the data file of the model beside it");
  std::string error;
  std::unique_ptr<DataFile> data =
      DataFile::map(std::string(realTarget), error);
  if (!data)
    return fail(issue, "external_data_missing",
                "the file '" + Twine(target) + "'", error,
                "make the data file readable");
  file.files.push_back(std::move(data));
  unsigned index = file.files.size() - 1;
  mapped[location] = index;
  return index;
}

LogicalResult ExternalData::locate(const ExternalEntry &entry, uint64_t bytes,
                                   DataSegment &segment, ImportIssue &issue) {
  uint64_t offset = 0, length = bytes;
  if ((!entry.offset.empty() && entry.offset.getAsInteger(10, offset)) ||
      (!entry.length.empty() && entry.length.getAsInteger(10, length)))
    return fail(
        issue, "external_data_invalid", "offset and length to be numbers",
        "offset '" + entry.offset + "' and length '" + entry.length + "'",
        "export the model again");
  if (length != bytes)
    return fail(issue, "external_data_invalid",
                Twine(bytes) + " bytes, as type and shape say",
                "a length of " + Twine(length), "export the model again");
  FailureOr<unsigned> index = mapLocation(entry.location, issue);
  if (failed(index))
    return failure();
  uint64_t size = file.files[*index]->getBytes().size();
  if (offset > size || size - offset < bytes)
    return fail(issue, "external_data_too_short",
                Twine(bytes) + " bytes at offset " + Twine(offset) + " of '" +
                    entry.location + "'",
                "a file of " + Twine(size) + " bytes",
                "copy the data file of the model again; it is cut short or of "
                "another model");
  segment = {*index, offset, bytes};
  return success();
}
