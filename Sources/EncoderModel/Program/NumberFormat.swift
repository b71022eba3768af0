/// Number formats that engines compute or store in, as rounding applied to Float32 values.
package enum NumberFormat: String, Sendable, Hashable, CaseIterable, Codable {
  case float32 = "f32"
  /// TensorFloat-32: 8 exponent bits, 11 significant bits.
  case tf32
  case float16 = "f16"
  case bfloat16 = "bf16"
  /// Symmetric 8-bit integers, one scale per row: max|row|/127.
  case int8
  /// The same with 4 bits: max|row|/7.
  case int4
  /// 8-bit floating point numbers, values as they are; beyond the range they saturate.
  case fp8e4m3 = "fp8-e4m3"
  case fp8e5m2 = "fp8-e5m2"
  /// ggml's block quantisations, for weights, and for activations beside them.
  case q4_0, q4_1, q5_0, q5_1, q8_0

  /// The unit roundoff of the format; for integers relative to the largest value of row or block.
  package var unitRoundoff: Double {
    switch self {
    case .float32: 0x1p-24
    case .tf32, .float16: 0x1p-11
    case .bfloat16: 0x1p-8
    case .int8, .q8_0: 0.5 / 127
    case .int4: 0.5 / 7
    case .fp8e4m3: 0x1p-4
    case .fp8e5m2: 0x1p-3
    case .q4_0: 0.5 / 8
    case .q4_1: 1.0 / 15
    case .q5_0: 0.5 / 16
    case .q5_1: 1.0 / 31
    }
  }

  /// The block quantisation of that name, for those that are one.
  private var quantization: BlockQuantization? { BlockQuantization(rawValue: rawValue) }

  /// Rounds one row of values in place, to nearest even. NaN and ∞ stay; f16 overflows to ∞.
  package func round(row: UnsafeMutableBufferPointer<Float>) {
    switch self {
    case .float32: return
    case .tf32:
      for i in row.indices where row[i].isFinite {
        let bits = row[i].bitPattern
        row[i] = Float(bitPattern: (bits &+ 0xFFF &+ ((bits >> 13) & 1)) & ~0x1FFF)
      }
    case .float16: for i in row.indices { row[i] = Float(Float16(row[i])) }
    case .bfloat16:
      for i in row.indices where !row[i].isNaN {
        let bits = row[i].bitPattern
        row[i] = Float(bitPattern: (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) & ~0xFFFF)
      }
    case .int8: Self.roundToIntegers(row, largestInteger: 127)
    case .int4: Self.roundToIntegers(row, largestInteger: 7)
    case .fp8e4m3: EightBitFloat(layout: .e4m3, scaling: .none).round(row)
    case .fp8e5m2: EightBitFloat(layout: .e5m2, scaling: .none).round(row)
    case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0: quantization?.roundTrip(row: row)
    }
  }

  /// Symmetric integers times one scale.
  private static func roundToIntegers(
    _ row: UnsafeMutableBufferPointer<Float>, largestInteger: Float
  ) {
    var largest: Float = 0
    for value in row where value.isFinite { largest = max(largest, abs(value)) }
    guard largest > 0 else { return }
    let scale = largest / largestInteger
    for i in row.indices where row[i].isFinite {
      row[i] = (row[i] / scale).rounded(.toNearestOrEven) * scale
    }
  }
}
