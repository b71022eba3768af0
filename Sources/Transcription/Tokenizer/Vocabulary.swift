/// What every token id stands for.
struct Vocabulary: Sendable {
  /// The bytes of a token's text; special tokens hold their name; `nil` where an id has no text.
  private(set) var tokens: [[UInt8]?]
  private(set) var isSpecial: [Bool]
  /// Ids of the special tokens by name.
  private(set) var specials: [String: Int] = [:]

  /// - Parameter size: the model's vocabulary; ids beyond it are ignored.
  init(size: Int) {
    tokens = Array(repeating: nil, count: size)
    isSpecial = Array(repeating: false, count: size)
  }

  var size: Int { tokens.count }

  /// Gives `id` its text; answers whether the id was free or held the same.
  @discardableResult
  mutating func set(_ id: Int, _ bytes: [UInt8]) -> Bool {
    guard tokens.indices.contains(id) else { return true }
    guard tokens[id] == nil || tokens[id] == bytes else { return false }
    tokens[id] = bytes
    return true
  }

  /// Makes `id` the special token `name`.
  mutating func setSpecial(_ id: Int, _ name: String) {
    guard tokens.indices.contains(id) else { return }
    tokens[id] = Array(name.utf8)
    isSpecial[id] = true
    specials[name] = id
  }

  /// Makes a special token of every `<|…|>`.
  mutating func markSpecialsByForm() {
    for (id, token) in tokens.enumerated() {
      guard let token, token.count > 4, token.starts(with: "<|".utf8),
        token.suffix(2).elementsEqual("|>".utf8)
      else { continue }
      setSpecial(id, String(decoding: token, as: UTF8.self))
    }
  }

  /// Whether tokens are whole words without the spaces between them.
  var isOfBareWords: Bool {
    let texts = zip(tokens, isSpecial).lazy.filter { !$1 }.compactMap { $0.0 }
    let hasSpaces = texts.contains { $0.count > 1 && $0.first == 0x20 }
    // A byte-level vocabulary has every byte as a token of its own.
    let numBytes = texts.filter { $0.count == 1 }.count
    return !hasSpaces && numBytes < 256
  }
}
