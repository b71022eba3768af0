package import EncoderModel
import TensorIO

/// Finds the tokenizer that belongs to a checkpoint.
package enum TokenizerLoader {
  /// The tokenizer at `path` where one is named, else what came inside the checkpoint, else the
  /// files beside it. Where nothing says what tokens mean, but the vocabulary has one of OpenAI's
  /// sizes, the special tokens are known nevertheless, and text is written as numbers.
  /// - Parameters:
  ///   - model: a loaded checkpoint.
  ///   - path: a file or a folder.
  /// - Returns: a tokenizer for the model's number of tokens.
  /// - Throws: `unavailable` where there is none; `tokenizer` or `file` where it is broken.
  package static func load(
    for model: WhisperModel, path: String? = nil
  ) throws(TranscriptionError) -> Tokenizer {
    guard let size = model.dimensions.text?.numVocabulary else {
      throw .unavailable(TranscriptionUnavailable(model: model.name, reason: .noDecoder))
    }
    if let path { return try load(path, vocabularySize: size) }
    if let tokens = model.embeddedVocabulary, !tokens.isEmpty {
      return try appendingSpecials(to: tokens, size: size, path: model.name)
    }
    guard let path = model.tokenizerPath else {
      if let numbers = numbersOnly(size: size) { return numbers }
      throw .unavailable(TranscriptionUnavailable(model: model.name, reason: .noTokenizer))
    }
    return try load(path, vocabularySize: size)
  }

  /// The tokenizer in a file, or the best of a folder.
  package static func load(
    _ path: String, vocabularySize size: Int
  ) throws(TranscriptionError) -> Tokenizer {
    guard isFolder(path) else { return try file(path, size) }
    let openAI = size == 51864 ? "gpt2.tiktoken" : "multilingual.tiktoken"
    for name in ["tokenizer.json", "vocab.json", openAI, "tokens.txt"] {
      let candidate = "\(path)/\(name)"
      if isThere(candidate) { return try file(candidate, size) }
    }
    throw .tokenizer(
      path: path,
      reason: "holds no tokenizer; expected tokenizer.json, vocab.json, \(openAI) or tokens.txt")
  }

  private static func file(_ path: String, _ size: Int) throws(TranscriptionError) -> Tokenizer {
    let name = lastComponent(of: path)
    if name.hasSuffix(".json") {
      let json = try json(path)
      return json["model"]?.objectValue != nil
        ? try HuggingFaceTokenizer.tokenizerJSON(json, path: path, size: size)
        : try HuggingFaceTokenizer.vocabularyJSON(json, path: path, size: size)
    }
    return try appendingSpecials(to: Tiktoken.read(path), size: size, path: path)
  }

  /// OpenAI's order: text first, then special tokens; small vocabularies name theirs themselves.
  private static func appendingSpecials(
    to tokens: [[UInt8]], size: Int, path: String
  ) throws(TranscriptionError) -> Tokenizer {
    var vocabulary = Vocabulary(size: size)
    var tokens = tokens
    // English ggml files name the end of text themselves, as the last token.
    if tokens.count < size, tokens.last?.elementsEqual("<|endoftext|>".utf8) == true {
      tokens.removeLast()
    }
    for (id, token) in tokens.enumerated() { vocabulary.set(id, token) }
    if tokens.count < size {
      guard let specials = SpecialTokens.appended(base: tokens.count, vocabulary: size) else {
        throw .tokenizer(
          path: path,
          reason: "\(tokens.count) tokens and Whisper's special ones do not make the model's "
            + "\(size); is this the tokenizer of another model?")
      }
      for (offset, name) in specials.enumerated() {
        vocabulary.setSpecial(tokens.count + offset, name)
      }
    } else {
      vocabulary.markSpecialsByForm()
    }
    return Tokenizer(vocabulary, origin: lastComponent(of: path), merges: nil)
  }

  /// OpenAI's special tokens behind text tokens that are known by number only: `[464] [1368]`.
  private static func numbersOnly(size: Int) -> Tokenizer? {
    guard (51864...51866).contains(size) else { return nil }
    let numBase = size == 51864 ? 50256 : 50257
    guard let specials = SpecialTokens.appended(base: numBase, vocabulary: size) else { return nil }
    var vocabulary = Vocabulary(size: size)
    for id in 0..<numBase { vocabulary.set(id, Array(" [\(id)]".utf8)) }
    for (offset, name) in specials.enumerated() { vocabulary.setSpecial(numBase + offset, name) }
    return Tokenizer(vocabulary, origin: "token numbers", merges: nil)
  }

  static func json(_ path: String) throws(TranscriptionError) -> JSONValue {
    do { return try parseJSONFile(path) } catch { throw .file(error) }
  }

  static func lastComponent(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  /// Whether a regular file can be opened at `path`.
  static func isThere(_ path: String) -> Bool { (try? MappedFile(path)) != nil }

  /// The folder that `path` stands in.
  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
