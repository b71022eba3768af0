/// The header of a .npy file: a Python dictionary literal, parsed by hand and never evaluated.
import TensorCore

/// What the header of a .npy file says.
///
/// - Note: Format of numpy/numpy `numpy/lib/format.py`, versions 1.0, 2.0 and 3.0.
struct NpyHeader: Sendable {
  let shape: [Int]
  let dtype: NpyDtype
  let isFortranOrder: Bool
  /// Where the elements start.
  let dataOffset: Int

  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// The largest header accepted; numpy itself warns beyond 10 000 bytes.
  static let maximumBytes = 64 << 10

  /// Parses the header at the start of `view`.
  /// - Throws: `unknownFormat`, `unsupported` (version), `truncated`, `limitExceeded`,
  ///   `invalidText`, `invalidField`, `missingField`, `unsupportedDtype`.
  init(_ view: ByteView) throws(TensorIOError) {
    guard view.starts(with: Self.magic) else {
      throw TensorIOError(
        view.path,
        .invalidField(
          "the npy magic", expected: "\\x93NUMPY",
          found: try describeStart(of: view)), at: view.start)
    }
    var cursor = ByteCursor(view)
    _ = try cursor.bytes(6, "the npy magic")
    let version = try cursor.read(UInt8.self, "the npy version")
    _ = try cursor.read(UInt8.self, "the npy version")
    guard (1...3).contains(version) else {
      throw TensorIOError(
        view.path,
        .unsupported(what: "npy version \(version)", advice: "save it with numpy.save"),
        at: view.start + 6)
    }
    let length =
      version == 1
      ? Int(try cursor.read(UInt16.self, "the header's length"))
      : Int(try cursor.read(UInt32.self, "the header's length"))
    guard length <= Self.maximumBytes else {
      throw TensorIOError(
        view.path,
        .limitExceeded(
          what: "the header's length", value: "\(length)", limit: Self.maximumBytes),
        at: view.start + 8)
    }
    let headerOffset = cursor.fileOffset
    let bytes = try cursor.bytes(length, "the header")
    dataOffset = cursor.offset
    var parser = PythonLiteralParser(bytes: bytes, path: view.path, baseOffset: headerOffset)
    let fields = try parser.npyFields()
    dtype = try NpyDtype(fields.descr, path: view.path, at: headerOffset)
    shape = fields.shape
    isFortranOrder = fields.fortranOrder
  }
}

/// The first bytes of a file in hexadecimal, for messages.
func describeStart(of view: ByteView) throws(TensorIOError) -> String {
  let bytes = try view.bytes(0, min(8, view.count), "the start")
  let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
  return bytes.isEmpty ? "nothing" : digits.joined(separator: " ")
}

/// Parses the dictionary `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
private struct PythonLiteralParser {
  let bytes: [UInt8]
  let path: String
  let baseOffset: Int
  var offset = 0

  init(bytes: [UInt8], path: String, baseOffset: Int) {
    self.bytes = bytes
    self.path = path
    self.baseOffset = baseOffset
  }

  mutating func npyFields() throws(TensorIOError) -> (
    descr: String, fortranOrder: Bool, shape: [Int]
  ) {
    var descr: String?
    var fortranOrder: Bool?
    var shape: [Int]?
    try expect("{")
    while !take("}") {
      let key = try string()
      try expect(":")
      switch key {
      case "descr": descr = try descrValue()
      case "fortran_order": fortranOrder = try bool()
      case "shape": shape = try tuple()
      default:
        throw fail("one of 'descr', 'fortran_order', 'shape'", found: "key '\(printable(key))'")
      }
      if !take(",") {
        try expect("}")
        break
      }
    }
    guard let descr else { throw TensorIOError(path, .missingField("descr"), at: baseOffset) }
    guard let fortranOrder else {
      throw TensorIOError(path, .missingField("fortran_order"), at: baseOffset)
    }
    guard let shape else { throw TensorIOError(path, .missingField("shape"), at: baseOffset) }
    return (descr, fortranOrder, shape)
  }

  /// The element type; structured types (a list) are named as such.
  private mutating func descrValue() throws(TensorIOError) -> String {
    skipSpaces()
    if peek() == UInt8(ascii: "[") {
      throw TensorIOError(
        path,
        .unsupportedDtype("structured", advice: "save one plain array per field with numpy.save"),
        at: baseOffset + offset)
    }
    return try string()
  }

  private mutating func string() throws(TensorIOError) -> String {
    skipSpaces()
    guard let quote = peek(), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
      throw fail("a quoted string")
    }
    offset += 1
    let start = offset
    while let byte = peek(), byte != quote { offset += 1 }
    guard peek() == quote,
      let text = String(validating: bytes[start..<offset], as: UTF8.self)
    else { throw fail("the end of a quoted string") }
    offset += 1
    return text
  }

  private mutating func bool() throws(TensorIOError) -> Bool {
    if take("True") { return true }
    if take("False") { return false }
    throw fail("True or False")
  }

  private mutating func tuple() throws(TensorIOError) -> [Int] {
    try expect("(")
    var extents: [Int] = []
    while !take(")") {
      skipSpaces()
      let start = offset
      _ = take("-")
      while let byte = peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
        offset += 1
      }
      let text = String(decoding: bytes[start..<offset], as: UTF8.self)
      guard let extent = Int(text), extents.count <= maximumRank else {
        throw fail("a shape of at most \(maximumRank) integers")
      }
      // Files from Python 2 spell long integers 3L.
      _ = take("L")
      extents.append(extent)
      if !take(",") {
        try expect(")")
        break
      }
    }
    return extents
  }

  private func peek() -> UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private mutating func skipSpaces() {
    while let byte = peek(), byte == 0x20 || byte == 0x0A { offset += 1 }
  }

  private mutating func take(_ text: String) -> Bool {
    skipSpaces()
    guard bytes[offset...].starts(with: text.utf8) else { return false }
    offset += text.utf8.count
    return true
  }

  private mutating func expect(_ text: String) throws(TensorIOError) {
    guard take(text) else { throw fail("'\(text)'") }
  }

  private func fail(_ expected: String, found: String? = nil) -> TensorIOError {
    let rest = String(decoding: bytes[min(offset, bytes.count)...].prefix(16), as: UTF8.self)
    return TensorIOError(
      path, .invalidField("the npy header", expected: expected, found: found ?? "'\(rest)'"),
      at: baseOffset + offset)
  }
}
