//===- Generate.cpp - inputs that are made up -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/sinter/Errors.h"
#include "tools/sinter/Inputs.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace sinter::cli {

namespace {
/// SplitMix64: a small generator whose every seed is good.
class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}

  uint64_t next() {
    uint64_t z = state += 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
  }

  /// Uniform in [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

  /// Normal with mean 0 and deviation 1 (Box and Muller).
  double normal() {
    if (hasSpare) {
      hasSpare = false;
      return spare;
    }
    double radius = std::sqrt(-2 * std::log(1 - uniform()));
    double angle = 6.283185307179586 * uniform();
    spare = radius * std::sin(angle);
    hasSpare = true;
    return radius * std::cos(angle);
  }

private:
  uint64_t state;
  double spare = 0;
  bool hasSpare = false;
};
} // namespace

bool parseGenerator(const std::string &text, Generator &generator) {
  if (text == "random" || text == "zeros" || text == "ones") {
    generator.kind = text == "random"  ? Generator::Kind::Random
                     : text == "zeros" ? Generator::Kind::Zeros
                                       : Generator::Kind::Ones;
    return true;
  }
  bool uniform = text.rfind("uniform:", 0) == 0;
  if (!uniform && text.rfind("randint:", 0) != 0)
    return false;
  generator.kind =
      uniform ? Generator::Kind::Uniform : Generator::Kind::Randint;
  const char *bounds = text.c_str() + 8;
  char *end = nullptr;
  generator.low = std::strtod(bounds, &end);
  bool good = end != bounds && *end == ':';
  if (good) {
    bounds = end + 1;
    generator.high = std::strtod(bounds, &end);
    good = end != bounds && *end == '\0' && generator.low < generator.high &&
           std::isfinite(generator.high - generator.low);
  }
  if (good && !uniform)
    good = generator.low == std::floor(generator.low) &&
           generator.high == std::floor(generator.high);
  if (!good)
    throw Failure(ExitCode::Usage, "bad_generator",
                  "'" + text + "' is not " + text.substr(0, 7) +
                      ":LO:HI with LO < HI")
        .withRemedy(uniform ? "for example uniform:-1:1"
                            : "for example randint:0:1000");
  return true;
}

void generate(Value &tensor, const Generator &generator, uint64_t seed) {
  Random random(seed);
  bool real = isFloat(tensor.type);
  size_t count = static_cast<size_t>(countElements(tensor.dims).value_or(0));
  tensor.bytes.assign(getTypeInfo(tensor.type)->countBytes(count), 0);
  double range = generator.high - generator.low;
  for (size_t i = 0; i < count; ++i) {
    double element = 0;
    switch (generator.kind) {
    case Generator::Kind::Zeros:
      break;
    case Generator::Kind::Ones:
      element = 1;
      break;
    case Generator::Kind::Random:
      element =
          real ? random.normal() : static_cast<double>(random.next() >> 63);
      break;
    case Generator::Kind::Uniform:
      element = generator.low + range * random.uniform();
      break;
    case Generator::Kind::Randint:
      element = generator.low + std::floor(range * random.uniform());
      break;
    }
    setElement(tensor, i, element);
  }
}

} // namespace sinter::cli
