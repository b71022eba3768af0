/// The wire format of Protocol Buffers, read by hand: fields one after the other.

/// One field of a message.
struct ProtobufField {
  enum Value {
    case varint(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    /// A string, bytes, a message or packed numbers.
    case bytes(ByteView)
  }

  let number: Int
  let value: Value
  /// Where the field starts in the file.
  let fileOffset: Int
}

/// Steps through the fields of one message. Groups, which ONNX never uses, are errors.
struct ProtobufReader {
  private var cursor: ByteCursor

  init(_ view: ByteView) { cursor = ByteCursor(view) }

  /// The next field; `nil` at the end of the message.
  /// - Throws: `truncated`, `invalidProtobuf`.
  mutating func next() throws(TensorIOError) -> ProtobufField? {
    guard cursor.remaining > 0 else { return nil }
    let start = cursor.fileOffset
    let key = try varint("a field's key")
    let number = Int(clamping: key >> 3)
    guard number > 0, number < 1 << 29 else {
      throw invalid("field number \(number)", at: start)
    }
    let value: ProtobufField.Value
    switch key & 7 {
    case 0: value = .varint(try varint("a number"))
    case 1: value = .fixed64(try cursor.read(UInt64.self, "a 64-bit field"))
    case 2:
      let length = Int(clamping: try varint("a field's length"))
      value = .bytes(try cursor.slice(length, "field \(number)"))
    case 5: value = .fixed32(try cursor.read(UInt32.self, "a 32-bit field"))
    default: throw invalid("wire type \(key & 7) in field \(number)", at: start)
    }
    return ProtobufField(number: number, value: value, fileOffset: start)
  }

  /// The next field of that number; others are skipped.
  mutating func next(numbered number: Int) throws(TensorIOError) -> ProtobufField? {
    while let field = try next() {
      if field.number == number { return field }
    }
    return nil
  }

  /// A number in groups of seven bits, least significant first.
  private mutating func varint(_ what: String) throws(TensorIOError) -> UInt64 {
    let start = cursor.fileOffset
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      let byte = try cursor.read(UInt8.self, what)
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
    }
    throw invalid("a number of more than ten bytes", at: start)
  }

  private func invalid(_ reason: String, at offset: Int) -> TensorIOError {
    TensorIOError(cursor.view.path, .invalidProtobuf(reason: reason), at: offset)
  }

  /// The numbers packed in `view`, each as 64 bits.
  static func packedVarints(_ view: ByteView) throws(TensorIOError) -> [UInt64] {
    var reader = ProtobufReader(view)
    var values: [UInt64] = []
    while reader.cursor.remaining > 0 { values.append(try reader.varint("a packed number")) }
    return values
  }
}

extension ProtobufField {
  /// The field as UTF-8.
  /// - Throws: `invalidProtobuf` where it is no string, `invalidText`.
  func text() throws(TensorIOError) -> String {
    let view = try bytes()
    return try view.text(0, view.count, "a name")
  }

  /// The field as bytes or a message.
  func bytes() throws(TensorIOError) -> ByteView {
    guard case .bytes(let view) = value else { throw wrongType("bytes") }
    return view
  }

  /// The field as a signed integer.
  func int() throws(TensorIOError) -> Int {
    guard case .varint(let bits) = value else { throw wrongType("a number") }
    return Int(truncatingIfNeeded: bits)
  }

  /// A repeated integer field: one number, or several packed.
  func ints() throws(TensorIOError) -> [Int] {
    switch value {
    case .varint(let bits): return [Int(truncatingIfNeeded: bits)]
    case .bytes(let view):
      return try ProtobufReader.packedVarints(view).map { Int(truncatingIfNeeded: $0) }
    case .fixed32, .fixed64: throw wrongType("numbers")
    }
  }

  /// A repeated float field: one number, or several packed.
  func floats() throws(TensorIOError) -> [Float] {
    switch value {
    case .fixed32(let bits): return [Float(bitPattern: bits)]
    case .bytes(let view) where view.count % 4 == 0:
      return view.withUnsafeBytes { bytes in
        stride(from: 0, to: bytes.count, by: 4).map {
          bytes.loadUnaligned(fromByteOffset: $0, as: Float.self)
        }
      }
    case .varint, .bytes, .fixed64: throw wrongType("32-bit floats")
    }
  }

  func wrongType(_ expected: String) -> TensorIOError {
    let path: String
    if case .bytes(let view) = value { path = view.path } else { path = "ONNX" }
    return TensorIOError(
      path, .invalidProtobuf(reason: "field \(number) should be \(expected)"), at: fileOffset)
  }
}
