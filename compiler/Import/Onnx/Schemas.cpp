//===- Schemas.cpp - what the ONNX standard says of operators -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Onnx/Schemas.h"
#include "onnx/defs/schema.h"
#include "onnx/onnx_pb.h"
#include "llvm/ADT/StringExtras.h"
#include <algorithm>
#include <exception>
#include <map>
#include <set>

using namespace sinter::onnx;
using llvm::StringRef;
using ::onnx::OpSchema;
using ::onnx::OpSchemaRegistry;

static const OpSchema *findSchema(StringRef op, StringRef domain,
                                  int64_t opset) {
  return OpSchemaRegistry::Schema(op.str(), static_cast<int>(opset),
                                  canonicalDomain(domain).str());
}

std::optional<OperatorInfo>
sinter::onnx::findOperator(StringRef op, StringRef domain, int64_t opset) {
  const OpSchema *schema = findSchema(op, domain, opset);
  if (!schema)
    return std::nullopt;
  return OperatorInfo{schema->SinceVersion(), schema->deprecated(),
                      schema->HasFunction() ||
                          schema->HasContextDependentFunction()};
}

std::vector<OperatorHistory> sinter::onnx::listOperators() {
  std::map<std::pair<std::string, std::string>, std::set<int64_t>> versions;
  for (const OpSchema &schema :
       OpSchemaRegistry::get_all_schemas_with_history())
    if (!schema.deprecated())
      versions[{schema.domain(), schema.Name()}].insert(schema.SinceVersion());
  std::vector<OperatorHistory> list;
  for (const auto &[name, since] : versions)
    list.push_back({name.first, name.second, {since.begin(), since.end()}});
  return list;
}

std::string sinter::onnx::describeTypes(StringRef op, StringRef domain,
                                        int64_t opset) {
  const OpSchema *schema = findSchema(op, domain, opset);
  if (!schema || (schema->inputs().empty() && schema->outputs().empty()))
    return "";
  const auto &formal =
      (schema->inputs().empty() ? schema->outputs() : schema->inputs()).front();
  std::set<std::string> types;
  for (const std::string *type : formal.GetTypes()) {
    StringRef text = *type;
    if (text.consume_front("tensor("))
      text.consume_back(")");
    types.insert(text.str());
  }
  return llvm::join(types, ", ");
}

int64_t sinter::onnx::getNewestOpset(StringRef domain) {
  const auto &versions =
      OpSchemaRegistry::DomainToVersionRange::Instance().Map();
  auto it = versions.find(canonicalDomain(domain).str());
  return it == versions.end() ? 0 : it->second.second;
}

/// The message for the library. Tensors and graphs keep their kind only: what
/// they hold stays in the file.
static ::onnx::NodeProto toProto(const Node &node) {
  ::onnx::NodeProto proto;
  proto.set_name(node.name.str());
  proto.set_op_type(node.op.str());
  proto.set_domain(canonicalDomain(node.domain).str());
  for (StringRef input : node.inputs)
    proto.add_input(input.str());
  for (StringRef output : node.outputs)
    proto.add_output(output.str());
  for (const Attribute &attribute : node.attributes) {
    ::onnx::AttributeProto &out = *proto.add_attribute();
    out.set_name(attribute.name.str());
    if (!attribute.refName.empty())
      out.set_ref_attr_name(attribute.refName.str());
    auto kind = static_cast<int>(attribute.kind);
    if (::onnx::AttributeProto::AttributeType_IsValid(kind))
      out.set_type(static_cast<::onnx::AttributeProto::AttributeType>(kind));
    switch (attribute.kind) {
    case Attribute::Kind::Float:
      out.set_f(attribute.f);
      break;
    case Attribute::Kind::Int:
      out.set_i(attribute.i);
      break;
    case Attribute::Kind::String:
      out.set_s(attribute.s.str());
      break;
    case Attribute::Kind::Tensor:
      if (!attribute.tensors.empty()) {
        out.mutable_t()->set_data_type(
            static_cast<int>(attribute.tensors.front().type));
        for (int64_t dim : attribute.tensors.front().dims)
          out.mutable_t()->add_dims(dim);
      }
      break;
    case Attribute::Kind::Graph:
      out.mutable_g();
      break;
    case Attribute::Kind::Type:
      out.mutable_tp();
      break;
    case Attribute::Kind::SparseTensor:
      out.mutable_sparse_tensor();
      break;
    default:
      out.mutable_floats()->Add(attribute.floats.begin(),
                                attribute.floats.end());
      out.mutable_ints()->Add(attribute.ints.begin(), attribute.ints.end());
      for (StringRef text : attribute.strings)
        out.add_strings(text.str());
      break;
    }
  }
  return proto;
}

std::string sinter::onnx::checkNode(const Node &node, int64_t opset) {
  try {
    if (const OpSchema *schema = findSchema(node.op, node.domain, opset))
      schema->Verify(toProto(node));
    return {};
  } catch (const std::exception &error) {
    return error.what();
  }
}

/// The formal parameter that input `index` belongs to.
static const OpSchema::FormalParameter *findParameter(const OpSchema &schema,
                                                      unsigned index) {
  const auto &parameters = schema.inputs();
  if (index < parameters.size())
    return &parameters[index];
  bool isVariadic = !parameters.empty() &&
                    parameters.back().GetOption() == OpSchema::Variadic;
  return isVariadic ? &parameters.back() : nullptr;
}

std::string sinter::onnx::checkInputType(const Node &node, int64_t opset,
                                         unsigned index, StringRef type) {
  try {
    const OpSchema *schema = findSchema(node.op, node.domain, opset);
    const OpSchema::FormalParameter *parameter =
        schema ? findParameter(*schema, index) : nullptr;
    if (!parameter || parameter->GetTypes().empty() || type.empty())
      return {};
    std::string list;
    std::vector<std::string> names;
    for (const std::string *name : parameter->GetTypes())
      names.push_back(*name);
    if (std::find(names.begin(), names.end(), type) != names.end())
      return {};
    std::sort(names.begin(), names.end());
    for (const std::string &name : names)
      list += (list.empty() ? "" : ", ") + name;
    return list;
  } catch (const std::exception &error) {
    return error.what();
  }
}

std::optional<TypeConflict>
sinter::onnx::findTypeConflict(const Node &node, int64_t opset,
                               llvm::ArrayRef<std::string> types) {
  const OpSchema *schema = findSchema(node.op, node.domain, opset);
  if (!schema)
    return std::nullopt;
  for (unsigned second = 1; second < types.size(); ++second) {
    const OpSchema::FormalParameter *own = findParameter(*schema, second);
    if (!own || types[second].empty() || !own->GetIsHomogeneous())
      continue;
    for (unsigned first = 0; first < second; ++first) {
      const OpSchema::FormalParameter *other = findParameter(*schema, first);
      if (other && !types[first].empty() &&
          other->GetTypeStr() == own->GetTypeStr() &&
          types[first] != types[second])
        return TypeConflict{first, second};
    }
  }
  return std::nullopt;
}

static std::vector<::onnx::TypeProto>
toProtos(llvm::ArrayRef<TypedShape> inputs) {
  std::vector<::onnx::TypeProto> types;
  for (const TypedShape &input : inputs) {
    ::onnx::TypeProto &type = types.emplace_back();
    if (input.type == ElementType::Undefined)
      continue;
    type.mutable_tensor_type()->set_elem_type(static_cast<int>(input.type));
    ::onnx::TensorShapeProto &shape =
        *type.mutable_tensor_type()->mutable_shape();
    for (int64_t dim : input.dims) {
      ::onnx::TensorShapeProto::Dimension &out = *shape.add_dim();
      if (dim >= 0)
        out.set_dim_value(dim);
    }
  }
  return types;
}

std::optional<std::string>
sinter::onnx::buildFunctionBody(const Node &node, int64_t opset,
                                llvm::ArrayRef<TypedShape> inputs) {
  try {
    const OpSchema *schema = findSchema(node.op, node.domain, opset);
    if (!schema)
      return std::nullopt;
    ::onnx::FunctionProto body;
    if (const ::onnx::FunctionProto *fixed =
            schema->GetFunction(static_cast<int>(opset), /*validate=*/false)) {
      body = *fixed;
    } else {
      ::onnx::NodeProto proto = toProto(node);
      ::onnx::FunctionBodyBuildContextImpl context(proto, toProtos(inputs));
      if (!schema->HasContextDependentFunction() ||
          !schema->BuildContextDependentFunction(context, body,
                                                 static_cast<int>(opset)))
        return std::nullopt;
    }
    for (const auto &[name, attribute] : schema->attributes())
      if (!attribute.required &&
          attribute.default_value.type() != ::onnx::AttributeProto::UNDEFINED) {
        *body.add_attribute_proto() = attribute.default_value;
        body.mutable_attribute_proto()->rbegin()->set_name(name);
      }
    return body.SerializeAsString();
  } catch (const std::exception &) {
    return std::nullopt;
  }
}
