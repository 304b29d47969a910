//===- Inputs.cpp - the inputs of a run, from the command line -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/sinter/Inputs.h"

#include "tools/sinter/Errors.h"
#include "tools/sinter/Session.h"
#include "tools/sinter/Tensors.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <optional>

namespace sinter::cli {

namespace {
/// Collects what is known about inputs and dimensions, then makes the inputs.
class Binder {
public:
  Binder(const sinter_model_t *model, const InputOptions &options)
      : model(model), options(options),
        sources(sinter_model_input_count(model)),
        dims(sinter_model_free_dim_count(model)) {}

  Binding bind();

private:
  /// Where an input comes from: a value read from `place`, raw bytes, or a
  /// generator.
  struct Source {
    std::optional<Value> value;
    std::optional<std::vector<uint8_t>> raw;
    Generator generator;
    std::string place; ///< Empty: nothing was said about this input.
  };
  /// A free dimension and what set it.
  struct Dim {
    std::optional<int64_t> value;
    std::string place;
  };

  Failure unknownInput(const std::string &name, const std::string &place,
                       ExitCode exitCode) const;
  size_t findInput(const std::string &argument, const char *flag,
                   std::string &rest) const;
  void readInput(const std::string &argument);
  void readDataSet();
  void readDim(const std::string &argument);
  void readShape(const std::string &argument);
  void setSource(size_t index, Source source);
  void setDim(size_t index, int64_t value, const std::string &place);
  void matchValue(size_t index);
  void settleDims();
  std::vector<int64_t> getDims(const sinter_value_info_t &info) const;
  Value makeInput(size_t index);

  const sinter_model_t *model;
  const InputOptions &options;
  std::vector<Source> sources;
  std::vector<Dim> dims;
};
} // namespace

/// Reads a non-negative decimal number that is all of `text`.
static std::optional<int64_t> parseSize(const std::string &text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  errno = 0;
  int64_t value = std::strtoll(text.c_str(), nullptr, 10);
  if (errno)
    return std::nullopt;
  return value;
}

Failure Binder::unknownInput(const std::string &name, const std::string &place,
                             ExitCode exitCode) const {
  std::vector<std::string> names = getInputNames(model);
  std::string near = nearestName(name, names);
  return Failure(exitCode, "unknown_input",
                 place + ": the model has no input '" + name + "'; it has " +
                     listNames(names))
      .withExpected(listNames(names))
      .withFound(name)
      .withRemedy(near.empty() ? "" : "did you mean '" + near + "'?");
}

/// Splits NAME=REST where NAME is an input; names may contain '='.
size_t Binder::findInput(const std::string &argument, const char *flag,
                         std::string &rest) const {
  size_t best = sources.size(), bestLength = 0;
  for (size_t i = 0; i < sources.size(); ++i) {
    std::string start = std::string(sinter_model_input(model, i)->name) + "=";
    if (argument.rfind(start, 0) == 0 && start.size() > bestLength) {
      best = i;
      bestLength = start.size();
    }
  }
  std::string place = std::string(flag) + " " + argument;
  if (argument.find('=') == std::string::npos)
    throw Failure(ExitCode::Usage, "bad_argument",
                  place + ": expected " + flag + " NAME=...");
  if (best == sources.size())
    throw unknownInput(argument.substr(0, argument.find('=')), place,
                       ExitCode::Usage);
  rest = argument.substr(bestLength);
  return best;
}

void Binder::setSource(size_t index, Source source) {
  if (!sources[index].place.empty())
    throw Failure(ExitCode::Usage, "input_given_twice",
                  std::string("input '") +
                      sinter_model_input(model, index)->name +
                      "' is given twice: " + sources[index].place + " and " +
                      source.place);
  sources[index] = std::move(source);
}

void Binder::readInput(const std::string &argument) {
  std::string what;
  size_t index = findInput(argument, "--input", what);
  Source source;
  source.place = "--input " + argument;
  if (parseGenerator(what, source.generator)) {
    setSource(index, std::move(source));
    return;
  }
  source.place = "'" + what + "'";
  if (hasSuffix(what, ".npy")) {
    std::vector<uint8_t> file = readFile(what);
    source.value = parseNpy(
        file.data(), file.size(), source.place,
        static_cast<ElementType>(sinter_model_input(model, index)->type));
  } else if (hasSuffix(what, ".pb")) {
    std::vector<uint8_t> file = readFile(what);
    source.value =
        parsePb(file.data(), file.size(),
                getPbMessage(*sinter_model_input(model, index)), source.place);
  } else if (hasSuffix(what, ".bin")) {
    source.raw = readFile(what);
  } else {
    throw Failure(ExitCode::Usage, "bad_argument",
                  "--input " + argument + ": '" + what +
                      "' is neither a file nor a generator that is known")
        .withExpected("FILE.npy, FILE.bin, FILE.pb, random, zeros, ones, "
                      "uniform:LO:HI or randint:LO:HI")
        .withFound(what);
  }
  setSource(index, std::move(source));
}

void Binder::readDataSet() {
  auto name = [&](size_t i) {
    return options.dataSet + "/input_" + std::to_string(i) + ".pb";
  };
  std::error_code error;
  if (!std::filesystem::is_directory(options.dataSet, error))
    throw Failure(ExitCode::BadInputFile, "bad_data_set",
                  "--data-set '" + options.dataSet + "' is not a folder");
  for (size_t i = 0; i < sources.size(); ++i) {
    Source source;
    source.place = "'" + name(i) + "'";
    std::vector<uint8_t> file = readFile(name(i));
    source.value =
        parsePb(file.data(), file.size(),
                getPbMessage(*sinter_model_input(model, i)), source.place);
    setSource(i, std::move(source));
  }
  if (std::filesystem::exists(name(sources.size()), error))
    throw Failure(ExitCode::BadInputFile, "bad_data_set",
                  "'" + name(sources.size()) +
                      "' is one input too many: the "
                      "model has " +
                      std::to_string(sources.size()));
}

void Binder::setDim(size_t index, int64_t value, const std::string &place) {
  const sinter_free_dim_info_t &info = *sinter_model_free_dim(model, index);
  std::string name = std::string("'") + info.name + "'";
  Dim &dim = dims[index];
  if (dim.value && *dim.value != value)
    throw Failure(ExitCode::Usage, "conflicting_dimension",
                  "dimension " + name + " is " + std::to_string(*dim.value) +
                      " by " + dim.place + ", but " + std::to_string(value) +
                      " by " + place)
        .withExpected(std::to_string(*dim.value))
        .withFound(std::to_string(value));
  if (value < info.min || value > info.max)
    throw Failure(ExitCode::Usage, "dimension_out_of_range",
                  place + ": dimension " + name + " is " +
                      std::to_string(value) + ", the model takes " +
                      describeRange(info))
        .withExpected(describeRange(info))
        .withFound(std::to_string(value))
        .withRemedy("compile with a wider --dim " + std::string(info.name) +
                    "=LO..HI");
  dim.value = value;
  dim.place = place;
}

void Binder::readDim(const std::string &argument) {
  std::string place = "--dim " + argument;
  size_t equals = argument.rfind('=');
  std::optional<int64_t> value;
  if (equals != std::string::npos)
    value = parseSize(argument.substr(equals + 1));
  if (!value)
    throw Failure(ExitCode::Usage, "bad_argument",
                  place + ": expected --dim NAME=N with N a size");
  std::string name = argument.substr(0, equals);
  std::vector<std::string> names = getDimNames(model);
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i] == name) {
      setDim(i, *value, place);
      return;
    }
  std::string near = nearestName(name, names);
  throw Failure(ExitCode::Usage, "unknown_dimension",
                place + ": the model has no free dimension '" + name +
                    "'; it has " + listNames(names))
      .withExpected(listNames(names))
      .withFound(name)
      .withRemedy(near.empty() ? "" : "did you mean '" + near + "'?");
}

void Binder::readShape(const std::string &argument) {
  std::string place = "--shape " + argument, list;
  size_t index = findInput(argument, "--shape", list);
  const sinter_value_info_t &info = *sinter_model_input(model, index);
  std::vector<int64_t> shape;
  for (size_t start = 0; start <= list.size() && !list.empty();) {
    size_t end = std::min(list.find(',', start), list.size());
    std::optional<int64_t> value = parseSize(list.substr(start, end - start));
    if (!value)
      throw Failure(ExitCode::Usage, "bad_argument",
                    place + ": expected --shape INPUT=N,N,... with sizes");
    shape.push_back(*value);
    start = end + 1;
  }
  bool fits = shape.size() == static_cast<size_t>(info.rank);
  for (size_t i = 0; fits && i < shape.size(); ++i)
    fits = info.dims[i].value < 0 || info.dims[i].value == shape[i];
  if (!fits)
    throw Failure(ExitCode::Usage, "bad_shape",
                  place + ": input '" + info.name + "' is " +
                      describeType(info))
        .withExpected(describeType(info))
        .withFound(describeDims(shape));
  for (size_t i = 0; i < shape.size(); ++i)
    if (info.dims[i].free_dim >= 0)
      setDim(static_cast<size_t>(info.dims[i].free_dim), shape[i], place);
}

/// Checks the value of an input against the model; its sizes set dimensions.
void Binder::matchValue(size_t index) {
  const sinter_value_info_t &info = *sinter_model_input(model, index);
  const Source &source = sources[index];
  const Value &value = *source.value;
  std::string found = describeTensor(value.type, value.dims);
  auto fail = [&](const std::string &what, const std::string &remedy) {
    return Failure(ExitCode::BadInputFile, "bad_input",
                   source.place + ": input '" + info.name + "' is " +
                       describeType(info) + ", but the file has " + what)
        .withExpected(describeType(info))
        .withFound(found)
        .withRemedy(remedy);
  };
  if (value.kind != Value::Kind::Tensor || value.type == ElementType::String)
    throw Failure(ExitCode::RunFailed, "unsupported",
                  source.place + ": input '" + info.name +
                      "' is no tensor of numbers, and this version runs "
                      "nothing else");
  if (static_cast<int>(value.type) != static_cast<int>(info.type))
    throw fail("type " + getTypeName(value.type),
               "convert it with numpy's astype('" +
                   getTypeName(static_cast<ElementType>(info.type)) + "')");
  if (value.dims.size() != static_cast<size_t>(info.rank))
    throw fail("rank " + std::to_string(value.dims.size()), "");
  for (size_t i = 0; i < value.dims.size(); ++i)
    if (info.dims[i].value >= 0 && info.dims[i].value != value.dims[i])
      throw fail("size " + std::to_string(value.dims[i]) + " in dimension " +
                     std::to_string(i),
                 "");
  for (size_t i = 0; i < value.dims.size(); ++i)
    if (info.dims[i].free_dim >= 0)
      setDim(static_cast<size_t>(info.dims[i].free_dim), value.dims[i],
             source.place);
}

void Binder::settleDims() {
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i].value)
      continue;
    const sinter_free_dim_info_t &info = *sinter_model_free_dim(model, i);
    dims[i].value = std::max<int64_t>(info.min, 1);
    if (info.min != info.max)
      warn("free dimension '" + std::string(info.name) +
           "' is not given: " + std::to_string(*dims[i].value) +
           " is taken; set it with --dim " + info.name + "=N");
  }
}

std::vector<int64_t> Binder::getDims(const sinter_value_info_t &info) const {
  std::vector<int64_t> result;
  for (int32_t i = 0; i < info.rank; ++i) {
    const sinter_dim_info_t &dim = info.dims[i];
    result.push_back(dim.value >= 0
                         ? dim.value
                         : *dims[static_cast<size_t>(dim.free_dim)].value);
  }
  return result;
}

Value Binder::makeInput(size_t index) {
  const sinter_value_info_t &info = *sinter_model_input(model, index);
  Source &source = sources[index];
  Value value;
  if (source.value) {
    value = std::move(*source.value);
    value.name = info.name;
    return value;
  }
  value.name = info.name;
  value.type = static_cast<ElementType>(info.type);
  value.dims = getDims(info);
  std::optional<int64_t> count = countElements(value.dims);
  const TypeInfo *type = getTypeInfo(value.type);
  if (!count || !type || *count > INT64_MAX / 128)
    throw Failure(ExitCode::Usage, "bad_shape",
                  "input '" + value.name + "' would be " +
                      describeTensor(value.type, value.dims) +
                      ", which is too large");
  size_t bytes = type->countBytes(static_cast<size_t>(*count));
  if (!source.raw) {
    // Every input draws from a stream of its own.
    generate(value, source.generator, options.seed * 1000003 + index);
    return value;
  }
  if (source.raw->size() != bytes)
    throw Failure(ExitCode::BadInputFile, "bad_input",
                  source.place + ": input '" + value.name + "' is " +
                      describeTensor(value.type, value.dims) +
                      ", which takes " + std::to_string(bytes) +
                      " bytes, but the file has " +
                      std::to_string(source.raw->size()))
        .withExpected(std::to_string(bytes) + " bytes")
        .withFound(std::to_string(source.raw->size()) + " bytes")
        .withRemedy(dims.empty() ? ""
                                 : "set the free dimensions with --dim or "
                                   "--shape");
  value.bytes = std::move(*source.raw);
  return value;
}

Binding Binder::bind() {
  if (!options.dataSet.empty())
    readDataSet();
  for (const std::string &argument : options.inputs)
    readInput(argument);
  if (!options.npz.empty())
    for (Value &array : readNpz(options.npz)) {
      std::vector<std::string> names = getInputNames(model);
      size_t index = 0;
      while (index < names.size() && names[index] != array.name)
        ++index;
      if (index == names.size())
        throw unknownInput(array.name, "--inputs " + options.npz,
                           ExitCode::BadInputFile);
      Source source;
      source.place = "'" + options.npz + "', array '" + array.name + "'";
      source.value = std::move(array);
      setSource(index, std::move(source));
    }

  for (const std::string &argument : options.dims)
    readDim(argument);
  for (const std::string &argument : options.shapes)
    readShape(argument);
  bool someGiven = false;
  for (size_t i = 0; i < sources.size(); ++i) {
    someGiven |= !sources[i].place.empty();
    if (sources[i].value)
      matchValue(i);
  }
  settleDims();

  Binding binding;
  for (size_t i = 0; i < sources.size(); ++i) {
    if (someGiven && sources[i].place.empty())
      warn(std::string("input '") + sinter_model_input(model, i)->name +
           "' is not given: it is filled with random numbers");
    binding.inputs.push_back(makeInput(i));
  }
  for (const Dim &dim : dims)
    binding.dims.push_back(*dim.value);
  return binding;
}

Binding bindInputs(const sinter_model_t *model, const InputOptions &options) {
  return Binder(model, options).bind();
}

} // namespace sinter::cli
