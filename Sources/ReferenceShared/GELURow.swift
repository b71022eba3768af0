/// GELU in its exact form, x·Φ(x), in vectors: Φ within a few ulp, in its lower tail too.

/// x·Φ(x) of `count` values; NaN stays NaN, +∞ stays, −∞ gives NaN as −∞·0 does in PyTorch.
func geluRow(
  _ source: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Double>, count: Int
) {
  var k = 0
  while k < count {
    let x = load(source + k, first: count - k, fill: 0)
    store(x * normalDistribution(x), out + k, first: count - k)
    k += lanes
  }
}

/// Φ(x) = ½·erfc(−x/√2).
///
/// For a = |x|: Φ(−a) = exp(−a²/2)·P(t)/(1 + 2a), t = (a − 5)/(a + 5), where P is a polynomial of
/// degree 22 through the Chebyshev points of 0 ≤ a ≤ 40 (truncation 1.2e-17, no coefficient above
/// 0.85). Φ(a) = 1 − Φ(−a) loses nothing, since Φ(−a) ≤ ½.
@inline(__always)
private func normalDistribution(_ x: Vector) -> Vector {
  let isNegative = x .< Vector.zero
  var a = x.replacing(with: -x, where: isNegative)
  let far = Vector(repeating: 40)
  a = a.replacing(with: far, where: a .> far)
  // a² without rounding: the upper half of a squared is exact, the rest is a correction.
  let mask = IntegerVector(repeating: ~0x7FF_FFFF)
  let upper = unsafeBitCast(unsafeBitCast(a, to: IntegerVector.self) & mask, to: Vector.self)
  let half = Vector(repeating: -0.5)
  let power = exponential(upper * upper * half, correction: (a - upper) * (a + upper) * half)
  let centre = Vector(repeating: 5)
  let tail = power * tailPolynomial((a - centre) / (a + centre)) / (a + a + Vector(repeating: 1))
  return (Vector(repeating: 1) - tail).replacing(with: tail, where: isNegative)
}

/// Φ(−a)·exp(a²/2)·(1 + 2a) as a polynomial in t = (a − 5)/(a + 5); computed with 60 digits.
@inline(__always)
private func tailPolynomial(_ t: Vector) -> Vector {
  var sum = Vector(repeating: 0x1.cb182c6252fbcp-30)
  sum = multiplyAdd(sum, t, Vector(repeating: 0x1.1f7364fa06e6fp-27))
  sum = multiplyAdd(sum, t, Vector(repeating: -0x1.1882713bf99e5p-30))
  sum = multiplyAdd(sum, t, Vector(repeating: -0x1.289889daf6733p-24))
  sum = multiplyAdd(sum, t, Vector(repeating: -0x1.18b11d24a33c3p-25))
  sum = multiplyAdd(sum, t, Vector(repeating: 0x1.d4453be4581bbp-22))
  sum = multiplyAdd(sum, t, Vector(repeating: 0x1.70e518445ed32p-23))
  sum = multiplyAdd(sum, t, Vector(repeating: -0x1.8039b89a7a755p-19))
  sum = multiplyAdd(sum, t, Vector(repeating: 0x1.20a32da4b9b10p-21))
  sum = multiplyAdd(sum, t, Vector(repeating: 0x1.4558f17b9dcbep-16))
  sum = multiplyAdd(sum, t, Vector(repeating: -0x1.bb8c89e3cfc12p-16))
  sum = multiplyAdd(sum, t, Vector(repeating: -0x1.c5ba81d217040p-14))
  sum = multiplyAdd(sum, t, Vector(repeating: 0x1.bdbed3466b27ep-12))
  sum = multiplyAdd(sum, t, Vector(repeating: -0x1.f1d624fe5503fp-14))
  sum = multiplyAdd(sum, t, Vector(repeating: -0x1.d42636437c7f0p-9))
  sum = multiplyAdd(sum, t, Vector(repeating: 0x1.f96034e1d9d0cp-7))
  sum = multiplyAdd(sum, t, Vector(repeating: -0x1.42359acfea6fap-5))
  sum = multiplyAdd(sum, t, Vector(repeating: 0x1.28e8fee38f281p-4))
  sum = multiplyAdd(sum, t, Vector(repeating: -0x1.9c4af953d8732p-4))
  sum = multiplyAdd(sum, t, Vector(repeating: 0x1.9d3d58860cee5p-4))
  sum = multiplyAdd(sum, t, Vector(repeating: -0x1.ba6f247fb87bbp-5))
  sum = multiplyAdd(sum, t, Vector(repeating: -0x1.44c9cd8f5795ap-5))
  sum = multiplyAdd(sum, t, Vector(repeating: 0x1.b135a378924a6p-1))
  return sum
}
