/// Reads ONNX files: initialisers as tensors, and the graph they belong to.
package import TensorCore

/// A mapped ONNX model. Its tensors are the initialisers, then the values of `Constant` nodes under
/// the names of their outputs.
package struct ONNXFile: TensorSource {
  package let path: String
  package let names: [String]
  /// The model's metadata properties, `ir_version`, `producer_name`, `opset` of ONNX's own domain.
  package let metadata: [String: String]
  package let formatName = "ONNX"
  /// Nodes in the file's (topological) order.
  package let nodes: [ONNXNode]
  package let inputs: [ONNXValueInfo]
  package let outputs: [ONNXValueInfo]
  private let tensors: [String: ONNXTensor]

  /// - Throws: the file system's errors; `empty`, `truncated`, `invalidProtobuf`, `invalidText`,
  ///   `invalidShape`, `limitExceeded`, `duplicateTensor`, `missingField` without a graph.
  package init(_ path: String) throws(TensorIOError) {
    try self.init(try MappedFile(path).view)
  }

  package init(_ view: ByteView) throws(TensorIOError) {
    guard view.count > 0 else { throw TensorIOError(view.path, .empty) }
    var graph: ONNXGraph?
    var metadata: [String: String] = [:]
    var reader = ProtobufReader(view)
    while let field = try reader.next() {
      switch field.number {
      case 1: metadata["ir_version"] = String(try field.int())
      case 2: metadata["producer_name"] = try field.text()
      case 7:
        var merged = graph ?? ONNXGraph()
        try merged.merge(try field.bytes())
        graph = merged
      case 8:
        let entry = try Self.opset(try field.bytes())
        if entry.domain.isEmpty { metadata["opset"] = String(entry.version) }
      case 14:
        let pair = try Self.pair(try field.bytes())
        metadata[pair.key] = pair.value
      default: break
      }
    }
    guard let graph else { throw TensorIOError(view.path, .missingField("graph")) }
    var tensors: [String: ONNXTensor] = [:]
    for tensor in graph.tensors {
      guard tensors.updateValue(tensor, forKey: tensor.name) == nil else {
        throw TensorIOError(view.path, .duplicateTensor, tensor: tensor.name)
      }
    }
    path = view.path
    self.metadata = metadata
    self.tensors = tensors
    names = graph.tensors.map(\.name)
    nodes = graph.nodes
    inputs = graph.inputs
    outputs = graph.outputs
  }

  package func info(_ name: String) throws(TensorIOError) -> TensorInfo {
    guard let tensor = tensors[name] else { throw noSuchTensor(name) }
    return TensorInfo(
      name: name, shape: tensor.shape, scalarType: try tensor.scalarType,
      storedType: "ONNX type \(tensor.typeCode)")
  }

  package func tensor(_ name: String) throws(TensorIOError) -> Tensor {
    guard let tensor = tensors[name] else { throw noSuchTensor(name) }
    return try tensor.load(folder: folderName(of: path))
  }

  /// Whether the bytes are a message with a graph in it: ONNX files have no magic.
  static func looksLikeONNX(_ view: ByteView) -> Bool {
    var reader = ProtobufReader(view)
    var hasGraph = false
    while let field = try? reader.next() {
      guard field.number <= 25 else { return false }
      if field.number == 7, case .bytes = field.value { hasGraph = true }
    }
    return hasGraph
  }

  /// An OperatorSetIdProto: domain 1, version 2.
  private static func opset(
    _ view: ByteView
  ) throws(TensorIOError) -> (domain: String, version: Int) {
    var result = (domain: "", version: 0)
    var reader = ProtobufReader(view)
    while let field = try reader.next() {
      if field.number == 1 { result.domain = try field.text() }
      if field.number == 2 { result.version = try field.int() }
    }
    return result
  }

  /// A StringStringEntryProto: key 1, value 2.
  private static func pair(_ view: ByteView) throws(TensorIOError) -> (key: String, value: String) {
    var result = (key: "", value: "")
    var reader = ProtobufReader(view)
    while let field = try reader.next() {
      if field.number == 1 { result.key = try field.text() }
      if field.number == 2 { result.value = try field.text() }
    }
    return result
  }
}
