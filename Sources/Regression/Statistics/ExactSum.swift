/// A sum of Float64 values without any rounding, in fixed point over the whole range of the type:
/// the order of additions and of merges does not matter, to the last bit.
///
/// Digits of 32 bits in 64-bit limbs, the first worth 2⁻¹⁰⁷⁴; carries wait in the upper halves,
/// which hold 2³⁰ additions before they must be passed on.
/// - Note: Source U. Kulisch, "Computer Arithmetic and Validity", the long accumulator.
package struct ExactSum: Sendable, Hashable {
  private static let numLimbs = 68
  private static let additionsBeforeCarry = 1 << 30

  private var limbs = [Int64](repeating: 0, count: numLimbs)
  private var numPending = 0

  package init() {}

  /// Adds a value.
  /// - Precondition: `value` is finite.
  package mutating func add(_ value: Double) {
    precondition(value.isFinite)
    guard value != 0 else { return }
    let isNormal = value.exponentBitPattern > 0
    let significand = value.significandBitPattern | (isNormal ? 1 << 52 : 0)
    let shift = isNormal ? Int(value.exponentBitPattern) - 1 : 0
    let (limb, offset) = (shift / 32, shift % 32)
    let sign: Int64 = value.sign == .minus ? -1 : 1
    // 53 bits shifted by at most 31 take three digits.
    let low = significand << offset
    let high = offset == 0 ? 0 : significand >> (64 - offset)
    limbs[limb] += sign * Int64(low & 0xFFFF_FFFF)
    limbs[limb + 1] += sign * Int64(low >> 32)
    limbs[limb + 2] += sign * Int64(high)
    passCarriesIfDue(1)
  }

  package mutating func merge(_ other: ExactSum) {
    var other = other
    other.passCarries()
    for index in limbs.indices { limbs[index] += other.limbs[index] }
    passCarriesIfDue(1)
  }

  private mutating func passCarriesIfDue(_ additions: Int) {
    numPending += additions
    if numPending >= Self.additionsBeforeCarry { passCarries() }
  }

  /// Brings all digits but the last into 0 ..< 2³².
  private mutating func passCarries() {
    for index in 0..<(limbs.count - 1) {
      limbs[index + 1] += limbs[index] >> 32
      limbs[index] &= 0xFFFF_FFFF
    }
    numPending = 0
  }

  /// The sum, rounded once to within a unit in the last place; ±∞ beyond the range.
  package var value: Double {
    var copy = self
    copy.passCarries()
    let isNegative = copy.limbs[copy.limbs.count - 1] < 0
    if isNegative {
      for index in copy.limbs.indices { copy.limbs[index] = -copy.limbs[index] }
      copy.passCarries()
    }
    guard let top = copy.limbs.lastIndex(where: { $0 != 0 }) else { return 0 }
    var result = 0.0
    // Three digits hold more than 53 bits whatever the leading one is; lower ones round down.
    for index in stride(from: top, through: max(top - 2, 0), by: -1) {
      result += Double(
        sign: .plus, exponent: 32 * index - 1074, significand: Double(copy.limbs[index]))
    }
    return isNegative ? -result : result
  }

  package static func == (left: ExactSum, right: ExactSum) -> Bool {
    left.normalised == right.normalised
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(normalised) }

  private var normalised: [Int64] {
    var copy = self
    copy.passCarries()
    return copy.limbs
  }
}
