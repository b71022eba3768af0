import GraphBackend
import Report
import TensorIO

/// The document `encoder-diff.graph/1`: passes with their graphs, and the arena where it is wanted.
struct GraphDocument {
  let snapshots: [GraphSnapshot]
  /// The arena of the graph as it runs.
  var memory: (plan: MemoryPlan, graph: Graph)?

  init(_ snapshots: [GraphSnapshot]) { self.snapshots = snapshots }

  /// The document's text.
  func text() throws -> String {
    var root = JSONObject([
      "schema": .string("encoder-diff.graph/1"),
      "passes": .array(
        try snapshots.map { snapshot in
          .members([
            "pass": .string(snapshot.pass),
            "graph": try parseJSON(Array(snapshot.graph.json.utf8), path: "graph"),
          ])
        }),
    ])
    if let memory { root.set("memory", json(memory.plan, memory.graph)) }
    return JSONValue.object(root).indentedText
  }

  /// Bytes of the arena and its buffers in the order of their lives.
  private func json(_ plan: MemoryPlan, _ graph: Graph) -> JSONValue {
    let width = MemoryLayout<Float>.size
    return .members([
      "arenaBytes": .integer(plan.arenaCount * width),
      "buffers": .array(
        ArenaBuffer.inOrder(plan, graph).map { one in
          let buffer = one.buffer
          return .members([
            "offset": .integer(buffer.offset * width),
            "bytes": .integer(buffer.layout.count * width),
            "firstStep": .integer(buffer.lifetime.lowerBound),
            "lastStep": .integer(buffer.lifetime.upperBound),
            "values": .array(one.values.map { .string($0) }), "packedFor": .text(one.packedFor),
          ])
        }),
    ])
  }
}
