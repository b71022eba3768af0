package import Regression
package import TensorCore

/// What the difference at one tap looks like: little enough to be kept for every tap.
package struct DifferenceSketch: Sendable {
  package let tap: String
  /// Where it lies.
  package let maps: DifferenceMaps
  /// |Δ| of every element.
  package let histogram: LogHistogram
  /// ‖Δ‖/‖reference‖ of each attention head; empty where there are none.
  package let heads: [Double?]
  /// Δ itself at evenly spaced frames and channels, for its spectrum.
  package let sample: DifferenceSample

  /// Compares tensors of one shape, `[frames, channels]` or `[heads, queries, keys]`; of the former,
  /// `numHeads` groups of channels are heads, 0 for none.
  package init(tap: String, reference: Tensor, candidate: Tensor, numHeads: Int) {
    self.tap = tap
    let isMap = reference.shape.count == 3
    let frames = isMap ? reference.shape[1] : reference.rowCount
    let channels = reference.innerExtent
    var grid = CellGrid(frames: frames, channels: channels, limit: (96, isMap ? 96 : 64))
    let count = isMap ? reference.shape[0] : numHeads
    var accumulator = Accumulator(grid: grid, numHeads: count, isMap: isMap)
    var counted = LogHistogram()
    reference.withFloat64 { r in
      candidate.withFloat64 { x in accumulator.add(reference: r, candidate: x, &counted) }
    }
    histogram = counted
    sample = DifferenceSample(
      reference: reference, candidate: candidate, frames: frames, channels: channels)
    grid.values = accumulator.cellRoots
    maps = DifferenceMaps(grid: grid, headGrid: accumulator.headRoots)
    heads = accumulator.headErrors
  }
}

/// Where a difference lies.
package struct DifferenceMaps: Sendable, Hashable {
  /// Its root mean square in each block.
  package let grid: CellGrid
  /// Its root mean square in each attention head, frame by frame: heads are columns; `nil` where
  /// there are none.
  package let headGrid: CellGrid?
}

/// Sums over blocks and heads in one pass.
private struct Accumulator {
  let grid: CellGrid
  let numHeads: Int
  let isMap: Bool
  var squares: [Double]
  var counts: [Double]
  var errors: [Double]
  var norms: [Double]
  /// By row of cells and head.
  var headSquares: [Double]
  var headCounts: [Double]

  init(grid: CellGrid, numHeads: Int, isMap: Bool) {
    self.grid = grid
    self.numHeads = numHeads
    self.isMap = isMap
    squares = [Double](repeating: 0, count: grid.values.count)
    counts = squares
    errors = [Double](repeating: 0, count: numHeads)
    norms = errors
    headSquares = [Double](repeating: 0, count: grid.rows * numHeads)
    headCounts = headSquares
  }

  mutating func add(
    reference: UnsafeBufferPointer<Double>, candidate: UnsafeBufferPointer<Double>,
    _ histogram: inout LogHistogram
  ) {
    let channels = grid.channels
    let columnOf = grid.cellOfChannel
    let headWidth = numHeads > 0 && !isMap ? max(channels / numHeads, 1) : channels
    for row in 0..<(channels == 0 ? 0 : reference.count / channels) {
      let frame = row % grid.frames
      let block = frame * grid.rows / grid.frames
      let cells = block * grid.columns
      let map = row / grid.frames
      for channel in 0..<channels {
        let r = reference[row * channels + channel]
        let difference = candidate[row * channels + channel] - r
        let cell = cells + columnOf[channel]
        histogram.add(difference)
        squares[cell] += difference * difference
        counts[cell] += 1
        guard numHeads > 0 else { continue }
        let head = min(isMap ? map : channel / headWidth, numHeads - 1)
        errors[head] += difference * difference
        headSquares[block * numHeads + head] += difference * difference
        headCounts[block * numHeads + head] += 1
        norms[head] += r * r
      }
    }
  }

  var cellRoots: [Float] {
    zip(squares, counts).map { $1 > 0 ? Float(($0 / $1).squareRoot()) : 0 }
  }

  var headRoots: CellGrid? {
    guard numHeads > 1 else { return nil }
    var result = CellGrid(
      frames: grid.frames, channels: numHeads, limit: (grid.rows, numHeads))
    result.values = zip(headSquares, headCounts).map { $1 > 0 ? Float(($0 / $1).squareRoot()) : 0 }
    return result
  }

  var headErrors: [Double?] {
    zip(errors, norms).map { $1 > 0 ? ($0 / $1).squareRoot() : nil }
  }
}
