//===- OutputFile.cpp - a file that appears only when complete ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Emit/OutputFile.h"
#include "compiler/Emit/ArtifactWriter.h"
#include <cerrno>
#include <unistd.h>

using namespace sinter::emit;
using llvm::StringRef;
namespace fs = llvm::sys::fs;

static llvm::Error makeError(StringRef path, const llvm::Twine &reason,
                             std::string remedy) {
  return llvm::make_error<ArtifactError>(
      ArtifactError::Kind::File,
      ("cannot write '" + path + "': " + reason).str(), std::move(remedy));
}

llvm::Error OutputFile::fail(std::error_code reason) const {
  return makeError(path, reason.message(),
                   reason == std::errc::no_space_on_device
                       ? "make room on the device, or choose another output"
                       : "choose another output");
}

llvm::Expected<OutputFile> OutputFile::create(StringRef path) {
  fs::file_status status;
  if (path.empty())
    return makeError(path, "the name is empty", "give a file name");
  if (!fs::status(path, status) && fs::exists(status) &&
      status.type() != fs::file_type::regular_file)
    return makeError(path,
                     status.type() == fs::file_type::directory_file
                         ? "it is a folder"
                         : "it is not a file",
                     "give a file name");
  auto temporary = fs::TempFile::create(path + ".%%%%%%%%.tmp");
  if (!temporary)
    return makeError(path, llvm::toString(temporary.takeError()),
                     "check that the folder exists and can be written");
  return OutputFile(path, std::move(*temporary));
}

OutputFile::OutputFile(OutputFile &&other)
    : path(std::move(other.path)), temporary(std::move(other.temporary)),
      offset(other.offset) {
  other.temporary.reset();
}

OutputFile::~OutputFile() {
  if (temporary)
    llvm::consumeError(temporary->discard());
}

llvm::Error OutputFile::write(llvm::ArrayRef<uint8_t> bytes) {
  while (!bytes.empty()) {
    ssize_t count = ::write(temporary->FD, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return fail(std::error_code(errno, std::generic_category()));
    bytes = bytes.drop_front(count);
    offset += count;
  }
  return llvm::Error::success();
}

llvm::Error OutputFile::write(StringRef bytes) {
  return write(llvm::ArrayRef(reinterpret_cast<const uint8_t *>(bytes.data()),
                              bytes.size()));
}

llvm::Error OutputFile::padTo(uint64_t target) {
  static constexpr uint8_t zeros[4096] = {};
  while (offset < target)
    if (llvm::Error error = write(llvm::ArrayRef(
            zeros, std::min<uint64_t>(sizeof zeros, target - offset))))
      return error;
  return llvm::Error::success();
}

llvm::Error OutputFile::commit() {
  llvm::Error error = temporary->keep(path);
  temporary.reset();
  if (error)
    return makeError(path, llvm::toString(std::move(error)),
                     "choose another output");
  return llvm::Error::success();
}

llvm::Error sinter::emit::checkWritable(StringRef path) {
  auto file = OutputFile::create(path);
  return file ? llvm::Error::success() : file.takeError();
}
