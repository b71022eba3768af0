/// The parts of an ONNX graph that checkpoints are read from: nodes, inputs, outputs.

/// A node: an operator, the values it reads and the values it makes.
package struct ONNXNode: Sendable {
  package fileprivate(set) var name = ""
  /// `Conv`, `MatMul`, …
  package fileprivate(set) var operation = ""
  /// The operator's domain; empty for ONNX's own.
  package fileprivate(set) var domain = ""
  /// Names of values; empty where an optional input is left out.
  package fileprivate(set) var inputs: [String] = []
  package fileprivate(set) var outputs: [String] = []
  package fileprivate(set) var attributes: [String: ONNXAttribute] = [:]
}

/// The value of a node's attribute.
package enum ONNXAttribute: Sendable {
  case float(Float)
  case int(Int)
  case string(String)
  case floats([Float])
  case ints([Int])
  case strings([String])
  /// A tensor; `Constant` nodes' are in the file's tensors under the node's output.
  case tensor
  /// A subgraph or a list of tensors.
  case other
}

/// A graph input or output.
package struct ONNXValueInfo: Sendable {
  package fileprivate(set) var name = ""
  /// ONNX's number of the element type: 1 f32, 10 f16, 11 f64, 16 bf16; 0 where it is not said.
  package fileprivate(set) var elementType = 0
  /// Extents; `nil` for a symbolic one.
  package fileprivate(set) var shape: [Int?] = []
}

/// A graph under construction.
///
/// - Note: Field numbers of onnx/onnx `onnx/onnx.proto`.
struct ONNXGraph {
  var nodes: [ONNXNode] = []
  var inputs: [ONNXValueInfo] = []
  var outputs: [ONNXValueInfo] = []
  var tensors: [ONNXTensor] = []
  private var items = 0

  /// Nodes, names and attributes that a graph may have in all.
  private static let maximumItems = 1 << 20

  /// Adds the fields of a GraphProto.
  mutating func merge(_ view: ByteView) throws(TensorIOError) {
    var reader = ProtobufReader(view)
    while let field = try reader.next() {
      try count(field, view)
      switch field.number {
      case 1: try addNode(try field.bytes())
      case 5: tensors.append(try ONNXTensor(try field.bytes()))
      case 11: inputs.append(try ONNXValueInfo(try field.bytes()))
      case 12: outputs.append(try ONNXValueInfo(try field.bytes()))
      case 15:
        throw TensorIOError(
          view.path,
          .unsupported(what: "a sparse initialiser", advice: "export dense initialisers"),
          at: field.fileOffset)
      default: break
      }
    }
  }

  private mutating func count(_ field: ProtobufField, _ view: ByteView) throws(TensorIOError) {
    items += 1
    guard items <= Self.maximumItems else {
      throw TensorIOError(
        view.path,
        .limitExceeded(
          what: "the number of nodes and names", value: "\(items)", limit: Self.maximumItems),
        at: field.fileOffset)
    }
  }

  private mutating func addNode(_ view: ByteView) throws(TensorIOError) {
    var node = ONNXNode()
    var constant: ONNXTensor?
    var reader = ProtobufReader(view)
    while let field = try reader.next() {
      try count(field, view)
      switch field.number {
      case 1: node.inputs.append(try field.text())
      case 2: node.outputs.append(try field.text())
      case 3: node.name = try field.text()
      case 4: node.operation = try field.text()
      case 5:
        let attribute = try ParsedAttribute(try field.bytes())
        node.attributes[attribute.name] = attribute.value
        if attribute.name == "value" { constant = attribute.tensor }
      case 7: node.domain = try field.text()
      default: break
      }
    }
    nodes.append(node)
    if node.operation == "Constant", let output = node.outputs.first, var tensor = constant {
      tensor.name = output
      tensors.append(tensor)
    }
  }
}

extension ONNXValueInfo {
  /// Parses a ValueInfoProto: name, and type.tensor_type.{elem_type, shape.dim}.
  fileprivate init(_ view: ByteView) throws(TensorIOError) {
    var reader = ProtobufReader(view)
    while let field = try reader.next() {
      switch field.number {
      case 1: name = try field.text()
      case 2:
        var type = ProtobufReader(try field.bytes())
        while let field = try type.next(numbered: 1) {
          try readTensorType(try field.bytes())
        }
      default: break
      }
    }
  }

  private mutating func readTensorType(_ view: ByteView) throws(TensorIOError) {
    var reader = ProtobufReader(view)
    while let field = try reader.next() {
      switch field.number {
      case 1: elementType = try field.int()
      case 2:
        var dimensions = ProtobufReader(try field.bytes())
        while let field = try dimensions.next(numbered: 1) {
          guard shape.count < maximumRank else {
            throw TensorIOError(
              view.path,
              .invalidShape(found: "of more axes", expected: "at most \(maximumRank) axes"),
              tensor: name, at: field.fileOffset)
          }
          shape.append(try Self.extent(try field.bytes()))
        }
      default: break
      }
    }
  }

  /// A dimension's value; `nil` where it is a symbol.
  private static func extent(_ view: ByteView) throws(TensorIOError) -> Int? {
    var reader = ProtobufReader(view)
    var value: Int?
    while let field = try reader.next(numbered: 1) { value = try field.int() }
    return value
  }
}

/// An AttributeProto.
private struct ParsedAttribute {
  var name = ""
  var value = ONNXAttribute.other
  var tensor: ONNXTensor?

  init(_ view: ByteView) throws(TensorIOError) {
    var reader = ProtobufReader(view)
    var floats: [Float] = []
    var ints: [Int] = []
    var strings: [String] = []
    while let field = try reader.next() {
      switch field.number {
      case 1: name = try field.text()
      case 2:
        guard let first = try field.floats().first else { throw field.wrongType("a float") }
        value = .float(first)
      case 3: value = .int(try field.int())
      case 4: value = try Self.string(field).map { .string($0) } ?? .other
      case 5:
        tensor = try ONNXTensor(try field.bytes())
        value = .tensor
      case 7: floats += try field.floats()
      case 8: ints += try field.ints()
      case 9: strings.append(try Self.string(field) ?? "")
      default: break
      }
    }
    if !floats.isEmpty { value = .floats(floats) }
    if !ints.isEmpty { value = .ints(ints) }
    if !strings.isEmpty { value = .strings(strings) }
  }

  /// Attribute strings are bytes; those that are not UTF-8 (compiled blobs) are of no use here.
  private static func string(_ field: ProtobufField) throws(TensorIOError) -> String? {
    let view = try field.bytes()
    return String(validating: try view.bytes(0, view.count, "a string"), as: UTF8.self)
  }
}
