/// Pure rewrites of a graph, in the order in which they are applied.

/// One rewrite: a function from graph to graph that keeps every escaping value's meaning.
package struct GraphPass: Sendable {
  /// Kebab-case, as `encoder-diff graph` shows it.
  package let name: String
  /// What it does, in one line.
  package let summary: String
  package let rewrite: @Sendable (Graph) -> Graph

  /// The passes of `graph`, in order.
  package static let all: [GraphPass] = [
    .fuseEpilogues, .fuseAttention, .removeDeadValues, .updateInPlace,
  ]
}

/// A graph, and the pass that it comes from.
package struct GraphSnapshot: Sendable {
  /// `build` for the graph as it was lowered.
  package let pass: String
  package let graph: Graph
}

extension Graph {
  /// The graph after each of `passes`, itself first; each is verified.
  package func snapshots(
    through passes: [GraphPass] = GraphPass.all
  ) throws(GraphError) -> [GraphSnapshot] {
    try verify()
    var snapshots = [GraphSnapshot(pass: "build", graph: self)]
    var graph = self
    for pass in passes {
      graph = pass.rewrite(graph)
      try graph.verify()
      snapshots.append(GraphSnapshot(pass: pass.name, graph: graph))
    }
    return snapshots
  }

  /// The node that alone reads `value`, if nobody else does and it does not escape.
  func onlyReader(of value: ValueID, uses: [ValueID: Int]) -> Int? {
    guard uses[value] == 1 else { return nil }
    return nodes.firstIndex { $0.inputs.contains(value) }
  }
}
