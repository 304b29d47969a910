//===- LaunchTimes.h - how long each launch takes -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SINTER_TOOLS_SINTER_LAUNCHTIMES_H
#define SINTER_TOOLS_SINTER_LAUNCHTIMES_H

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sinter::cli {

/// The times of an artifact's launches on this machine.
struct LaunchTimes {
  std::string isa;
  int threads = 0;
  std::vector<std::pair<std::string, int64_t>> dims; ///< free dimensions
  size_t runs = 0;
  std::vector<double> microseconds; ///< medians, one a launch
};

/// Runs the artifact at `path` on random inputs, with free dimensions at the
/// size they were compiled to be fastest at, and measures every launch: for
/// about a second, after runs that do not count. `threads` 0 is the default.
/// Throws a Failure.
LaunchTimes measureLaunches(const std::string &path, int threads);

} // namespace sinter::cli

#endif // SINTER_TOOLS_SINTER_LAUNCHTIMES_H
