package import TensorCore

/// How an operand of a product is coded in fewer bits before it is multiplied.
package enum OperandCoding: Sendable, Hashable, Codable {
  /// As it is.
  case exact
  /// Rounded to a number format; integers with a scale for each frame, or output channel of a weight.
  case format(NumberFormat)
  /// To integers, in one of the schemes of engines other than ggml.
  case uniform(UniformQuantization)
  /// To 8-bit floating point numbers.
  case eightBitFloat(EightBitFloat)

  /// The coding that faults and reports call so; `nil` where there is none.
  package init?(name: String) {
    if let scheme = UniformQuantization(name: name) {
      self = .uniform(scheme)
    } else if let format = EightBitFloat(name: name) {
      self = .eightBitFloat(format)
    } else if let format = NumberFormat(rawValue: name) {
      self = .format(format)
    } else {
      return nil
    }
  }

  /// The format of the coded numbers, whatever their scales: `.float32` for none.
  package var format: NumberFormat {
    switch self {
    case .exact: .float32
    case .format(let format): format
    case .uniform(let scheme): scheme.bits > 4 ? .int8 : .int4
    case .eightBitFloat(let format): format.layout == .e4m3 ? .fp8e4m3 : .fp8e5m2
    }
  }

  /// `bf16`, `int8 per tensor`, `fp8 e4m3 per channel`.
  package var text: String {
    switch self {
    case .exact: "f32"
    case .format(let format): format.rawValue
    case .uniform(let scheme): scheme.name.replacing("-", with: " ")
    case .eightBitFloat(let format): format.name.replacing("-", with: " ")
    }
  }

  /// Coded and decoded: of the same shape; rows of activations `[T, C]` are frames.
  package func roundTrip(_ tensor: Tensor) -> Tensor {
    weightTransform?.apply(to: tensor) ?? tensor
  }

  /// What it does to a weight; `nil` for nothing.
  package var weightTransform: WeightTransform? {
    switch self {
    case .exact: nil
    case .format(let format): .rounded(format)
    case .uniform(let scheme): .uniformlyQuantized(scheme)
    case .eightBitFloat(let format): .eightBitFloat(format)
    }
  }
}
