/// Where a TOML text assigns each key, and how deeply it is nested: what the parser does not tell.
///
/// Knows strings, comments, brackets and keys, and takes whatever is no TOML as it comes: the parser
/// complains of that.
struct TOMLAssignments {
  /// Levels of keys, of inline tables and of arrays: the parser, which recurses into each, follows
  /// dotted keys to any depth.
  private(set) var deepest = 0
  private var lines: [String: Int] = [:]

  /// Paths of more keys are not kept.
  static let maximumDepth = 16

  init(_ text: String) {
    var scan = Scan(bytes: Array(text.utf8))
    while let assignment = scan.next() {
      guard assignment.keys.count <= Self.maximumDepth else { continue }
      for count in assignment.keys.indices {
        let name = assignment.keys.prefix(count + 1).joined(separator: "\0")
        lines[name] = lines[name] ?? assignment.line
      }
    }
    deepest = scan.deepest
  }

  /// The line that assigns `place`, or else what holds it; `nil` for the whole text.
  func line(of place: [String]) -> Int? {
    var place = place[...]
    while !place.isEmpty {
      if let line = lines[place.joined(separator: "\0")] { return line }
      place = place.dropLast()
    }
    return nil
  }
}

/// Goes through a text from assignment to assignment; a table's header counts as one.
private struct Scan {
  let bytes: [UInt8]
  var deepest = 0
  private var index = 0
  private var line = 1
  private var header: [String] = []
  /// Parts of the key under way.
  private var parts: [[UInt8]] = [[]]
  private var isInValue = false
  private var numOpen = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func next() -> (keys: [String], line: Int)? {
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      switch byte {
      case UInt8(ascii: "#"): skipComment()
      case UInt8(ascii: "\""), UInt8(ascii: "'"): takeString(byte)
      case UInt8(ascii: "\n"):
        line += 1
        if numOpen == 0 { (parts, isInValue) = ([[]], false) }
      case UInt8(ascii: "="):
        let (keys, isTop) = (header + names, numOpen == 0)
        (parts, isInValue) = ([[]], true)
        if isTop { return (keys, line) }
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        parts = [[]]
        if isInValue || numOpen > 0 || byte == UInt8(ascii: "{") { open() }
      case UInt8(ascii: "]") where !isInValue && numOpen == 0:
        if parts != [[]] { header = names }
        parts = [[]]
        return (header, line)
      case UInt8(ascii: "]"), UInt8(ascii: "}"): numOpen = max(numOpen - 1, 0)
      case UInt8(ascii: ","): parts = [[]]
      case UInt8(ascii: "."):
        parts.append([])
        deepest = max(deepest, parts.count)
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): break
      default: parts[parts.count - 1].append(byte)
      }
    }
    return nil
  }

  private var names: [String] { parts.map { String(decoding: $0, as: UTF8.self) } }

  private mutating func open() {
    numOpen += 1
    deepest = max(deepest, numOpen)
  }

  private mutating func skipComment() {
    while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
  }

  /// Takes a string to its end; what it holds belongs to the key under way.
  private mutating func takeString(_ quote: UInt8) {
    let isLong = bytes[index...].prefix(2) == [quote, quote]
    if isLong { index += 2 }
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      if byte == quote && (!isLong || bytes[index...].prefix(2) == [quote, quote]) {
        if isLong { index += 2 }
        return
      }
      if byte == UInt8(ascii: "\\") && quote == UInt8(ascii: "\"") { index += 1 }
      if byte == UInt8(ascii: "\n") {
        guard isLong else {
          index -= 1
          return
        }
        line += 1
      }
      parts[parts.count - 1].append(byte)
    }
    index = min(index, bytes.count)
  }
}
