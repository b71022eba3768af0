package import TensorCore

/// The arithmetic that a candidate says it computes in, and what its dump stores values in.
package struct PrecisionClaim: Sendable, Hashable {
  /// Unit roundoff of the arithmetic; Float32's unless declared otherwise.
  package var unit: Double
  /// Unit roundoff that operands of products are rounded to first; zero for none.
  package var operandUnit: Double

  package init(unit: Double = 0x1p-24, operandUnit: Double = 0) {
    self.unit = unit
    self.operandUnit = operandUnit
  }

  /// Float32 throughout.
  package static let float32 = PrecisionClaim()
}

/// The rounding of storage around one operation: values dumped as f16 or bf16 are the operation's
/// inputs and output only up to that rounding.
struct StorageRounding: Sendable {
  /// Squared unit roundoff, in units of u², of each input and of the output; zero for f32 and f64.
  var inputs: [Double]
  var output: Double
  /// Absolute rounding of the output below the normal range, squared, in units of u².
  var outputFloor: Double

  init(inputs: [ScalarType?], output: ScalarType, unit: Double) {
    func ratio(_ type: ScalarType?) -> Double {
      guard let roundoff = type?.unitRoundoff, roundoff > 0x1p-24 else { return 0 }
      return (roundoff / unit) * (roundoff / unit)
    }
    self.inputs = inputs.map(ratio)
    self.output = ratio(output)
    let step = output == .float16 ? 0x1p-25 / unit : 0
    outputFloor = step * step
  }

  func input(_ index: Int) -> Double { index < inputs.count ? inputs[index] : 0 }
}
