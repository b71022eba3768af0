import TensorCore

/// What Float32 front-ends may differ by.
///
/// A transform in Float32 leaves each power with an error of about 5u of the largest amplitude; the
/// clamp stands 8 decades of power below that, where an amplitude is 10⁻⁴ of it: δP/P ≈ 2·5·u·10⁴ =
/// 6·10⁻³, after log₁₀ and the division by four 7·10⁻⁴. Most values lie far above the clamp, so that
/// the relative L2 stays under 10⁻⁴. Features of another scale than Whisper's, whose deviation is
/// about a quarter, may differ in proportion.
enum MelBound {
  static let relative = 1e-4
  static let absolute = 7e-4
  private static let deviation = 0.25

  static func isRounding(_ x: Tensor, _ y: Tensor, relative residual: Double) -> Bool {
    guard residual <= relative else { return false }
    return x.withFloat64 { x in
      y.withFloat64 { y in
        var (sum, squares, largest) = (0.0, 0.0, 0.0)
        for i in 0..<x.count {
          sum += y[i]
          squares += y[i] * y[i]
          largest = max(largest, abs(x[i] - y[i]))
        }
        let mean = sum / Double(max(y.count, 1))
        let spread = max(squares / Double(max(y.count, 1)) - mean * mean, 0).squareRoot()
        return largest <= absolute * max(1, spread / deviation)
      }
    }
  }
}
