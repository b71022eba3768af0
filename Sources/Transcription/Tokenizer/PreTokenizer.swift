/// Cuts text into the pieces within which GPT-2's byte pairs are merged.
///
/// What the pattern `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
/// matches, written out: contractions, words, numbers and signs each with a space before them, and
/// white space of which the last is left to the word that follows.
struct PreTokenizer {
  private let scalars: [Unicode.Scalar]
  private var index = 0

  static func pieces(of text: String) -> [[UInt8]] {
    var tokenizer = PreTokenizer(scalars: Array(text.unicodeScalars))
    var pieces: [[UInt8]] = []
    while tokenizer.index < tokenizer.scalars.count { pieces.append(tokenizer.next()) }
    return pieces
  }

  private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

  private enum Kind { case letter, number, space, sign }

  private func kind(_ at: Int) -> Kind? {
    guard at < scalars.count else { return nil }
    let properties = scalars[at].properties
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
      return .letter
    case .decimalNumber, .letterNumber, .otherNumber: return .number
    default: return properties.isWhitespace ? .space : .sign
    }
  }

  private mutating func next() -> [UInt8] {
    if let length = contraction() { return take(length) }
    let hasSpace = scalars[index] == " "
    let first = index + (hasSpace ? 1 : 0)
    if let kind = kind(first), kind != .space {
      return take(run(of: kind, from: first) - index)
    }
    // White space before a word leaves its last character to it, unless that is all there is.
    let end = run(of: .space, from: index)
    let leavesOne = end < scalars.count && end - index > 1
    return take(end - index - (leavesOne ? 1 : 0))
  }

  /// The length of a contraction at the index.
  private func contraction() -> Int? {
    guard scalars[index] == "'" else { return nil }
    for ending in ["s", "t", "re", "ve", "m", "ll", "d"] {
      let letters = Array(ending.unicodeScalars)
      if scalars[(index + 1)...].starts(with: letters) { return 1 + letters.count }
    }
    return nil
  }

  private func run(of wanted: Kind, from start: Int) -> Int {
    var end = start
    while kind(end) == wanted { end += 1 }
    return end
  }

  private mutating func take(_ count: Int) -> [UInt8] {
    defer { index += count }
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars[index..<(index + count)])
    return Array(String(view).utf8)
  }
}
