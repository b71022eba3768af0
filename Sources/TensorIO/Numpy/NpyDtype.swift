/// Element types as numpy spells them: byte order, kind, width.
import TensorCore

/// A numpy element type that a tensor can hold.
struct NpyDtype: Sendable, Equatable {
  let scalarType: ScalarType
  let isBigEndian: Bool
  /// The spelling in the file.
  let descr: String

  /// Parses `<f4`, `>i8`, `|b1`, `bfloat16`, … Two opaque bytes (`V2`) are bfloat16: that is how
  /// numpy saves arrays of the ml_dtypes package, and nothing else in use has that type.
  /// - Throws: `unsupportedDtype` with what to do.
  init(_ descr: String, path: String, at offset: Int) throws(TensorIOError) {
    self.descr = descr
    let order = descr.utf8.first
    let hasOrder = [UInt8](arrayLiteral: 0x3C, 0x3E, 0x7C, 0x3D).contains(order ?? 0)
    isBigEndian = order == UInt8(ascii: ">")
    let code = hasOrder ? String(descr.dropFirst()) : descr
    guard let type = Self.types[code] else {
      throw TensorIOError(
        path, .unsupportedDtype(descr, advice: Self.advice(for: code)), at: offset)
    }
    scalarType = type
  }

  private static let types: [String: ScalarType] = [
    "f8": .float64, "f4": .float32, "f2": .float16, "V2": .bfloat16, "bfloat16": .bfloat16,
    "i8": .int64, "i4": .int32, "i2": .int16, "i1": .int8,
    "u8": .uint64, "u4": .uint32, "u2": .uint16, "u1": .uint8, "b1": .bool,
  ]

  private static func advice(for code: String) -> String {
    switch code.first {
    case "O": "Python objects are never unpickled; save numpy.asarray(x, dtype=numpy.float32)"
    case "U", "S": "text is no tensor; leave it out"
    case "c": "save the real and the imaginary part as two arrays"
    default: "convert it to float64, float32 or float16"
    }
  }
}

extension ScalarType {
  /// How numpy spells the type in a little-endian file; bfloat16 as ml_dtypes saves it.
  var npyDescr: String {
    switch self {
    case .float64: "<f8"
    case .float32: "<f4"
    case .float16: "<f2"
    case .bfloat16: "<V2"
    case .int64: "<i8"
    case .int32: "<i4"
    case .int16: "<i2"
    case .int8: "|i1"
    case .uint64: "<u8"
    case .uint32: "<u4"
    case .uint16: "<u2"
    case .uint8: "|u1"
    case .bool: "|b1"
    }
  }
}
