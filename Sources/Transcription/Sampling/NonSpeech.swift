/// Tokens that OpenAI suppresses by default where no generation_config.json says which.
package enum NonSpeech {
  /// Vocabularies below this size are no byte-pair ones: they hold no signs to suppress.
  private static let smallestByteLevel = 1000

  /// Brackets, notes and the like: annotations of sounds that nobody says.
  /// - Note: Source openai/whisper tokenizer.py `non_speech_tokens`.
  package static func tokens(of tokenizer: Tokenizer) -> [Int] {
    guard tokenizer.numTokens >= smallestByteLevel else { return [] }
    let single = "\"#()*+/:;<=>@[\\]^_`{|}~「」『』".map(String.init)
    let several = "<< >> <<< >>> -- --- -( -[ (' (\" (( )) ((( ))) [[ ]] {{ }} ♪♪ ♪♪♪"
      .split(separator: " ").map(String.init)
    // Notes are several tokens; their first two bytes are shared by signs only.
    let notes = "♩♪♫♬♭♮♯".map(String.init)
    var result: Set<Int> = []
    // Hyphens and quotes are fine between words, not at the beginning of one.
    for start in [" -", " '"] { if let id = tokenizer.encode(start).first { result.insert(id) } }
    for symbol in single + several + notes {
      for text in [symbol, " " + symbol] {
        let ids = tokenizer.encode(text)
        if let first = ids.first, ids.count == 1 || notes.contains(symbol) { result.insert(first) }
      }
    }
    return result.sorted()
  }

  /// What may not come first: a lone space and the end of text.
  static func blanks(of tokenizer: Tokenizer, endOfText: Int) -> [Int] {
    guard tokenizer.numTokens >= smallestByteLevel else { return [] }
    return tokenizer.encode(" ") + [endOfText]
  }
}

extension String {
  /// Without white space at both ends.
  var trimmingSpaces: String {
    var text = Substring(self)
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
