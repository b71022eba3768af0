/// Element types as safetensors headers spell them.
import TensorCore

extension ScalarType {
  /// The code in a safetensors header.
  var safetensorsCode: String {
    switch self {
    case .float64: "F64"
    case .float32: "F32"
    case .float16: "F16"
    case .bfloat16: "BF16"
    case .int64: "I64"
    case .int32: "I32"
    case .int16: "I16"
    case .int8: "I8"
    case .uint64: "U64"
    case .uint32: "U32"
    case .uint16: "U16"
    case .uint8: "U8"
    case .bool: "BOOL"
    }
  }

  /// The type of a code; `nil` for those no tensor here can have (`F8_E4M3`, `C64`, …).
  init?(safetensorsCode code: String) {
    guard let type = Self.allCases.first(where: { $0.safetensorsCode == code }) else { return nil }
    self = type
  }
}
