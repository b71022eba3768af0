/// Opcodes that push numbers, strings and bytes.

extension PickleMachine {
  /// Executes `opcode` where it pushes a scalar; answers whether it did.
  mutating func pushScalar(_ opcode: UInt8) throws(TensorIOError) -> Bool {
    switch opcode {
    case UInt8(ascii: "N"): push(.none)
    case 0x88: push(.bool(true))
    case 0x89: push(.bool(false))
    case UInt8(ascii: "K"): push(.int(Int(try byte("an integer"))))
    case UInt8(ascii: "M"): push(.int(Int(try integer(UInt16.self, "an integer"))))
    case UInt8(ascii: "J"): push(.int(Int(try integer(Int32.self, "an integer"))))
    case 0x8a: push(try longInteger(Int(try byte("an integer's length"))))
    case 0x8b:
      push(try longInteger(try length(try integer(UInt32.self, "an integer's length"))))
    case UInt8(ascii: "G"):
      // Floats are stored most significant byte first.
      push(.double(Double(bitPattern: try integer(UInt64.self, "a float").byteSwapped)))
    case UInt8(ascii: "X"): push(.string(try text(try integer(UInt32.self, "a length"))))
    case 0x8c: push(.string(try text(try byte("a length"))))
    case 0x8d: push(.string(try text(try integer(UInt64.self, "a length"))))
    case UInt8(ascii: "U"): push(.string(try text(try byte("a length"))))
    case UInt8(ascii: "T"): push(.string(try text(try integer(UInt32.self, "a length"))))
    case UInt8(ascii: "C"): push(.bytes(try blob(try byte("a length"))))
    case UInt8(ascii: "B"): push(.bytes(try blob(try integer(UInt32.self, "a length"))))
    case 0x8e, 0x96: push(.bytes(try blob(try integer(UInt64.self, "a length"))))
    default: return false
    }
    return true
  }

  mutating func byte(_ what: String) throws(TensorIOError) -> UInt8 {
    try integer(UInt8.self, what)
  }

  mutating func integer<T: FixedWidthInteger>(
    _: T.Type, _ what: String
  ) throws(TensorIOError) -> T {
    let size = MemoryLayout<T>.size
    guard size <= bytes.count - offset else { throw truncated(what, size) }
    var value: T = 0
    for index in (0..<size).reversed() {
      value = T(truncatingIfNeeded: UInt64(truncatingIfNeeded: value) << 8)
      value |= T(truncatingIfNeeded: bytes[offset + index])
    }
    offset += size
    return value
  }

  /// The line up to the next line feed, which is skipped.
  mutating func line(_ what: String) throws(TensorIOError) -> String {
    guard let end = bytes[offset...].firstIndex(of: 0x0A) else { throw truncated(what, 1) }
    guard let text = String(validating: bytes[offset..<end], as: UTF8.self) else {
      throw fail(.invalidText(what: what))
    }
    offset = end + 1
    return text
  }

  private mutating func text(_ count: some FixedWidthInteger) throws(TensorIOError) -> String {
    guard let text = String(validating: try blob(count), as: UTF8.self) else {
      throw fail(.invalidText(what: "a string"))
    }
    return text
  }

  private mutating func blob(_ count: some FixedWidthInteger) throws(TensorIOError) -> [UInt8] {
    let count = try length(count)
    defer { offset += count }
    return Array(bytes[offset..<(offset + count)])
  }

  /// `count` as a number of bytes that are left.
  private func length(_ count: some FixedWidthInteger) throws(TensorIOError) -> Int {
    guard let length = Int(exactly: count), length <= bytes.count - offset else {
      throw truncated("a string", Int(clamping: count))
    }
    return length
  }

  /// A two's-complement integer of `count` bytes, least significant first.
  private mutating func longInteger(_ count: Int) throws(TensorIOError) -> PickleValue {
    let bytes = try blob(count)
    guard let last = bytes.last else { return .int(0) }
    guard bytes.count <= 8 else { return .largeInt }
    var bits: UInt64 = last & 0x80 == 0 ? 0 : .max
    for byte in bytes.reversed() { bits = bits << 8 | UInt64(byte) }
    return .int(Int(bitPattern: UInt(bits)))
  }

  private func truncated(_ what: String, _ needed: Int) -> TensorIOError {
    fail(.truncated(what: what, needed: needed, available: bytes.count - offset))
  }
}
