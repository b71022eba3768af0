/// Where each value lies: one arena for all, places given out by who lives when.

/// A buffer's place and the nodes between which it is alive.
package struct PlannedBuffer: Sendable, Hashable {
  package var layout: BufferLayout
  /// First float in the arena; a multiple of a cache line.
  package var offset: Int
  /// Positions of the nodes from the one that writes it to the last that reads it.
  package var lifetime: ClosedRange<Int>

  /// Floats of the arena that it takes.
  package var range: Range<Int> { offset..<(offset + layout.count) }
}

/// Buffers of a graph's values. Values that were merged by the in-place pass share one.
package struct MemoryPlan: Sendable {
  /// The buffer of each value that has one, by number in `buffers`.
  package private(set) var bufferOfValue: [ValueID: Int] = [:]
  package private(set) var buffers: [PlannedBuffer] = []
  /// Floats of the arena.
  package private(set) var arenaCount = 0

  /// The buffer of `value`.
  package func buffer(of value: ValueID) -> PlannedBuffer? {
    bufferOfValue[value].map { buffers[$0] }
  }

  /// Plans the arena of `graph`.
  ///
  /// Largest buffer first, each at the lowest place that is free for its whole life: the greedy
  /// order that wastes least where sizes differ much.
  /// - `scratch`: buffers that node n needs while it runs, by n.
  /// - `splits`: blocks of values that dense layers read cut.
  package init(
    _ graph: Graph, scratch: [Int: [BufferLayout]] = [:], splits: [ValueID: BufferLayout] = [:]
  ) {
    let lifetimes = Self.lifetimes(graph)
    let halos = Self.halos(graph)
    var representative: [ValueID: Int] = [:]
    var owner: [ValueID: ValueID] = [:]
    for node in graph.nodes {
      if let operand = node.inPlaceOperand { owner[node.output] = node.inputs[operand] }
    }
    for (id, lifetime) in lifetimes.sorted(by: { $0.key < $1.key }) {
      if let shared = owner[id].flatMap({ representative[$0] }) {
        // Written over an operand: its buffer lives on.
        representative[id] = shared
        let known = buffers[shared].lifetime
        buffers[shared].lifetime = known.lowerBound...max(known.upperBound, lifetime.upperBound)
        continue
      }
      let value = graph[id]
      let layout = BufferLayout(rows: value.rows, columns: value.columns, halo: halos[id] ?? 0)
      representative[id] = buffers.count
      buffers.append(PlannedBuffer(layout: layout, offset: 0, lifetime: lifetime))
    }
    bufferOfValue = representative
    for (node, layouts) in scratch.sorted(by: { $0.key < $1.key }) {
      scratchBuffers[node] = layouts.map { layout in
        buffers.append(PlannedBuffer(layout: layout, offset: 0, lifetime: node...node))
        return buffers.count - 1
      }
    }
    for (id, layout) in splits.sorted(by: { $0.key < $1.key }) {
      guard let lifetime = Self.splitLifetime(of: id, graph) else { continue }
      splitBufferOfValue[id] = buffers.count
      buffers.append(PlannedBuffer(layout: layout, offset: 0, lifetime: lifetime))
    }
    place()
  }

  /// Blocks of a value, by number in `buffers`.
  package private(set) var splitBufferOfValue: [ValueID: Int] = [:]

  /// From the node that defines a value to the last that reads its blocks.
  private static func splitLifetime(of value: ValueID, _ graph: Graph) -> ClosedRange<Int>? {
    guard let first = graph.definition(of: value) else { return nil }
    let last = graph.nodes.lastIndex { SplitPlan.rows(of: $0) == value }
    return first...(last ?? first)
  }

  /// Buffers that a node needs while it runs, by the node's position.
  package private(set) var scratchBuffers: [Int: [Int]] = [:]

  /// From the defining node to the last reader; to the end where a value escapes.
  private static func lifetimes(_ graph: Graph) -> [ValueID: ClosedRange<Int>] {
    var lifetimes: [ValueID: ClosedRange<Int>] = [:]
    for (position, node) in graph.nodes.enumerated() {
      for output in node.outputs { lifetimes[output] = position...position }
      for input in node.inputs {
        if let known = lifetimes[input] { lifetimes[input] = known.lowerBound...position }
      }
    }
    for id in graph.escaping {
      if let known = lifetimes[id] { lifetimes[id] = known.lowerBound...graph.nodes.count }
    }
    return lifetimes
  }

  /// Zero rows that convolutions read around their inputs.
  private static func halos(_ graph: Graph) -> [ValueID: Int] {
    var halos: [ValueID: Int] = [:]
    for node in graph.nodes {
      guard case .product(let product) = node.operation,
        case .convolution(_, let left, let right) = product.kind
      else { continue }
      halos[node.inputs[0]] = max(halos[node.inputs[0]] ?? 0, max(left, right))
    }
    return halos
  }

  private mutating func place() {
    let order = buffers.indices.sorted {
      (buffers[$0].layout.count, $1) > (buffers[$1].layout.count, $0)
    }
    var placed: [Int] = []
    for index in order {
      let rivals = placed.filter { buffers[$0].lifetime.overlaps(buffers[index].lifetime) }
        .map { buffers[$0].range }.sorted { $0.lowerBound < $1.lowerBound }
      var offset = 0
      for rival in rivals {
        if offset + buffers[index].layout.count <= rival.lowerBound { break }
        offset = max(offset, rival.upperBound)
      }
      buffers[index].offset = offset
      arenaCount = max(arenaCount, buffers[index].range.upperBound)
      placed.append(index)
    }
  }
}
