/// How a piece of terminal text looks; colour is an addition, never the only carrier of meaning.
package enum Style: Sendable, Hashable {
  case plain, bold, dim
  case good, warning, bad, note

  /// The SGR code, `nil` for none.
  private var code: String? {
    switch self {
    case .plain: nil
    case .bold: "1"
    case .dim: "2"
    case .good: "32"
    case .warning: "33"
    case .bad: "1;31"
    case .note: "36"
    }
  }

  /// `text` in this style, or as it is where `isColored` is false.
  package func apply(_ text: String, isColored: Bool) -> String {
    guard isColored, let code, !text.isEmpty else { return text }
    return "\u{1B}[\(code)m\(text)\u{1B}[0m"
  }
}

/// What a renderer may assume of the place where its text ends up.
package struct TextCanvas: Sendable {
  package var isColored: Bool
  /// Characters in a line; `nil` where lines may be of any length (files and pipes).
  package var width: Int?
  /// Whether details are wanted that only few readers need.
  package var isVerbose: Bool

  package init(isColored: Bool = false, width: Int? = nil, isVerbose: Bool = false) {
    self.isColored = isColored
    self.width = width
    self.isVerbose = isVerbose
  }

  package func styled(_ text: String, _ style: Style) -> String {
    style.apply(text, isColored: isColored)
  }
}
