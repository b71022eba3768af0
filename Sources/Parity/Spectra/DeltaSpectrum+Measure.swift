package import TensorCore

extension DeltaSpectrum {
  /// Elements of the largest tensor that is looked into: attention maps of long contexts are not.
  private static let largestCount = 8 << 20
  /// Places listed of each kind.
  private static let numPlaces = 5

  /// Measures candidate − exact.
  /// - Parameters:
  ///   - candidate: the last axis channels.
  ///   - exact: the same element count.
  ///   - numHeads: heads that stand side by side in the channels; 1 for none.
  ///   - rounding: ‖·‖ that rounding alone would have.
  /// - Returns: `nil` where Δ is zero or not finite.
  package static func measure(
    candidate: Tensor, exact: Tensor, numHeads: Int = 1, rounding: Double
  ) -> DeltaSpectrum? {
    let columns = max(exact.innerExtent, 1)
    let rows = exact.elementCount / columns
    guard rows > 0, exact.elementCount <= largestCount else { return nil }
    var sums = DeltaSums(rows: rows, columns: columns)
    var delta = [Double](repeating: 0, count: rows * columns)
    candidate.withFloat64 { x in
      exact.withFloat64 { y in
        for i in delta.indices { delta[i] = x[i] - y[i] }
        sums.add(delta, y)
      }
    }
    let energy = sums.rowEnergy.reduce(0, +)
    guard energy > 0, energy.isFinite else { return nil }
    let values = leadingSingularValues(delta, rows: rows, columns: columns)
    let smallest = Double(min(rows, columns))
    // The largest singular value of a random matrix is ‖·‖(1/√rows + 1/√columns).
    let noise =
      3 * rounding * (1 / Double(rows).squareRoot() + 1 / Double(columns).squareRoot())
    let floor = max(noise, (values.first ?? 0) * 1e-6)
    let above = values.count { $0 > floor }
    let span = sums.span(of: energy)
    return DeltaSpectrum(
      rows: rows, columns: columns, singularValues: Array(values.prefix(8)),
      rank: above < values.count || Double(values.count) == smallest ? above : nil,
      constantShare: sums.constantShare(of: energy), factor: sums.factor,
      factorResidual: sums.factorResidual(of: energy),
      rowScaleResidual: sums.rowScaleResidual(of: energy),
      channels: sums.channelFit(of: energy),
      worstChannels: places(sums.columnEnergy, energy),
      worstRows: places(sums.rowEnergy, energy),
      worstHeads: numHeads > 1 ? places(sums.headEnergy(numHeads), energy) : [],
      firstRow: span.lowerBound, lastRow: span.upperBound)
  }

  private static func places(_ energies: [Double], _ total: Double) -> [Place] {
    energies.enumerated().sorted { ($0.element, $1.offset) > ($1.element, $0.offset) }
      .prefix(numPlaces).map { Place(index: $0.offset, share: $0.element / total) }
  }
}

/// Sums over Δ and y, by row and by column.
private struct DeltaSums {
  let rows: Int
  let columns: Int
  var rowEnergy: [Double]
  var rowInner: [Double]
  var rowNorm: [Double]
  var columnEnergy: [Double]
  var columnSum: [Double]
  var columnInner: [Double]
  var columnNorm: [Double]
  var columnMean: [Double]

  init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    rowEnergy = [Double](repeating: 0, count: rows)
    rowInner = rowEnergy
    rowNorm = rowEnergy
    columnEnergy = [Double](repeating: 0, count: columns)
    columnSum = columnEnergy
    columnInner = columnEnergy
    columnNorm = columnEnergy
    columnMean = columnEnergy
  }

  mutating func add(_ delta: [Double], _ y: UnsafeBufferPointer<Double>) {
    for row in 0..<rows {
      for j in 0..<columns {
        let (d, r) = (delta[row * columns + j], y[row * columns + j])
        rowEnergy[row] += d * d
        rowInner[row] += d * r
        rowNorm[row] += r * r
        columnEnergy[j] += d * d
        columnSum[j] += d
        columnInner[j] += d * r
        columnNorm[j] += r * r
        columnMean[j] += r
      }
    }
  }

  func constantShare(of energy: Double) -> Double {
    columnSum.reduce(0) { $0 + $1 * $1 } / Double(rows) / energy
  }

  /// Least squares of Δ = (factor − 1)·y.
  private var slope: Double {
    let norm = rowNorm.reduce(0, +)
    return norm > 0 ? rowInner.reduce(0, +) / norm : 0
  }

  var factor: Double { 1 + slope }

  func factorResidual(of energy: Double) -> Double {
    max(energy - slope * rowInner.reduce(0, +), 0) / energy
  }

  func rowScaleResidual(of energy: Double) -> Double {
    var explained = 0.0
    for row in 0..<rows where rowNorm[row] > 0 {
      explained += rowInner[row] * rowInner[row] / rowNorm[row]
    }
    return max(energy - explained, 0) / energy
  }

  /// Δⱼ ≈ aⱼ·yⱼ + bⱼ for each channel.
  func channelFit(of energy: Double) -> DeltaSpectrum.ChannelFit {
    let n = Double(rows)
    var (explained, offsets, low, high) = (0.0, 0.0, Double.infinity, -Double.infinity)
    let typical = columnNorm.reduce(0, +) / Double(columns)
    for j in 0..<columns {
      let variance = columnNorm[j] - columnMean[j] * columnMean[j] / n
      let covariance = columnInner[j] - columnSum[j] * columnMean[j] / n
      let slope = variance > 1e-12 * columnNorm[j] ? covariance / variance : 0
      let offset = (columnSum[j] - slope * columnMean[j]) / n
      explained += columnSum[j] * columnSum[j] / n + slope * covariance
      offsets += offset * offset
      if variance > 1e-6 * typical {
        low = min(low, 1 + slope)
        high = max(high, 1 + slope)
      }
    }
    return DeltaSpectrum.ChannelFit(
      scale: low <= high ? low...high : 1...1, offset: (offsets / Double(columns)).squareRoot(),
      residual: max(energy - explained, 0) / energy)
  }

  func headEnergy(_ numHeads: Int) -> [Double] {
    let width = max(columns / numHeads, 1)
    return (0..<numHeads).map { head in
      columnEnergy[(head * width)..<min((head + 1) * width, columns)].reduce(0, +)
    }
  }

  /// First and last row of those that hold all but a thousandth of the energy.
  func span(of energy: Double) -> ClosedRange<Int> {
    var (first, last) = (0, rows - 1)
    var left = energy * 1e-3
    while first < last {
      let drop = min(rowEnergy[first], rowEnergy[last])
      guard drop <= left else { break }
      left -= drop
      if rowEnergy[first] <= rowEnergy[last] { first += 1 } else { last -= 1 }
    }
    return first...last
  }
}
