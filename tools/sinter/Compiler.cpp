//===- Compiler.cpp - the compiler, opened when needed -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/sinter/Compiler.h"

#include "tools/sinter/Errors.h"

#include <cstdio>
#include <dlfcn.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace sinter::cli {

namespace {
/// Shows what the compiler does: one line, rewritten, on a terminal only.
class EventPrinter {
public:
  EventPrinter() : terminal(isatty(STDERR_FILENO)) {}
  ~EventPrinter() { clear(); }

  void handle(const Json &event) {
    std::string kind = event.value("event", "");
    if (kind == "warning") {
      clear();
      warn(event.value("message", ""));
    } else if (kind == "progress" && terminal) {
      clear();
      std::fprintf(stderr, "%s", event.value("phase", "").c_str());
      if (int64_t total = event.value("total", int64_t(0)))
        std::fprintf(stderr, " %lld/%lld",
                     static_cast<long long>(event.value("done", int64_t(0))),
                     static_cast<long long>(total));
      std::fflush(stderr);
      dirty = true;
    }
  }

private:
  void clear() {
    if (dirty)
      std::fprintf(stderr, "\r\033[K");
    dirty = false;
  }

  bool terminal;
  bool dirty = false;
};
} // namespace

static void handleEvent(void *user, const char *text) {
  Json event = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (event.is_object())
    static_cast<EventPrinter *>(user)->handle(event);
}

Compiler::Compiler() {
  namespace fs = std::filesystem;
  std::error_code ignored;
  fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  fs::path folder = program.parent_path();
  const char *name = "libsinter_compiler.so";
  std::string reason;
  void *library = nullptr;
  std::string path;
  for (const fs::path &place :
       {folder.parent_path() / "lib" / name, folder / name}) {
    if (!fs::exists(place, ignored)) {
      reason +=
          (reason.empty() ? "" : "; ") + place.string() + " does not exist";
      continue;
    }
    library = dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL);
    path = place.string();
    if (!library)
      reason += (reason.empty() ? "" : "; ") + std::string(dlerror());
    break;
  }
  auto find = [&](const char *symbol) {
    void *address = library ? dlsym(library, symbol) : nullptr;
    if (!address)
      throw Failure(ExitCode::Internal, "no_compiler",
                    "the compiler library cannot be opened: " +
                        (reason.empty() ? path + " lacks " + symbol : reason))
          .withRemedy("this needs the compiler; where only the runtime is "
                      "installed, compile elsewhere and run the .sinter file");
    return address;
  };
  invokeFunction = reinterpret_cast<decltype(invokeFunction)>(
      find("sinter_compiler_invoke"));
  freeFunction =
      reinterpret_cast<decltype(freeFunction)>(find("sinter_compiler_free"));
  auto version =
      reinterpret_cast<const char *(*)()>(find("sinter_compiler_version"));
  // The version alone does not tell apart two builds of a working tree.
  struct stat status = {};
  stat(path.c_str(), &status);
  identity = std::string(version()) + " " + std::to_string(status.st_size) +
             " " + std::to_string(status.st_mtim.tv_sec) + "." +
             std::to_string(status.st_mtim.tv_nsec);
}

/// The failure that a response describes.
static Failure readFailure(const Json &response, int exitCode) {
  const Json error = response.value("error", Json::object());
  auto text = [&](const char *key) {
    auto entry = error.find(key);
    if (entry == error.end() || entry->is_null())
      return std::string();
    return entry->is_string() ? entry->get<std::string>() : entry->dump();
  };
  std::string message = text("message");
  return Failure(static_cast<ExitCode>(exitCode), text("code"),
                 message.empty() ? "the compiler failed without a message"
                                 : message)
      .withNode(text("node"), text("op"))
      .withExpected(text("expected"))
      .withFound(text("found"))
      .withRemedy(text("remedy"));
}

Json Compiler::invoke(const Json &request) const {
  std::string text =
      request.dump(-1, ' ', false, Json::error_handler_t::replace);
  char *answer = nullptr;
  int exitCode;
  {
    EventPrinter printer;
    exitCode = invokeFunction(text.c_str(), handleEvent, &printer, &answer);
  }
  Json response = Json::parse(answer ? answer : "", nullptr,
                              /*allow_exceptions=*/false);
  if (answer)
    freeFunction(answer);
  if (!response.is_object())
    throw Failure(ExitCode::Internal, "internal",
                  "the compiler gave no answer that can be read");
  if (!response.value("ok", false))
    throw readFailure(
        response, exitCode ? exitCode : static_cast<int>(ExitCode::Internal));
  return response;
}

} // namespace sinter::cli
