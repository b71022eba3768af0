#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The row-wise operations of the text decoder, in Float64.
enum DecoderMath {
  /// Whisper's layer norm epsilon, PyTorch's default.
  static let layerNormEpsilon = 1e-5

  /// Normalises each row: y = (x − μ)/√(σ² + 1e-5)·weight + bias, with the biased variance.
  ///
  /// x and y are `[rows, width]`; NaN propagates within its row.
  static func layerNorm(_ x: [Double], _ layer: NormWeights) -> [Double] {
    let width = layer.weight.count
    return [Double](unsafeUninitializedCapacity: x.count) { target, count in
      x.withUnsafeBufferPointer { x in
        for start in stride(from: 0, to: x.count, by: width) {
          var sum = 0.0
          for i in 0..<width { sum += x[start + i] }
          let mean = sum / Double(width)
          var squares = 0.0
          for i in 0..<width {
            let centred = x[start + i] - mean
            squares += centred * centred
          }
          let scale = 1 / (squares / Double(width) + layerNormEpsilon).squareRoot()
          for i in 0..<width {
            target.initializeElement(
              at: start + i, to: (x[start + i] - mean) * scale * layer.weight[i] + layer.bias[i])
          }
        }
      }
      count = x.count
    }
  }

  /// The exact GELU in place: x·Φ(x) = x/2·erfc(−x/√2), which loses no digits for negative x.
  static func gelu(_ x: inout [Double]) {
    x.withUnsafeMutableBufferPointer { x in
      for i in x.indices { x[i] = 0.5 * x[i] * erfc(-x[i] * 0.5.squareRoot()) }
    }
  }

  /// Adds `y` to `x` element by element.
  static func add(_ y: [Double], to x: inout [Double]) {
    x.withUnsafeMutableBufferPointer { x in
      y.withUnsafeBufferPointer { y in
        for i in x.indices { x[i] += y[i] }
      }
    }
  }

  /// Turns scores into probabilities in place; a NaN makes all of them NaN.
  static func softmax(_ scores: UnsafeMutableBufferPointer<Double>) {
    var largest = -Double.infinity
    for score in scores where !(score <= largest) { largest = score }
    var sum = 0.0
    for i in scores.indices {
      scores[i] = exp(scores[i] - largest)
      sum += scores[i]
    }
    for i in scores.indices { scores[i] /= sum }
  }
}
