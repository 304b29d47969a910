//===- Samples.cpp - inputs to observe a model on -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Calibrate/Samples.h"

#include "runtime/files/Failure.h"
#include "runtime/files/Files.h"
#include "runtime/files/Npz.h"
#include "runtime/files/Pb.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <random>

namespace fs = std::filesystem;
using namespace sinter;
using namespace sinter::calibrate;
using files::Failure;
using files::Value;

static Failure makeFailure(const std::string &message) {
  return Failure(files::ExitCode::BadInputFile, "bad_calibration", message);
}

/// "float32[*,3,32,*]".
static std::string describe(const InputSpec &input) {
  std::string text = files::getTypeName(input.type) + "[";
  for (size_t i = 0; i < input.dims.size(); ++i)
    text += (i ? "," : "") +
            (input.dims[i] < 0 ? "*" : std::to_string(input.dims[i]));
  return text + "]";
}

static std::string listNames(const std::vector<InputSpec> &inputs) {
  std::string text;
  for (const InputSpec &input : inputs)
    text += (text.empty() ? "'" : ", '") + input.name + "'";
  return text;
}

/// Checks the tensor of one sample.
static void checkTensor(const Value &value, const InputSpec &input,
                        const std::string &place) {
  if (value.kind != Value::Kind::Tensor || value.type != input.type)
    throw makeFailure(place + " has another type than the input '" +
                      input.name + "'")
        .withExpected(describe(input))
        .withFound(files::describeTensor(value.type, value.dims))
        .withRemedy("convert it with numpy's astype");
  bool fits = value.dims.size() == input.dims.size();
  for (size_t i = 0; fits && i < value.dims.size(); ++i)
    fits = value.dims[i] > 0 &&
           (input.dims[i] < 0 || input.dims[i] == value.dims[i]);
  if (!fits)
    throw makeFailure(place + " does not have the shape of the input '" +
                      input.name + "'")
        .withExpected(describe(input) + " for a sample")
        .withFound(files::describeTensor(value.type, value.dims))
        .withRemedy("give arrays with the samples on axis 0");
  if (!files::isFloat(value.type))
    return;
  size_t count = static_cast<size_t>(*files::countElements(value.dims));
  for (size_t i = 0; i < count; ++i)
    if (!std::isfinite(files::getElement(value, i)))
      throw makeFailure(place + " holds NaN or infinity")
          .withExpected("finite numbers")
          .withFound(std::to_string(files::getElement(value, i)) +
                     " at element " + std::to_string(i))
          .withRemedy("remove the sample, or correct what made it");
}

namespace {

/// A .npz file, cut into samples.
class Archive {
public:
  Archive(const std::string &path, const std::vector<InputSpec> &inputs);

  size_t size() const { return count; }
  Sample get(size_t number) const;

private:
  std::string path;
  const std::vector<InputSpec> &inputs;
  std::vector<Value> arrays;
  size_t count = 0;
};

/// Calls `read` and turns what it throws into a Problem.
template <typename Function>
bool guard(Problem &problem, Function read) {
  try {
    return read();
  } catch (const Failure &failure) {
    problem = {failure.message, failure.expected, failure.found,
               failure.remedy};
  } catch (const std::exception &error) {
    problem = {error.what(), "", "", ""};
  }
  return false;
}

class FileSource : public SampleSource {
public:
  explicit FileSource(std::vector<InputSpec> inputs)
      : inputs(std::move(inputs)) {}

  void open(const std::string &path);
  bool next(Sample &sample, Problem &problem) override {
    return guard(problem, [&] { return read(sample); });
  }

private:
  bool read(Sample &sample);
  Sample readDataSet(const fs::path &folder) const;

  std::vector<InputSpec> inputs;
  std::vector<fs::path> places; ///< .npz files, or folders of .pb files
  size_t place = 0;
  std::unique_ptr<Archive> archive;
  size_t number = 0;
};

class NoiseSource : public SampleSource {
public:
  NoiseSource(std::vector<InputSpec> inputs, unsigned count)
      : inputs(std::move(inputs)), left(count) {}

  bool next(Sample &sample, Problem &problem) override {
    return guard(problem, [&] { return make(sample); });
  }

private:
  bool make(Sample &sample);

  std::vector<InputSpec> inputs;
  unsigned left;
  std::mt19937_64 generator{20220211};
};

} // namespace

//===----------------------------------------------------------------------===//
// Archives
//===----------------------------------------------------------------------===//

Archive::Archive(const std::string &path, const std::vector<InputSpec> &inputs)
    : path(path), inputs(inputs) {
  std::vector<Value> all = files::readNpz(path);
  for (const Value &array : all)
    if (std::none_of(inputs.begin(), inputs.end(), [&](const InputSpec &input) {
          return input.name == array.name;
        }))
      throw makeFailure("'" + path + "': the model has no input '" +
                        array.name + "'")
          .withExpected("arrays " + listNames(inputs))
          .withFound("'" + array.name + "'")
          .withRemedy("name the arrays like the inputs of the model");
  for (const InputSpec &input : inputs) {
    auto array = std::find_if(all.begin(), all.end(), [&](const Value &value) {
      return value.name == input.name;
    });
    if (array == all.end())
      throw makeFailure("'" + path + "' has no array for the input '" +
                        input.name + "'")
          .withExpected("arrays " + listNames(inputs))
          .withRemedy("name the arrays like the inputs of the model");
    size_t rank = input.dims.size();
    if (array->dims.empty() ||
        (array->dims.size() != rank && array->dims.size() != rank + 1))
      throw makeFailure("'" + path + "': the array '" + input.name +
                        "' has another rank than the input")
          .withExpected(describe(input) + ", with samples on axis 0")
          .withFound(files::describeTensor(array->type, array->dims))
          .withRemedy("stack samples on axis 0");
    int64_t step = 1;
    if (array->dims.size() == rank && input.dims[0] > 0)
      step = input.dims[0];
    if (array->dims[0] % step != 0)
      throw makeFailure("'" + path + "': the array '" + input.name +
                        "' cannot be cut into batches of " +
                        std::to_string(step))
          .withExpected("a multiple of " + std::to_string(step) + " samples")
          .withFound(std::to_string(array->dims[0]));
    auto samples = static_cast<size_t>(array->dims[0] / step);
    if (!arrays.empty() && samples != count)
      throw makeFailure("'" + path +
                        "': the arrays have different numbers of "
                        "samples")
          .withExpected(std::to_string(count) + ", as '" + inputs[0].name + "'")
          .withFound(std::to_string(samples) + " of '" + input.name + "'");
    count = samples;
    arrays.push_back(std::move(*array));
  }
}

Sample Archive::get(size_t number) const {
  Sample sample;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Value &array = arrays[i];
    Value value;
    value.name = array.name;
    value.type = array.type;
    value.dims = array.dims;
    if (array.dims.size() == inputs[i].dims.size())
      value.dims[0] = array.dims[0] / static_cast<int64_t>(count);
    else
      value.dims.erase(value.dims.begin());
    size_t bytes = array.bytes.size() / count;
    auto start = array.bytes.begin() + static_cast<ptrdiff_t>(number * bytes);
    value.bytes.assign(start, start + static_cast<ptrdiff_t>(bytes));
    checkTensor(value, inputs[i],
                "'" + path + "', array '" + value.name + "', sample " +
                    std::to_string(number) + ",");
    sample.push_back(std::move(value));
  }
  return sample;
}

//===----------------------------------------------------------------------===//
// Files and folders
//===----------------------------------------------------------------------===//

void FileSource::open(const std::string &path) {
  if (!fs::exists(path))
    throw makeFailure("cannot read '" + path + "': it does not exist");
  if (!fs::is_directory(path)) {
    places.push_back(path);
    return;
  }
  std::vector<fs::path> dataSets;
  if (fs::exists(fs::path(path) / "input_0.pb"))
    dataSets.push_back(path);
  for (const fs::directory_entry &entry : fs::directory_iterator(path)) {
    if (entry.path().extension() == ".npz")
      places.push_back(entry.path());
    else if (entry.is_directory() && fs::exists(entry.path() / "input_0.pb"))
      dataSets.push_back(entry.path());
  }
  if (places.empty())
    places = std::move(dataSets);
  if (places.empty())
    throw makeFailure("the folder '" + path + "' has no calibration data")
        .withExpected(".npz files, or ONNX test data (input_0.pb, ...)")
        .withRemedy("write samples with numpy.savez(FILE, NAME=array)");
  std::sort(places.begin(), places.end());
}

Sample FileSource::readDataSet(const fs::path &folder) const {
  Sample sample;
  for (size_t i = 0; i < inputs.size(); ++i) {
    std::string file =
        (folder / ("input_" + std::to_string(i) + ".pb")).string();
    std::vector<uint8_t> bytes = files::readFile(file);
    Value value = files::parsePb(bytes.data(), bytes.size(),
                                 files::PbMessage::Tensor, "'" + file + "'");
    checkTensor(value, inputs[i], "'" + file + "'");
    sample.push_back(std::move(value));
  }
  return sample;
}

bool FileSource::read(Sample &sample) {
  while (place < places.size()) {
    if (fs::is_directory(places[place])) {
      sample = readDataSet(places[place++]);
      return true;
    }
    if (!archive) {
      archive = std::make_unique<Archive>(places[place].string(), inputs);
      number = 0;
    }
    if (number < archive->size()) {
      sample = archive->get(number++);
      return true;
    }
    archive.reset();
    ++place;
  }
  return false;
}

std::unique_ptr<SampleSource> SampleSource::open(const std::string &path,
                                                 std::vector<InputSpec> inputs,
                                                 Problem &problem) {
  auto source = std::make_unique<FileSource>(std::move(inputs));
  bool isOpen = guard(problem, [&] {
    source->open(path);
    return true;
  });
  if (!isOpen)
    return nullptr;
  return source;
}

//===----------------------------------------------------------------------===//
// Noise
//===----------------------------------------------------------------------===//

bool NoiseSource::make(Sample &sample) {
  if (left == 0)
    return false;
  --left;
  sample.clear();
  // The distributions of the standard library differ from one to another.
  auto uniform = [&] {
    return (static_cast<double>(generator() >> 11) + 0.5) * 0x1p-53;
  };
  for (const InputSpec &input : inputs) {
    Value value;
    value.name = input.name;
    value.type = input.type;
    value.dims = input.dims;
    size_t count = static_cast<size_t>(*files::countElements(value.dims));
    value.bytes.resize(files::getTypeInfo(input.type)->countBytes(count));
    for (size_t i = 0; i < count; ++i)
      files::setElement(value, i,
                        files::isFloat(input.type)
                            ? std::sqrt(-2 * std::log(uniform())) *
                                  std::cos(2 * M_PI * uniform())
                            : double(generator() >> 63));
    sample.push_back(std::move(value));
  }
  return true;
}

std::unique_ptr<SampleSource>
SampleSource::makeNoise(std::vector<InputSpec> inputs, unsigned count) {
  return std::make_unique<NoiseSource>(std::move(inputs), count);
}
