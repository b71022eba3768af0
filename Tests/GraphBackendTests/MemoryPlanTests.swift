import EncoderModel
import GraphBackend
import Testing

@Suite("Memory plan")
struct MemoryPlanTests {
  @Test(
    "no two live buffers share memory",
    arguments: [true, false],
    [
      Set<String>(), ["encoder.blocks.0.attn.query", "encoder.gelu1"],
      ["encoder.blocks.1.attn.probs"],
    ])
  func disjoint(fused: Bool, taps: Set<String>) throws {
    let dimensions = smallDimensions()
    let backend = GraphBackend(
      program: .whisper(dimensions),
      weights: SyntheticWeights(dimensions: dimensions, seed: 1), threads: 1, fused: fused)
    for stages in backend.program.stages.map({ [$0] }) + [backend.program.stages] {
      let plan = try backend.memoryPlan(of: stages, observing: taps)
      let graph = try backend.graph(of: stages, observing: taps)
      #expect(plan.buffers.count > 1)
      for (i, first) in plan.buffers.enumerated() {
        #expect(first.offset % 16 == 0 && first.range.upperBound <= plan.arenaCount)
        for second in plan.buffers.dropFirst(i + 1) where first.lifetime.overlaps(second.lifetime) {
          #expect(!first.range.overlaps(second.range), "\(stages) \(first) \(second)")
        }
      }
      for node in graph.nodes {
        for value in node.outputs { #expect(plan.buffer(of: value) != nil) }
      }
    }
  }

  @Test("buffers are reused: a whole encoder needs little more than its largest stage")
  func reuse() throws {
    let dimensions = smallDimensions(frames: 64, width: 64, heads: 2, layers: 6)
    let backend = GraphBackend(
      program: .whisper(dimensions),
      weights: SyntheticWeights(dimensions: dimensions, seed: 1), threads: 1)
    let whole = try backend.memoryPlan(of: backend.program.stages).arenaCount
    let largest =
      try backend.program.stages.map {
        try backend.memoryPlan(of: [$0]).arenaCount
      }.max() ?? 0
    #expect(whole <= largest * 5 / 4)
  }
}
