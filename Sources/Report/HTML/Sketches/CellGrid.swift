package import TensorCore

/// A tensor seen from afar: a grid of cells, each one figure for a block of frames and channels.
package struct CellGrid: Sendable, Hashable {
  /// Extents of the tensor that the grid stands for: frames, or queries; channels, or keys.
  package let frames: Int
  package let channels: Int
  /// Cells along each.
  package let rows: Int
  package let columns: Int
  /// Row by row; NaN where a value of the block is not finite.
  package var values: [Float]

  init(frames: Int, channels: Int, limit: (rows: Int, columns: Int)) {
    self.frames = frames
    self.channels = channels
    rows = min(frames, limit.rows)
    columns = min(channels, limit.columns)
    values = [Float](repeating: 0, count: rows * columns)
  }

  /// Means of the blocks of a matrix `[frames, channels]`.
  package init(means tensor: Tensor, limit: (rows: Int, columns: Int) = (600, 128)) {
    self.init(frames: tensor.rowCount, channels: tensor.innerExtent, limit: limit)
    var sums = [Double](repeating: 0, count: rows * columns)
    var counts = sums
    let columnOf = cellOfChannel
    tensor.withFloat32 { x in
      for frame in 0..<frames {
        let row = frame * rows / frames * columns
        for channel in 0..<channels {
          let cell = row + columnOf[channel]
          sums[cell] += Double(x[frame * channels + channel])
          counts[cell] += 1
        }
      }
    }
    for cell in values.indices where counts[cell] > 0 {
      values[cell] = Float(sums[cell] / counts[cell])
    }
  }

  /// The column of cells that each channel falls into.
  var cellOfChannel: [Int] { (0..<channels).map { $0 * columns / channels } }

  /// |this − other| cell by cell; `nil` for grids of other extents.
  package func distance(to other: CellGrid) -> CellGrid? {
    guard rows == other.rows, columns == other.columns else { return nil }
    var result = self
    for cell in values.indices { result.values[cell] = abs(values[cell] - other.values[cell]) }
    return result
  }

  /// Least and largest finite value; positive ones only where the scale is logarithmic.
  func range(isLogarithmic: Bool) -> ClosedRange<Double>? {
    let shown = values.filter { $0.isFinite && (!isLogarithmic || $0 > 0) }
    guard let low = shown.min(), let high = shown.max() else { return nil }
    return Double(low)...Double(high)
  }

  /// One byte a cell: 0 zero, 255 not finite, 1…254 from `range.lowerBound` to its upper bound.
  func bytes(in range: ClosedRange<Double>, isLogarithmic: Bool) -> [UInt8] {
    let low = isLogarithmic ? range.lowerBound.logarithm : range.lowerBound
    let high = isLogarithmic ? range.upperBound.logarithm : range.upperBound
    return values.map { value in
      guard value.isFinite else { return 255 }
      if isLogarithmic && value <= 0 { return 0 }
      let position = isLogarithmic ? Double(value).logarithm : Double(value)
      let share = high > low ? (position - low) / (high - low) : 1
      return UInt8(1 + (min(max(share, 0), 1) * 253).rounded())
    }
  }
}
