/// Exact GELU over a row.

/// x·Φ(x) of `count` values; NaN propagates, and −∞ gives NaN (−∞·0).
///
/// h = |x|·Φ(−|x|), then x − h for x ≥ 0 and −h for x < 0, which cancels nowhere. Φ(−|x|) is
/// e^(−x²/2)·R(t) with t = 1/(1 + 0.3|x|) and R a polynomial of degree 10 fitted to
/// e^(x²/2)·erfc(|x|/√2)/2 with equal relative weight: error 3.5·10⁻⁹ up to |x| = 13, where e^(−x²/2)
/// becomes zero. Measured in Float32: at most 3 units of 2⁻²⁴·(|x|/2 + |y|).
func geluRow(
  _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, count: Int
) {
  var k = 0
  while k < count {
    let x = load(source + k, first: count - k, fill: 0)
    store(gelu(x), target + k, first: count - k)
    k += lanes
  }
}

@inline(__always)
private func gelu(_ x: Vector) -> Vector {
  let isNegative = x .< 0
  let magnitude = x.replacing(with: -x, where: isNegative)
  let one = Vector(repeating: 1)
  let t = one / multiplyAdd(magnitude, Vector(repeating: 0.3), one)
  var p = Vector(repeating: -0.0205791409)
  p = multiplyAdd(p, t, Vector(repeating: 0.112186025))
  p = multiplyAdd(p, t, Vector(repeating: -0.227603391))
  p = multiplyAdd(p, t, Vector(repeating: 0.190935904))
  p = multiplyAdd(p, t, Vector(repeating: -0.0786851406))
  p = multiplyAdd(p, t, Vector(repeating: 0.0957409445))
  p = multiplyAdd(p, t, Vector(repeating: 0.0785409724))
  p = multiplyAdd(p, t, Vector(repeating: 0.110201203))
  p = multiplyAdd(p, t, Vector(repeating: 0.119576169))
  p = multiplyAdd(p, t, Vector(repeating: 0.119686453))
  let tail = p * t * exponential(magnitude * magnitude * -0.5)
  // ∞·0 would be NaN for +∞ too; for −∞ it is one, as in PyTorch.
  let product = (magnitude * tail).replacing(with: 0, where: (tail .== 0) .& .!isNegative)
  return (x - product).replacing(with: -product, where: isNegative)
}
