//===- ModelFile.cpp - an ONNX file, mapped and read ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Onnx/ModelFile.h"
#include "compiler/Import/Onnx/ExternalData.h"
#include "compiler/Import/Onnx/MessageParser.h"
#include "compiler/Import/Onnx/Wire.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Endian.h"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace sinter;
using namespace sinter::onnx;
using llvm::failure;
using llvm::FailureOr;
using llvm::LogicalResult;
using llvm::MutableArrayRef;
using llvm::StringRef;
using llvm::success;

//===- DataFile -----------------------------------------------------------===//

std::unique_ptr<DataFile> DataFile::map(const std::string &path,
                                        std::string &error) {
  int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status;
  if (descriptor < 0 || ::fstat(descriptor, &status) != 0) {
    error = std::strerror(errno);
    if (descriptor >= 0)
      ::close(descriptor);
    return nullptr;
  }
  std::unique_ptr<DataFile> file(new DataFile());
  if (!S_ISREG(status.st_mode)) {
    error = "not a regular file";
    ::close(descriptor);
    return nullptr;
  }
  size_t size = static_cast<size_t>(status.st_size);
  if (size > 0) {
    void *start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (start == MAP_FAILED) {
      error = std::strerror(errno);
      ::close(descriptor);
      return nullptr;
    }
    file->bytes = StringRef(static_cast<const char *>(start), size);
    file->mapped = true;
  }
  ::close(descriptor);
  return file;
}

std::unique_ptr<DataFile> DataFile::own(std::string bytes) {
  std::unique_ptr<DataFile> file(new DataFile());
  file->buffer = std::move(bytes);
  file->bytes = file->buffer;
  return file;
}

DataFile::~DataFile() {
  if (mapped)
    ::munmap(const_cast<char *>(bytes.data()), bytes.size());
}

void DataFile::dropPages(uint64_t offset, uint64_t length) const {
  if (!mapped)
    return;
  // Pages that the part shares with its neighbours stay.
  uint64_t page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  uint64_t begin = (offset + page - 1) / page * page,
           end = (offset + length) / page * page;
  if (begin < end)
    ::madvise(const_cast<char *>(bytes.data()) + begin, end - begin,
              MADV_DONTNEED);
}

//===- ModelFile ----------------------------------------------------------===//

static LogicalResult fail(ImportIssue &issue, StringRef code,
                          std::string expected, std::string found,
                          StringRef remedy) {
  issue.kind = ImportIssue::Kind::BadInput;
  issue.code = code.str();
  issue.expected = std::move(expected);
  issue.found = std::move(found);
  issue.remedy = remedy.str();
  return failure();
}

/// One sentence from the texts of an issue.
static LogicalResult finish(ImportIssue &issue, StringRef path) {
  if (issue.message.empty())
    issue.message = "cannot read '" + path.str() + "': expected " +
                    issue.expected + ", found " + issue.found;
  return failure();
}

static LogicalResult checkVersions(const Model &model, bool hasGraph,
                                   ImportIssue &issue) {
  if (!hasGraph && model.irVersion == 0)
    return fail(
        issue, "not_onnx", "an ONNX model (a protobuf message with a graph)",
        "a message without graph and version", "give the path of a .onnx file");
  if (model.irVersion < ModelFile::kMinIrVersion ||
      model.irVersion > ModelFile::kMaxIrVersion)
    return fail(issue, "ir_version",
                "IR version " + std::to_string(ModelFile::kMinIrVersion) +
                    " to " + std::to_string(ModelFile::kMaxIrVersion),
                "IR version " + std::to_string(model.irVersion),
                "export the model again with a current exporter, or convert it "
                "with the onnx package");
  if (!hasGraph)
    return fail(issue, "not_onnx", "a graph", "a model without one",
                "export the model again");
  if (model.opsets.empty())
    return fail(issue, "no_opset", "an import of an operator set", "none",
                "export the model again");
  return success();
}

FailureOr<std::unique_ptr<ModelFile>> ModelFile::open(StringRef path,
                                                      ImportIssue &issue) {
  std::unique_ptr<ModelFile> file(new ModelFile());
  file->path = path.str();
  std::string error;
  std::unique_ptr<DataFile> data = DataFile::map(file->path, error);
  if (!data) {
    (void)fail(issue, "cannot_open", "a readable file", error,
               "check the path and its permissions");
    return finish(issue, path);
  }
  StringRef bytes = data->getBytes();
  file->files.push_back(std::move(data));
  if (bytes.empty()) {
    (void)fail(issue, "empty_file", "an ONNX model", "an empty file",
               "export or download the model again");
    return finish(issue, path);
  }

  ExternalData external(*file);
  MessageParser parser(bytes, /*fileIndex=*/0, &external, issue);
  bool hasGraph = false;
  if (failed(parser.parseModel(file->model, hasGraph)) ||
      failed(checkVersions(file->model, hasGraph, issue)))
    return finish(issue, path);

  file->addConstants(file->model.graph);
  return file;
}

void ModelFile::addConstants(const Graph &graph) {
  for (const Tensor &tensor : graph.initializers)
    constants.try_emplace(tensor.name, &tensor);
  for (const Node &node : graph.nodes) {
    if (node.op == "Constant" && canonicalDomain(node.domain).empty() &&
        node.outputs.size() == 1)
      if (const Attribute *value = node.findAttribute("value");
          value && value->tensors.size() == 1)
        constants.try_emplace(node.outputs.front(), &value->tensors.front());
  }
  // Those of inner graphs come after all of the graph around.
  for (const Node &node : graph.nodes)
    for (const Attribute &attribute : node.attributes)
      for (const std::shared_ptr<Graph> &inner : attribute.graphs)
        addConstants(*inner);
}

const Tensor *ModelFile::findConstant(StringRef name) const {
  return constants.lookup(name);
}

StringRef ModelFile::getBytes(const DataSegment &segment) const {
  return files[segment.file]->getBytes().substr(segment.offset, segment.length);
}

std::optional<StringRef> ModelFile::getRawElements(const Tensor &tensor) const {
  if (tensor.encoding != Tensor::Encoding::Raw || tensor.isPacked() ||
      tensor.segments.size() > 1)
    return std::nullopt;
  return tensor.segments.empty() ? StringRef()
                                 : getBytes(tensor.segments.front());
}

/// Reads one little-endian number for each `size` bytes of `out`.
LogicalResult ModelFile::readNumbers(const Tensor &tensor, unsigned size,
                                     MutableArrayRef<char> out) const {
  char *next = out.data();
  for (const DataSegment &segment : tensor.segments) {
    StringRef bytes = getBytes(segment);
    size_t room = out.end() - next;
    if (tensor.encoding == Tensor::Encoding::Raw) {
      if (bytes.size() > room)
        return failure();
      std::memcpy(next, bytes.data(), bytes.size());
      next += bytes.size();
      continue;
    }
    while (!bytes.empty()) {
      std::optional<uint64_t> value = takeVarint(bytes);
      if (!value || static_cast<size_t>(out.end() - next) < size)
        return failure();
      uint64_t little = llvm::support::endian::byte_swap<uint64_t>(
          *value, llvm::endianness::little);
      std::memcpy(next, &little, size);
      next += size;
    }
  }
  return success(next == out.end());
}

LogicalResult ModelFile::readElements(const Tensor &tensor,
                                      MutableArrayRef<char> out) const {
  unsigned size = getElementBytes(tensor.type);
  if (tensor.encoding == Tensor::Encoding::Opaque || size == 0 ||
      out.size() != static_cast<uint64_t>(tensor.getNumElements()) * size)
    return failure();
  if (!tensor.isPacked())
    return readNumbers(tensor, size, out);
  llvm::SmallVector<char, 0> packed(tensor.getFileBytes());
  if (failed(readNumbers(tensor, /*size=*/1, packed)))
    return failure();
  unsigned bits = getElementBits(tensor.type), perByte = 8 / bits;
  bool isSigned =
      tensor.type == ElementType::Int4 || tensor.type == ElementType::Int2;
  for (auto [i, element] : llvm::enumerate(out)) {
    // The element at the top of a byte, then down again: filled with the sign.
    auto high = static_cast<uint8_t>(static_cast<uint8_t>(packed[i / perByte])
                                     << (8 - bits - i % perByte * bits));
    element =
        static_cast<char>(isSigned ? static_cast<int8_t>(high) >> (8 - bits)
                                   : high >> (8 - bits));
  }
  return success();
}

void ModelFile::dropPages(const Tensor &tensor) const {
  for (const DataSegment &segment : tensor.segments)
    files[segment.file]->dropPages(segment.offset, segment.length);
}

FailureOr<const Function *> ModelFile::addFunction(std::string serialized,
                                                   ImportIssue &issue) {
  files.push_back(DataFile::own(std::move(serialized)));
  auto function = std::make_unique<Function>();
  MessageParser parser(files.back()->getBytes(), files.size() - 1,
                       /*external=*/nullptr, issue);
  if (failed(parser.parseFunction(*function)))
    return finish(issue, "a function body of ONNX");
  functions.push_back(std::move(function));
  return functions.back().get();
}
