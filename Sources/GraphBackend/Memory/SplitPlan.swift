/// Which values lie in memory cut into blocks, for kernels that read the rows of products so.

package import KernelTable

/// Values that dense layers read, cut once by whoever computes them instead of by every reader.
package struct SplitPlan: Sendable {
  /// The blocks of each such value, all in one row.
  package private(set) var layouts: [ValueID: BufferLayout] = [:]
  /// Those that nobody reads otherwise: they need not be written whole.
  package private(set) var onlyCut: Set<ValueID> = []

  /// Nothing, where `kernels` read rows as they stand.
  package init(_ graph: Graph, _ kernels: KernelTable) {
    guard kernels.splitBlocks != nil else { return }
    var counts: [ValueID: Int] = [:]
    for node in graph.nodes {
      guard let value = Self.rows(of: node) else { continue }
      counts[value, default: 0] += 1
      let tiles = (graph[value].rows + kernels.tileRows - 1) / kernels.tileRows
      layouts[value] = BufferLayout(
        rows: 1, columns: tiles * kernels.panelSize(graph[value].columns))
    }
    let uses = graph.useCounts
    let escaping = graph.escaping
    for node in graph.nodes where counts[node.output] == uses[node.output] {
      guard !escaping.contains(node.output), Self.writesCut(node, graph, kernels) else { continue }
      onlyCut.insert(node.output)
    }
  }

  /// The value whose rows a dense layer multiplies.
  package static func rows(of node: GraphNode) -> ValueID? {
    guard case .product(let product) = node.operation, product.kind == .linear else { return nil }
    return node.inputs[0]
  }

  /// Whether the kernel of `node` can write its result cut.
  static func writesCut(_ node: GraphNode, _ graph: Graph, _ kernels: KernelTable) -> Bool {
    switch node.operation {
    case .product: true
    case .attention(let numHeads, _):
      graph[node.output].columns % (max(numHeads, 1) * kernels.panelWidth) == 0
    default: false
    }
  }
}
