package import EncoderModel

/// The values that a floating-point format narrower than Float32 can hold.
package struct NarrowGrid: Sendable, Hashable {
  package let format: NumberFormat
  private let fractionBits: Int
  private let leastExponent: Int

  /// `nil` for Float32 and for integers.
  package init?(_ format: NumberFormat) {
    switch format {
    case .bfloat16: (fractionBits, leastExponent) = (7, -126)
    case .float16: (fractionBits, leastExponent) = (10, -14)
    case .tf32: (fractionBits, leastExponent) = (10, -126)
    case .fp8e4m3: (fractionBits, leastExponent) = (3, -6)
    case .fp8e5m2: (fractionBits, leastExponent) = (2, -14)
    case .float32, .int8, .int4, .q8_0, .q5_1, .q5_0, .q4_1, .q4_0: return nil
    }
    self.format = format
  }

  /// The distance from a value of the grid to the next larger one in magnitude; NaN for NaN and ∞.
  func step(at value: Double) -> Double {
    guard value.isFinite else { return .nan }
    let exponent = value == 0 ? leastExponent : max(Int(value.exponent), leastExponent)
    return Double(sign: .plus, exponent: exponent - fractionBits, significand: 1)
  }
}
