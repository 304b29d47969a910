//===- FreeDims.cpp - names and bounds of free dimensions -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/FreeDims.h"
#include "dialects/NN/NNShapes.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace sinter;

static LogicalResult fail(ImportIssue &issue, StringRef code,
                          const Twine &expected, const Twine &found,
                          const Twine &remedy) {
  issue.kind = ImportIssue::Kind::Usage;
  issue.code = code.str();
  issue.expected = expected.str();
  issue.found = found.str();
  issue.remedy = remedy.str();
  issue.message = "expected " + issue.expected + ", found " + issue.found;
  return failure();
}

std::optional<DimRange> DimRange::parse(StringRef text) {
  DimRange range;
  auto readSize = [](StringRef part, int64_t &value) {
    return !part.getAsInteger(10, value) && value >= 1 &&
           value <= (int64_t(1) << 40);
  };
  if (readSize(text, range.min)) {
    range.max = range.min;
    return range;
  }
  auto [low, rest] = text.split("..");
  if (rest.empty() && !text.ends_with(".."))
    return std::nullopt;
  auto [high, optimum] = rest.split('@');
  int64_t value = 0;
  if (!readSize(low, range.min))
    return std::nullopt;
  if (!high.empty()) {
    if (!readSize(high, value) || value < range.min)
      return std::nullopt;
    range.max = value;
  }
  if (rest.contains('@')) {
    if (!readSize(optimum, value) || value < range.min ||
        (range.max && value > *range.max))
      return std::nullopt;
    range.optimum = value;
  }
  return range;
}

std::string FreeDims::listNames() const {
  SmallVector<StringRef> names;
  for (const auto &entry : ranges)
    names.push_back(entry.first);
  return names.empty() ? "none" : "'" + llvm::join(names, "', '") + "'";
}

LogicalResult FreeDims::constrain(const std::string &name,
                                  const DimRange &range, ImportIssue &issue) {
  auto it = llvm::find_if(
      ranges, [&](const auto &entry) { return entry.first == name; });
  if (it == ranges.end())
    return fail(issue, "unknown_dimension", "the name of a free dimension",
                "'" + name + "'",
                "free dimensions of this model: " + listNames());
  bool isSame = it->second.min == range.min && it->second.max == range.max &&
                it->second.optimum == range.optimum;
  if (!constrained.insert(name).second && !isSame)
    return fail(issue, "conflicting_dimension",
                "one range for dimension '" + name + "'", "two that differ",
                "give the dimension once");
  it->second = range;
  return success();
}

/// Names that exporters write for "not known".
static bool isAnonymous(StringRef name) {
  return name.empty() || name == "?" || name == "-1" || name == "None";
}

SmallVector<FreeDims::Slot> FreeDims::readModel(const onnx::ValueInfo &input) {
  SmallVector<Slot> slots;
  for (auto [i, dimension] : llvm::enumerate(input.shape)) {
    Slot &slot = slots.emplace_back();
    if (dimension.value && *dimension.value >= 0) {
      slot.value = dimension.value;
      continue;
    }
    slot.name = isAnonymous(dimension.name)
                    ? (input.name + "_" + Twine(i)).str()
                    : dimension.name.str();
    if (llvm::none_of(ranges, [&](const auto &entry) {
          return entry.first == slot.name;
        }))
      ranges.emplace_back(slot.name, DimRange());
  }
  return slots;
}

LogicalResult FreeDims::applyShape(const onnx::ValueInfo &input,
                                   StringRef shape, SmallVector<Slot> &slots,
                                   ImportIssue &issue) {
  SmallVector<StringRef> parts;
  if (!shape.empty())
    shape.split(parts, ',');
  auto invalid = [&](const Twine &expected) {
    return fail(issue, "bad_shape",
                expected + " for input '" + input.name + "'", "'" + shape + "'",
                "write the dimensions like 1..32,3,224,224");
  };
  if (!input.hasShape) {
    for (unsigned i = 0; i < parts.size(); ++i) {
      slots.push_back({std::nullopt, (input.name + "_" + Twine(i)).str()});
      ranges.emplace_back(slots.back().name, DimRange());
    }
  }
  if (parts.size() != slots.size())
    return invalid(Twine(slots.size()) + " dimensions");
  for (auto [part, slot] : llvm::zip_equal(parts, slots)) {
    std::optional<DimRange> range = DimRange::parse(part.trim());
    if (!range)
      return invalid("N, LO..HI or LO..HI@OPT as each dimension");
    if (slot.value && (!range->isFixed() || range->min != *slot.value))
      return invalid("the dimension " + Twine(*slot.value) +
                     ", which the model fixes,");
    if (!slot.value && failed(constrain(slot.name, *range, issue)))
      return failure();
  }
  return success();
}

FailureOr<std::unique_ptr<FreeDims>>
FreeDims::create(MLIRContext *context, ArrayRef<const onnx::ValueInfo *> inputs,
                 const ImportOptions &options, ImportIssue &issue) {
  std::unique_ptr<FreeDims> dims(new FreeDims(context));
  SmallVector<SmallVector<Slot>> slots;
  SmallVector<StringRef> names;
  for (const onnx::ValueInfo *input : inputs) {
    slots.push_back(dims->readModel(*input));
    names.push_back(input->name);
  }
  llvm::StringSet<> shaped;
  for (const auto &[name, shape] : options.shapes) {
    auto it = llvm::find(names, name);
    if (it == names.end())
      return fail(issue, "unknown_input", "the name of an input",
                  "'" + name + "'",
                  "inputs of this model: '" + llvm::join(names, "', '") + "'");
    size_t index = it - names.begin();
    shaped.insert(name);
    if (failed(dims->applyShape(*inputs[index], shape, slots[index], issue)))
      return failure();
  }
  for (const auto &[name, text] : options.dims) {
    std::optional<DimRange> range = DimRange::parse(text);
    if (!range)
      return fail(issue, "bad_dimension",
                  "N, LO..HI or LO..HI@OPT for dimension '" + name + "'",
                  "'" + text + "'",
                  "write for example --dim " + name + "=1..32@8");
    if (failed(dims->constrain(name, *range, issue)))
      return failure();
  }
  for (const onnx::ValueInfo *input : inputs)
    if (!input->hasShape && !shaped.contains(input->name)) {
      (void)fail(issue, "unknown_rank",
                 "a shape for input '" + input->name + "'",
                 "a model that gives none",
                 "give it with --shape " + input->name +
                     "=..., for example 1..32,3,224,224");
      issue.kind = ImportIssue::Kind::Unsupported;
      return failure();
    }

  for (ArrayRef<Slot> shape : slots) {
    SmallVector<nn::SizeAttr> &sizes = dims->shapes.emplace_back();
    for (const Slot &slot : shape) {
      auto it = llvm::find_if(dims->ranges, [&](const auto &entry) {
        return entry.first == slot.name;
      });
      if (slot.value || it->second.isFixed())
        sizes.push_back(
            nn::getSize(context, slot.value ? *slot.value : it->second.min));
      else
        sizes.push_back(nn::getSymbol(context, slot.name));
    }
  }
  return dims;
}

void sinter::forEachLateDim(Operation *op,
                            llvm::function_ref<void(StringRef)> visit) {
  auto visitAll = [&](ArrayAttr list) {
    for (auto name : list.getAsRange<StringAttr>())
      visit(name);
  };
  if (auto bind = dyn_cast<nn::BindSizesOp>(op)) {
    visitAll(bind.getNames());
  } else if (auto loop = dyn_cast<nn::LoopOp>(op)) {
    visitAll(loop.getSizeNames());
    visit(loop.getIndex());
    visit(loop.getExecuted());
  } else if (auto condition = dyn_cast<nn::IfOp>(op)) {
    visitAll(condition.getSizeNames());
  }
}

std::string FreeDims::addLate(const Twine &hint) {
  std::string name = ("?" + hint).str(), stem = name;
  for (unsigned i = 1; !lateNames.insert(name).second; ++i)
    name = stem + "." + std::to_string(i);
  lates.push_back(name);
  return name;
}

ArrayAttr FreeDims::getAttribute(const llvm::StringSet<> &used) const {
  Builder builder(context);
  SmallVector<Attribute> attributes;
  for (const auto &[name, range] : ranges) {
    if (range.isFixed())
      continue;
    NamedAttrList fields;
    fields.append("name", builder.getStringAttr(name));
    fields.append("min", builder.getI64IntegerAttr(range.min));
    if (range.max)
      fields.append("max", builder.getI64IntegerAttr(*range.max));
    if (range.optimum)
      fields.append("optimum", builder.getI64IntegerAttr(*range.optimum));
    attributes.push_back(fields.getDictionary(context));
  }
  for (const std::string &name : lates) {
    if (!used.contains(name))
      continue;
    NamedAttrList fields;
    fields.append("late", builder.getUnitAttr());
    fields.append("name", builder.getStringAttr(name));
    attributes.push_back(fields.getDictionary(context));
  }
  return builder.getArrayAttr(attributes);
}
