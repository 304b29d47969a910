//===- Protobuf.h - writes messages of onnx.proto by hand -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TEST_COMPILER_IMPORT_PROTOBUF_H
#define SINTER_TEST_COMPILER_IMPORT_PROTOBUF_H

#include <cstdint>
#include <string>

namespace sinter::test {

/// A message as it is built, field by field; right or wrong.
struct Message {
  std::string bytes;

  Message &varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7)
      bytes += static_cast<char>(value | 0x80);
    bytes += static_cast<char>(value);
    return *this;
  }
  Message &number(unsigned field, uint64_t value) {
    return varint(field << 3).varint(value);
  }
  Message &text(unsigned field, const std::string &value) {
    varint(field << 3 | 2).varint(value.size());
    bytes += value;
    return *this;
  }
  Message &message(unsigned field, const Message &value) {
    return text(field, value.bytes);
  }
};

/// A tensor of floats in raw_data.
inline Message makeTensor(const std::string &name, int64_t count,
                          const std::string &raw) {
  return Message().number(1, count).number(2, 1).text(8, name).text(9, raw);
}

/// y = Relu(x), with `graph` fields before the node.
inline Message makeModel(const Message &initializer, int64_t irVersion = 8) {
  Message node, graph, opset, model;
  node.text(1, "x").text(2, "y").text(4, "Relu");
  graph.message(1, node).text(2, "g").message(5, initializer);
  opset.number(2, 17);
  return model.number(1, irVersion).message(7, graph).message(8, opset);
}

/// A file that is removed again.
class TemporaryFile {
public:
  explicit TemporaryFile(const std::string &bytes,
                         const std::string &name = "model.onnx");
  ~TemporaryFile();
  const std::string &getPath() const { return path; }
  const std::string &getFolder() const { return folder; }

private:
  std::string folder, path;
};

} // namespace sinter::test

#endif // SINTER_TEST_COMPILER_IMPORT_PROTOBUF_H
