import KernelTable
import KernelsScalar
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite("Streaming attention, against Float64")
struct AttentionTests {
  /// softmax(scale·q·kᵀ)·v of one head through `table`, for the queries `rows`.
  func attend(
    _ table: KernelTable, frames: Int, headDim: Int, scale: Double, rows: Range<Int>,
    _ inputs: [[Float]]
  ) -> [Float] {
    let operands = inputs.map { Floats($0) }
    let keys = Floats(table.packedCount(columns: frames, depth: headDim))
    let values = Floats(table.packedCount(columns: headDim, depth: frames))
    let out = Floats(frames * headDim)
    let scratch = Floats(ProductArguments.scratchCount)
    table.packTransposed(
      PackArguments(
        source: operands[1].constant, sourceStride: headDim, columns: frames, depth: headDim,
        panels: 0..<table.panels(frames), target: keys.start))
    table.packRows(
      PackArguments(
        source: operands[2].constant, sourceStride: headDim, columns: headDim, depth: frames,
        panels: 0..<table.panels(headDim), target: values.start))
    table.attention(
      AttentionArguments(
        query: operands[0].constant, queryStride: headDim, keys: keys.constant,
        values: values.constant, frames: frames, headDim: headDim, scale: scale, rows: rows,
        out: out.address(headDim), scratch: scratch.start))
    return withExtendedLifetime((operands, keys, values, scratch)) { out.values }
  }

  func exact(frames: Int, headDim: Int, scale: Double, _ inputs: [[Float]]) -> [Double] {
    var out = [Double](repeating: 0, count: frames * headDim)
    for i in 0..<frames {
      let scores = (0..<frames).map { j in
        (0..<headDim).reduce(0.0) {
          $0 + Double(inputs[0][i * headDim + $1]) * Double(inputs[1][j * headDim + $1])
        } * scale
      }
      let largest = scores.max() ?? 0
      let total = scores.reduce(0) { $0 + exp($1 - largest) }
      for j in 0..<frames {
        for d in 0..<headDim {
          out[i * headDim + d] +=
            exp(scores[j] - largest) / total * Double(inputs[2][j * headDim + d])
        }
      }
    }
    return out
  }

  @Test(
    "edges of frames and head widths",
    arguments: [(1, 4), (5, 16), (12, 64), (13, 20), (33, 64), (515, 32), (1030, 8)])
  func edges(frames: Int, headDim: Int) {
    // Scores from −20 to 20, the largest late: sums are rescaled on the way.
    var inputs = (0..<3).map { noise(frames * headDim, seed: UInt64(10 + $0)) }
    for j in 0..<frames {
      let growth = 1 + 3 * Float(j) / Float(frames)
      for d in 0..<headDim { inputs[1][j * headDim + d] *= growth }
    }
    let scale = 20 / Double(headDim).squareRoot()
    let expected = exact(frames: frames, headDim: headDim, scale: scale, inputs)
    for table in testedTables {
      let out = attend(
        table, frames: frames, headDim: headDim, scale: scale, rows: 0..<frames, inputs)
      for i in out.indices {
        // Scores below 80 are exact to 80·headDim·u/8 at worst, and so are the weights.
        #expect(abs(Double(out[i]) - expected[i]) < 2e-5, "\(table.name) \(i)")
      }
    }
  }

  @Test("a tile's bits do not depend on its group")
  func groups() {
    let frames = 200
    let inputs = (0..<3).map { noise(frames * 32, seed: UInt64(20 + $0)) }
    for table in testedTables {
      let whole = attend(
        table, frames: frames, headDim: 32, scale: 0.3, rows: 0..<frames, inputs)
      let start = 5 * table.tileRows
      let end = min(frames, start + 3 * table.tileRows)
      let part = attend(
        table, frames: frames, headDim: 32, scale: 0.3, rows: start..<end, inputs)
      #expect(part[(start * 32)..<(end * 32)] == whole[(start * 32)..<(end * 32)])
    }
  }

  @Test("an infinite key is no key to some queries and spoils the others, as in the scalar twin")
  func infinite() {
    var inputs = (0..<3).map { noise(150 * 32, seed: UInt64(40 + $0)) }
    inputs[1][137 * 32 + 3] = -.infinity
    let expected = attend(
      scalarKernels(), frames: 150, headDim: 32, scale: 0.25, rows: 0..<150, inputs)
    #expect(expected.contains { $0.isNaN } && expected.contains { $0.isFinite })
    for table in testedTables {
      let out = attend(table, frames: 150, headDim: 32, scale: 0.25, rows: 0..<150, inputs)
      for i in out.indices {
        #expect(out[i].isNaN == expected[i].isNaN, "\(table.name) \(i)")
        if !expected[i].isNaN { #expect(abs(out[i] - expected[i]) < 2e-5, "\(table.name) \(i)") }
      }
    }
  }

  @Test("one NaN key spoils every query, as it does in exact arithmetic")
  func nonFinite() {
    var inputs = (0..<3).map { noise(40 * 16, seed: UInt64(30 + $0)) }
    inputs[1][7 * 16 + 3] = .nan
    for table in testedTables {
      let out = attend(table, frames: 40, headDim: 16, scale: 0.25, rows: 0..<40, inputs)
      #expect(out.isAllNaN, "\(table.name)")
    }
  }
}
