import EncoderModel
import TensorCore

/// Whether an output is a dense layer of an input at all, whatever the weights.
enum DenseFit {
  /// Weights and bias by least squares on seven of eight frames; what they leave on the eighth.
  /// - Returns: ‖output − prediction‖/‖output‖ over the frames held out; `nil` where there are too few.
  static func heldOutResidual(input: Tensor, output: Tensor) -> Double? {
    let n = input.innerExtent + 1
    let m = output.innerExtent
    let rows = input.rowCount
    let train = (0..<rows).filter { $0 % 8 != 7 }
    let test = (0..<rows).filter { $0 % 8 == 7 }
    guard output.rowCount == rows, train.count > n + n / 8, test.count > 4 else { return nil }
    return input.withFloat64 { x in
      output.withFloat64 { y in
        var gram = [Double](repeating: 0, count: n * n)
        var right = [Double](repeating: 0, count: n * m)
        var row = [Double](repeating: 1, count: n)
        for t in train {
          for i in 0..<(n - 1) { row[i] = x[t * (n - 1) + i] }
          accumulate(row, y, t * m, n, m, &gram, &right)
        }
        guard solve(&gram, &right, n, m) else { return nil }
        var (left, size) = (0.0, 0.0)
        for t in test {
          for j in 0..<m {
            var sum = right[(n - 1) * m + j]
            for i in 0..<(n - 1) { sum += x[t * (n - 1) + i] * right[i * m + j] }
            let d = y[t * m + j] - sum
            left += d * d
            size += y[t * m + j] * y[t * m + j]
          }
        }
        return size > 0 && left.isFinite ? (left / size).squareRoot() : nil
      }
    }
  }

  /// A convolution's input with the frames under its kernel side by side: dense layers of this are
  /// convolutions of the input.
  static func unfolded(_ input: Tensor, _ convolution: Conv1D) -> Tensor {
    let (frames, width) = (input.rowCount, input.innerExtent)
    let count = convolution.outputFrames(frames)
    return Tensor.float64([count, 3 * width]) { target in
      input.withFloat64 { source in
        for i in 0..<target.count {
          let (frame, rest) = (i / (3 * width), i % (3 * width))
          let from = frame * convolution.stride + rest / width - convolution.paddingLeft
          target[i] = from >= 0 && from < frames ? source[from * width + rest % width] : 0
        }
      }
    }
  }

  private static func accumulate(
    _ row: [Double], _ y: UnsafeBufferPointer<Double>, _ start: Int, _ n: Int, _ m: Int,
    _ gram: inout [Double], _ right: inout [Double]
  ) {
    gram.withUnsafeMutableBufferPointer { gram in
      right.withUnsafeMutableBufferPointer { right in
        for i in 0..<n {
          let value = row[i]
          for j in 0...i { gram[i * n + j] += value * row[j] }
          for j in 0..<m { right[i * m + j] += value * y[start + j] }
        }
      }
    }
  }

  /// Solves G·W = R by Cholesky; a ridge of 10⁻¹³ of the trace keeps directions out that no frame has.
  private static func solve(_ gram: inout [Double], _ right: inout [Double], _ n: Int, _ m: Int)
    -> Bool
  {
    let ridge = 1e-13 * (0..<n).reduce(0) { $0 + gram[$1 * n + $1] } / Double(n)
    var isPositive = true
    gram.withUnsafeMutableBufferPointer { g in
      right.withUnsafeMutableBufferPointer { r in
        for j in 0..<n {
          for i in j..<n {
            var sum = g[i * n + j] + (i == j ? ridge : 0)
            for k in 0..<j { sum -= g[i * n + k] * g[j * n + k] }
            if i == j {
              guard sum > 0 else {
                isPositive = false
                return
              }
              g[j * n + j] = sum.squareRoot()
            } else {
              g[i * n + j] = sum / g[j * n + j]
            }
          }
        }
        for i in 0..<n {
          for k in 0..<i {
            let factor = g[i * n + k]
            for c in 0..<m { r[i * m + c] -= factor * r[k * m + c] }
          }
          for c in 0..<m { r[i * m + c] /= g[i * n + i] }
        }
        for i in (0..<n).reversed() {
          for k in (i + 1)..<max(n, i + 1) {
            let factor = g[k * n + i]
            for c in 0..<m { r[i * m + c] -= factor * r[k * m + c] }
          }
          for c in 0..<m { r[i * m + c] /= g[i * n + i] }
        }
      }
    }
    return isPositive
  }
}
