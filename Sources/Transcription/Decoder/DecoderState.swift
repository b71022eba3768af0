/// What the decoder remembers of the tokens it has read: the KV cache of one sequence.
///
/// A value: a copy is an independent continuation, as beam search needs; storage is shared until
/// one of the copies reads another token.
package struct DecoderState: Sendable {
  /// Tokens read so far; the next one's position.
  package private(set) var numTokens = 0
  /// Per layer `[numTokens, width]`.
  var keys: [[Double]]
  var values: [[Double]]

  init(numLayers: Int) {
    keys = Array(repeating: [], count: numLayers)
    values = Array(repeating: [], count: numLayers)
  }

  mutating func advance() { numTokens += 1 }
}

/// Keys and values of one encoder output, computed once for all tokens and beams.
package struct CrossAttentionCache: Sendable {
  /// Per layer `[frames, width]`.
  let keys: [[Double]]
  let values: [[Double]]
}

/// Logits of some rows.
package struct Logits: Sendable {
  /// `[rows, numVocabulary]`, row-major.
  package let values: [Double]
  package let numVocabulary: Int

  package var numRows: Int { values.count / numVocabulary }

  package subscript(row: Int) -> [Double] {
    Array(values[(row * numVocabulary)..<((row + 1) * numVocabulary)])
  }
}
