import ParityArithmetic
import TensorCore

/// A strided Float32 matrix that somebody else keeps alive: one head of an activation, a weight.
///
/// `@unchecked Sendable`: the memory is only read, within the scope that lends it.
struct MatrixView: @unchecked Sendable {
  let base: UnsafePointer<Float>
  let rows: Int
  let columns: Int
  let rowStride: Int

  /// A Float32 tensor's last axis as columns, all others as rows.
  init?(_ buffer: UnsafeBufferPointer<Float>, rows: Int, columns: Int) {
    guard let base = buffer.baseAddress, rows * columns <= buffer.count else { return nil }
    self.init(base: base, rows: rows, columns: columns, rowStride: columns)
  }

  init(base: UnsafePointer<Float>, rows: Int, columns: Int, rowStride: Int) {
    self.base = base
    self.rows = rows
    self.columns = columns
    self.rowStride = rowStride
  }

  /// Columns `range` of every row.
  func columns(_ range: Range<Int>) -> MatrixView {
    MatrixView(
      base: base + range.lowerBound, rows: rows, columns: range.count, rowStride: rowStride)
  }

  /// Rows `range`.
  func rows(_ range: Range<Int>) -> MatrixView {
    MatrixView(
      base: base + range.lowerBound * rowStride, rows: range.count, columns: columns,
      rowStride: rowStride)
  }

  @inline(__always)
  subscript(row: Int, column: Int) -> Double { Double(base[row &* rowStride &+ column]) }
}

extension MatrixView {
  /// Σᵢ wᵢ·xᵢₖ² for each column k, over rows whose energy is finite; wᵢ is 1 where not given.
  func columnEnergies(rowWeights: [Double]? = nil) -> [Double] {
    let width = columns
    let parts = mapChunks(rows, chunk: max(1, 65536 / max(width, 1))) { range -> [Double] in
      var sums = [Double](repeating: 0, count: width)
      sums.withUnsafeMutableBufferPointer { target in
        for i in range {
          let row = base + i &* rowStride
          guard isFiniteRow(row) else { continue }
          guard let sums = target.baseAddress else { return }
          ParityArithmetic.best.addSquares(row, rowWeights?[i] ?? 1, sums, width)
        }
      }
      return sums
    }
    var total = [Double](repeating: 0, count: width)
    for part in parts { for k in 0..<width { total[k] += part[k] } }
    return total
  }

  /// Σₖ wₖ·xᵢₖ² for each row i; wₖ is 1 where not given.
  func rowEnergies(columnWeights: [Double]? = nil) -> [Double] {
    let width = columns
    let weights = columnWeights ?? [Double](repeating: 1, count: width)
    let parts = mapChunks(rows, chunk: max(1, 65536 / max(width, 1))) { range -> [Double] in
      weights.withUnsafeBufferPointer { weights in
        guard let w = weights.baseAddress else { return range.map { _ in 0 } }
        return range.map { ParityArithmetic.best.weightedSquares(base + $0 &* rowStride, w, width) }
      }
    }
    return parts.flatMap { $0 }
  }

  private func isFiniteRow(_ row: UnsafePointer<Float>) -> Bool {
    // x·0 is NaN for NaN and ∞, and NaN stays in the sum.
    var probe: Float = 0
    for k in 0..<columns { probe += row[k] * 0 }
    return probe == 0
  }
}
