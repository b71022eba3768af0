/// Values that three bfloat16 cannot hold or multiply like a Float32: not finite, huge, or tiny.

import CProcessor

/// What is unusual about a step of a block.
typealias StepFlags = UInt8
/// A value is not finite, or so large that rounding it to bfloat16 could overflow, or the largest of a
/// row or column is so small that three bfloat16 do not hold it: see `splitExactly`.
let needsFloat32: StepFlags = 1
/// A whole row or column is so small that low parts of its products vanish: tile registers take
/// subnormal operands and results for zero. Of A that is a row's share of a step, zero or not, and it
/// counts where all steps are so; of B a column over all of the depth, unless it is zero.
let isSmall: StepFlags = 2

/// From here on a value is huge.
private let ceiling: Float = 0x1p126
/// Below this the low part of a value is less than the smallest normal bfloat16.
let smallestCut: Float = 0x1p-100
/// Above these, what is lost is below 2⁻¹²⁶, 2⁻²⁶ of the product of a row's and a column's largest values.
private let smallestOfRow: Float = 0x1p-30
private let smallestOfColumn: Float = 0x1p-70

/// The flags of a block's steps.
@inline(__always)
func flags(_ block: UnsafePointer<Float>) -> UnsafePointer<StepFlags> {
  UnsafeRawPointer(block).assumingMemoryBound(to: StepFlags.self)
}

@inline(__always)
func flags(_ block: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<StepFlags> {
  UnsafeMutableRawPointer(block).assumingMemoryBound(to: StepFlags.self)
}

/// Whether some steps of A, whose flags begin here, have to be multiplied in Float32.
@inline(never)
func areUnusual(_ flags: UnsafePointer<StepFlags>, _ steps: Int) -> Bool {
  var some: StepFlags = 0
  var all: StepFlags = isSmall
  for step in 0..<steps {
    some |= flags[step]
    all &= flags[step]
  }
  return some & needsFloat32 | all != 0
}

@inline(__always)
private func magnitudeBits(_ x: Vector) -> IntegerVector {
  unsafeBitCast(x, to: IntegerVector.self) & IntegerVector(repeating: 0x7FFF_FFFF)
}

/// Flags of a row's share of a step.
@inline(__always)
func rowFlags(_ first: Vector, _ second: Vector) -> StepFlags {
  // Bits of magnitudes are in the order of the numbers, infinities and NaN above them.
  let one = magnitudeBits(first)
  let other = magnitudeBits(second)
  let top = one.replacing(with: other, where: other .> one)
  let huge = IntegerVector(repeating: Int32(bitPattern: ceiling.bitPattern) - 1)
  let small = IntegerVector(repeating: Int32(bitPattern: smallestOfRow.bitPattern) - 1)
  let isLarge = encoder_diff_larger16(top, small) != 0
  if encoder_diff_larger16(top, huge) != 0 { return needsFloat32 }
  return isLarge ? 0 : smallFlags(top)
}

/// Flags of a row's share whose magnitudes are all small.
@inline(never)
private func smallFlags(_ top: IntegerVector) -> StepFlags {
  let tiny = IntegerVector(repeating: Int32(bitPattern: smallestCut.bitPattern) - 1)
  let isZero = encoder_diff_larger16(top, IntegerVector.zero) == 0
  return isZero || encoder_diff_larger16(top, tiny) != 0 ? isSmall : isSmall | needsFloat32
}

/// How far from zero the values of B's columns lie, a column a lane or all lanes of one.
struct ColumnRange {
  /// Bits of the largest magnitudes.
  private var top = Words(repeating: 0)

  @inline(__always)
  mutating func add(_ x: Vector) {
    let bits = unsafeBitCast(magnitudeBits(x), to: Words.self)
    top = top.replacing(with: bits, where: bits .> top)
  }

  /// Flags of a column that all lanes belong to.
  func flagsOfOne() -> StepFlags {
    var largest: UInt32 = 0
    for lane in 0..<lanes { largest = max(largest, top[lane]) }
    return flags(largest)
  }

  /// Flags of columns of which every lane is one.
  func flagsOfAll() -> StepFlags {
    var all: StepFlags = 0
    for lane in 0..<lanes { all |= flags(top[lane]) }
    return all
  }

  private func flags(_ bits: UInt32) -> StepFlags {
    if bits >= ceiling.bitPattern || bits != 0 && bits < smallestCut.bitPattern {
      return needsFloat32
    }
    return bits != 0 && bits < smallestOfColumn.bitPattern ? isSmall : 0
  }
}
