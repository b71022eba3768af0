/// Float32 as three bfloat16, laid as tile registers read them.
///
/// A block holds 32 rows of A, or 32 columns of B, over all terms: a header, a byte a step that says what
/// is unusual about it, then steps of 32 terms.
/// A step has three parts, the high, middle and low bits of its values, each of two tiles of 16 rows
/// of 64 bytes. A word of such a row is a pair of terms, number j and j + 16 of the step: in A for
/// one of its rows, in B for one of its columns, rows of a tile of B being the pairs.

/// Rows of the register tile.
let tileRows = 32
/// Vectors in a row of it.
let panelVectors = 2
/// Terms of a step.
let stepTerms = 32
/// Floats of a tile, of a part and of a step.
let tileSize = 256
let partSize = 2 * tileSize
let stepSize = 3 * partSize

/// Steps that `depth` terms take; the last one is filled with zeros.
@inline(__always)
func stepCount(_ depth: Int) -> Int { (depth + stepTerms - 1) / stepTerms }

/// Floats of a block's header, whole cache lines.
@inline(__always)
func headerSize(_ depth: Int) -> Int { (stepCount(depth) + 63) / 64 * 16 }

/// Floats of a block over `depth` terms.
@inline(__always)
func blockSize(_ depth: Int) -> Int { headerSize(depth) + stepCount(depth) * stepSize }

/// Pairs of terms: one in the upper half of a word, one in the lower.
typealias Words = SIMD16<UInt32>

/// The three parts of pairs of values, lane by lane: `first` in the lower halves.
///
/// The high and middle parts are rounded to nearest; the low one, of at most seven bits, is exact. All
/// three sum up to the value, unless it is below `smallestCut`: then what is below the smallest bfloat16
/// is lost. The three smallest of nine products are left out: below 2⁻²⁵ of the value's product.
/// - Precondition: finite, and not so large that rounding overflows.
@inline(__always)
func splitPairs(_ first: Vector, _ second: Vector) -> (high: Words, middle: Words, low: Words) {
  let upper = Words(repeating: 0xFFFF_0000)
  let half = Words(repeating: 0x8000)
  let high0 = (unsafeBitCast(first, to: Words.self) &+ half) & upper
  let high1 = (unsafeBitCast(second, to: Words.self) &+ half) & upper
  let rest0 = first - unsafeBitCast(high0, to: Vector.self)
  let rest1 = second - unsafeBitCast(high1, to: Vector.self)
  let middle0 = (unsafeBitCast(rest0, to: Words.self) &+ half) & upper
  let middle1 = (unsafeBitCast(rest1, to: Words.self) &+ half) & upper
  let low0 = unsafeBitCast(rest0 - unsafeBitCast(middle0, to: Vector.self), to: Words.self)
  let low1 = unsafeBitCast(rest1 - unsafeBitCast(middle1, to: Vector.self), to: Words.self)
  return (
    high0 &>> 16 | high1, middle0 &>> 16 | middle1, low0 &>> 16 | low1 & upper
  )
}

/// The three parts of one value, whatever it is, as the upper halves of words: cut off instead of
/// rounded, so that no part overflows; infinities and NaN stand in the high part alone. What is too small
/// for three parts has a high part of zero, and its own bits in the other two.
func splitExactly(_ x: Float) -> (high: UInt32, middle: UInt32, low: UInt32) {
  let upper: UInt32 = 0xFFFF_0000
  let high = x.bitPattern & upper
  guard x.isFinite else { return (x.isNaN ? high | 0x40_0000 : high, 0, 0) }
  if abs(x) < smallestCut { return (0, high, x.bitPattern << 16) }
  let rest = x - Float(bitPattern: high)
  let middle = rest.bitPattern & upper
  return (high, middle, (rest - Float(bitPattern: middle)).bitPattern)
}

/// The values of parts, each in the upper halves of words.
@inline(__always)
func join(high: Words, middle: Words, low: Words) -> Vector {
  let sum =
    unsafeBitCast(high, to: Vector.self)
    + (unsafeBitCast(middle, to: Vector.self) + unsafeBitCast(low, to: Vector.self))
  let bits = unsafeBitCast(middle | low &>> 16, to: Vector.self)
  return sum.replacing(with: bits, where: (high &<< 1) .== Words(repeating: 0))
}

@inline(__always)
func storeWords(_ words: Words, _ address: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(address).storeBytes(of: words, as: Words.self)
}

@inline(__always)
func loadWords(_ address: UnsafePointer<Float>) -> Words {
  UnsafeRawPointer(address).loadUnaligned(as: Words.self)
}

@inline(__always)
func storeParts(
  _ parts: (high: Words, middle: Words, low: Words), _ target: UnsafeMutablePointer<Float>
) {
  storeWords(parts.high, target)
  storeWords(parts.middle, target + partSize)
  storeWords(parts.low, target + 2 * partSize)
}

/// A word of two upper halves.
@inline(__always)
func storePair(_ first: UInt32, _ second: UInt32, _ target: UnsafeMutablePointer<Float>) {
  target.pointee = Float(bitPattern: first >> 16 | second & 0xFFFF_0000)
}
