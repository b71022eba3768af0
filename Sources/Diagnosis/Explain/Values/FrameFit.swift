import TensorCore

/// x ≈ aₜ·y + bₜ·d for each row t of a tensor cut into pieces (heads), by least squares over its
/// channels.
struct FrameFit {
  /// Range of aₜ over all rows and pieces.
  private(set) var factors = 1.0...1.0
  /// Largest |bₜ|.
  private(set) var largestOffset = 0.0
  /// ‖x − fit‖/‖fit‖.
  private(set) var residual = Double.infinity

  /// - `direction`: d `[width]`, `nil` where only factors are looked for.
  init(_ x: Tensor, _ y: Tensor, numPieces: Int = 1, direction: [Double]? = nil) {
    let width = max(x.innerExtent / max(numPieces, 1), 1)
    var (low, high) = (Double.infinity, -Double.infinity)
    var (left, size) = (0.0, 0.0)
    x.withFloat64 { x in
      y.withFloat64 { y in
        for start in stride(from: 0, to: x.count, by: width) {
          var (xy, yy, xd, yd, dd) = (0.0, 0.0, 0.0, 0.0, 0.0)
          for c in 0..<width {
            let (a, b, d) = (x[start + c], y[start + c], direction?[c] ?? 0)
            xy += a * b
            yy += b * b
            xd += a * d
            yd += b * d
            dd += d * d
          }
          let determinant = yy * dd - yd * yd
          var (factor, offset) = (yy > 0 ? xy / yy : 1, 0.0)
          if dd > 0, determinant > 1e-9 * yy * dd {
            factor = (xy * dd - xd * yd) / determinant
            offset = (xd * yy - xy * yd) / determinant
          }
          for c in 0..<width {
            let fit = factor * y[start + c] + offset * (direction?[c] ?? 0)
            left += (x[start + c] - fit) * (x[start + c] - fit)
            size += fit * fit
          }
          (low, high) = (min(low, factor), max(high, factor))
          largestOffset = max(largestOffset, abs(offset))
        }
      }
    }
    guard left.isFinite, size > 0, low <= high else { return }
    factors = low...high
    residual = (left / size).squareRoot()
  }
}
