//===- Cache.cpp - artifacts of models that are run directly -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/sinter/Cache.h"

#include "tools/sinter/Compiler.h"
#include "tools/sinter/Errors.h"
#include "tools/sinter/Tensors.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sodium.h>
#include <unistd.h>
#include <vector>

namespace fs = std::filesystem;

namespace sinter::cli {

/// The cache is cut down to this many bytes, the longest unused first;
/// SINTER_CACHE_BYTES in the environment changes it.
static constexpr uint64_t defaultCacheBytes = 8ull << 30;

namespace {
/// Hashes the contents of files and other text.
class Hasher {
public:
  Hasher() { crypto_generichash_init(&state, nullptr, 0, sizeof digest); }

  void add(std::string_view text) {
    // The length keeps neighbours apart.
    std::string length = std::to_string(text.size()) + ":";
    update(length);
    update(text);
  }

  /// Adds what can be read of a file; the compiler complains about the rest.
  void addFile(const fs::path &path) {
    std::ifstream file(path, std::ios::binary);
    std::vector<char> piece(1 << 20);
    while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())),
           file.gcount() > 0)
      update({piece.data(), static_cast<size_t>(file.gcount())});
  }

  std::string finish() {
    crypto_generichash_final(&state, digest, sizeof digest);
    std::string text;
    for (unsigned char byte : digest) {
      char hex[3];
      std::snprintf(hex, sizeof hex, "%02x", byte);
      text += hex;
    }
    return text;
  }

private:
  void update(std::string_view text) {
    crypto_generichash_update(
        &state, reinterpret_cast<const unsigned char *>(text.data()),
        text.size());
  }

  crypto_generichash_state state;
  unsigned char digest[16];
};
} // namespace

static fs::path getCacheFolder() {
  const char *xdg = std::getenv("XDG_CACHE_HOME");
  if (xdg && *xdg)
    return fs::path(xdg) / "sinter";
  const char *home = std::getenv("HOME");
  if (home && *home)
    return fs::path(home) / ".cache" / "sinter";
  return fs::temp_directory_path() / "sinter-cache";
}

/// Removes the longest unused artifacts until the rest, `keep` among them, take
/// at most the cap.
static void trimCache(const fs::path &folder, const fs::path &keep) {
  uint64_t cap = defaultCacheBytes;
  if (const char *text = std::getenv("SINTER_CACHE_BYTES"))
    cap = std::strtoull(text, nullptr, 10);
  struct Entry {
    fs::file_time_type used;
    uint64_t bytes;
    fs::path path;
  };
  std::vector<Entry> entries;
  uint64_t total = 0;
  std::error_code error;
  for (const fs::directory_entry &file :
       fs::directory_iterator(folder, error)) {
    if (!hasSuffix(file.path().string(), ".sinter"))
      continue;
    Entry entry{file.last_write_time(error), file.file_size(error),
                file.path()};
    total += entry.bytes;
    if (file.path() != keep)
      entries.push_back(std::move(entry));
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry &a, const Entry &b) { return a.used < b.used; });
  for (const Entry &entry : entries) {
    if (total <= cap)
      break;
    if (fs::remove(entry.path, error))
      total -= entry.bytes;
  }
}

/// The name of the artifact of a model: what it is compiled from and by.
static std::string makeKey(const std::string &model, const Compiler &compiler,
                           bool withCuda) {
  Hasher hasher;
  hasher.add(compiler.getIdentity());
  hasher.add(withCuda ? "cpu,cuda" : "cpu");
  std::vector<uint8_t> contents = readFile(model);
  hasher.add(
      {reinterpret_cast<const char *>(contents.data()), contents.size()});
  fs::path folder = fs::path(model).parent_path();
  for (const std::string &name :
       findExternalFiles(contents.data(), contents.size())) {
    hasher.add(std::string_view(name));
    hasher.addFile(folder / name);
  }
  return hasher.finish();
}

static bool isArtifact(const std::string &file) {
  if (!hasSuffix(file, ".onnx"))
    return true;
  std::ifstream stream(file, std::ios::binary);
  char magic[4] = {};
  stream.read(magic, sizeof magic);
  return std::string(magic, 4) == "\x7f"
                                  "ELF";
}

static std::string formatSeconds(const Json &response) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", response.value("compile_s", 0.0));
  return text;
}

Artifact::Artifact(const std::string &file, bool useCache, bool withCuda) {
  if (isArtifact(file)) {
    path = file;
    return;
  }
  Compiler compiler;
  Json request = {{"command", "compile"}, {"model", file}};
  if (withCuda) // the driver of this machine makes it ready for its devices
    request["targets"] = {"cpu", "cuda"};
  if (!useCache) {
    std::string name =
        (fs::temp_directory_path() / "sinter-XXXXXX.sinter").string();
    int descriptor = mkstemps(name.data(), 7);
    if (descriptor < 0)
      throw Failure(ExitCode::BadInputFile, "unwritable_output",
                    "cannot make a temporary file '" + name + "'");
    close(descriptor);
    path = name;
    temporary = true;
    request["output"] = path;
    try {
      Json response = compiler.invoke(request);
      note("compiled '" + file + "' in " + formatSeconds(response) +
           "; nothing is kept (--no-cache)");
    } catch (...) {
      unlink(path.c_str()); // the destructor does not run
      throw;
    }
    return;
  }

  fs::path folder = getCacheFolder();
  fs::path cached = folder / (makeKey(file, compiler, withCuda) + ".sinter");
  path = cached.string();
  std::error_code error;
  if (fs::exists(cached, error)) {
    fs::last_write_time(cached, fs::file_time_type::clock::now(), error);
    note("'" + file + "' was compiled before; using " + path);
    return;
  }
  makeFolder(folder.string());
  request["output"] = path;
  Json response = compiler.invoke(request);
  note("compiled '" + file + "' in " + formatSeconds(response) + "; kept in " +
       path);
  trimCache(folder, cached);
}

Artifact::~Artifact() {
  if (temporary)
    unlink(path.c_str());
}

} // namespace sinter::cli
