import TensorCore

/// x ≈ aⱼ·y + bⱼ for each channel j, by least squares over the frames.
struct ChannelFit {
  /// max |aⱼ − 1|.
  private(set) var largestScaleError = 0.0
  /// Norm of the offsets over that of x.
  private(set) var offsetShare = 0.0
  /// ‖x − a·y − b‖/‖x‖.
  private(set) var residual = 0.0
  /// Channels whose scale is not 1, or whose offset is not 0.
  private(set) var changed: [Int] = []
  private var allAreZero = true

  init(_ x: Tensor, _ y: Tensor, width: Int) {
    let rows = x.elementCount / width
    var (left, size, offsets) = (0.0, 0.0, 0.0)
    x.withFloat64 { x in
      y.withFloat64 { y in
        for column in 0..<width {
          let fit = Self.column(x, y, column, rows, width)
          largestScaleError = max(largestScaleError, abs(fit.scale - 1))
          offsets += fit.offset * fit.offset * Double(rows)
          let level = (fit.size / Double(max(rows, 1))).squareRoot()
          if abs(fit.scale - 1) > Self.near || abs(fit.offset) > Self.near * level {
            changed.append(column)
            if fit.size > 0 { allAreZero = false }
          }
          left += fit.left
          size += fit.size
        }
      }
    }
    guard size > 0, left.isFinite else {
      residual = .infinity
      return
    }
    offsetShare = (offsets / size).squareRoot()
    residual = (max(left, 0) / size).squareRoot()
  }

  private static let near = 1e-4

  /// Which channels those are: `channels 508–511, which are zero`.
  var text: String {
    guard let first = changed.first, let last = changed.last else { return "" }
    let place =
      changed.count == 1
      ? "channel \(first)"
      : last - first + 1 == changed.count
        ? "channels \(first)–\(last)" : "\(changed.count) channels (\(first) … \(last))"
    guard allAreZero else { return place + " alone" }
    return place + (changed.count == 1 ? ", which is zero" : ", which are zero")
  }

  private static func column(
    _ x: UnsafeBufferPointer<Double>, _ y: UnsafeBufferPointer<Double>, _ column: Int,
    _ rows: Int, _ width: Int
  ) -> (scale: Double, offset: Double, left: Double, size: Double) {
    var (sx, sy) = (0.0, 0.0)
    for row in 0..<rows {
      sx += x[row * width + column]
      sy += y[row * width + column]
    }
    let (mx, my) = (sx / Double(rows), sy / Double(rows))
    var (sxy, syy) = (0.0, 0.0)
    for row in 0..<rows {
      let dy = y[row * width + column] - my
      sxy += (x[row * width + column] - mx) * dy
      syy += dy * dy
    }
    let scale = syy > 0 ? sxy / syy : 1
    let offset = mx - scale * my
    var (left, size) = (0.0, 0.0)
    for row in 0..<rows {
      let value = x[row * width + column]
      let d = value - scale * y[row * width + column] - offset
      left += d * d
      size += value * value
    }
    return (scale, offset, left, size)
  }
}
