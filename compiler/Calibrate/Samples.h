//===- Samples.h - inputs to observe a model on -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_CALIBRATE_SAMPLES_H
#define SINTER_COMPILER_CALIBRATE_SAMPLES_H

#include "runtime/files/Value.h"

#include <memory>

namespace sinter::calibrate {

/// An input of the model; free dimensions are -1.
struct InputSpec {
  std::string name;
  files::ElementType type;
  std::vector<int64_t> dims;
};

/// Why samples cannot be used; any part but `message` may be empty.
struct Problem {
  std::string message, expected, found, remedy;
};

/// One tensor for each input, in the model's order.
using Sample = std::vector<files::Value>;

/// Samples one after the other; every failure is told as a Problem.
class SampleSource {
public:
  virtual ~SampleSource() = default;

  /// Reads the next sample: true if there was one. False at the end, and with
  /// `problem.message` set on failure.
  virtual bool next(Sample &sample, Problem &problem) = 0;

  /// Samples in files. `path` is
  /// - a .npz file: an array for each input, by name, with samples on axis 0.
  /// An
  ///   array of the input's rank is cut into pieces of the input's first size
  ///   (1 where that is free); one of a rank more, into its elements;
  /// - a folder of such files;
  /// - a folder with input_0.pb, ..., or a folder of such folders: ONNX test
  ///   data, a sample each.
  /// Names, types and sizes must be the model's, and floats finite. Null with
  /// `problem` set where nothing of this is there.
  static std::unique_ptr<SampleSource> open(const std::string &path,
                                            std::vector<InputSpec> inputs,
                                            Problem &problem);

  /// `count` samples made up: floats from the normal distribution, integers
  /// from {0, 1}. `inputs` have no free dimensions. The same everywhere.
  static std::unique_ptr<SampleSource> makeNoise(std::vector<InputSpec> inputs,
                                                 unsigned count);
};

} // namespace sinter::calibrate

#endif // SINTER_COMPILER_CALIBRATE_SAMPLES_H
