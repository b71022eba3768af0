import ParityArithmetic
import TensorCore

extension ErrorModel {
  /// Elements beyond the bound that are measured again, the worst first: where what they are allowed
  /// covers them, it covers those that are less far beyond.
  private static let maxSuspects = 4096

  private struct Suspect {
    var panel: Int
    var row: Int
    var column: Int
    var index: Int
    var errorSquared: Double
    var variance: Double
  }

  /// Measures the elements that `scan` found beyond the bound again, with their own variances.
  ///
  /// Marginals spread the variance of a matrix over rows and columns; an element that stands out
  /// against both — one odd key among equal ones — has more than its share. Pooled spreads of
  /// replicas are widened to what the element's own replicas show. Equal terms err alike; see
  /// `AlikeErrors`.
  /// - Returns: the scan, its worst element one that stays beyond the bound, or the nearest to it.
  func confirming(
    _ scan: ErrorScan, candidate: Tensor, exact: ExactValue, replicas: [Tensor]
  ) -> ErrorScan {
    guard elementAllowance != nil || !replicas.isEmpty else { return scan }
    let values = exact.tensor
    let suspects = suspects(candidate: candidate, exact: values)
    var result = scan
    result.worst = 0
    let limit = deviations * deviations * unit * unit
    let worst = suspects.sorted { $0.errorSquared / $0.variance > $1.errorSquared / $1.variance }
    for suspect in worst.prefix(Self.maxSuspects) {
      let variance = confirmedVariance(suspect, exact: values, replicas: replicas)
      let ratio = suspect.errorSquared / variance
      if ratio > result.worst {
        result.worst = ratio
        result.worstIndex = suspect.index
        result.worstError = suspect.errorSquared.squareRoot()
        result.worstVariance = variance
      }
      if ratio > limit { break }
    }
    return result
  }

  private func suspects(candidate: Tensor, exact: Tensor) -> [Suspect] {
    var found: [Suspect] = []
    let limit = deviations * deviations * unit * unit
    let source = input?.converted(to: .float32)
    candidate.withFloat64 { x in
      exact.withFloat64 { y in
        withOptionalBytes(source) { bytes in
          for (number, panel) in panels.enumerated() {
            for row in 0..<panel.rows {
              for column in 0..<panel.columns {
                let index = panel.offset + row * panel.rowStride + column
                let error = x[index] - y[index]
                guard error.isFinite, error != 0 else { continue }
                let value = bytes?.baseAddress.map { Elements($0, isFloat64: false)[index] } ?? 0
                let variance = panel.variance(
                  row: row, column: column, exact: y[index], input: value)
                guard error * error > limit * variance else { continue }
                found.append(
                  Suspect(
                    panel: number, row: row, column: column, index: index,
                    errorSquared: error * error, variance: variance))
              }
            }
          }
        }
      }
    }
    return found
  }

  private func confirmedVariance(_ suspect: Suspect, exact: Tensor, replicas: [Tensor]) -> Double {
    let y = exact.withFloat64 { $0[suspect.index] }
    let panel = operationPanels[suspect.panel]
    let own = panel.variance(row: suspect.row, column: suspect.column, exact: y, input: 0)
    let allowance =
      elementAllowance?(suspect.panel, suspect.row, suspect.column)
      ?? ElementAllowance(variance: own)
    var variance = max(suspect.variance - own, 0) + allowance.variance
    let scale = 3 / (Double(max(replicas.count, 1)) * unit * unit)
    for replica in replicas {
      let deviation = replica.withFloat64 { $0[suspect.index] } - y
      if deviation.isFinite { variance += scale * deviation * deviation }
    }
    return allowance.alike.total(
      variance: max(variance, suspect.variance), deviations: deviations)
  }
}
