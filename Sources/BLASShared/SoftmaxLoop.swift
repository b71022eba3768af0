/// Softmax of one row, in place, and the exponential under it.

/// e^x for x ≤ 0; 0 below −86, NaN for NaN. Relative error under 2⁻²³.
///
/// x = n·ln 2 + r with |r| ≤ ln 2/2, Taylor's series of e^r to r⁷ (rest 5·10⁻⁹), and n added to the
/// exponent. The integer n stands in the low bits of x·log₂e + 1.5·2²³.
@inline(__always)
func exponential(_ x: Vector) -> Vector {
  let shifter: Float = 0x1.8p23
  let shifted = multiplyAdd(x, Vector(repeating: 0x1.715476p0), Vector(repeating: shifter))
  let n = shifted - Vector(repeating: shifter)
  // ln 2 in two parts, the first with zeros at its end: n·high is exact.
  var r = multiplyAdd(n, Vector(repeating: -0x1.62e4p-1), x)
  r = multiplyAdd(n, Vector(repeating: -0x1.7f7d1cp-20), r)
  var p = Vector(repeating: 1 / 5040)
  p = multiplyAdd(p, r, Vector(repeating: 1 / 720))
  p = multiplyAdd(p, r, Vector(repeating: 1 / 120))
  p = multiplyAdd(p, r, Vector(repeating: 1 / 24))
  p = multiplyAdd(p, r, Vector(repeating: 1 / 6))
  p = multiplyAdd(p, r, Vector(repeating: 0.5))
  p = multiplyAdd(p, r, Vector(repeating: 1))
  p = multiplyAdd(p, r, Vector(repeating: 1))
  let bits = unsafeBitCast(shifted, to: IntegerVector.self) &<< 23
  let scaled = unsafeBitCast(unsafeBitCast(p, to: IntegerVector.self) &+ bits, to: Vector.self)
  return scaled.replacing(with: 0, where: x .< -86)
}

/// exp(s − max)/Σ of `count` scores; `paddingKeys` more of score zero take part in max and sum.
///
/// A score of −∞ gives 0; NaN anywhere makes the whole row NaN.
func softmaxRow(_ row: UnsafeMutablePointer<Float>, count: Int, paddingKeys: Int) {
  let source = UnsafePointer(row)
  var best = Vector(repeating: paddingKeys > 0 ? 0 : -.infinity)
  var k = 0
  while k < count {
    let scores = load(source + k, first: count - k, fill: -.infinity)
    best = best.replacing(with: scores, where: scores .> best)
    k += lanes
  }
  let maximum = Vector(repeating: largestLane(best))
  var sums = Vector.zero
  k = 0
  while k < count {
    let powers = exponential(load(source + k, first: count - k, fill: -.infinity) - maximum)
    sums += powers
    store(powers, row + k, first: count - k)
    k += lanes
  }
  var sum = total(sums)
  if paddingKeys > 0 { sum += Float(paddingKeys) * exponential(-maximum)[0] }
  let factor = Vector(repeating: 1 / sum)
  k = 0
  while k < count {
    store(load(source + k, first: count - k, fill: 0) * factor, row + k, first: count - k)
    k += lanes
  }
}
