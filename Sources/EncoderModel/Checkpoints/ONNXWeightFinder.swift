import TensorCore
import TensorIO

/// Which anonymous initialiser of an ONNX encoder is which weight, by the graph's dataflow.
///
/// Exporters keep the names of layer norms but call transposed matrices `onnx::MatMul_123`. Products
/// of two activations alternate between scores and context; walking back from their operands
/// leads to the query, key and value projections, walking on to the output and both MLP layers.
struct ONNXWeightFinder {
  private let file: ONNXFile
  /// Tensors of the file: initialisers and constants.
  private let stored: Set<String>
  /// Index of the node that makes a value.
  private let producers: [String: Int]
  /// Indices of the nodes that read a value.
  private let consumers: [String: [Int]]

  init(_ file: ONNXFile) {
    self.file = file
    stored = Set(file.names)
    var producers: [String: Int] = [:]
    var consumers: [String: [Int]] = [:]
    for (index, node) in file.nodes.enumerated() {
      for output in node.outputs where !output.isEmpty { producers[output] = index }
      for input in Set(node.inputs) where !input.isEmpty {
        consumers[input, default: []].append(index)
      }
    }
    self.producers = producers
    self.consumers = consumers
  }

  /// More than any encoder has; bounds the work on hostile graphs.
  private static let maximumBlocks = 256

  /// A weight, what the file calls it, and whether it lies `[in, out]`.
  struct Finding {
    let name: String
    let storedName: String
    let layout: WeightOrigin.Layout
  }

  /// Everything that the structure tells, in no particular order; names may be known otherwise too.
  func findings() -> [Finding] { stem() + blocks() + norms() }

  /// Heads as the reshape before the first scores says: `[…, frames, heads, headDim]`.
  func numHeads(width: Int) -> Int? {
    guard let scores = activationProducts.first else { return nil }
    var found: Int?
    _ = traceBack(file.nodes[scores].inputs.first ?? "") { node in
      guard node.operation == "Reshape", let shape = node.inputs.dropFirst().first,
        let extents = try? file.tensor(shape).float64Array, extents.count >= 3
      else { return }
      let headDim = Int(exactly: extents[extents.count - 1]) ?? -1
      let heads = Int(exactly: extents[extents.count - 2]) ?? -1
      if headDim > 0, width % headDim == 0 { found = width / headDim }
      if heads > 0, headDim < 0, width % heads == 0 { found = heads }
    }
    return found
  }

  // MARK: Convolutions and positions

  private func stem() -> [Finding] {
    var result: [Finding] = []
    let convolutions = file.nodes.filter { $0.operation == "Conv" }
    for (node, name) in zip(convolutions, ["encoder.conv1", "encoder.conv2"]) {
      for (input, part) in zip(node.inputs.dropFirst(), ["weight", "bias"])
      where stored.contains(input) {
        result.append(Finding(name: "\(name).\(part)", storedName: input, layout: .asStored))
      }
    }
    if let position = file.nodes.lazy.compactMap(positionTable).first {
      result.append(
        Finding(name: "encoder.positional_embedding", storedName: position, layout: .asStored))
    }
    return result
  }

  /// The table `[frames, width]` that an addition adds.
  private func positionTable(_ node: ONNXNode) -> String? {
    guard node.operation == "Add" else { return nil }
    return node.inputs.first { name in
      guard stored.contains(name), let shape = try? file.info(name).shape else { return false }
      return shape.filter { $0 != 1 }.count == 2
    }
  }

  // MARK: Layer norms

  private func norms() -> [Finding] {
    let norms = file.nodes.filter { $0.operation == "LayerNormalization" }
    let numBlocks = activationProducts.count / 2
    guard norms.count == 2 * numBlocks + 1 else { return [] }
    var result: [Finding] = []
    for (index, node) in norms.enumerated() {
      let name =
        index == 2 * numBlocks
        ? "encoder.ln_post"
        : "encoder.blocks.\(index / 2).\(index % 2 == 0 ? "attn_ln" : "mlp_ln")"
      for (input, part) in zip(node.inputs.dropFirst(), ["weight", "bias"])
      where stored.contains(input) {
        result.append(Finding(name: "\(name).\(part)", storedName: input, layout: .asStored))
      }
    }
    return result
  }

  // MARK: Blocks

  private func blocks() -> [Finding] {
    var result: [Finding] = []
    let products = activationProducts
    let layers = linearLayers
    for block in 0..<min(products.count / 2, Self.maximumBlocks) {
      let scores = file.nodes[products[2 * block]]
      let context = file.nodes[products[2 * block + 1]]
      let path = "encoder.blocks.\(block)"
      let projections = [
        ("attn.query", scores.inputs.first), ("attn.key", scores.inputs.dropFirst().first),
        ("attn.value", context.inputs.dropFirst().first),
      ]
      for (name, value) in projections {
        guard let value, let layer = traceBack(value) else { continue }
        result += findings(of: layer, named: "\(path).\(name)")
      }
      let following = layers.filter { $0 > products[2 * block + 1] }.prefix(3)
      for (layer, name) in zip(following, ["attn.out", "mlp.0", "mlp.2"]) {
        result += findings(of: layer, named: "\(path).\(name)")
      }
    }
    return result
  }

  /// Products of two activations, in order: scores, context, scores, ….
  private var activationProducts: [Int] {
    file.nodes.indices.filter { index in
      file.nodes[index].operation == "MatMul" && weightInput(of: file.nodes[index]) == nil
    }
  }

  /// Products of an activation and a stored matrix, in order.
  private var linearLayers: [Int] {
    file.nodes.indices.filter { weightInput(of: file.nodes[$0]) != nil }
  }

  /// The stored matrix that a product multiplies with.
  private func weightInput(of node: ONNXNode) -> String? {
    guard node.operation == "MatMul" || node.operation == "Gemm" else { return nil }
    guard let second = node.inputs.dropFirst().first else { return nil }
    if stored.contains(second) { return second }
    // Left unfolded: the transposition of a stored matrix, which then has its own name.
    guard let producer = producers[second], file.nodes[producer].operation == "Transpose",
      let matrix = file.nodes[producer].inputs.first, stored.contains(matrix)
    else { return nil }
    return matrix
  }

  /// Matrix and bias of the linear layer at `index`.
  private func findings(of index: Int, named name: String) -> [Finding] {
    let node = file.nodes[index]
    guard let weight = weightInput(of: node) else { return [] }
    let isUnfolded = node.inputs.dropFirst().first != weight
    var isTransposed = !isUnfolded
    if node.operation == "Gemm", case .int(1)? = node.attributes["transB"] {
      isTransposed.toggle()
    }
    var result = [
      Finding(
        name: "\(name).weight", storedName: weight, layout: isTransposed ? .transposed : .asStored)
    ]
    if let bias = bias(of: node) {
      result.append(Finding(name: "\(name).bias", storedName: bias, layout: .asStored))
    }
    return result
  }

  /// The stored vector that is added to a product: Gemm's third input, or the next Add's.
  private func bias(of node: ONNXNode) -> String? {
    if node.operation == "Gemm" {
      return node.inputs.dropFirst(2).first.flatMap { stored.contains($0) ? $0 : nil }
    }
    guard let output = node.outputs.first else { return nil }
    for index in consumers[output] ?? [] where file.nodes[index].operation == "Add" {
      if let bias = file.nodes[index].inputs.first(where: stored.contains) { return bias }
    }
    return nil
  }

  /// The linear layer that `value` comes from, through what changes no channel.
  private func traceBack(_ value: String, visiting visit: (ONNXNode) -> Void = { _ in }) -> Int? {
    var value = value
    // Every step goes to an earlier node; the bound is against cycles in hostile files.
    for _ in 0..<64 {
      guard let index = producers[value] else { return nil }
      let node = file.nodes[index]
      if weightInput(of: node) != nil { return index }
      visit(node)
      guard
        ["Reshape", "Transpose", "Mul", "Div", "Add", "Cast", "Unsqueeze", "Squeeze", "Identity"]
          .contains(node.operation),
        let next = node.inputs.first(where: { isActivation($0) })
      else { return nil }
      value = next
    }
    return nil
  }

  /// Whether `value` depends on the graph's input: neither stored nor computed from stored values.
  private func isActivation(_ value: String, depth: Int = 0) -> Bool {
    if stored.contains(value) || value.isEmpty { return false }
    guard let index = producers[value] else { return true }
    // Scales are computed from constants in a node or two.
    if depth > 4 { return true }
    // Four inputs at most, so that no graph makes the search explode.
    return file.nodes[index].inputs.prefix(4).contains { isActivation($0, depth: depth + 1) }
  }
}
