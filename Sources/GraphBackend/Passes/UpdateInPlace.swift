/// Pass: results that overwrite an operand of their own.

import EncoderModel

extension GraphPass {
  /// Lets a sum, an activation, a rounding, a softmax or a product's residual write over an operand
  /// that nobody reads afterwards. Each reads an element before it writes it, and only that one.
  package static let updateInPlace = GraphPass(
    name: "update-in-place", summary: "residual sums and activations over their dying operand"
  ) { graph in
    var graph = graph
    let escaping = graph.escaping
    let lastReaders = graph.lastReaders
    let convolved = graph.convolvedValues
    for (position, node) in graph.nodes.enumerated() {
      for operand in candidates(node) {
        let value = node.inputs[operand]
        guard !escaping.contains(value), value != graph.input, lastReaders[value] == position,
          node.inputs.filter({ $0 == value }).count == 1, !convolved.contains(value),
          !convolved.contains(node.output), graph[value].shape == graph[node.output].shape
        else { continue }
        graph.nodes[position].inPlaceOperand = operand
        break
      }
    }
    return graph
  }

  /// Operands that a node may overwrite.
  private static func candidates(_ node: GraphNode) -> [Int] {
    switch node.operation {
    case .product(let product): product.addsResidual ? [1] : []
    case .add: [0, 1]
    case .softmax(let softmax): softmax == .init() ? [0] : []
    case .gelu, .addTable, .round: [0]
    case .input, .scores, .context, .attention, .layerNorm, .mergeHeads, .transform, .replaceRows:
      []
    }
  }
}

extension Graph {
  /// Position of the last node that reads each value.
  var lastReaders: [ValueID: Int] {
    var readers: [ValueID: Int] = [:]
    for (position, node) in nodes.enumerated() {
      for input in node.inputs { readers[input] = position }
    }
    return readers
  }

  /// Values that convolutions read: they lie between zero rows, so they keep their own buffer.
  var convolvedValues: Set<ValueID> {
    var values: Set<ValueID> = []
    for node in nodes {
      guard case .product(let product) = node.operation, case .convolution = product.kind else {
        continue
      }
      values.insert(node.inputs[0])
    }
    return values
  }
}
