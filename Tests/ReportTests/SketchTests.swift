import Regression
import TensorCore
import Testing

@testable import Report

/// Sketches of differences agree with the tensors that they stand for.
@Suite struct SketchTests {
  private let reference = tensor([7, 6]) { Float($0) }

  @Test func blocksHoldRootMeanSquares() {
    let candidate = tensor([7, 6]) { Float($0) + ($0 == 8 ? 3 : 0) }
    let sketch = DifferenceSketch(
      tap: "t", reference: reference, candidate: candidate, numHeads: 2)
    #expect(sketch.maps.grid.rows == 7 && sketch.maps.grid.columns == 6)
    #expect(sketch.maps.grid.values[8] == 3 && sketch.maps.grid.values.reduce(0, +) == 3)
    #expect(sketch.histogram.numZero == 41 && sketch.histogram.total == 42)
    #expect(sketch.heads[1] == 0 && (sketch.heads[0] ?? 0) > 0)
  }

  @Test func largeTensorsShrinkAndKeepTheirEnergy() {
    let large = tensor([500, 300]) { _ in 0 }
    let other = tensor([500, 300]) { _ in 2 }
    let sketch = DifferenceSketch(tap: "t", reference: large, candidate: other, numHeads: 0)
    #expect(sketch.maps.grid.rows == 96 && sketch.maps.grid.columns == 64)
    #expect(sketch.maps.grid.values.allSatisfy { $0 == 2 })
    #expect(sketch.heads.isEmpty)
  }

  @Test func notFiniteBlocksAreMarked() {
    let candidate = tensor([7, 6]) { $0 == 0 ? .nan : Float($0) }
    let sketch = DifferenceSketch(
      tap: "t", reference: reference, candidate: candidate, numHeads: 0)
    #expect(sketch.maps.grid.bytes(in: 1e-3...1, isLogarithmic: true)[0] == 255)
    #expect(sketch.histogram.numNonFinite == 1)
    #expect(sketch.sample.singularValues.isEmpty)
  }

  @Test func aRankOneDifferenceHasOneSingularValue() {
    let zero = tensor([8, 5]) { _ in 0 }
    let product = tensor([8, 5]) { Float(($0 / 5 + 1) * ($0 % 5 + 2)) }
    let values = DifferenceSketch(
      tap: "t", reference: zero, candidate: product, numHeads: 0
    ).sample.singularValues
    // ‖u‖‖v‖ with u = 1 … 8, v = 2 … 6.
    #expect(abs(values[0] - (204.0 * 90).squareRoot()) < 1e-4)
    #expect(values.dropFirst().allSatisfy { $0 < 1e-5 })
  }

  @Test func orthogonalRowsKeepTheirNorms() {
    let zero = tensor([3, 3]) { _ in 0 }
    let diagonal = tensor([3, 3]) { $0 % 4 == 0 ? Float($0 / 4 + 1) : 0 }
    let values = DifferenceSketch(
      tap: "t", reference: zero, candidate: diagonal, numHeads: 0
    ).sample.singularValues
    #expect(zip(values, [3.0, 2, 1]).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test func theCollectorHoldsOneStageOnly() {
    var collector = DifferenceCollector(numCandidates: 2)
    collector.see(nil, "a", reference)
    collector.see(0, "a", reference)
    collector.see(1, "a", reference)
    collector.see(nil, "b", reference)
    collector.see(1, "b", reference)
    collector.see(1, "a", reference)
    let details = collector.finish()
    #expect(details.sketches[0].keys.sorted() == ["a"])
    #expect(details.sketches[1].keys.sorted() == ["a", "b"])
    #expect(collector.finish().sketches.allSatisfy { $0.isEmpty })
  }
}
