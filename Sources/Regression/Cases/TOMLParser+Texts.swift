extension TOMLParser {
  /// A text in either kind of quotes.
  mutating func text() throws(CaseError) -> String {
    let start = self
    let quote = bytes[index]
    index += 1
    var out: [UInt8] = []
    while let byte = peek, byte != UInt8(ascii: "\n") {
      index += 1
      if byte == quote {
        if out.isEmpty && peek == quote {
          throw start.error("texts of several lines are not taken")
        }
        return String(decoding: out, as: UTF8.self)
      }
      guard byte >= 0x20 || byte == UInt8(ascii: "\t"), byte != 0x7F else {
        throw error("a text holds a control character; write it as \\uXXXX")
      }
      if byte == UInt8(ascii: "\\") && quote == UInt8(ascii: "\"") {
        out += Array(String(try escaped()).utf8)
      } else {
        out.append(byte)
      }
    }
    throw start.error("a text has no end in its line")
  }

  private mutating func escaped() throws(CaseError) -> Character {
    guard let byte = peek, byte >= 0x20 else { throw error("a text ends within an escape") }
    index += 1
    switch byte {
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "u"), UInt8(ascii: "U"):
      let count = byte == UInt8(ascii: "u") ? 4 : 8
      let digits = String(decoding: bytes[index...].prefix(count), as: UTF8.self)
      guard digits.utf8.count == count, digits.allSatisfy(\.isHexDigit),
        let scalar = UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init)
      else {
        throw error(
          "'\\\(Character(Unicode.Scalar(byte)))' needs \(count) hexadecimal digits of a character")
      }
      index += count
      return Character(scalar)
    default: throw error("the escape '\\\(Character(Unicode.Scalar(byte)))' does not exist")
    }
  }
}
