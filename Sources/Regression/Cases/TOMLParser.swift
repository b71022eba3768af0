/// Reads what manifests need of TOML 1.0: comments, tables, dotted keys, texts of one line, numbers,
/// booleans, arrays and inline tables. Whatever else there is, it names.
struct TOMLParser {
  let path: String
  let bytes: [UInt8]
  var index = 0
  private var line = 1
  /// Arrays and inline tables that are open.
  private var depth = 0
  private var numKeys = 0

  /// Keys of a path and brackets within each other; a case needs two.
  private static let maximumDepth = 16
  /// Bounds the work of looking for keys that are given twice; a case has a dozen.
  private static let maximumKeys = 1024

  init(path: String, text: String) {
    self.path = path
    // Lines end alike on every system.
    bytes = Array(text.utf8).filter { $0 != UInt8(ascii: "\r") }
  }

  /// The text's table.
  /// - Throws: `CaseError` with the line.
  mutating func parse() throws(CaseError) -> TOMLTable {
    var root = TOMLTable()
    var header: [String] = []
    while skipBlank(acrossLines: true) {
      if take("[") {
        guard !take("[") else { throw error("arrays of tables ([[…]]) are not taken") }
        header = try keys(until: "]")
        var table = TOMLTable()
        table.origin = .header
        try put(TOMLNode(value: .table(table), line: line), at: header, in: &root)
      } else {
        let names = try keys(until: "=")
        let start = line
        let value = try value()
        try put(TOMLNode(value: value, line: start), at: header + names, in: &root)
      }
      if skipBlank(acrossLines: false), !take("\n") {
        throw error("'\(shown)' stands behind a value; one line holds one assignment")
      }
    }
    return root
  }

  private mutating func put(
    _ node: TOMLNode, at keys: [String], in table: inout TOMLTable
  ) throws(CaseError) {
    guard keys.count <= Self.maximumDepth else { throw tooDeep }
    numKeys += 1
    guard numKeys <= Self.maximumKeys else { throw error("has more keys than a case can have") }
    if let taken = table.set(keys[...], node) { throw error("'\(taken)' is given twice") }
  }
}

// MARK: - Keys and values

extension TOMLParser {
  /// A dotted key and the character behind it.
  private mutating func keys(until end: Character) throws(CaseError) -> [String] {
    var keys: [String] = []
    repeat {
      _ = skipBlank(acrossLines: false)
      keys.append(try key())
      guard keys.count <= Self.maximumDepth else { throw tooDeep }
      _ = skipBlank(acrossLines: false)
    } while take(".")
    guard take(end) else { throw error("'\(shown)' stands where '\(end)' is due") }
    return keys
  }

  private mutating func key() throws(CaseError) -> String {
    if let quote = peek, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
      return try text()
    }
    let word = word { Self.isKeyByte($0) }
    guard !word.isEmpty else { throw error("'\(shown)' stands where a key is due") }
    return word
  }

  private static func isKeyByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  private mutating func value() throws(CaseError) -> TOMLNode.Value {
    _ = skipBlank(acrossLines: false)
    switch peek {
    case UInt8(ascii: "\""), UInt8(ascii: "'"): return .text(try text())
    case UInt8(ascii: "["):
      return .list(try within { parser throws(CaseError) in try parser.list() })
    case UInt8(ascii: "{"):
      return .table(try within { parser throws(CaseError) in try parser.inlineTable() })
    default: return try word()
    }
  }

  private mutating func within<Result>(
    _ body: (inout TOMLParser) throws(CaseError) -> Result
  ) throws(CaseError) -> Result {
    index += 1
    depth += 1
    guard depth <= Self.maximumDepth else { throw tooDeep }
    let result = try body(&self)
    depth -= 1
    return result
  }

  private mutating func list() throws(CaseError) -> [TOMLNode] {
    var list: [TOMLNode] = []
    while true {
      _ = skipBlank(acrossLines: true)
      if take("]") { return list }
      let start = line
      list.append(TOMLNode(value: try value(), line: start))
      _ = skipBlank(acrossLines: true)
      if take(",") { continue }
      guard take("]") else { throw error("'\(shown)' stands where ',' or ']' is due") }
      return list
    }
  }

  private mutating func inlineTable() throws(CaseError) -> TOMLTable {
    var table = TOMLTable()
    _ = skipBlank(acrossLines: false)
    if !take("}") {
      repeat {
        let names = try keys(until: "=")
        let start = line
        try put(TOMLNode(value: try value(), line: start), at: names, in: &table)
        _ = skipBlank(acrossLines: false)
      } while take(",")
      guard take("}") else { throw error("'\(shown)' stands where ',' or '}' is due") }
    }
    table.origin = .inline
    return table
  }

  /// A number or a boolean.
  private mutating func word() throws(CaseError) -> TOMLNode.Value {
    let start = self
    let word = word { Self.isKeyByte($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "+") }
    if word == "true" || word == "false" { return .truth(word == "true") }
    let digits = word.filter { $0 != "_" }
    let isPlain = digits.allSatisfy { $0.isNumber || ".+-eE".contains($0) }
    guard isPlain, let number = Double(digits), number.isFinite else {
      throw start.error(
        "'\(start.shown)' is no value that a case can have; texts stand in quotes")
    }
    return .number(number)
  }
}

// MARK: - Bytes

extension TOMLParser {
  var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

  private mutating func take(_ character: Character) -> Bool {
    guard peek == character.asciiValue else { return false }
    index += 1
    if character == "\n" { line += 1 }
    return true
  }

  /// Passes over blanks and comments, and line breaks where wanted; answers whether anything follows.
  private mutating func skipBlank(acrossLines: Bool) -> Bool {
    while let byte = peek {
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\t"): index += 1
      case UInt8(ascii: "#"):
        while let byte = peek, byte != UInt8(ascii: "\n") {
          _ = byte
          index += 1
        }
      case UInt8(ascii: "\n") where acrossLines: _ = take("\n")
      default: return true
      }
    }
    return false
  }

  private mutating func word(_ belongs: (UInt8) -> Bool) -> String {
    let start = index
    while let byte = peek, belongs(byte) { index += 1 }
    return String(decoding: bytes[start..<index], as: UTF8.self)
  }

  /// What stands here, in few characters.
  var shown: String {
    let rest = bytes[index...].prefix { $0 != UInt8(ascii: "\n") }.prefix(24)
    let text = String(decoding: rest, as: UTF8.self)
    return text.isEmpty ? "the end of the line" : text
  }

  private var tooDeep: CaseError {
    error("is nested more than \(Self.maximumDepth) levels deep; a case has two")
  }

  func error(_ reason: String) -> CaseError {
    CaseError(path: path, line: line, reason: reason)
  }
}
