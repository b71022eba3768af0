/// eˣ and erf in vectors, with polynomials fitted to minimise the largest relative error.

import KernelTable

/// log₂e in two Floats: their sum has 48 significant bits.
private let log2eHigh: Float = 1.442_695_02
private let log2eLow: Float = 1.925_963_03e-8

/// 2^(n + f) with x·factor = n + f, |f| ≤ ½: relative error below 1.1 units in the last place.
///
/// Adding 1.5·2²³ rounds to an integer that then stands in the low bits of the sum, ready to be
/// shifted into the exponent. NaN propagates.
/// - Precondition: −126 ≤ x·factor ≤ 127.49, which the callers clamp to.
@inline(__always)
func powerOfTwo(_ x: Vector, factor: Vector, factorLow: Vector) -> Vector {
  let magic = Vector(repeating: 12_582_912)
  let shifted = magic.addingProduct(x, factor)
  let f = (magic - shifted).addingProduct(x, factor).addingProduct(x, factorLow)
  return powerOfTwo(shifted, f)
}

/// The same with a factor that one Float is taken to hold: off by |x·factor|·2⁻²⁵ more.
@inline(__always)
func powerOfTwo(_ x: Vector, factor: Vector) -> Vector {
  let magic = Vector(repeating: 12_582_912)
  let shifted = magic.addingProduct(x, factor)
  return powerOfTwo(shifted, (magic - shifted).addingProduct(x, factor))
}

/// 2^(n + f) from the magic sum whose low bits are n.
@inline(__always)
private func powerOfTwo(_ shifted: Vector, _ f: Vector) -> Vector {
  var p = Vector(repeating: 0.000_153_458_080_6)
  p = Vector(repeating: 0.001_339_993_09).addingProduct(p, f)
  p = Vector(repeating: 0.009_618_489_07).addingProduct(p, f)
  p = Vector(repeating: 0.055_503_286_4).addingProduct(p, f)
  p = Vector(repeating: 0.240_226_462).addingProduct(p, f)
  p = Vector(repeating: 0.693_147_182).addingProduct(p, f)
  p = Vector(repeating: 1).addingProduct(p, f)
  // A product, not an addition to the bits of p: a NaN with any payload has to stay one.
  let exponent = unsafeBitCast(shifted, to: IntegerVector.self) &<< 23
  let one = IntegerVector(repeating: 0x3F80_0000)
  return p * unsafeBitCast(exponent &+ one, to: Vector.self)
}

/// eˣ over all of Float32: +∞ beyond 88.72, 0 below −87.33 (no subnormal results), NaN stays NaN.
/// Relative error below 1.1 units in the last place between.
@inline(__always)
func exponential(_ x: Vector) -> Vector {
  let low = Vector(repeating: -87.336_54)
  let high = Vector(repeating: 88.722_84)
  let clamped = smaller(high, larger(low, x))
  let magic = Vector(repeating: 12_582_912)
  let shifted = magic.addingProduct(clamped, Vector(repeating: log2eHigh))
  let f = (magic - shifted).addingProduct(clamped, Vector(repeating: log2eHigh))
    .addingProduct(clamped, Vector(repeating: log2eLow))
  // 2^128 is no Float: where n is 128 half the power is taken, and twice the result.
  let isHuge = shifted .> Vector(repeating: 12_583_039)
  let reduced = shifted.replacing(with: shifted - Vector(repeating: 1), where: isHuge)
  let power = powerOfTwo(reduced, f)
  var result = power.replacing(with: power + power, where: isHuge)
  result = result.replacing(with: 0, where: x .< low)
  return result.replacing(with: Float.infinity, where: x .> high)
}

/// Q(t) = 1 − Φ(t) = ½·erfc(t/√2) for t ≥ 0: e^(−t²/2)·G(y)/(t + 7⁄2), y = (t − 7⁄2)/(t + 7⁄2).
///
/// G is smooth on [−1, 1); the square's rounding error is carried into the exponential, so the
/// relative error stays below 3 units in the last place down to t = 13, where Q = 6e-39 ends.
@inline(__always)
func upperTail(_ t: Vector) -> Vector {
  let clamped = smaller(Vector(repeating: 13.1), t)
  let square = clamped * clamped
  let squareLow = (-square).addingProduct(clamped, clamped)
  let half = Vector(repeating: -0.5)
  let power = powerOfTwo(
    square, factor: Vector(repeating: log2eHigh) * half,
    factorLow: Vector(repeating: log2eLow) * half)
  let e = power.addingProduct(power, squareLow * half)
  let centre = Vector(repeating: 3.5)
  let reciprocal = Vector(repeating: 1) / (clamped + centre)
  let y = (clamped - centre) * reciprocal
  var g = Vector(repeating: 0.000_110_690_926)
  g = Vector(repeating: 0.000_421_899_778).addingProduct(g, y)
  g = Vector(repeating: -0.000_494_944_805).addingProduct(g, y)
  g = Vector(repeating: -0.003_175_312_32).addingProduct(g, y)
  g = Vector(repeating: 0.006_493_116_26).addingProduct(g, y)
  g = Vector(repeating: 0.017_406_379_8).addingProduct(g, y)
  g = Vector(repeating: -0.116_053_037).addingProduct(g, y)
  g = Vector(repeating: 0.315_425_038).addingProduct(g, y)
  g = Vector(repeating: -0.565_561_771).addingProduct(g, y)
  g = Vector(repeating: 0.744_416_058).addingProduct(g, y)
  return e * (g * reciprocal)
}

/// x·Φ(x), the exact GELU, as max(x, 0) − |x|·Q(|x|): no cancellation on either side.
///
/// Relative error below 5 units in the last place above zero, 6 below; on average well under one.
/// −∞ gives −0, +∞ gives +∞, NaN stays NaN.
@inline(__always)
func exactGELU(_ x: Vector) -> Vector {
  let t = magnitude(x)
  let positive = larger(Vector.zero, x)
  let clamped = smaller(Vector(repeating: 13.1), t)
  return positive.addingProduct(-clamped, upperTail(clamped))
}

/// erf(x): x·P(x²) below 1, 1 − 2Q(√2·|x|) from there; NaN stays NaN.
/// Relative error below 2 units in the last place.
@inline(__always)
func errorFunction(_ x: Vector) -> Vector {
  let t = magnitude(x)
  let square = x * x
  var p = Vector(repeating: -9.641_515_13e-6)
  p = Vector(repeating: 0.000_112_569_476).addingProduct(p, square)
  p = Vector(repeating: -0.000_848_282_885).addingProduct(p, square)
  p = Vector(repeating: 0.005_220_945_46).addingProduct(p, square)
  p = Vector(repeating: -0.026_865_400_4).addingProduct(p, square)
  p = Vector(repeating: 0.112_837_821).addingProduct(p, square)
  p = Vector(repeating: -0.376_126_379).addingProduct(p, square)
  p = Vector(repeating: 0.128_379_167).addingProduct(p, square)
  let inner = x.addingProduct(x, p)
  let tail = upperTail(t * Vector(repeating: 1.414_213_56))
  let outer = Vector(repeating: 1).addingProduct(Vector(repeating: -2), tail)
  let signed = outer.replacing(with: -outer, where: x .< 0)
  return signed.replacing(with: inner, where: t .< 1)
}
