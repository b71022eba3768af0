/// y = (x − μ)/√(σ² + ε)·weight + bias over the last axis.
package struct LayerNorm: Sendable, Hashable {
  package var weight: WeightReference?
  package var bias: WeightReference?
  package var epsilon: Double
  /// False for RMSNorm: neither mean nor its square is taken off.
  package var isCentred: Bool
  /// Variance over n − 1 instead of n.
  package var usesSampleVariance: Bool
  /// Variance accumulated and stored in f16: beyond 65504 it is ∞.
  package var usesFloat16Variance: Bool
  /// Divides by σ without taking the mean off first.
  package var keepsMean = false
  /// Divides by σ + ε instead of √(σ² + ε).
  package var addsEpsilonToDeviation = false
  /// Mean and variance of each channel over the frames, instead of each frame over the channels.
  package var isOverFrames = false

  package init(
    weight: WeightReference?, bias: WeightReference?, epsilon: Double = 1e-5,
    isCentred: Bool = true, usesSampleVariance: Bool = false, usesFloat16Variance: Bool = false
  ) {
    self.weight = weight
    self.bias = bias
    self.epsilon = epsilon
    self.isCentred = isCentred
    self.usesSampleVariance = usesSampleVariance
    self.usesFloat16Variance = usesFloat16Variance
  }

  /// Whether it is a layer norm as it should be, with any weight, bias and ε.
  package var isUsual: Bool {
    isCentred && !usesSampleVariance && !usesFloat16Variance && !keepsMean
      && !addsEpsilonToDeviation && !isOverFrames
  }

  /// What is taken off a line of values and what it is then multiplied by, in Float64: one definition of norms
  /// that no sound encoder has, for the executors that have no use for them otherwise.
  /// - Parameters:
  ///   - line: the first of the values.
  ///   - step: elements from one value of the line to the next.
  ///   - count: values in the line.
  /// - Returns: μ or 0, and 1/√(σ² + ε) or what stands for it.
  package func shiftAndScale(
    of line: UnsafePointer<Float>, step: Int = 1, count: Int
  ) -> (shift: Double, scale: Double) {
    var mean = 0.0
    if isCentred {
      for i in 0..<count { mean += Double(line[i * step]) }
      mean /= Double(count)
    }
    var squares = 0.0
    for i in 0..<count {
      let difference = Double(line[i * step]) - mean
      squares += difference * difference
    }
    return (keepsMean ? 0 : mean, scale(squares: squares, count: count))
  }

  /// 1/√(σ² + ε) and its variants, from Σ(x − μ)² over `count` values.
  package func scale(squares: Double, count: Int) -> Double {
    var variance = squares / Double(usesSampleVariance ? count - 1 : count)
    if usesFloat16Variance {
      // What f16 accumulates is ∞ beyond its largest number.
      variance = squares > 65504 ? .infinity : Double(Float16(variance))
    }
    return addsEpsilonToDeviation
      ? 1 / (variance.squareRoot() + epsilon) : 1 / (variance + epsilon).squareRoot()
  }
}
