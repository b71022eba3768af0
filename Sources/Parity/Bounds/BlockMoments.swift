#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Moments of some rows of one head.
struct BlockMoments: Sendable {
  var concentration: [Double] = []
  var scoreWeight: [Double] = []
  var keyWeight: [Double]

  /// Error of a score beyond which its effect on the softmax is not linear.
  private static let largestLinear = 0.02

  init(keys: Int) { keyWeight = [Double](repeating: 0, count: keys) }

  mutating func add(
    p: UnsafeBufferPointer<Double>, s: UnsafeBufferPointer<Double>, rowFactor: Double,
    product: ProductVariance, unit: Double
  ) {
    var largest = -Double.infinity
    for value in s { largest = max(largest, value) }
    // A row of NaN or ∞ says nothing of the keys' weights in other rows.
    guard p.allSatisfy(\.isFinite) else {
      concentration.append(.nan)
      scoreWeight.append(.nan)
      return
    }
    let extreme = s.reduce(0) { max($0, abs($1)) }
    let worst =
      rowFactor * (product.columns.max() ?? 0)
      + (product.coherentWeight + 2) * extreme * extreme + 16
    let blur = unit * worst.squareRoot()
    if blur > Self.largestLinear {
      return addBlurred(s, largest: largest, blur: blur, unit: unit)
    }
    var (rho, scored, shifted, factored) = (0.0, 0.0, 0.0, 0.0)
    product.columns.withUnsafeBufferPointer { columns in
      keyWeight.withUnsafeMutableBufferPointer { keys in
        for j in p.indices {
          let weight = p[j] * p[j]
          let z = s[j] - largest
          rho += weight
          scored += weight * (s[j] * s[j])
          shifted += weight * (z * z)
          factored += weight * columns[j]
          keys[j] += weight
        }
      }
    }
    concentration.append(rho)
    scoreWeight.append(
      rowFactor * factored + (product.coherentWeight + 2) * scored + shifted + 16 * rho)
  }

  /// A row whose scores are so large that their rounding, `blur`, decides which keys win: every key
  /// within 8·blur of the largest may have all the weight, and moves o by what its score is off.
  private mutating func addBlurred(
    _ s: UnsafeBufferPointer<Double>, largest: Double, blur: Double, unit: Double
  ) {
    let size = min(1, blur * blur) / (unit * unit)
    var total = 0.0
    for j in s.indices {
      let weight = min(1, exp(s[j] - largest + 8 * blur))
      keyWeight[j] += weight
      total += weight
    }
    concentration.append(total)
    scoreWeight.append(total * size)
  }
}
