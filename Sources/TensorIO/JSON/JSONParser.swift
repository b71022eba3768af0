/// A strict JSON parser (RFC 8259) for untrusted bytes: bounded depth, no duplicate keys.

/// Parses one JSON document.
/// - `bytes`: UTF-8 without byte order mark; white space around the value is allowed.
/// - `path`: whose bytes they are, for messages.
/// - `baseOffset`: where `bytes` start in the file, for messages.
/// Throws `invalidJSON` with the byte where it fails.
package func parseJSON(
  _ bytes: [UInt8], path: String, baseOffset: Int = 0
) throws(TensorIOError) -> JSONValue {
  var parser = JSONParser(bytes: bytes)
  do {
    return try parser.document()
  } catch {
    throw TensorIOError(
      path, .invalidJSON(reason: error.reason), at: baseOffset + error.offset)
  }
}

/// Parses the JSON file at `path`, of at most `limit` bytes.
/// - Throws: the file system's errors, `limitExceeded`, `invalidJSON`.
package func parseJSONFile(
  _ path: String, limit: Int = 64 << 20
) throws(TensorIOError) -> JSONValue {
  let file = try MappedFile(path)
  guard file.byteCount > 0 else { throw TensorIOError(path, .empty) }
  guard file.byteCount <= limit else {
    throw TensorIOError(
      path, .limitExceeded(what: "the file's size", value: "\(file.byteCount)", limit: limit))
  }
  return try parseJSON(try file.view.bytes(0, file.byteCount, "the file"), path: path)
}

/// Where and why a document is not JSON.
private struct JSONFailure: Error {
  let offset: Int
  let reason: String
}

private struct JSONParser {
  let bytes: [UInt8]
  var offset = 0

  /// Nesting beyond this is no header or configuration; it also bounds recursion.
  static let maximumDepth = 64

  mutating func document() throws(JSONFailure) -> JSONValue {
    let value = try value(depth: 0)
    skipWhitespace()
    guard offset == bytes.count else { throw fail("text after the end of the value") }
    return value
  }

  private mutating func value(depth: Int) throws(JSONFailure) -> JSONValue {
    skipWhitespace()
    guard let first = peek() else { throw fail("the text ends where a value should stand") }
    switch first {
    case UInt8(ascii: "{"): return try object(depth: depth + 1)
    case UInt8(ascii: "["): return try array(depth: depth + 1)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw fail("no value starts with this character")
    }
  }

  private mutating func object(depth: Int) throws(JSONFailure) -> JSONValue {
    guard depth <= Self.maximumDepth else {
      throw fail("nested deeper than \(Self.maximumDepth) levels")
    }
    offset += 1
    var object = JSONObject()
    skipWhitespace()
    if take(UInt8(ascii: "}")) { return .object(object) }
    while true {
      skipWhitespace()
      guard peek() == UInt8(ascii: "\"") else { throw fail("expected a key in quotes") }
      let keyOffset = offset
      let key = try string()
      skipWhitespace()
      guard take(UInt8(ascii: ":")) else { throw fail("expected ':' after a key") }
      guard object.set(key, try value(depth: depth)) else {
        throw JSONFailure(offset: keyOffset, reason: "key '\(printable(key))' appears twice")
      }
      skipWhitespace()
      if take(UInt8(ascii: "}")) { return .object(object) }
      guard take(UInt8(ascii: ",")) else { throw fail("expected ',' or '}'") }
    }
  }

  private mutating func array(depth: Int) throws(JSONFailure) -> JSONValue {
    guard depth <= Self.maximumDepth else {
      throw fail("nested deeper than \(Self.maximumDepth) levels")
    }
    offset += 1
    var array: [JSONValue] = []
    skipWhitespace()
    if take(UInt8(ascii: "]")) { return .array(array) }
    while true {
      array.append(try value(depth: depth))
      skipWhitespace()
      if take(UInt8(ascii: "]")) { return .array(array) }
      guard take(UInt8(ascii: ",")) else { throw fail("expected ',' or ']'") }
    }
  }

  private mutating func literal(
    _ text: StaticString, _ value: JSONValue
  ) throws(JSONFailure) -> JSONValue {
    for expected in "\(text)".utf8 {
      guard take(expected) else { throw fail("expected '\(text)'") }
    }
    return value
  }

  private mutating func number() throws(JSONFailure) -> JSONValue {
    let start = offset
    var isInteger = true
    _ = take(UInt8(ascii: "-"))
    let leadingZero = peek() == UInt8(ascii: "0")
    let digits = skipDigits()
    guard digits > 0, !(leadingZero && digits > 1) else { throw fail("malformed number") }
    if take(UInt8(ascii: ".")) {
      isInteger = false
      guard skipDigits() > 0 else { throw fail("malformed number") }
    }
    if let next = peek(), next | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      offset += 1
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      guard skipDigits() > 0 else { throw fail("malformed number") }
    }
    let text = String(decoding: bytes[start..<offset], as: UTF8.self)
    if isInteger, let integer = Int(text) { return .integer(integer) }
    guard let number = Double(text), number.isFinite else { throw fail("number out of range") }
    return .number(number)
  }

  private mutating func skipDigits() -> Int {
    let start = offset
    while let byte = peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { offset += 1 }
    return offset - start
  }
}

// Strings and single bytes.
extension JSONParser {
  /// The string whose opening quote stands at `offset`.
  private mutating func string() throws(JSONFailure) -> String {
    let start = offset
    offset += 1
    var content: [UInt8] = []
    while true {
      guard let byte = peek() else { throw fail("the text ends within a string") }
      offset += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: content, as: UTF8.self) else {
          throw JSONFailure(offset: start, reason: "a string is not valid UTF-8")
        }
        return string
      case UInt8(ascii: "\\"): content.append(contentsOf: try escape().utf8)
      case 0..<0x20: throw fail("a control character stands in a string")
      default: content.append(byte)
      }
    }
  }

  /// What stands for the escape whose backslash was just read.
  private mutating func escape() throws(JSONFailure) -> String {
    guard let byte = peek() else { throw fail("the text ends within a string") }
    offset += 1
    switch byte {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try unicodeEscape()
    default: throw fail("unknown escape in a string")
    }
  }

  private mutating func unicodeEscape() throws(JSONFailure) -> String {
    var code = try fourHexDigits()
    if (0xD800..<0xDC00).contains(code) {
      guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
        throw fail("half a surrogate pair")
      }
      let low = try fourHexDigits()
      guard (0xDC00..<0xE000).contains(low) else { throw fail("half a surrogate pair") }
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(code) else { throw fail("half a surrogate pair") }
    return String(Character(scalar))
  }

  private mutating func fourHexDigits() throws(JSONFailure) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw fail("expected four hexadecimal digits")
      }
      code = code << 4 | UInt32(digit)
      offset += 1
    }
    return code
  }

  private func peek() -> UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard peek() == byte else { return false }
    offset += 1
    return true
  }

  private mutating func skipWhitespace() {
    while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      offset += 1
    }
  }

  private func fail(_ reason: String) -> JSONFailure { JSONFailure(offset: offset, reason: reason) }
}
