//===- MessageParser.h - from protobuf messages to Model.h ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_ONNX_MESSAGEPARSER_H
#define SINTER_COMPILER_IMPORT_ONNX_MESSAGEPARSER_H

#include "compiler/Import/Onnx/ExternalData.h"
#include "compiler/Import/Onnx/Wire.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace sinter::onnx {

/// Reads the messages of onnx.proto from one range of bytes. The first thing
/// that is wrong ends the reading and is described in the issue. Fields that
/// are not known, or not needed, are skipped.
class MessageParser {
public:
  /// `bytes` is the whole file `fileIndex`; without `external`, external data
  /// is an error.
  MessageParser(llvm::StringRef bytes, unsigned fileIndex,
                ExternalData *external, ImportIssue &issue)
      : bytes(bytes), fileIndex(fileIndex), external(external), issue(issue) {}

  llvm::LogicalResult parseModel(Model &model, bool &hasGraph);
  llvm::LogicalResult parseFunction(Function &function);

private:
  using FieldHandler =
      llvm::function_ref<llvm::LogicalResult(const WireField &)>;

  /// Calls `handle` for each field of `message`.
  llvm::LogicalResult forEachField(llvm::StringRef message,
                                   llvm::StringRef what, FieldHandler handle);

  llvm::LogicalResult parseFunctionBody(llvm::StringRef message,
                                        Function &function);
  llvm::LogicalResult parseGraph(llvm::StringRef message, Graph &graph);
  llvm::LogicalResult parseNode(llvm::StringRef message, Node &node);
  llvm::LogicalResult parseAttribute(llvm::StringRef message,
                                     Attribute &attribute);
  llvm::LogicalResult parseTensor(llvm::StringRef message, Tensor &tensor);
  llvm::LogicalResult parseExternalEntry(llvm::StringRef message,
                                         ExternalEntry &entry);
  llvm::LogicalResult parseOpset(llvm::StringRef message, OpsetImport &opset);
  llvm::LogicalResult parseValueInfo(llvm::StringRef message, ValueInfo &value);
  llvm::LogicalResult parseType(llvm::StringRef message, ValueInfo &value);
  llvm::LogicalResult parseTensorType(llvm::StringRef message,
                                      ValueInfo &value);
  llvm::LogicalResult parseShape(llvm::StringRef message, ValueInfo &value);

  /// Checks type, shape and the amount of data of a tensor whose fields have
  /// been read into `data` (indexed by field number).
  llvm::LogicalResult
  finishTensor(Tensor &tensor, const ExternalEntry *entry,
               llvm::ArrayRef<llvm::SmallVector<DataSegment, 1>> data);

  llvm::LogicalResult readText(const WireField &field, llvm::StringRef &text);
  llvm::LogicalResult readBytes(const WireField &field, llvm::StringRef &text);
  template <typename T>
  llvm::LogicalResult readInt(const WireField &field, T &value);
  llvm::LogicalResult readInts(const WireField &field,
                               llvm::SmallVectorImpl<int64_t> &values);
  llvm::LogicalResult readInts(const WireField &field,
                               std::vector<int64_t> &values);
  llvm::LogicalResult readFloats(const WireField &field,
                                 std::vector<float> &values);
  /// Appends a list of a submessage and parses it with `parse`.
  template <typename T>
  llvm::LogicalResult readMessage(
      const WireField &field, std::vector<T> &list,
      llvm::LogicalResult (MessageParser::*parse)(llvm::StringRef, T &));

  DataSegment getSegment(const WireField &field) const;
  llvm::LogicalResult malformed(const char *position, llvm::StringRef what,
                                llvm::StringRef reason);
  llvm::LogicalResult wrongKind(const WireField &field);
  llvm::LogicalResult badTensor(const Tensor &tensor, std::string expected,
                                std::string found);

  llvm::StringRef bytes;
  unsigned fileIndex;
  ExternalData *external;
  ImportIssue &issue;
  unsigned depth = 0;
  llvm::StringRef current = "model";
};

} // namespace sinter::onnx

#endif // SINTER_COMPILER_IMPORT_ONNX_MESSAGEPARSER_H
