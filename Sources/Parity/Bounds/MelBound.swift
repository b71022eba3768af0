package import TensorCore

/// What Float32 front-ends may differ by.
///
/// A transform in Float32 leaves each power with an error of about 5u of the largest amplitude; the
/// clamp stands 8 decades of power below that, where an amplitude is 10⁻⁴ of it: δP/P ≈ 2·5·u·10⁴ =
/// 6·10⁻³, after log₁₀ and the division by four 7·10⁻⁴. Most values lie far above the clamp, so that
/// the relative L2 stays under 10⁻⁴. Features of another scale than Whisper's, whose deviation is
/// about a quarter, may differ in proportion.
package enum MelBound {
  package static let relative = 1e-4
  package static let absolute = 7e-4
  private static let deviation = 0.25

  /// Whether x is y but for the rounding of a Float32 front-end.
  /// - Parameters:
  ///   - x: the foreign mel.
  ///   - y: a mel in Float64, of as many elements.
  ///   - residual: their relative distance.
  /// - Returns: whether relative and absolute bound hold.
  package static func isRounding(_ x: Tensor, _ y: Tensor, relative residual: Double) -> Bool {
    guard residual <= relative else { return false }
    return x.withFloat64 { x in
      y.withFloat64 { y in
        var largest = 0.0
        for i in 0..<x.count { largest = max(largest, abs(x[i] - y[i])) }
        return largest <= absolute * max(1, spread(y) / deviation)
      }
    }
  }

  /// The narrow floating-point grid that all values of a mel lie on, if any: an engine that runs in
  /// that format rounds its input to it.
  package static func grid(of mel: Tensor) -> NarrowGrid? {
    resultGrid(mel).flatMap { NarrowGrid($0) }
  }

  /// Whether x is y, as a Float32 front-end may compute it, rounded to `grid`.
  ///
  /// An error δ before the rounding moves a value to the next step h with probability |δ|/h; where
  /// it does, y lies outside of the interval that rounds to x, by d ∈ (0, |δ|], |δ|/2 on average. So
  /// 2hd has the expectation δ², and Σ2hd is an unbiased estimate of ‖δ‖², which `relative` bounds;
  /// every d stays within `absolute`.
  package static func isRounding(_ x: Tensor, _ y: Tensor, to grid: NarrowGrid) -> Bool {
    guard x.elementCount == y.elementCount else { return false }
    return x.withFloat64 { x in
      y.withFloat64 { y in
        var (largest, squares, size) = (0.0, 0.0, 0.0)
        for i in 0..<x.count where x[i] != y[i] && !(x[i].isNaN && y[i].isNaN) {
          let step = grid.step(at: x[i])
          let excess = abs(x[i] - y[i]) - step / 2
          guard excess.isFinite else { return false }
          largest = max(largest, excess)
          squares += 2 * step * max(excess, 0)
        }
        for value in y where value.isFinite { size += value * value }
        return largest <= absolute * max(1, spread(y) / deviation)
          && squares <= relative * relative * size
      }
    }
  }

  /// The standard deviation over finite elements.
  private static func spread(_ values: UnsafeBufferPointer<Double>) -> Double {
    var (count, sum, squares) = (0.0, 0.0, 0.0)
    for value in values where value.isFinite {
      count += 1
      sum += value
      squares += value * value
    }
    let mean = sum / max(count, 1)
    return max(squares / max(count, 1) - mean * mean, 0).squareRoot()
  }
}
