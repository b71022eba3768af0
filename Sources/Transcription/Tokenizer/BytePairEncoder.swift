/// Encodes text by merging byte pairs, the earliest learned first.
struct BytePairEncoder: Sendable {
  private let ids: [[UInt8]: Int]
  /// Ranks of pairs by both their texts; `nil` where a merged token's id is its rank (tiktoken).
  private let merges: [Pair: Int]?

  struct Pair: Hashable, Sendable {
    let left: [UInt8]
    let right: [UInt8]
  }

  init(_ vocabulary: Vocabulary, merges: [Pair: Int]?) {
    var ids: [[UInt8]: Int] = [:]
    for (id, token) in vocabulary.tokens.enumerated() where !vocabulary.isSpecial[id] {
      if let token, ids[token] == nil { ids[token] = id }
    }
    self.ids = ids
    self.merges = merges
  }

  /// Ids of `text`; bytes that no token covers are left out.
  func encode(_ text: String) -> [Int] {
    PreTokenizer.pieces(of: text).flatMap(encode)
  }

  private func encode(_ piece: [UInt8]) -> [Int] {
    if let id = ids[piece], merges == nil { return [id] }
    var parts = piece.map { [$0] }
    while let best = bestPair(parts) {
      parts[best] += parts[best + 1]
      parts.remove(at: best + 1)
    }
    return parts.compactMap { ids[$0] }
  }

  /// Where the pair of lowest rank starts, the leftmost of equals.
  private func bestPair(_ parts: [[UInt8]]) -> Int? {
    var best: (index: Int, rank: Int)?
    for index in parts.indices.dropLast() {
      let (left, right) = (parts[index], parts[index + 1])
      let rank = merges.map { $0[Pair(left: left, right: right)] } ?? ids[left + right]
      if let rank, rank < best?.rank ?? .max { best = (index, rank) }
    }
    return best?.index
  }
}
