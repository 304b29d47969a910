//===- Calibrator.cpp - observes a model on samples -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Calibrate/Calibrator.h"

#include "compiler/Measure/Execution.h"
#include "compiler/Measure/TemporaryFolder.h"
#include "dialects/NN/NNShapes.h"
#include "dialects/NN/NodeLocation.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::calibrate;

/// The number of an element type in ONNX TensorProto.DataType.
static files::ElementType getType(Type type) {
  using files::ElementType;
  if (type.isF32())
    return ElementType::F32;
  if (type.isF64())
    return ElementType::F64;
  if (type.isF16())
    return ElementType::F16;
  if (type.isBF16())
    return ElementType::BF16;
  bool isUnsigned = type.isUnsignedInteger();
  switch (type.getIntOrFloatBitWidth()) {
  case 1:
    return ElementType::Bool;
  case 8:
    return isUnsigned ? ElementType::U8 : ElementType::I8;
  case 16:
    return isUnsigned ? ElementType::U16 : ElementType::I16;
  case 32:
    return isUnsigned ? ElementType::U32 : ElementType::I32;
  default:
    return isUnsigned ? ElementType::U64 : ElementType::I64;
  }
}

std::vector<InputSpec> calibrate::describeInputs(func::FuncOp function) {
  std::vector<InputSpec> inputs;
  for (BlockArgument argument : function.getArguments()) {
    InputSpec input;
    auto name = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(),
                                                      "nn.name");
    input.name = name ? name.str() : "";
    auto type = cast<RankedTensorType>(argument.getType());
    input.type = getType(type.getElementType());
    for (int64_t size : type.getShape())
      input.dims.push_back(ShapedType::isDynamic(size) ? -1 : size);
    inputs.push_back(std::move(input));
  }
  return inputs;
}

std::unique_ptr<Calibrator>
Calibrator::create(std::unique_ptr<SampleSource> source, Build build,
                   int32_t threads, Progress progress, Problem &problem) {
  auto calibrator = std::make_unique<Calibrator>();
  if (!source->next(calibrator->first, problem)) {
    if (problem.message.empty())
      problem = {"the calibration data has no samples", "at least one sample",
                 "none",
                 "give some inputs that are typical of the model's use"};
    return nullptr;
  }
  calibrator->source = std::move(source);
  calibrator->build = std::move(build);
  calibrator->threads = threads;
  calibrator->progress = std::move(progress);
  return calibrator;
}

llvm::StringMap<int64_t> Calibrator::getDims(func::FuncOp function) const {
  llvm::StringMap<int64_t> dims;
  for (auto [argument, value] : llvm::zip(function.getArguments(), first))
    for (auto [size, found] :
         llvm::zip(nn::getSizes(argument.getType()), value.dims)) {
      SmallVector<StringRef> names;
      nn::collectSymbols(size, names);
      if (names.size() == 1)
        dims.insert({names.front(), found});
    }
  return dims;
}

LogicalResult Calibrator::fail(func::FuncOp function, Problem reason) {
  problem = std::move(reason);
  return function.emitError() << problem.message;
}

/// A copy of the module whose results are `values`.
static OwningOpRef<ModuleOp>
makeObservable(func::FuncOp function, ArrayRef<quantize::Watched> values) {
  IRMapping mapping;
  auto module = function->getParentOfType<ModuleOp>();
  OwningOpRef<ModuleOp> copy = cast<ModuleOp>(module->clone(mapping));
  func::FuncOp main = nullptr;
  for (auto candidate : copy->getOps<func::FuncOp>())
    if (candidate.getSymName() == function.getSymName())
      main = candidate;
  SmallVector<Value> results;
  for (const quantize::Watched &watched : values)
    results.push_back(mapping.lookup(watched.value));
  OpBuilder b(main.getContext());
  main.getBody().front().getTerminator()->setOperands(results);
  main.setResAttrsAttr(nullptr);
  main.setFunctionType(b.getFunctionType(main.getArgumentTypes(),
                                         ValueRange(results).getTypes()));
  for (unsigned i = 0; i < main.getNumResults(); ++i)
    main.setResultAttr(i, "nn.name", b.getStringAttr("v" + Twine(i)));
  return copy;
}

static SmallVector<sinter_tensor_t> viewSample(const Sample &sample) {
  SmallVector<sinter_tensor_t> tensors;
  for (const files::Value &value : sample) {
    sinter_tensor_t tensor = {};
    tensor.data = const_cast<uint8_t *>(value.bytes.data());
    tensor.type = static_cast<sinter_type_t>(value.type);
    tensor.rank = static_cast<int32_t>(value.dims.size());
    tensor.dims = value.dims.data();
    tensors.push_back(tensor);
  }
  return tensors;
}

static void addTo(quantize::Statistics &statistics,
                  const sinter_tensor_t &tensor, int64_t channelAxis) {
  int64_t count = 1, inner = 1;
  for (int32_t i = 0; i < tensor.rank; ++i) {
    count *= tensor.dims[i];
    if (i > channelAxis)
      inner *= tensor.dims[i];
  }
  ArrayRef<float> elements(static_cast<const float *>(tensor.data),
                           static_cast<size_t>(count));
  statistics.add(elements, channelAxis < 0 ? 1 : tensor.dims[channelAxis],
                 inner);
}

LogicalResult
Calibrator::observe(func::FuncOp function, ArrayRef<quantize::Watched> values,
                    MutableArrayRef<quantize::Statistics> statistics) {
  measure::TemporaryFolder folder("sinter-calibrate");
  if (folder.error)
    return fail(function,
                {"cannot make a temporary folder: " + folder.error.message(),
                 "", "", "set TMPDIR to a folder with free space"});
  std::string path = (folder.path + "/model.sinter").str();
  if (llvm::Error error = build(*makeObservable(function, values), path))
    return fail(function, {"cannot compile the model for calibration: " +
                               llvm::toString(std::move(error)),
                           "", "", ""});
  auto execution = measure::Execution::open(path, threads);
  if (!execution)
    return fail(function, {"cannot run the model for calibration: " +
                               llvm::toString(execution.takeError()),
                           "", "", ""});
  Sample sample = first;
  size_t count = 0;
  Problem reason;
  do {
    SmallVector<sinter_tensor_t> outputs;
    if (llvm::Error error = (*execution)->run(viewSample(sample), outputs))
      return fail(function, {"sample " + std::to_string(count) +
                                 " of the calibration data cannot be run: " +
                                 llvm::toString(std::move(error)),
                             "", "", "give samples that the model accepts"});
    for (auto [output, watched, statistic] :
         llvm::zip(outputs, values, statistics)) {
      addTo(statistic, output, watched.channelAxis);
      if (!statistic.hasNonFinite())
        continue;
      llvm::SetVector<StringRef> nodes;
      nn::collectNodes(watched.value.getLoc(), nodes);
      return fail(function, {"sample " + std::to_string(count) +
                                 " of the calibration data makes NaN or "
                                 "infinity at '" +
                                 llvm::join(nodes, ", ") + "'",
                             "finite values inside the model", "",
                             "remove the sample, or keep the layers around "
                             "that node out with --layer 'NAME=fp32'"});
    }
    if (progress)
      progress(++count);
  } while (source->next(sample, reason));
  if (!reason.message.empty())
    return fail(function, reason);
  return success();
}
