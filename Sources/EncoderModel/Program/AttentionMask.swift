/// Which keys a query does not see; Whisper's encoder hides none.
package enum AttentionMask: Sendable, Hashable {
  case none
  /// Key j is hidden from query i where j > i + ahead: 0 for a causal mask.
  case causal(ahead: Int)
  /// Keys from this one on are hidden from every query: a mask by the length of the audio.
  case keysFrom(Int)
  /// Key j is hidden from query i where |i − j| exceeds the radius: local attention.
  case window(Int)
  /// Queries see the keys of their own chunk of so many frames.
  case chunks(Int)

  /// Whether `key` is hidden from `query`.
  package func hides(key: Int, from query: Int) -> Bool {
    switch self {
    case .none: false
    case .causal(let ahead): key > query + ahead
    case .keysFrom(let first): key >= first
    case .window(let radius): abs(key - query) > radius
    case .chunks(let length): key / max(length, 1) != query / max(length, 1)
    }
  }

  /// `causal`, `causal-with-8-ahead`, `keys-from-700`, `window-100`, `chunks-of-100`.
  package var text: String {
    switch self {
    case .none: "none"
    case .causal(ahead: 0): "causal"
    case .causal(let ahead): "causal-with-\(ahead)-ahead"
    case .keysFrom(let first): "keys-from-\(first)"
    case .window(let radius): "window-\(radius)"
    case .chunks(let length): "chunks-of-\(length)"
    }
  }

  /// Writes −∞ over those of a row of scores that are hidden from `query`. A query that sees nothing attends to
  /// every key alike, as it does with engines whose masks add a large negative number.
  package func apply<Scalar: BinaryFloatingPoint>(
    to row: UnsafeMutablePointer<Scalar>, count: Int, query: Int
  ) {
    if self == .none { return }
    var isBlind = true
    for key in 0..<count {
      if hides(key: key, from: query) { row[key] = -.infinity } else { isBlind = false }
    }
    if isBlind { row.update(repeating: 0, count: count) }
  }
}
