/// Between token ids and text, whatever files the vocabulary came from.
package struct Tokenizer: Sendable {
  let vocabulary: Vocabulary
  /// How reports call its origin: `tokenizer.json`, `multilingual.tiktoken`, …
  package let origin: String
  private let encoder: BytePairEncoder?
  /// Whether words have to be joined by spaces, for no token brings one.
  private let joinsWords: Bool
  /// Tokens from this id on are points in time, 0.02 s apart.
  let timestampBegin: Int?

  init(_ vocabulary: Vocabulary, origin: String, merges: [BytePairEncoder.Pair: Int]?) {
    self.vocabulary = vocabulary
    self.origin = origin
    joinsWords = vocabulary.isOfBareWords
    encoder = joinsWords ? nil : BytePairEncoder(vocabulary, merges: merges)
    timestampBegin = Self.timestampBegin(of: vocabulary)
  }

  package var numTokens: Int { vocabulary.size }

  /// The id of a special token by any of its names.
  package func special(_ names: String...) -> Int? {
    for name in names { if let id = vocabulary.specials[name] { return id } }
    return nil
  }

  package var endOfText: Int? { special("<|endoftext|>") }
  package var startOfTranscript: Int? { special("<|startoftranscript|>") }
  package var noTimestamps: Int? { special("<|notimestamps|>") }
  /// Hugging Face calls it by its older name.
  package var noSpeech: Int? { special("<|nospeech|>", "<|nocaptions|>") }

  /// Ids of all languages that have a token, by code, in the order of ids.
  package var languages: [(code: String, id: Int)] {
    Languages.codes.compactMap { code in special("<|\(code)|>").map { (code, $0) } }
      .sorted { $0.id < $1.id }
  }

  /// Whether `id` is no text: special, a point in time, or without meaning.
  package func isSpecial(_ id: Int) -> Bool {
    if let timestampBegin, id >= timestampBegin { return true }
    guard vocabulary.tokens.indices.contains(id) else { return true }
    return vocabulary.isSpecial[id] || vocabulary.tokens[id] == nil
  }

  /// The text of `ids`, special tokens left out, without white space at its ends.
  ///
  /// Tokens are pieces of UTF-8; what is not valid becomes U+FFFD.
  package func decode(_ ids: [Int]) -> String {
    let pieces = ids.filter { !isSpecial($0) }.compactMap { vocabulary.tokens[$0] }
    let bytes = joinsWords ? Array(pieces.joined(separator: [0x20])) : Array(pieces.joined())
    return String(decoding: bytes, as: UTF8.self).trimmingSpaces
  }

  /// The text of `ids` with its points in time, `<|0.00|> two nine <|1.20|>`; `nil` without any.
  package func decodeWithTimes(_ ids: [Int]) -> String? {
    guard let timestampBegin, ids.contains(where: { $0 >= timestampBegin }) else { return nil }
    var parts: [String] = []
    var pending: [Int] = []
    func finish() {
      let text = decode(pending)
      if !text.isEmpty { parts.append(text) }
      pending = []
    }
    for id in ids {
      if id >= timestampBegin {
        finish()
        parts.append(name(of: id))
      } else {
        pending.append(id)
      }
    }
    finish()
    return parts.joined(separator: " ")
  }

  /// One token for a message: ` two`, `<|en|>`, `<|1.08|>`, or its number.
  package func name(of id: Int) -> String {
    if let timestampBegin, id >= timestampBegin, id < numTokens {
      return SpecialTokens.timestamp(id - timestampBegin)
    }
    guard vocabulary.tokens.indices.contains(id), let bytes = vocabulary.tokens[id] else {
      return "token \(id)"
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Ids of `text`; what the vocabulary cannot express is left out.
  package func encode(_ text: String) -> [Int] {
    if let encoder { return encoder.encode(text) }
    let words = text.split { $0.isWhitespace }
    return words.compactMap { word in
      vocabulary.tokens.firstIndex { $0.map { $0.elementsEqual(word.utf8) } ?? false }
    }
  }

  /// `<|0.00|>`, or the id behind `<|notimestamps|>` where files leave points in time unnamed.
  private static func timestampBegin(of vocabulary: Vocabulary) -> Int? {
    if let id = vocabulary.specials["<|0.00|>"] { return id }
    guard let before = vocabulary.specials["<|notimestamps|>"], before + 1 < vocabulary.size,
      vocabulary.tokens[(before + 1)...].allSatisfy({ $0 == nil })
    else { return nil }
    return before + 1
  }
}
