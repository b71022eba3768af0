/// Text and numbers as they stand in HTML and SVG.

/// `text` with the characters that mean something in HTML replaced.
func escaped(_ text: String) -> String {
  var result = ""
  for character in text.unicodeScalars {
    switch character {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "'": result += "&#39;"
    default: result.unicodeScalars.append(character)
    }
  }
  return result
}

/// An element; `content` is markup.
func element(
  _ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ content: String = ""
) -> String {
  let list = attributes.map {
    $0.value.isEmpty ? " \($0.key)" : " \($0.key)=\"\(escaped($0.value))\""
  }
  return "<\(name)\(list.joined())>\(content)</\(name)>"
}

/// A coordinate, to a tenth.
func coordinate(_ value: Double) -> String {
  guard value.isFinite else { return "0" }
  let text = Numbers.fixed(value, decimals: 1)
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}

/// Standard base64 with padding.
func base64(_ bytes: [UInt8]) -> String {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  var result: [UInt8] = []
  result.reserveCapacity((bytes.count + 2) / 3 * 4)
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let group = (0..<3).map { start + $0 < bytes.count ? Int(bytes[start + $0]) : 0 }
    let word = group[0] << 16 | group[1] << 8 | group[2]
    for place in 0..<4 {
      let isPadding = start + place > bytes.count
      result.append(isPadding ? UInt8(ascii: "=") : alphabet[word >> (18 - 6 * place) & 63])
    }
  }
  return String(decoding: result, as: UTF8.self)
}
