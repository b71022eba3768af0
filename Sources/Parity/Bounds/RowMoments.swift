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
    let range = ScoreRange(scores, probabilities)
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
    let sums = RowSums(scores, probabilities, head.columns, range.largest, keyWeights)
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

/// The largest score, the largest magnitude, and whether all probabilities are finite.
private struct ScoreRange {
  var largest: Double
  var extreme: Double
  var isFinite: Bool

  init(_ s: UnsafeBufferPointer<Double>, _ p: UnsafeBufferPointer<Double>) {
    var highest = SIMD4<Double>(repeating: -.infinity)
    var lowest = SIMD4<Double>(repeating: .infinity)
    // p·0 is NaN for NaN and ∞, and NaN stays in the sum.
    var probes = SIMD4<Double>.zero
    let end = s.count / 4 * 4
    var j = 0
    while j < end {
      let value = load4(s, j)
      highest = larger(highest, value)
      lowest = value.replacing(with: lowest, where: lowest .< value)
      probes += load4(p, j) * 0
      j &+= 4
    }
    largest = highest.max()
    var smallest = lowest.min()
    var probe = probes.sum()
    while j < s.count {
      largest = max(largest, s[j])
      smallest = min(smallest, s[j])
      probe += p[j] * 0
      j &+= 1
    }
    extreme = max(abs(largest), abs(smallest))
    isFinite = probe == 0
  }
}

/// Sums over one row: of p², and of p² times s², (s − m)² and the keys' factors.
private struct RowSums {
  var weight = 0.0
  var scored = 0.0
  var shifted = 0.0
  var factored = 0.0

  init(
    _ s: UnsafeBufferPointer<Double>, _ p: UnsafeBufferPointer<Double>, _ factors: [Double],
    _ largest: Double, _ keyWeights: UnsafeMutablePointer<Double>
  ) {
    var sums = (SIMD4<Double>.zero, SIMD4<Double>.zero, SIMD4<Double>.zero, SIMD4<Double>.zero)
    let end = s.count / 4 * 4
    factors.withUnsafeBufferPointer { columns in
      var j = 0
      while j < end {
        let probability = load4(p, j)
        let w = probability * probability
        let value = load4(s, j)
        let z = value - largest
        sums.0 += w
        sums.1 += w * (value * value)
        sums.2 += w * (z * z)
        sums.3 += w * load4(columns, j)
        let target = UnsafeMutableRawPointer(keyWeights + j)
        target.storeBytes(
          of: target.loadUnaligned(as: SIMD4<Double>.self) + w, as: SIMD4<Double>.self)
        j &+= 4
      }
      weight = sums.0.sum()
      scored = sums.1.sum()
      shifted = sums.2.sum()
      factored = sums.3.sum()
      while j < s.count {
        let w = p[j] * p[j]
        weight += w
        scored += w * (s[j] * s[j])
        shifted += w * ((s[j] - largest) * (s[j] - largest))
        factored += w * columns[j]
        keyWeights[j] += w
        j &+= 1
      }
    }
  }
}

@inline(__always)
private func load4(_ values: UnsafeBufferPointer<Double>, _ j: Int) -> SIMD4<Double> {
  guard let base = values.baseAddress else { return .zero }
  return UnsafeRawPointer(base + j).loadUnaligned(as: SIMD4<Double>.self)
}
