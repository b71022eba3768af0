import TensorCore

/// How an error's energy is spread over rows and over channels: what a change of precision in many
/// operations has in common with its simulation, and a fault in one of them has not.
struct ErrorProfile {
  private var rows: [Double]
  private var columns: [Double]

  /// The profile of value − exact.
  init(_ value: Tensor, _ exact: Tensor) {
    let width = max(value.innerExtent, 1)
    var rows = [Double](repeating: 0, count: value.elementCount / width)
    var columns = [Double](repeating: 0, count: width)
    value.withFloat64 { x in
      exact.withFloat64 { y in
        for i in x.indices {
          let error = x[i] - y[i]
          guard error.isFinite else { continue }
          rows[i / width] += error * error
          columns[i % width] += error * error
        }
      }
    }
    self.rows = rows
    self.columns = columns
  }

  /// Whether the ratios of both energies are much the same in all rows and in all channels: their
  /// participation (Σr)²/(NΣr²) is 1/(1 + 4/n) for independent errors over n elements each, and
  /// 0.6 leaves room for rows that share their errors.
  func resembles(_ other: ErrorProfile) -> Bool {
    Self.participation(rows, other.rows) > 0.6 && Self.participation(columns, other.columns) > 0.6
  }

  private static func participation(_ a: [Double], _ b: [Double]) -> Double {
    let ratios = zip(a, b).filter { $0.1 > 0 }.map { $0.0 / $0.1 }
    let sum = ratios.reduce(0, +)
    let squares = ratios.reduce(0) { $0 + $1 * $1 }
    return squares > 0 ? sum * sum / (Double(ratios.count) * squares) : 0
  }
}
