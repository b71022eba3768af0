import GraphBackend
import Report

/// The arena of a graph as a table: a row a buffer, in the order of their lives.
enum MemoryTable {
  static func lines(_ plan: MemoryPlan, _ graph: Graph) -> [String] {
    var names: [Int: [String]] = [:]
    for (value, buffer) in plan.bufferOfValue {
      names[buffer, default: []].append(graph[value].name)
    }
    var packing: [Int: String] = [:]
    for (node, buffers) in plan.scratchBuffers where graph.nodes.indices.contains(node) {
      for buffer in buffers {
        packing[buffer] = "(packed for \(graph[graph.nodes[node].output].name))"
      }
    }
    var table = TextTable([
      .init("offset"), .init("MB"), .init("alive in steps", .left), .init("values", .left),
    ])
    let order = plan.buffers.indices.sorted {
      (plan.buffers[$0].lifetime.lowerBound, $0) < (plan.buffers[$1].lifetime.lowerBound, $1)
    }
    for index in order {
      let buffer = plan.buffers[index]
      let life = buffer.lifetime
      table.add([
        .init("\(buffer.offset * 4)"), .init(megabytes(buffer.layout.count)),
        .init("\(life.lowerBound)–\(life.upperBound)"),
        .init(names[index]?.sorted().joined(separator: ", ") ?? packing[index] ?? ""),
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
