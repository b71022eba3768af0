package import EncoderModel
import TensorCore

/// The arithmetic that a candidate says it computes in, and how much of it is forgiven.
package struct PrecisionClaim: Sendable, Hashable {
  /// Unit roundoff of the arithmetic; Float32's unless declared otherwise.
  package var unit: Double
  /// Unit roundoff that operands of products are rounded to first; zero for none.
  package var operandUnit: Double
  /// The precision that products are declared to have: found, it is named and does not fail.
  package var expected: NumberFormat?
  /// Whether declared precision fails all the same.
  package var isStrict: Bool

  package init(
    unit: Double = 0x1p-24, operandUnit: Double = 0, expected: NumberFormat? = nil,
    isStrict: Bool = false
  ) {
    self.unit = unit
    self.operandUnit = operandUnit
    self.expected = expected
    self.isStrict = isStrict
  }

  /// Float32 throughout.
  package static let float32 = PrecisionClaim()

  /// Float32 but for products, which are declared to be of `format`. Errors are judged as Float32's
  /// first, so that a fault below the declared precision is not hidden by it.
  package static func expecting(_ format: NumberFormat, isStrict: Bool = false) -> PrecisionClaim {
    PrecisionClaim(expected: format, isStrict: isStrict)
  }

  /// Whether products of `format` do not fail: declared ones, and finer ones. f16 and tf32 round
  /// alike, so that values seldom tell which of them it was.
  package func forgives(_ format: NumberFormat) -> Bool {
    guard let expected, !isStrict else { return false }
    return format == expected || format.unitRoundoff < expected.unitRoundoff
      || Set([format, expected]) == [.float16, .tf32]
  }

  /// The same claim with the declared precision as that of every operand and result.
  var declared: PrecisionClaim? {
    guard let expected else { return nil }
    var copy = self
    copy.operandUnit = expected.unitRoundoff
    return copy
  }
}

/// The rounding of storage around one operation: values dumped as f16 or bf16 are the operation's
/// inputs and output only up to that rounding.
struct StorageRounding: Sendable {
  /// Squared unit roundoff, in units of u², of each input and of the output; zero for f32 and f64.
  var inputs: [Double]
  var output: Double
  /// Absolute rounding of the output below the normal range, squared, in units of u².
  var outputFloor: Double

  init(inputs: [ScalarType?], output: ScalarType, claim: PrecisionClaim) {
    func ratio(_ type: ScalarType?) -> Double {
      guard let roundoff = type?.unitRoundoff, roundoff > 0x1p-24 else { return 0 }
      return (roundoff / claim.unit) * (roundoff / claim.unit)
    }
    self.inputs = inputs.map(ratio)
    // An engine of declared precision stores its results in it too.
    let declared = claim.operandUnit / claim.unit
    self.output = max(ratio(output), declared * declared)
    let step = output == .float16 ? 0x1p-25 / claim.unit : 0
    outputFloor = step * step
  }

  func input(_ index: Int) -> Double { index < inputs.count ? inputs[index] : 0 }
}
