//===- Lock.cpp - what was measured, to be used again ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Measure/Lock.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace sinter::measure;
namespace json = llvm::json;

/// The version of the form of the file.
static constexpr int64_t kVersion = 1;

std::optional<int64_t> Measurement::get(llvm::StringRef form) const {
  auto entry = nanoseconds.find(form.str());
  return entry == nanoseconds.end() ? std::nullopt : entry->second;
}

namespace sinter::measure {

/// Found by llvm::json, by argument-dependent lookup.
static bool fromJSON(const json::Value &value, Measurement &out,
                     json::Path path) {
  json::ObjectMapper mapper(value, path);
  return mapper && mapper.map("key", out.key) && mapper.map("what", out.what) &&
         mapper.map("nanoseconds", out.nanoseconds);
}

} // namespace sinter::measure

llvm::Expected<Lock> Lock::parse(llvm::StringRef text) {
  llvm::Expected<json::Value> value = json::parse(text);
  if (!value)
    return value.takeError();
  json::Path::Root root("lock");
  json::ObjectMapper mapper(*value, root);
  int64_t version = 0;
  std::string isa;
  std::vector<Measurement> measured;
  if (!mapper || !mapper.map("sinter_lock", version))
    return root.getError();
  if (version != kVersion)
    return llvm::createStringError("expected version " +
                                   std::to_string(kVersion) + ", found " +
                                   std::to_string(version));
  if (!mapper.map("isa", isa) || !mapper.map("measured", measured))
    return root.getError();
  Lock lock(std::move(isa));
  for (Measurement &measurement : measured) {
    if (lock.find(measurement.key))
      return llvm::createStringError("the key '" + measurement.key +
                                     "' occurs twice");
    for (const auto &[form, time] : measurement.nanoseconds)
      if (time && *time <= 0)
        return llvm::createStringError(
            "the time of '" + form + "' at the key '" + measurement.key +
            "' is " + std::to_string(*time) + ", not positive");
    lock.add(std::move(measurement));
  }
  return lock;
}

std::string Lock::print() const {
  std::string text;
  llvm::raw_string_ostream out(text);
  json::OStream stream(out, /*IndentSize=*/1);
  stream.object([&] {
    stream.attribute("sinter_lock", kVersion);
    stream.attribute("isa", isa);
    stream.attributeArray("measured", [&] {
      for (const auto &[key, measurement] : measurements)
        stream.object([&, &measurement = measurement] {
          stream.attribute("key", measurement.key);
          stream.attribute("what", measurement.what);
          stream.attributeObject("nanoseconds", [&] {
            for (const auto &[form, time] : measurement.nanoseconds)
              stream.attribute(form, time ? json::Value(*time)
                                          : json::Value(nullptr));
          });
        });
    });
  });
  text += '\n';
  return text;
}

const Measurement *Lock::find(llvm::StringRef key) const {
  auto entry = measurements.find(key.str());
  return entry == measurements.end() ? nullptr : &entry->second;
}

void Lock::add(Measurement measurement) {
  std::string key = measurement.key;
  measurements.insert({std::move(key), std::move(measurement)});
}
