/// Breaks lines that are longer than a terminal is wide between words, so that none is cut inside one.
package enum LineWrap {
  /// Columns of a continuation at most lie this deep.
  private static let deepestIndent = 18

  /// `lines` with none longer than `width` characters, except where a single word is; as they are
  /// where `width` is `nil`. Continuations stand under the line's text, right of a label that two
  /// spaces set apart. Codes of colour have no width, and hold across a break.
  /// `indent`: columns before continuations, instead.
  package static func wrapped(_ lines: [String], width: Int?, indent: Int? = nil) -> [String] {
    guard let width, width >= 12 else { return lines }
    return lines.flatMap { wrapped($0, width, indent ?? min(hangingIndent($0), width / 3)) }
  }

  private static func wrapped(_ line: String, _ width: Int, _ hanging: Int) -> [String] {
    guard visibleCount(line) > width else { return [line] }
    let indent = String(repeating: " ", count: hanging)
    var result: [String] = []
    var current = ""
    var count = 0
    for word in words(line) {
      let length = visibleCount(word.text)
      let isBlank = current.allSatisfy { $0 == " " }
      if !isBlank && count + word.spaces + length > width {
        result.append(current)
        current = indent
        count = indent.count
      } else {
        current += String(repeating: " ", count: word.spaces)
        count += word.spaces
      }
      current += word.text
      count += length
    }
    return result + [current]
  }

  /// Words with the number of spaces before each.
  private static func words(_ line: String) -> [(spaces: Int, text: String)] {
    var result: [(spaces: Int, text: String)] = []
    var spaces = 0
    var text = ""
    for character in line {
      if character != " " {
        text.append(character)
        continue
      }
      if !text.isEmpty {
        result.append((spaces, text))
        (spaces, text) = (0, "")
      }
      spaces += 1
    }
    return text.isEmpty ? result : result + [(spaces, text)]
  }

  /// Where the text after a label begins; two columns in from the line's own indent without one.
  private static func hangingIndent(_ line: String) -> Int {
    let plain = withoutColour(line)
    let margin = plain.prefix { $0 == " " }.count
    var count = margin
    var spaces = 0
    for character in plain.dropFirst(margin) {
      if character == " " {
        spaces += 1
      } else if spaces >= 2 {
        return count <= deepestIndent ? count : margin + 2
      } else {
        spaces = 0
      }
      count += 1
    }
    return margin + 2
  }

  private static func visibleCount(_ text: String) -> Int { withoutColour(text).count }

  /// Without `ESC [ … m`.
  private static func withoutColour(_ text: String) -> String {
    guard text.contains("\u{1B}") else { return text }
    var result = ""
    var isCode = false
    for character in text {
      if character == "\u{1B}" {
        isCode = true
      } else if isCode {
        isCode = character != "m"
      } else {
        result.append(character)
      }
    }
    return result
  }
}
