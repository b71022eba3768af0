/// exp for arguments up to zero, in vectors: within 1 ulp.

/// exp(x + correction).
///
/// x = n·ln 2 + r with |r| ≤ ln 2/2; exp(r) by its Taylor series to the 13th power, whose remainder
/// r¹⁴/14! is below 5e-18. ln 2 is split in two so that n·ln2High is exact.
/// - `x`: at most zero; −∞ gives 0, and so does everything below −708. NaN stays NaN.
/// - `correction`: below 2⁻⁴⁰ of x or so; what x is short of the exact argument.
@inline(__always)
func exponential(_ x: Vector, correction: Vector = .zero) -> Vector {
  let lowest = Vector(repeating: -708)
  let isTiny = x .< lowest
  let argument = x.replacing(with: lowest, where: isTiny)
  // Adding 1.5·2⁵² rounds to an integer, which then stands in the low bits.
  let shifter = Vector(repeating: 0x1.8p52)
  let shifted = multiplyAdd(argument, Vector(repeating: 0x1.71547652b82fep+0), shifter)
  let n = shifted - shifter
  let ln2High = Vector(repeating: -0x1.62e42fee00000p-1)
  let ln2Low = Vector(repeating: -0x1.a39ef35793c76p-33)
  let r = multiplyAdd(n, ln2Low, multiplyAdd(n, ln2High, argument)) + correction
  var sum = Vector(repeating: 1 / 6_227_020_800.0)
  sum = multiplyAdd(sum, r, Vector(repeating: 1 / 479_001_600.0))
  sum = multiplyAdd(sum, r, Vector(repeating: 1 / 39_916_800.0))
  sum = multiplyAdd(sum, r, Vector(repeating: 1 / 3_628_800.0))
  sum = multiplyAdd(sum, r, Vector(repeating: 1 / 362_880.0))
  sum = multiplyAdd(sum, r, Vector(repeating: 1 / 40_320.0))
  sum = multiplyAdd(sum, r, Vector(repeating: 1 / 5_040.0))
  sum = multiplyAdd(sum, r, Vector(repeating: 1 / 720.0))
  sum = multiplyAdd(sum, r, Vector(repeating: 1 / 120.0))
  sum = multiplyAdd(sum, r, Vector(repeating: 1 / 24.0))
  sum = multiplyAdd(sum, r, Vector(repeating: 1 / 6.0))
  sum = multiplyAdd(sum, r, Vector(repeating: 0.5))
  sum = multiplyAdd(sum, r, Vector(repeating: 1))
  sum = multiplyAdd(sum, r, Vector(repeating: 1))
  let exponent = unsafeBitCast(shifted, to: IntegerVector.self) &<< 52
  let scale = exponent &+ IntegerVector(repeating: 1023 << 52)
  return (sum * unsafeBitCast(scale, to: Vector.self)).replacing(with: Vector.zero, where: isTiny)
}
