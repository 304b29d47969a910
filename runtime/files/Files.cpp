//===- Files.cpp - reading and writing whole files -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/files/Files.h"

#include "runtime/files/Failure.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace sinter::files {

namespace {
/// A file descriptor that closes itself.
struct Descriptor {
  explicit Descriptor(int number) : number(number) {}
  ~Descriptor() {
    if (number >= 0)
      close(number);
  }
  Descriptor(const Descriptor &) = delete;
  Descriptor &operator=(const Descriptor &) = delete;
  int number;
};
} // namespace

static Failure unreadable(const std::string &path, const std::string &reason) {
  return Failure(ExitCode::BadInputFile, "unreadable_file",
                 "cannot read '" + path + "': " + reason);
}

static Failure unwritable(const std::string &path, const std::string &reason) {
  return Failure(ExitCode::BadInputFile, "unwritable_output",
                 "cannot write '" + path + "': " + reason)
      .withRemedy("name a place that can be written to");
}

std::vector<uint8_t> readFile(const std::string &path) {
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status;
  if (file.number < 0 || fstat(file.number, &status) != 0)
    throw unreadable(path, std::strerror(errno));
  if (S_ISDIR(status.st_mode))
    throw unreadable(path, "it is a folder");
  std::vector<uint8_t> contents(static_cast<size_t>(status.st_size));
  size_t done = 0;
  while (true) {
    if (done == contents.size()) // pipes have no size; files may have grown
      contents.resize(done + (done == 0 || done != size_t(status.st_size)
                                  ? std::max<size_t>(done, 65536)
                                  : 1));
    ssize_t count =
        read(file.number, contents.data() + done, contents.size() - done);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      throw unreadable(path, std::strerror(errno));
    if (count == 0)
      break;
    done += static_cast<size_t>(count);
  }
  contents.resize(done);
  return contents;
}

void writeFile(const std::string &path, std::string_view contents) {
  std::string temporary = path + ".XXXXXX";
  Descriptor file(mkostemp(temporary.data(), O_CLOEXEC));
  if (file.number < 0)
    throw unwritable(path, std::strerror(errno));
  // mkostemp makes private files; give this one what others would have.
  mode_t mask = umask(0);
  umask(mask);
  fchmod(file.number, 0666 & ~mask);
  size_t done = 0;
  while (done < contents.size()) {
    ssize_t count =
        write(file.number, contents.data() + done, contents.size() - done);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0) {
      std::string reason = std::strerror(errno);
      unlink(temporary.c_str());
      throw unwritable(path, reason);
    }
    done += static_cast<size_t>(count);
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    std::string reason = std::strerror(errno);
    unlink(temporary.c_str());
    throw unwritable(path, reason);
  }
}

void makeFolder(const std::string &path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error)
    throw unwritable(path, error.message());
  if (!std::filesystem::is_directory(path, error))
    throw unwritable(path, "it is a file, not a folder");
}

bool hasSuffix(const std::string &path, std::string_view suffix) {
  return path.size() >= suffix.size() &&
         std::string_view(path).substr(path.size() - suffix.size()) == suffix;
}

} // namespace sinter::files
