import TensorIO

/// Reads the tokenizer files of Hugging Face folders.
enum HuggingFaceTokenizer {
  /// `tokenizer.json`: vocabulary, merges and added tokens in one file.
  /// - Throws: `tokenizer` where it is no byte-pair or word vocabulary.
  static func tokenizerJSON(
    _ json: JSONValue, path: String, size: Int
  ) throws(TranscriptionError) -> Tokenizer {
    guard let model = json["model"], let entries = model["vocab"]?.objectValue else {
      let type = json["model"]?["type"]?.stringValue ?? "nameless"
      throw .tokenizer(
        path: path,
        reason: "a \(type) model without a 'vocab' object; expected byte pairs (BPE) or WordLevel")
    }
    let pairs = try model["merges"].map { value throws(TranscriptionError) in
      try merges(value, path: path)
    }
    let isByteLevel =
      isByteLevel(json["decoder"]) || isByteLevel(json["pre_tokenizer"]) || pairs?.isEmpty == false
    var vocabulary = try vocabulary(entries, path: path, size: size, isByteLevel: isByteLevel)
    for token in json["added_tokens"]?.arrayValue ?? [] {
      guard let id = token["id"]?.intValue, id >= 0, let text = token["content"]?.stringValue else {
        throw .tokenizer(
          path: path, reason: "an entry of 'added_tokens' lacks its 'id' or 'content'")
      }
      try add(id, text, isSpecial: token["special"]?.boolValue ?? false, to: &vocabulary, path)
    }
    vocabulary.markSpecialsByForm()
    return Tokenizer(vocabulary, origin: "tokenizer.json", merges: pairs ?? [:])
  }

  /// `vocab.json`, with `merges.txt` and `added_tokens.json` where they stand beside it.
  static func vocabularyJSON(
    _ json: JSONValue, path: String, size: Int
  ) throws(TranscriptionError) -> Tokenizer {
    guard let entries = json.objectValue else {
      throw .tokenizer(path: path, reason: "expected an object token → id, found \(json.kind)")
    }
    let folder = TokenizerLoader.folder(of: path)
    let mergesPath = "\(folder)/merges.txt"
    let pairs = TokenizerLoader.isThere(mergesPath) ? try mergesText(mergesPath) : nil
    let isByteLevel = pairs != nil || entries.keys.contains { $0.unicodeScalars.contains("Ġ") }
    var vocabulary = try vocabulary(entries, path: path, size: size, isByteLevel: isByteLevel)
    let addedPath = "\(folder)/added_tokens.json"
    if TokenizerLoader.isThere(addedPath) {
      let added = try TokenizerLoader.json(addedPath)
      guard let tokens = added.objectValue else {
        throw .tokenizer(
          path: addedPath, reason: "expected an object token → id, found \(added.kind)")
      }
      for text in tokens.keys {
        try add(id(tokens, text, addedPath), text, isSpecial: true, to: &vocabulary, addedPath)
      }
    }
    vocabulary.markSpecialsByForm()
    return Tokenizer(vocabulary, origin: "vocab.json", merges: pairs ?? [:])
  }

  private static func isByteLevel(_ part: JSONValue?) -> Bool {
    if part?["type"]?.stringValue == "ByteLevel" { return true }
    let parts = part?["decoders"]?.arrayValue ?? part?["pretokenizers"]?.arrayValue ?? []
    return parts.contains { $0["type"]?.stringValue == "ByteLevel" }
  }

  private static func id(
    _ entries: JSONObject, _ text: String, _ path: String
  ) throws(TranscriptionError) -> Int {
    guard let id = entries[text]?.intValue, id >= 0 else {
      throw .tokenizer(
        path: path,
        reason: "token '\(shown(text))' has \(entries[text]?.text.prefix(20) ?? "no id"); "
          + "expected an id, a whole number from 0 on")
    }
    return id
  }

  private static func vocabulary(
    _ entries: JSONObject, path: String, size: Int, isByteLevel: Bool
  ) throws(TranscriptionError) -> Vocabulary {
    var vocabulary = Vocabulary(size: size)
    for text in entries.keys {
      let id = try id(entries, text, path)
      // Special tokens are written as they are; some of their characters stand for no byte.
      let bytes = isByteLevel ? ByteAlphabet.bytes(of: text) : nil
      guard vocabulary.set(id, bytes ?? Array(text.utf8)) else {
        throw .tokenizer(
          path: path, reason: "token '\(shown(text))' has id \(id), as another one before it")
      }
    }
    return vocabulary
  }

  private static func add(
    _ id: Int, _ text: String, isSpecial: Bool, to vocabulary: inout Vocabulary, _ path: String
  ) throws(TranscriptionError) {
    if isSpecial { return vocabulary.setSpecial(id, text) }
    guard vocabulary.set(id, Array(text.utf8)) else {
      throw .tokenizer(
        path: path, reason: "added token '\(shown(text))' has id \(id), as another one before it")
    }
  }

  /// The ranks of merges, each written `"a b"` or `["a", "b"]`.
  private static func merges(
    _ value: JSONValue, path: String
  ) throws(TranscriptionError) -> [BytePairEncoder.Pair: Int] {
    guard let list = value.arrayValue else {
      throw .tokenizer(path: path, reason: "'merges' should be an array, not \(value.kind)")
    }
    var ranks: [BytePairEncoder.Pair: Int] = [:]
    for (rank, entry) in list.enumerated() {
      let parts =
        entry.stringValue?.split(separator: " ").map(String.init)
        ?? entry.arrayValue?.compactMap(\.stringValue) ?? []
      ranks[try pair(parts, "merge \(rank + 1)", path)] = rank
    }
    return ranks
  }

  /// `merges.txt`: a version line, then a pair a line.
  private static func mergesText(
    _ path: String
  ) throws(TranscriptionError) -> [BytePairEncoder.Pair: Int] {
    let text: String
    do throws(TensorIOError) {
      let file = try MappedFile(path)
      text = try file.view.text(0, file.byteCount, "the merges")
    } catch {
      throw .file(error)
    }
    var ranks: [BytePairEncoder.Pair: Int] = [:]
    for (index, line) in text.split(whereSeparator: \.isNewline).enumerated() {
      if index == 0 && line.hasPrefix("#version") { continue }
      ranks[try pair(line.split(separator: " ").map(String.init), "line \(index + 1)", path)] =
        ranks.count
    }
    return ranks
  }

  private static func pair(
    _ parts: [String], _ place: String, _ path: String
  ) throws(TranscriptionError) -> BytePairEncoder.Pair {
    guard parts.count == 2, let left = ByteAlphabet.bytes(of: parts[0]),
      let right = ByteAlphabet.bytes(of: parts[1])
    else {
      throw .tokenizer(path: path, reason: "\(place) is no pair of byte-level tokens")
    }
    return BytePairEncoder.Pair(left: left, right: right)
  }

  /// A token for a message: short and on one line.
  private static func shown(_ text: String) -> String {
    String(text.prefix(40).map { $0.isNewline ? " " : $0 })
  }
}
