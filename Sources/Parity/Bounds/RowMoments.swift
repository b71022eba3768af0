import ParityArithmetic

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What the error model of fused attention needs of one row of the maps: Σⱼ pⱼ², and the weight W of
/// the errors of scores.
struct RowMoments {
  var concentration: Double
  var scoreWeight: Double

  /// Error of a score beyond which its effect on the softmax is not linear.
  private static let largestLinear = 0.02

  /// - Parameters:
  ///   - scores: s, of the row's keys.
  ///   - probabilities: p.
  ///   - head: what holds for all rows of the head.
  ///   - rowFactor: the row's factor of the variance of scores.
  ///   - unit: unit roundoff u.
  ///   - keyWeights: each key's p² is added to these.
  init(
    scores: UnsafeBufferPointer<Double>, probabilities: UnsafeBufferPointer<Double>,
    head: HeadFactors, rowFactor: Double, unit: Double,
    keyWeights: UnsafeMutablePointer<Double>
  ) {
    guard let s = scores.baseAddress, let p = probabilities.baseAddress else {
      self.init(concentration: 0, scoreWeight: 0)
      return
    }
    let range = ParityArithmetic.best.scores(s, p, scores.count)
    // A row of NaN or ∞ says nothing of the keys' weights in other rows.
    guard range.isFinite else {
      self.init(concentration: .nan, scoreWeight: .nan)
      return
    }
    let worst =
      rowFactor * head.largestColumn
      + (head.coherentWeight + 2) * range.extreme * range.extreme + 16
    let blur = unit * worst.squareRoot()
    if blur > Self.largestLinear {
      self.init(blurred: scores, largest: range.largest, blur: blur, unit: unit, keyWeights)
      return
    }
    let sums = head.columns.withUnsafeBufferPointer { columns in
      columns.baseAddress.map {
        ParityArithmetic.best.attention(s, p, $0, range.largest, keyWeights, scores.count)
      } ?? AttentionRowSums()
    }
    self.init(
      concentration: sums.weight,
      scoreWeight: rowFactor * sums.factored + (head.coherentWeight + 2) * sums.scored
        + sums.shifted + 16 * sums.weight)
  }

  /// A row whose scores are so large that their rounding, `blur`, decides which keys win: every key
  /// within 8·blur of the largest may have all the weight, and moves o by what its score is off.
  private init(
    blurred s: UnsafeBufferPointer<Double>, largest: Double, blur: Double, unit: Double,
    _ keyWeights: UnsafeMutablePointer<Double>
  ) {
    let size = min(1, blur * blur) / (unit * unit)
    var total = 0.0
    for j in s.indices {
      let weight = min(1, exp(s[j] - largest + 8 * blur))
      keyWeights[j] += weight
      total += weight
    }
    self.init(concentration: total, scoreWeight: total * size)
  }

  private init(concentration: Double, scoreWeight: Double) {
    self.concentration = concentration
    self.scoreWeight = scoreWeight
  }
}

/// What holds for all rows of one head.
struct HeadFactors: Sendable {
  /// The scores' variance factors of the keys, and the largest of them.
  let columns: [Double]
  let largestColumn: Double
  let coherentWeight: Double

  init(_ product: ProductVariance) {
    columns = product.columns
    largestColumn = product.columns.max() ?? 0
    coherentWeight = product.coherentWeight
  }
}
