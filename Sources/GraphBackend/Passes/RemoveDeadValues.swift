/// Pass: what nobody reads is not computed.

extension GraphPass {
  /// Removes nodes whose values are neither read nor escape, and side outputs of that kind.
  package static let removeDeadValues = GraphPass(
    name: "remove-dead-values", summary: "nodes and side outputs that nobody reads"
  ) { graph in
    var graph = graph
    var live = graph.escaping
    var kept: [GraphNode] = []
    for node in graph.nodes.reversed() {
      var node = node
      if let value = node.beforeActivation, !live.contains(value) { node.beforeActivation = nil }
      if let value = node.beforeResidual, !live.contains(value) { node.beforeResidual = nil }
      guard node.outputs.contains(where: live.contains) || node.operation == .input else {
        continue
      }
      live.formUnion(node.inputs)
      kept.append(node)
    }
    graph.nodes = kept.reversed()
    return graph
  }
}
