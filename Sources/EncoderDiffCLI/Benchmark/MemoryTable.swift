import GraphBackend
import Report

/// The arena of a graph as a table: a row a buffer, in the order of their lives.
enum MemoryTable {
  static func lines(_ plan: MemoryPlan, _ graph: Graph) -> [String] {
    var table = TextTable([
      .init("offset"), .init("MB"), .init("alive in steps", .left), .init("values", .left),
    ])
    for one in ArenaBuffer.inOrder(plan, graph) {
      let life = one.buffer.lifetime
      table.add([
        .init("\(one.buffer.offset * 4)"), .init(megabytes(one.buffer.layout.count)),
        .init("\(life.lowerBound)–\(life.upperBound)"),
        .init(
          one.packedFor.map { "(packed for \($0))" } ?? one.values.joined(separator: ", ")),
      ])
    }
    let total = plan.buffers.reduce(0) { $0 + $1.layout.count }
    return table.lines(TextCanvas(), indent: 0) + [
      "arena \(megabytes(plan.arenaCount)) MB for \(megabytes(total)) MB of values"
    ]
  }

  private static func megabytes(_ floats: Int) -> String {
    Numbers.fixed(Double(floats * 4) / 1e6, decimals: 2)
  }
}

/// A buffer of the arena with what lies in it.
struct ArenaBuffer {
  let buffer: PlannedBuffer
  /// Names of the values, sorted.
  let values: [String]
  /// The value whose operands are packed here while it is computed; `nil` for others.
  let packedFor: String?

  /// All buffers in the order of their lives.
  static func inOrder(_ plan: MemoryPlan, _ graph: Graph) -> [ArenaBuffer] {
    var names: [Int: [String]] = [:]
    for (value, buffer) in plan.bufferOfValue {
      names[buffer, default: []].append(graph[value].name)
    }
    var packing: [Int: String] = [:]
    for (node, buffers) in plan.scratchBuffers where graph.nodes.indices.contains(node) {
      for buffer in buffers { packing[buffer] = graph[graph.nodes[node].output].name }
    }
    let order = plan.buffers.indices.sorted {
      (plan.buffers[$0].lifetime.lowerBound, $0) < (plan.buffers[$1].lifetime.lowerBound, $1)
    }
    return order.map {
      ArenaBuffer(
        buffer: plan.buffers[$0], values: names[$0]?.sorted() ?? [],
        packedFor: names[$0] == nil ? packing[$0] : nil)
    }
  }
}
