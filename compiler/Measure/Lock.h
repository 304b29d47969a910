//===- Lock.h - what was measured, to be used again -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Decisions that depend on measurements differ from run to run. A lock keeps
// the numbers: a compilation that is given a lock measures nothing and comes
// to the same decisions, on any machine. As a file it is JSON:
//
//   {"sinter_lock": 1,
//    "isa": "x86-64-v4+vnni",
//    "measured": [{"key": "5d0c...", "what": "conv 1x56x56x64 * 64x64x3x3",
//                  "nanoseconds": {"fp32": 1520331, "w8a8": 541200}}]}
//
// A time of null says that there is no code for this form.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_MEASURE_LOCK_H
#define SINTER_COMPILER_MEASURE_LOCK_H

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <map>
#include <optional>
#include <string>

namespace sinter::measure {

/// The times of the forms of one computation.
struct Measurement {
  std::string key;  ///< of the computation and the instruction set
  std::string what; ///< for readers
  /// Nanoseconds of each form, by its name; nothing where no code can be made.
  std::map<std::string, std::optional<int64_t>> nanoseconds;

  /// The time of a form; nothing if it has none.
  std::optional<int64_t> get(llvm::StringRef form) const;
};

/// Measurements made for one instruction set, in the order in which they were
/// asked for.
class Lock {
public:
  explicit Lock(std::string isa) : isa(std::move(isa)) {}

  /// Reads the text of a lock. The error says what is wrong with it, and where.
  static llvm::Expected<Lock> parse(llvm::StringRef text);
  /// The text; the same for the same measurements.
  std::string print() const;

  const std::string &getIsa() const { return isa; }
  size_t size() const { return measurements.size(); }
  /// The measurement with this key, or null.
  const Measurement *find(llvm::StringRef key) const;
  void add(Measurement measurement);

private:
  std::string isa;
  llvm::MapVector<std::string, Measurement, std::map<std::string, unsigned>>
      measurements;
};

} // namespace sinter::measure

#endif // SINTER_COMPILER_MEASURE_LOCK_H
