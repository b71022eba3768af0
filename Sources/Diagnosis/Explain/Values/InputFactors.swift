import EncoderModel
import TensorCore

/// y ≈ Σⱼ sⱼ·xⱼ·wⱼ + b with one factor sⱼ for each input channel (of a convolution, for each tap and
/// channel) and the checkpoint's weights, by least squares: what a loop over the inputs that ends
/// early leaves, and a scale of the weight's columns that is not the checkpoint's.
struct InputFactors {
  /// Sound ones are 1; those of inputs that are always zero too.
  let factors: [Double]
  /// ‖y − fit‖/‖fit‖.
  let residual: Double

  /// Input channels beyond which the normal equations take too long.
  private static let largest = 6000
  /// How little of a direction there has to be for its factor to stay 1, relative to the mean.
  private static let ridge = 1e-12

  /// `input` `[T, in]` is the candidate's own, of a convolution unfolded to `[T, 3·in]`, `weight`
  /// `[in, out]` what stands in the checkpoint, and `bias` `[out]` what is added.
  /// - Throws: what the oracle throws.
  init?(_ output: Tensor, input: Tensor, weight: Tensor, bias: [Double], _ algebra: DenseAlgebra)
    throws
  {
    let (n, width) = (input.innerExtent, output.innerExtent)
    guard n > 1, n <= Self.largest, output.elementCount >= 4 * n, weight.rowCount == n,
      input.rowCount == output.rowCount, bias.count == width
    else { return nil }
    let columns = input.transposedToFloat64()
    let unbiased = Tensor.float64(output.shape) { target in
      output.withFloat64 { y in
        for i in 0..<target.count { target[i] = y[i] - bias[i % width] }
      }
    }
    var normal = try algebra.product(columns, transposed: columns)
      .combined(with: try algebra.product(weight, transposed: weight), *).float64Array
    let back = try algebra.product(unbiased, transposed: weight)
    var right = [Double](repeating: 0, count: n)
    back.withFloat64 { back in
      input.withFloat64 { x in
        for i in 0..<back.count { right[i % n] += x[i] * back[i] }
      }
    }
    // What is looked for is s − 1, so that a direction without data stays as it is.
    for i in 0..<n { right[i] -= normal[(i * n)..<(i * n + n)].reduce(0, +) }
    guard NormalEquations.solve(&normal, &right, n: n, ridge: Self.ridge) else { return nil }
    factors = right.map { $0 + 1 }
    let scaled = Tensor.float64(input.shape) { [factors] target in
      input.withFloat64 { x in
        for i in 0..<target.count { target[i] = x[i] * factors[i % n] }
      }
    }
    let fit = try algebra.product(scaled, transposed: weight.transposedToFloat64())
    residual = relativeDistance(unbiased, fit)
  }

  /// Factors nearer to a value than this are taken for it.
  private static let near = 1e-3

  /// Inputs that do not enter.
  var missing: [Int] { factors.indices.filter { abs(factors[$0]) < Self.near } }
  /// Inputs whose factor is neither 0 nor 1.
  var scaled: [Int] {
    factors.indices.filter { abs(factors[$0]) >= Self.near && abs(factors[$0] - 1) >= Self.near }
  }
}
