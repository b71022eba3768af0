import EncoderModel
import TensorCore

/// y = x[π]·Wᵀ + b: the input channels in another order than the weight's columns, as where halves,
/// heads or axes were exchanged between two layers.
struct InputOrder {
  /// Channel of the input that column j of the weight meets.
  let order: Permutation
  /// ‖y − fit‖/‖fit‖.
  let residual: Double

  /// Frames that candidates are screened on.
  private static let numScreened = 64
  /// Residual from which on a candidate is none.
  private static let hopeless = 0.1

  /// - `output` `[T, out]`, `input` `[T, in]`: the candidate's own; `weight` `[in, out]`, `bias` `[out]`;
  ///   `found` `[in, out]`: weights that least squares found, where there are frames enough.
  /// - Throws: what the oracle throws.
  init?(
    _ output: Tensor, input: Tensor, weight: Tensor, bias: [Double], found: Tensor?,
    _ algebra: DenseAlgebra
  ) throws {
    let n = input.innerExtent
    guard n > 1, input.rowCount == output.rowCount, weight.rowCount == n,
      bias.count == output.innerExtent
    else { return nil }
    let filters = weight.transposedToFloat64()
    let unbiased = output.shifted(by: bias)
    func left(_ order: Permutation, _ x: Tensor, _ y: Tensor) throws -> Double {
      relativeDistance(
        y, try algebra.product(order.appliedToColumns(x), transposed: filters))
    }
    let step = max(1, output.rowCount / Self.numScreened)
    let screened = Array(stride(from: 0, to: output.rowCount, by: step))
    let (x, y) = (input.rows(screened), unbiased.rows(screened))
    let read = found.flatMap { Permutation.ofRows($0, weight) }.map(\.inverse)
    var best: (order: Permutation, residual: Double)?
    for order in ([read].compactMap { $0 } + Self.usual(n)) where !order.isIdentity {
      let residual = try left(order, x, y)
      if residual < best?.residual ?? Self.hopeless { best = (order, residual) }
    }
    guard let best else { return nil }
    order = best.order
    residual = try left(best.order, input, unbiased)
  }

  /// What a port does by mistake: `[a, b]` flattened as `[b, a]`, quarters rolled, or all reversed.
  private static func usual(_ n: Int) -> [Permutation] {
    let transposed = (2..<n).filter { n % $0 == 0 }.map { a in
      (0..<n).map { $0 % a * (n / a) + $0 / a }
    }
    let rolled = [n / 2, n / 4, n - n / 4].filter { $0 > 0 }.map { shift in
      (0..<n).map { ($0 + shift) % n }
    }
    return (rolled + transposed + [Array((0..<n).reversed())]).map(Permutation.init(order:))
  }
}

extension Permutation {
  /// The one that undoes this.
  fileprivate var inverse: Permutation {
    var order = [Int](repeating: 0, count: self.order.count)
    for (index, source) in self.order.enumerated() { order[source] = index }
    return Permutation(order: order)
  }
}

extension Tensor {
  /// Each row less `offset`, in Float64.
  func shifted(by offset: [Double]) -> Tensor {
    Tensor.float64(shape) { target in
      withFloat64 { x in
        for i in 0..<target.count { target[i] = x[i] - offset[i % offset.count] }
      }
    }
  }
}
