//===- Inputs.h - the inputs of a run, from the command line -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SINTER_TOOLS_SINTER_INPUTS_H
#define SINTER_TOOLS_SINTER_INPUTS_H

#include "tools/sinter/Tensors.h"

#include "sinter/model.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sinter::cli {

/// What the command line says about the inputs of a run.
struct InputOptions {
  std::vector<std::string> inputs; ///< NAME=FILE or NAME=GENERATOR.
  std::string npz;                 ///< File of arrays named like the inputs.
  std::string dataSet;             ///< Folder of input_0.pb, ...
  std::vector<std::string> dims;   ///< NAME=N.
  std::vector<std::string> shapes; ///< INPUT=N,N,...
  uint64_t seed = 0;
};

/// The inputs of a run and the free dimensions that follow from them.
struct Binding {
  std::vector<Value> inputs;
  std::vector<int64_t> dims;
};

/// Makes every input of `model`: reads files, checks them against the model,
/// settles the free dimensions and draws what is generated. A free dimension
/// that nothing says is 1 (its minimum where that is larger), with a warning.
/// Throws a Failure: usage for names and sizes, bad input file for contents.
Binding bindInputs(const sinter_model_t *model, const InputOptions &options);

/// How the elements of an input are made up.
struct Generator {
  enum class Kind { Random, Zeros, Ones, Uniform, Randint };
  Kind kind = Kind::Random;
  double low = 0, high = 1;
};

/// Reads "random", "zeros", "ones", "uniform:LO:HI" or "randint:LO:HI"; false
/// if `text` is none of these. Throws a Failure (usage) for malformed bounds.
bool parseGenerator(const std::string &text, Generator &generator);

/// Fills `tensor`, whose type and dims are set. `random` draws floats from the
/// normal distribution and integers from {0, 1}; `uniform` and `randint` draw
/// LO <= x < HI. The same seed gives the same elements everywhere.
void generate(Value &tensor, const Generator &generator, uint64_t seed);

} // namespace sinter::cli

#endif // SINTER_TOOLS_SINTER_INPUTS_H
