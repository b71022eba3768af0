/// The rounding variance of one product element yᵢⱼ from its own terms, where marginals cannot tell.
struct ProductTerms: Sendable {
  /// Length of the sum.
  var length: Int
  /// Σ of squared partial sums and terms, added in natural order.
  private(set) var natural = 0.0
  private(set) var sum = 0.0
  /// P = Σ pₖ².
  private(set) var squares = 0.0

  /// The terms `term(k)` in the order in which engines sum them, from `start`: zero, or the bias
  /// where engines load it first.
  init(length: Int, start: Double = 0, term: (Int) -> Double) {
    self.length = length
    var partial = start
    for k in 0..<length {
      let p = term(k)
      partial += p
      natural += partial * partial + p * p
      sum += p
      squares += p * p
    }
  }

  /// V in units of u²: of the natural order, or of an exchangeable one where that is larger (see
  /// `ProductVariance`), and of operands that are rounded themselves.
  func variance(operands: Double) -> Double {
    let n = Double(length)
    return max(natural, n / 3 * sum * sum + (n / 6 + 1) * squares) + operands * squares
  }
}
