//===- GraphImporter.h - the state of one import ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_GRAPHIMPORTER_H
#define SINTER_COMPILER_IMPORT_GRAPHIMPORTER_H

#include "compiler/Import/Content.h"
#include "compiler/Import/FreeDims.h"
#include "compiler/Import/Import.h"
#include "compiler/Import/Onnx/ModelFile.h"
#include "dialects/NN/NNShapes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringSet.h"

namespace sinter {

class NodeContext;

/// A value of the ONNX graph. A tensor has any of its forms, made from another
/// when it is first asked for. Sequences and optionals are lists of values that
/// are known while importing, and never become operations.
struct ImportedValue {
  enum class Kind { Tensor, Sequence, Optional };

  llvm::StringRef name;
  Kind kind = Kind::Tensor;
  mlir::RankedTensorType type;
  mlir::Value value;
  std::optional<Content> content;
  /// A constant of the model.
  const onnx::Tensor *tensor = nullptr;
  /// What a sequence holds; the value of an optional, if it has one.
  std::vector<ImportedValue> elements;
  /// ONNX's name of the type of a sequence or an optional:
  /// `seq(tensor(float))`; empty where nothing says what it may hold.
  std::string containerType;
  /// The block in whose graph it was made: a value that operations of an inner
  /// body read is materialized here.
  mlir::Block *home = nullptr;
  /// The node that was to produce it could not be imported.
  bool isMissing = false;
  /// It is an output that the importer does not make; whoever reads it is not
  /// supported.
  bool isNotMade = false;

  bool isTensor() const { return kind == Kind::Tensor; }
};

/// The names that nodes see: those of a graph, or of a function body. A graph
/// inside of a node sees those around it too; its own come first.
class Scope {
public:
  /// The scope of `function`, called by `call`; both null for the main graph.
  Scope(llvm::ArrayRef<onnx::OpsetImport> opsets,
        const onnx::Function *function = nullptr,
        const NodeContext *call = nullptr);
  /// The scope of a graph inside of a node of `parent`.
  explicit Scope(Scope &parent) : parent(&parent) {}

  /// Null if the name is not defined.
  ImportedValue *find(llvm::StringRef name);
  /// The same without the graphs around.
  ImportedValue *findOwn(llvm::StringRef name);
  /// False if the name is taken.
  bool define(llvm::StringRef name, ImportedValue value);
  /// An optional input of the function that its call does not give.
  void markAbsent(llvm::StringRef name) { absent.insert(name); }
  bool isAbsent(llvm::StringRef name) const;
  /// The opset of `domain`; nothing if it is not imported.
  std::optional<int64_t> getOpset(llvm::StringRef domain) const;
  /// Attribute of the call whose body this is, or the function's default.
  const onnx::Attribute *findAttribute(llvm::StringRef name) const;

private:
  Scope *parent = nullptr;
  llvm::StringMap<std::unique_ptr<ImportedValue>> values;
  llvm::StringSet<> absent;
  llvm::StringMap<int64_t> opsets;
  const onnx::Function *function = nullptr;
  const NodeContext *call = nullptr;
};

/// Imports one model. Used once.
class GraphImporter {
public:
  GraphImporter(mlir::MLIRContext *context,
                std::unique_ptr<onnx::ModelFile> file,
                const ImportOptions &options,
                llvm::SmallVectorImpl<ImportIssue> &issues,
                std::function<void(llvm::StringRef)> warning);
  ~GraphImporter();

  mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> run();

  mlir::OpBuilder &getBuilder() { return builder; }
  mlir::MLIRContext *getContext() { return context; }
  const onnx::ModelFile &getFile() const { return *file; }

  /// ONNX's name of the type of a value: `tensor(float)`.
  static std::string getTypeName(const ImportedValue &value);
  /// The MLIR type of an element type; null if the nn dialect has none.
  mlir::Type getElementType(onnx::ElementType type);

  /// The operations, or content, of a value. Materializing content that mixes
  /// sizes and numbers may be impossible: null then.
  mlir::Value materialize(ImportedValue &value, mlir::Location location);
  const Content *getContent(ImportedValue &value);
  mlir::Value createConstant(const Content &content, mlir::Location location);

  /// Says that two sizes must be equal at run time.
  void assumeEqual(nn::SizeAttr lhs, nn::SizeAttr rhs, const NodeContext &node,
                   llvm::StringRef expected);

  /// Registers a late dimension and gives its name: '?', `hint` (such as
  /// `Reshape_3.shape.0`) and what makes it the only one of this name.
  std::string makeLateDim(const llvm::Twine &hint) {
    return freeDims->addLate(hint);
  }

  /// The elements of an integer tensor of known size: those of constants, of
  /// sizes and of what joins them, and late dimensions for all others. These
  /// are bound where the tensor is computed; `hint` begins their names.
  llvm::SmallVector<nn::SizeAttr> readSizes(mlir::Value value,
                                            const llvm::Twine &hint);
  /// A late dimension for each of `sizes`, bound at the insertion point.
  llvm::SmallVector<nn::SizeAttr>
  settleSizes(llvm::ArrayRef<nn::SizeAttr> sizes,
              llvm::ArrayRef<nn::SizeAttr> bounds, mlir::Location location,
              const llvm::Twine &hint);
  /// An empty region for the body of an operation to come, kept until the end
  /// of the import.
  mlir::Region &addRegion() {
    return *regions.emplace_back(std::make_unique<mlir::Region>());
  }

  void report(ImportIssue issue);
  void warn(llvm::StringRef message) {
    if (warning)
      warning(message);
  }

  /// An issue of the file as a whole, which ends the import.
  llvm::LogicalResult fail(llvm::StringRef code, const llvm::Twine &expected,
                           const llvm::Twine &found, const llvm::Twine &remedy);

  /// Imports the body of a function for the call `node`.
  llvm::LogicalResult importBody(const onnx::Function &body, NodeContext &node);
  /// Imports `graph`, an attribute of `node`, at the insertion point, with
  /// these inputs. Gives its outputs; failure after an issue, or where an
  /// output is missing because a node inside is not supported.
  llvm::FailureOr<std::vector<ImportedValue>>
  importGraph(const onnx::Graph &graph,
              llvm::ArrayRef<ImportedValue> graphInputs, NodeContext &node);

  /// What has been found so far, to take back what an attempt adds: issues
  /// and assumptions. Operations of an attempt stay in their region.
  struct Checkpoint {
    size_t issues, assumptions;
  };
  Checkpoint getCheckpoint() const {
    return {issues.size(), assumptions.size()};
  }
  void rollBack(const Checkpoint &checkpoint);
  /// The same; gives the issues that go.
  std::vector<ImportIssue> takeIssues(const Checkpoint &checkpoint);

  /// How deep functions and graphs may be nested.
  static constexpr unsigned kMaxDepth = 32;

private:
  using LocateNode =
      llvm::function_ref<mlir::Location(const onnx::Node &node, unsigned)>;

  llvm::LogicalResult checkOpsets();
  llvm::LogicalResult defineConstants(const onnx::Graph &graph, Scope &scope);
  llvm::LogicalResult defineInputs(Scope &scope);
  llvm::LogicalResult finishOutputs(Scope &scope);
  /// Imports the nodes of a graph or a function body, each after those whose
  /// values it reads.
  llvm::LogicalResult importNodes(llvm::ArrayRef<onnx::Node> nodes,
                                  Scope &scope, unsigned depth,
                                  LocateNode locate);
  /// Imports one node of `scope`. Failure means an issue that ends the import;
  /// an unsupported node is recorded, and its outputs are marked missing.
  llvm::LogicalResult importNode(const onnx::Node &node, Scope &scope,
                                 mlir::Location location, unsigned depth);
  llvm::LogicalResult importChecked(NodeContext &node);
  llvm::LogicalResult importStandardBody(NodeContext &node);
  llvm::LogicalResult checkTypes(NodeContext &node);
  /// `node` with the values of attributes that refer to those of the function
  /// around it; without the ones that have none.
  const onnx::Node &resolveAttributes(const onnx::Node &node,
                                      const Scope &scope);
  const onnx::Function *findFunction(const onnx::Node &node) const;
  llvm::LogicalResult
  addExtraOutputs(Scope &scope, llvm::SmallVectorImpl<llvm::StringRef> &names);
  void setModuleAttributes();

  mlir::MLIRContext *context;
  std::unique_ptr<onnx::ModelFile> file;
  const ImportOptions &options;
  llvm::SmallVectorImpl<ImportIssue> &issues;
  /// How often an issue was reported, known ones too.
  size_t reports = 0;
  /// Nodes imported so far, those of repeated bodies each time.
  size_t importedNodes = 0;
  std::function<void(llvm::StringRef)> warning;
  mlir::OpBuilder builder;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp main;
  std::unique_ptr<FreeDims> freeDims;
  std::vector<std::unique_ptr<onnx::Node>> resolvedNodes;
  std::vector<std::unique_ptr<mlir::Region>> regions;
  llvm::MapVector<std::pair<nn::SizeAttr, nn::SizeAttr>, mlir::DictionaryAttr>
      assumptions;
  /// What readSizes found for a tensor, and settleSizes for a formula in blocks
  /// inside the given one.
  llvm::DenseMap<mlir::Value, llvm::SmallVector<nn::SizeAttr>> readTensors;
  llvm::DenseMap<nn::SizeAttr, std::pair<nn::SizeAttr, mlir::Block *>> settled;
};

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_GRAPHIMPORTER_H
