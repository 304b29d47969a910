//===- Linker.cpp - objects to an image -----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Emit/Linker.h"
#include "compiler/Emit/ArtifactWriter.h"
#include "lld/Common/Driver.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <mutex>

LLD_HAS_DRIVER(elf)

using namespace sinter::emit;
using llvm::StringRef;

namespace {

/// A folder for the files that lld insists on; gone with the object.
class WorkFolder {
public:
  ~WorkFolder() {
    if (!path.empty())
      llvm::sys::fs::remove_directories(path);
  }
  llvm::Error create() {
    if (std::error_code ec =
            llvm::sys::fs::createUniqueDirectory("sinter-link", path))
      return fail(ec);
    return llvm::Error::success();
  }
  std::string getFile(const llvm::Twine &name) const {
    llvm::SmallString<128> file(path);
    llvm::sys::path::append(file, name);
    return std::string(file);
  }
  llvm::Expected<std::string> write(const llvm::Twine &name, StringRef text) {
    std::string file = getFile(name);
    std::error_code ec;
    llvm::raw_fd_ostream out(file, ec);
    if (ec)
      return fail(ec);
    out << text;
    out.close();
    ec = out.error();
    out.clear_error();
    if (ec)
      return fail(ec);
    return file;
  }

private:
  llvm::Error fail(std::error_code ec) const {
    return llvm::make_error<ArtifactError>(
        ArtifactError::Kind::File,
        "cannot write temporary files for the linker: " + ec.message(),
        "make room in the folder for temporary files, or set TMPDIR");
  }
  llvm::SmallString<128> path;
};

} // namespace

/// The message of lld without its own name and without paths of temporary
/// files.
static std::string cleanMessage(StringRef message, const WorkFolder &folder) {
  std::string text = message.trim().str(), prefix = folder.getFile("");
  for (StringRef removed :
       {StringRef(prefix), StringRef("ld.lld: "), StringRef("error: ")})
    for (size_t at; (at = text.find(removed.data(), 0, removed.size())) !=
                    std::string::npos;)
      text.erase(at, removed.size());
  return text;
}

llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> sinter::emit::linkObjects(
    llvm::ArrayRef<std::unique_ptr<llvm::MemoryBuffer>> objects) {
  // lld keeps its state in globals.
  static std::mutex mutex;
  std::lock_guard<std::mutex> lock(mutex);

  WorkFolder folder;
  if (llvm::Error error = folder.create())
    return std::move(error);
  auto exports =
      folder.write("exports", "{ global: sinter_root; local: *; };\n");
  if (!exports)
    return exports.takeError();
  std::string image = folder.getFile("image");

  // No page holds two segments with different rights, no dynamic linker is
  // needed, and nothing in the result depends on names or order of files on
  // disk.
  std::vector<std::string> args = {"ld.lld",
                                   "-shared",
                                   "-m",
                                   "elf_x86_64",
                                   "--version-script",
                                   *exports,
                                   "--gc-sections",
                                   "--no-undefined",
                                   "-z",
                                   "text",
                                   "-z",
                                   "norelro",
                                   "-z",
                                   "noexecstack",
                                   "-z",
                                   "max-page-size=4096",
                                   "-z",
                                   "common-page-size=4096",
                                   "--hash-style=sysv",
                                   "--build-id=none",
                                   "--discard-all",
                                   "--strip-debug",
                                   "--threads=1",
                                   "-o",
                                   image};
  for (size_t i = 0; i < objects.size(); ++i) {
    auto file =
        folder.write("object" + llvm::Twine(i) + ".o", objects[i]->getBuffer());
    if (!file)
      return file.takeError();
    args.push_back(*file);
  }
  std::vector<const char *> argv;
  for (const std::string &arg : args)
    argv.push_back(arg.c_str());

  std::string messages;
  llvm::raw_string_ostream out(messages);
  lld::Result result =
      lld::lldMain(argv, out, out, {{lld::Gnu, &lld::elf::link}});
  if (result.retCode)
    return llvm::make_error<ArtifactError>(
        ArtifactError::Kind::Link, "the linker refused the generated code: " +
                                       cleanMessage(messages, folder));
  auto buffer = llvm::MemoryBuffer::getFile(image, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false,
                                            /*IsVolatile=*/true);
  if (!buffer)
    return llvm::make_error<ArtifactError>(
        ArtifactError::Kind::File,
        "cannot read what the linker wrote: " + buffer.getError().message());
  return std::move(*buffer);
}
