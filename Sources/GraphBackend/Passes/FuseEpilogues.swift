/// Pass: what follows a dense layer or convolution is done while its result is in registers.

import EncoderModel

extension GraphPass {
  /// Takes exact GELU, a table and a residual sum into the product that they follow. A value in
  /// between that somebody else reads, or observes, becomes a side output of the same kernel.
  package static let fuseEpilogues = GraphPass(
    name: "fuse-epilogues",
    summary: "bias, GELU, position and residual in one pass over each product"
  ) { graph in
    var graph = graph
    while let fused = fuseOne(graph) { graph = fused }
    return graph
  }

  /// The graph with one more node taken into a product, or `nil` where none is left.
  private static func fuseOne(_ graph: Graph) -> Graph? {
    for (position, node) in graph.nodes.enumerated() {
      guard case .product(let product) = node.operation else { continue }
      // The first reader: later ones still find the value, as a side output.
      guard let reader = graph.nodes.firstIndex(where: { $0.inputs.contains(node.output) }),
        let fused = fuse(node, product, with: graph.nodes[reader], in: graph, at: position)
      else { continue }
      var rewritten = graph
      // The product moves to where its follower stood, so that what the follower reads is there.
      // Readers of the value in between stand behind the follower, which was the first of them.
      rewritten.nodes[reader] = fused
      rewritten.nodes.remove(at: position)
      return rewritten
    }
    return nil
  }

  private static func fuse(
    _ node: GraphNode, _ product: ProductOperation, with follower: GraphNode, in graph: Graph,
    at position: Int
  ) -> GraphNode? {
    let isEnd = product.table != nil || product.addsResidual
    var fused = node
    var operation = product
    switch follower.operation {
    case .gelu(.erf):
      guard !product.activates, !isEnd else { return nil }
      operation.activates = true
      fused.beforeActivation = node.output
    case .addTable(let table):
      guard !isEnd else { return nil }
      operation.table = table
      fused.beforeResidual = node.output
    case .add:
      // The sum's first operand is the residual stream; x + x is left alone.
      guard !isEnd, follower.inputs[0] != follower.inputs[1] else { return nil }
      let other = follower.inputs[follower.inputs[0] == node.output ? 1 : 0]
      operation.addsResidual = true
      fused.inputs.append(other)
      fused.beforeResidual = node.output
    case .input, .product, .scores, .softmax, .context, .attention, .layerNorm, .gelu, .round,
      .mergeHeads, .transform, .replaceRows:
      return nil
    }
    fused.operation = .product(operation)
    fused.output = follower.output
    return fused
  }
}
