//===- WeightStore.cpp - from weight expressions to bytes -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Weights/WeightStore.h"
#include "compiler/Import/Onnx/ModelFile.h"
#include "compiler/Weights/Evaluator.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::weights;
using nn::WeightAttr;

WeightStore::WeightStore(std::unique_ptr<onnx::ModelFile> file)
    : file(std::move(file)) {}
WeightStore::~WeightStore() = default;

FailureOr<std::unique_ptr<WeightStore>> WeightStore::open(StringRef modelPath,
                                                          Location location) {
  if (modelPath.empty())
    return std::unique_ptr<WeightStore>(new WeightStore(nullptr));
  ImportIssue issue;
  FailureOr<std::unique_ptr<onnx::ModelFile>> file =
      onnx::ModelFile::open(modelPath, issue);
  if (failed(file))
    return emitError(location) << issue.message;
  return std::unique_ptr<WeightStore>(new WeightStore(std::move(*file)));
}

/// The initializer that a `file` expression names.
static const onnx::Tensor *findTensor(const onnx::ModelFile &file,
                                      WeightAttr weight) {
  auto name = weight.getParams().getAs<StringAttr>("name");
  return name ? file.findConstant(name.getValue()) : nullptr;
}

static FailureOr<Data> readLeaf(const onnx::ModelFile &file, WeightAttr weight,
                                std::string &error) {
  const onnx::Tensor *tensor = findTensor(file, weight);
  if (!tensor) {
    error = "the model has no constant for a weight of kind 'file'";
    return failure();
  }
  uint64_t size = getWeightBytes(weight);
  if (tensor->getNumElements() *
          uint64_t(onnx::getElementBytes(tensor->type)) !=
      size) {
    error = "the constant '" + tensor->name.str() +
            "' of the model has another size than the weight";
    return failure();
  }
  if (std::optional<StringRef> raw = file.getRawElements(*tensor))
    return Data::borrow(*raw);
  Data data = Data::allocate(size);
  if (succeeded(file.readElements(*tensor, data.getMutable())))
    return data;
  error = "the constant '" + tensor->name.str() + "' cannot be read";
  return failure();
}

static void dropLeaves(const onnx::ModelFile &file, WeightAttr weight) {
  if (weight.getKind() == "file")
    if (const onnx::Tensor *tensor = findTensor(file, weight))
      file.dropPages(*tensor);
  for (WeightAttr operand : weight.getOperands())
    dropLeaves(file, operand);
}

LogicalResult WeightStore::evaluate(WeightAttr weight,
                                    MutableArrayRef<char> out,
                                    Location location) {
  std::string error;
  auto read = [&](WeightAttr leaf) -> FailureOr<Data> {
    if (file)
      return readLeaf(*file, leaf, error);
    error = "a weight of kind 'file' needs a model";
    return failure();
  };
  LogicalResult result = evaluateInto(weight, out, read, error);
  if (file)
    dropLeaves(*file, weight);
  if (failed(result))
    return emitError(location) << "cannot evaluate a weight: " << error;
  return success();
}
