import ParityArithmetic
import TensorCore

extension ErrorModel {
  /// Elements whose own terms are looked at.
  private static let numSamples = 64
  /// Ratios of the rms test from which no allowance can lead back below 1: n equal terms err by
  /// √(3n)/2 times what independent ones do, and few independent rows allow for some three times as
  /// much again. n is at most some thousands.
  private static let hopeless = 256.0

  /// The rms ratio over its limit again, once it is above 1: rows that are equal are one sample of
  /// their error, and errors of equal terms add up.
  ///
  /// The mean of what elements' own terms allow is estimated from samples drawn in proportion to V,
  /// so that it counts where V counts: mean V grows by the mean of (V' + ΣL²/rmsLimit²)/V, with V'
  /// and L of the element's own terms.
  func confirmedRMS(_ scan: ErrorScan, candidate: Tensor, exact: ExactValue) -> Double {
    let ratio = scan.rmsRatio(unit: unit)
    guard ratio < Self.hopeless * rmsLimit, scan.variance > 0, scan.variance.isFinite else {
      return ratio / rmsLimit(of: scan)
    }
    var recounted = scan
    let tour = VarianceTour(self, candidate: candidate, exact: exact.tensor, count: Self.numSamples)
    recounted.rowVarianceSquared = tour.rowVarianceSquared
    let growth = elementAllowance.map { allowance in
      tour.samples.reduce(0.0) { sum, sample in
        let own = allowance(sample.panel, sample.row, sample.column)
        let alike = own.alike.squares / (rmsLimit * rmsLimit)
        let rest = sample.variance - sample.operationVariance
        return sum + (max(rest, 0) + own.variance + alike) / sample.variance
      } / Double(max(tour.samples.count, 1))
    }
    let wider = max(growth ?? 1, 1)
    return ratio / (rmsLimit(of: recounted) * wider.squareRoot())
  }
}

/// One pass over V: samples in proportion to it, and its spread over rows that differ.
private struct VarianceTour {
  struct Sample {
    var panel: Int
    var row: Int
    var column: Int
    var variance: Double
    /// The part of the operation itself, without storage and replicas.
    var operationVariance: Double
  }

  var samples: [Sample] = []
  /// Σ over groups of equal rows of the group's squared ΣV.
  var rowVarianceSquared = 0.0

  init(_ model: ErrorModel, candidate: Tensor, exact: Tensor, count: Int) {
    let source = model.input?.converted(to: .float32)
    exact.withFloat64 { y in
      withOptionalBytes(source) { bytes in
        let input = bytes?.baseAddress
        var sums: [[Double]] = []
        var total = 0.0
        for panel in model.panels {
          let rows = (0..<panel.rows).map { row in
            (0..<panel.columns).reduce(0.0) { sum, column in
              let v = Self.variance(panel, row, column, y, input)
              return v.isFinite ? sum + v : sum
            }
          }
          total += rows.reduce(0, +)
          sums.append(rows)
          rowVarianceSquared += Self.grouped(rows, panel, candidate)
        }
        guard total > 0 else { return }
        draw(model, sums, y, input, step: total / Double(count))
      }
    }
  }

  /// Takes an element each time that ΣV has grown by `step`, from half a step on.
  private mutating func draw(
    _ model: ErrorModel, _ sums: [[Double]], _ y: UnsafeBufferPointer<Double>,
    _ input: UnsafeRawPointer?, step: Double
  ) {
    var position = 0.0
    var next = step / 2
    for (number, panel) in model.panels.enumerated() {
      for row in 0..<panel.rows {
        guard position + sums[number][row] > next else {
          position += sums[number][row]
          continue
        }
        for column in 0..<panel.columns {
          let v = Self.variance(panel, row, column, y, input)
          guard v.isFinite else { continue }
          position += v
          guard position > next else { continue }
          while next < position { next += step }
          samples.append(
            Sample(
              panel: number, row: row, column: column, variance: v,
              operationVariance: Self.variance(
                model.operationPanels[number], row, column, y, input)))
        }
      }
    }
  }

  private static func variance(
    _ panel: ErrorPanel, _ row: Int, _ column: Int, _ y: UnsafeBufferPointer<Double>,
    _ input: UnsafeRawPointer?
  ) -> Double {
    let index = panel.offset + row * panel.rowStride + column
    return panel.variance(
      row: row, column: column, exact: y[index],
      input: input.map { Elements($0, isFloat64: false)[index] } ?? 0)
  }

  /// Equal rows of the candidate have one error.
  private static func grouped(
    _ sums: [Double], _ panel: ErrorPanel, _ candidate: Tensor
  ) -> Double {
    let rows = candidate.reshaped([candidate.elementCount / panel.rowStride, panel.rowStride])
    let (start, first) = (panel.offset / panel.rowStride, panel.offset % panel.rowStride)
    let equal = firstEqualRows(
      rows.slicedRows(start..<(start + panel.rows)),
      columns: first..<(first + panel.columns))
    var groups: [Int: Double] = [:]
    for (row, sum) in sums.enumerated() { groups[equal[row], default: 0] += sum }
    return groups.values.reduce(0) { $0 + $1 * $1 }
  }
}
