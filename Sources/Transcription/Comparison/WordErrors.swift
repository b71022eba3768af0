/// How many words of a text differ from a reference: the word error rate and what it is made of.
package struct WordErrors: Sendable, Equatable {
  package enum Edit: Sendable, Hashable {
    case substitution(at: Int, word: String, found: String)
    case deletion(at: Int, word: String)
    /// Before the reference's word `at`.
    case insertion(at: Int, found: String)
  }

  /// In the order of the reference's words.
  package let edits: [Edit]
  package let numReferenceWords: Int

  package var substitutions: Int {
    edits.filter { if case .substitution = $0 { true } else { false } }.count
  }
  package var deletions: Int {
    edits.filter { if case .deletion = $0 { true } else { false } }.count
  }
  package var insertions: Int {
    edits.filter { if case .insertion = $0 { true } else { false } }.count
  }

  /// (substitutions + deletions + insertions) / words of the reference; may exceed 1.
  /// `nil` where the reference has no words but the text does.
  package var rate: Double? {
    if edits.isEmpty { return 0 }
    return numReferenceWords == 0 ? nil : Double(edits.count) / Double(numReferenceWords)
  }

  /// Compares after normalisation; see `words(of:)`.
  package init(reference: String, found: String) {
    let (a, b) = (Self.words(of: reference), Self.words(of: found))
    numReferenceWords = a.count
    edits = WordAlignment(a, b).edits
  }

  /// Lower-case words: letters, digits and marks, with apostrophes inside them; everything else
  /// separates, so that `Twenty-one, it's` is `twenty`, `one`, `it's`.
  package static func words(of text: String) -> [String] {
    var words: [String] = []
    var word = String.UnicodeScalarView()
    func finish() {
      while word.last == "'" { word.removeLast() }
      if !word.isEmpty { words.append(String(word)) }
      word = String.UnicodeScalarView()
    }
    for scalar in text.lowercased().unicodeScalars {
      let properties = scalar.properties
      switch properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
        .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .letterNumber, .otherNumber:
        word.append(scalar)
      case _ where (scalar == "'" || scalar == "\u{2019}") && !word.isEmpty: word.append("'")
      default: finish()
      }
    }
    finish()
    return words
  }
}

/// The fewest edits between two lists of words (Levenshtein).
private struct WordAlignment {
  private(set) var edits: [WordErrors.Edit] = []

  private enum Step: UInt8 { case keep, substitute, delete, insert }

  init(_ reference: [String], _ found: [String]) {
    let prefix = zip(reference, found).prefix { $0 == $1 }.count
    let suffix = zip(reference.dropFirst(prefix).reversed(), found.dropFirst(prefix).reversed())
      .prefix { $0 == $1 }.count
    let a = Array(reference[prefix..<(reference.count - suffix)])
    let b = Array(found[prefix..<(found.count - suffix)])
    let steps = Self.table(a, b)
    var (i, j) = (a.count, b.count)
    while i > 0 || j > 0 {
      switch steps[i * (b.count + 1) + j] {
      case .keep: (i, j) = (i - 1, j - 1)
      case .substitute:
        (i, j) = (i - 1, j - 1)
        edits.append(.substitution(at: prefix + i, word: a[i], found: b[j]))
      case .delete:
        i -= 1
        edits.append(.deletion(at: prefix + i, word: a[i]))
      case .insert:
        j -= 1
        edits.append(.insertion(at: prefix + i, found: b[j]))
      }
    }
    edits.reverse()
  }

  /// The last step of the cheapest way to each pair of lengths; equal costs prefer a substitution,
  /// then a deletion.
  private static func table(_ a: [String], _ b: [String]) -> [Step] {
    let width = b.count + 1
    var steps = [Step](repeating: .insert, count: (a.count + 1) * width)
    var costs = Array(0...b.count)
    for i in 1..<max(a.count + 1, 1) {
      var diagonal = costs[0]
      costs[0] = i
      steps[i * width] = .delete
      for j in 1..<max(width, 1) {
        let isSame = a[i - 1] == b[j - 1]
        let replace = diagonal + (isSame ? 0 : 1)
        diagonal = costs[j]
        let (delete, insert) = (costs[j] + 1, costs[j - 1] + 1)
        let best = min(replace, delete, insert)
        costs[j] = best
        steps[i * width + j] =
          best == replace ? (isSame ? .keep : .substitute) : best == delete ? .delete : .insert
      }
    }
    return steps
  }
}
