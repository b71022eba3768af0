import EncoderModel
import TensorCore

/// Another ε in a layer norm, seen where it hides below the rounding of single elements.
///
/// ε + d instead of ε scales row i by 1 − d·rᵢ²/2, rᵢ² = 1/(σᵢ² + ε), while rounding scales rows by
/// independent amounts and a root's approximation by much the same amount in every row. So the rows'
/// scales sᵢ are fitted by a + b·rᵢ²: a is left alone and b = −d/2.
struct LayerNormEpsilon: Sendable {
  /// d, the estimated difference of ε.
  var difference: Double
  /// One standard deviation of it.
  var deviation: Double
  /// Standard deviation of b·rᵢ² over rows: how much of the error the fit accounts for.
  var size: Double

  /// Standard deviations from zero that count as found: 10⁻⁹ a layer norm for rounding.
  private static let significance = 6.0

  /// Whether the fit is beyond rounding. An approximated root errs by a sawtooth of up to 1u in the
  /// significand of σ², which may follow rᵢ² over a narrow range; what is smaller is left alone.
  func isBeyondRounding(unit: Double) -> Bool {
    abs(difference) > Self.significance * deviation && size > unit
  }

  /// Fits the scales of those `rows` of `x` `[T, C]`, the candidate's input; γ is `gain` and β
  /// `bias`, zero where `nil`. There is no fit where rows do not differ enough to tell.
  init?(
    _ norm: LayerNorm, gain: [Double], bias: [Double]?, x: Tensor, candidate: Tensor,
    exact: Tensor, rows: [Int], unit: Double
  ) {
    let rows = RowScale.all(
      norm, gain: gain, bias: bias, x: x, candidate: candidate, exact: exact, rows: rows,
      unit: unit)
    let total = rows.reduce(0) { $0 + $1.weight }
    guard rows.count > 8, total > 0 else { return nil }
    let meanScale = rows.reduce(0) { $0 + $1.weight * $1.scale } / total
    let meanInverse = rows.reduce(0) { $0 + $1.weight * $1.inverse } / total
    var (spread, covariance) = (0.0, 0.0)
    for row in rows {
      let d = row.inverse - meanInverse
      spread += row.weight * d * d
      covariance += row.weight * d * (row.scale - meanScale)
    }
    guard spread > 0 else { return nil }
    let slope = covariance / spread
    difference = -2 * slope
    deviation = 2 / spread.squareRoot()
    size = abs(slope) * (spread / total).squareRoot()
  }

  /// What reports say of it, e.g. `epsilon differs by -1.0e-05 ± 2.1e-06`.
  var text: String {
    "scale errors follow 1/variance: epsilon differs by \(scientific(difference)) ± "
      + scientific(deviation)
  }
}

/// How much one row is scaled too far, and how well that is known.
private struct RowScale: Sendable {
  var scale: Double
  /// r² = 1/(σ² + ε).
  var inverse: Double
  /// 1/variance of the scale under rounding.
  var weight: Double

  static func all(
    _ norm: LayerNorm, gain: [Double], bias: [Double]?, x: Tensor, candidate: Tensor,
    exact: Tensor, rows: [Int], unit: Double
  ) -> [RowScale] {
    let width = x.innerExtent
    return x.withFloat32 { input in
      candidate.withFloat64 { values in
        exact.withFloat64 { exacts -> [RowScale] in
          nonisolated(unsafe) let (input, values, exacts) = (input, values, exacts)
          return mapChunks(rows.count, chunk: 64) { chunk in
            rows[chunk].compactMap { row in
              let range = (row * width)..<((row + 1) * width)
              return RowScale(
                norm, gain, bias, input: UnsafeBufferPointer(rebasing: input[range]),
                candidate: UnsafeBufferPointer(rebasing: values[range]),
                exact: UnsafeBufferPointer(rebasing: exacts[range]), unit: unit)
            }
          }.flatMap { $0 }
        }
      }
    }
  }

  /// s = ⟨e, ŷ⟩/‖ŷ‖² with ŷ = y − β. Its variance: that of the row's scale, of its shift as far as
  /// γ is parallel to ŷ, and of some ten roundings of each element; a third for uniform errors.
  init?(
    _ norm: LayerNorm, _ gain: [Double], _ bias: [Double]?, input: UnsafeBufferPointer<Float>,
    candidate: UnsafeBufferPointer<Double>, exact: UnsafeBufferPointer<Double>, unit: Double
  ) {
    let factors = layerNormRow(input, epsilon: norm.epsilon, stored: 0, unit: unit)
    let n = Double(input.count)
    let mean = input.reduce(0.0) { $0 + Double($1) } / n
    let variance = input.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / n
    var (inner, norm2, parallel, fourth) = (0.0, 0.0, 0.0, 0.0)
    for j in exact.indices {
      let y = exact[j] - (bias?[j] ?? 0)
      inner += (candidate[j] - exact[j]) * y
      norm2 += y * y
      parallel += gain[j] * y
      fourth += y * y * (10 * y * y + exact[j] * exact[j])
    }
    guard norm2 > 0, inner.isFinite else { return nil }
    scale = inner / norm2
    inverse = 1 / (variance + norm.epsilon)
    let own = factors.scale + (factors.shift * parallel * parallel + fourth) / (norm2 * norm2)
    weight = 3 / (unit * unit * own)
  }
}

/// Two significant digits: `-1.0e-05`.
private func scientific(_ value: Double) -> String {
  guard value.isFinite, value != 0 else { return "0" }
  var exponent = 0
  var digits = abs(value)
  while digits >= 9.95 { digits /= 10; exponent += 1 }
  while digits < 0.995 { digits *= 10; exponent -= 1 }
  let tenths = Int((digits * 10).rounded())
  let power = abs(exponent) < 10 ? "0\(abs(exponent))" : "\(abs(exponent))"
  return "\(value < 0 ? "-" : "")\(tenths / 10).\(tenths % 10)e\(exponent < 0 ? "-" : "+")\(power)"
}
