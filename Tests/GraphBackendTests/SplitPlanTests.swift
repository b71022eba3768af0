import EncoderModel
import GraphBackend
import KernelTable
import Kernels
import Testing

@Suite("Values that are cut for dense layers")
struct SplitPlanTests {
  /// A table that cuts rows in tiles of 32, for planning alone.
  private var cutting: KernelTable {
    let table = KernelTable.best
    return KernelTable(
      name: "cutting", tileRows: 32, panelWidth: 32, panelSize: { 48 * $0 },
      splitBlocks: { _ in }, packTransposed: table.packTransposed, packRows: table.packRows,
      product: table.product, attention: table.attention, layerNorm: table.layerNorm,
      softmax: table.softmax, gelu: table.gelu, exponential: table.exponential,
      errorFunction: table.errorFunction, add: table.add, spinFMA: table.spinFMA)
  }

  private func graph(heads: Int, observing taps: Set<String> = []) throws -> Graph {
    let dimensions = smallDimensions(width: 64, heads: heads, layers: 1)
    let backend = GraphBackend(
      program: .whisper(dimensions),
      weights: SyntheticWeights(dimensions: dimensions, seed: 1), threads: 1)
    return try backend.graph(of: [.block(0)], observing: taps)
  }

  private func names(_ values: some Sequence<ValueID>, _ graph: Graph) -> Set<String> {
    Set(values.map { graph[$0].name.replacing("encoder.blocks.0.", with: "") })
  }

  @Test("what dense layers read, once for all of them")
  func values() throws {
    let graph = try graph(heads: 2)
    let plan = SplitPlan(graph, cutting)
    #expect(
      names(plan.layouts.keys, graph) == ["attn_ln", "attn.context", "mlp_ln", "mlp.1"])
    #expect(names(plan.onlyCut, graph) == ["attn.context", "mlp.1"])
  }

  @Test("what somebody observes is written whole too")
  func observed() throws {
    let graph = try graph(heads: 2, observing: ["encoder.blocks.0.mlp.1"])
    #expect(names(SplitPlan(graph, cutting).onlyCut, graph) == ["attn.context"])
  }

  @Test("heads that are no whole steps are cut afterwards")
  func narrowHeads() throws {
    let graph = try graph(heads: 4)
    #expect(names(SplitPlan(graph, cutting).onlyCut, graph) == ["mlp.1"])
  }

  @Test("nothing, where kernels read rows as they stand")
  func uncut() throws {
    let graph = try graph(heads: 2)
    let table = try #require(KernelTable.available.last)
    #expect(SplitPlan(graph, table).layouts.isEmpty)
  }

  @Test("blocks live until the last reader, apart from every other buffer")
  func memory() throws {
    let graph = try graph(heads: 2)
    let plan = MemoryPlan(graph, splits: SplitPlan(graph, cutting).layouts)
    #expect(plan.splitBufferOfValue.count == 4)
    for (value, index) in plan.splitBufferOfValue {
      let buffer = plan.buffers[index]
      for (position, node) in graph.nodes.enumerated()
      where SplitPlan.rows(of: node) == value || node.outputs.contains(value) {
        #expect(buffer.lifetime.contains(position))
      }
      for (other, second) in plan.buffers.enumerated()
      where other != index && second.lifetime.overlaps(buffer.lifetime) {
        #expect(!second.range.overlaps(buffer.range))
      }
    }
  }
}
