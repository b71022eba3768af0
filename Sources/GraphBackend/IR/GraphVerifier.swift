/// Whether a graph makes sense: everything read was defined before, once, and shapes fit.

import EncoderModel

extension Graph {
  /// Checks order, single definition and shapes.
  /// - Throws: `GraphError`, for the first thing that is wrong.
  package func verify() throws(GraphError) {
    var defined: Set<ValueID> = []
    for node in nodes {
      let name = self[node.output].name
      for input in node.inputs where !defined.contains(input) {
        throw .undefinedValue(name: self[input].name, reader: name)
      }
      for output in node.outputs where !defined.insert(output).inserted {
        throw .malformed("'\(self[output].name)' is defined twice")
      }
      try verifyInputCount(node)
      try verifyShapes(node)
      if let operand = node.inPlaceOperand { try verifyInPlace(node, operand) }
    }
    for id in escaping.sorted() where !defined.contains(id) {
      throw .undefinedValue(name: self[id].name, reader: "the outside")
    }
  }

  private func verifyInputCount(_ node: GraphNode) throws(GraphError) {
    let expected =
      switch node.operation {
      case .input: 0
      case .product(let product): product.addsResidual ? 2 : 1
      case .scores, .context, .add, .replaceRows: 2
      case .attention: 3
      case .softmax, .layerNorm, .gelu, .addTable, .round, .mergeHeads, .transform: 1
      }
    guard node.inputs.count == expected else {
      throw .wrongInputCount(
        node: self[node.output].name, expected: expected, found: node.inputs.count)
    }
  }

  private func verifyShapes(_ node: GraphNode) throws(GraphError) {
    let out = self[node.output].shape
    for side in node.outputs { try expect(side, out) }
    switch node.operation {
    case .input: return
    case .product(let product):
      guard out.count == 2 else { throw wrongRank(node) }
      try expectRows(product, node)
      if product.addsResidual { try expect(node.inputs[1], out) }
    case .scores(let numHeads, _):
      let queries = self[node.inputs[0]]
      try expectHeads(numHeads, queries, node)
      try expect(node.output, [numHeads, queries.rows, self[node.inputs[1]].rows])
    case .context(let numHeads):
      try expectHeads(numHeads, self[node.inputs[1]], node)
      try expect(node.inputs[0], [numHeads, out[0], self[node.inputs[1]].rows])
      try expect(node.output, [out[0], self[node.inputs[1]].columns])
    case .attention(let numHeads, _):
      try expectHeads(numHeads, self[node.output], node)
      for input in node.inputs { try expect(input, out) }
    case .softmax:
      guard out.count == 3 else { throw wrongRank(node) }
      try expect(node.inputs[0], out)
    case .mergeHeads(_, let numHeads):
      try expectHeads(numHeads, self[node.output], node)
      try expect(node.inputs[0], out)
    case .add, .replaceRows: for input in node.inputs { try expect(input, out) }
    case .transform(.framesSliced(_, _, let count)):
      try expect(node.output, [count] + self[node.inputs[0]].shape.dropFirst())
    case .transform(.framesPadded):
      let input = self[node.inputs[0]].shape
      try expect(node.output, [input[0] + 2] + input.dropFirst())
    case .layerNorm, .gelu, .addTable, .round, .transform: try expect(node.inputs[0], out)
    }
  }

  private func expectRows(
    _ product: ProductOperation, _ node: GraphNode
  ) throws(GraphError) {
    let frames = self[node.inputs[0]].rows
    guard case .convolution(let stride, let left, let right) = product.kind else {
      return try expect(node.output, [frames, self[node.output].columns])
    }
    let rows = (frames + left + right - 3) / stride + 1
    try expect(node.output, [rows, self[node.output].columns])
  }

  private func expectHeads(
    _ numHeads: Int, _ value: GraphValue, _ node: GraphNode
  ) throws(GraphError) {
    guard numHeads > 0, value.columns % numHeads == 0 else {
      throw .malformed(
        "'\(self[node.output].name)': \(value.columns) channels do not divide into \(numHeads) heads"
      )
    }
  }

  private func expect(_ value: ValueID, _ shape: [Int]) throws(GraphError) {
    guard self[value].shape == shape else {
      throw .wrongShape(value: self[value].name, expected: shape, found: self[value].shape)
    }
  }

  private func wrongRank(_ node: GraphNode) -> GraphError {
    .malformed("'\(self[node.output].name)' has shape \(self[node.output].shape)")
  }

  private func verifyInPlace(_ node: GraphNode, _ operand: Int) throws(GraphError) {
    guard node.inputs.indices.contains(operand), !escaping.contains(node.inputs[operand]) else {
      throw .malformed("'\(self[node.output].name)' overwrites a value that is still needed")
    }
  }
}
