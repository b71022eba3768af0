/// Softmax as no sound encoder computes it: another axis, a causal mask, padding that counts.

import EncoderModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// One softmax over `[heads, queries, keys]`; a unit is what can be normalised on its own.
struct UnusualSoftmax {
  var softmax: Softmax
  var numHeads: Int
  var queries: Int
  var keys: Int
  var input: Placement
  var out: Placement

  var unitCount: Int {
    switch softmax.axis {
    case .keys: numHeads * queries
    case .queries: numHeads * keys
    case .heads: queries * keys
    }
  }

  func run(_ unit: Int) {
    switch softmax.axis {
    case .keys:
      let query = unit % queries
      normalise(keys, at: (unit, 0), step: (0, 1)) { isVisible(query, $0) }
    case .queries:
      let key = unit % keys
      normalise(queries, at: (unit / keys * queries, key), step: (1, 0)) { isVisible($0, key) }
    case .heads:
      let query = unit / keys
      let key = unit % keys
      normalise(numHeads, at: (query, key), step: (queries, 0)) { _ in isVisible(query, key) }
    }
  }

  private func isVisible(_ query: Int, _ key: Int) -> Bool {
    !softmax.mask.hides(key: key, from: query)
  }

  /// exp(s − max)/Σ over `count` elements from `start` on; hidden ones are zero, but for all being hidden: they
  /// share the probability then.
  private func normalise(
    _ count: Int, at start: (row: Int, column: Int), step: (row: Int, column: Int),
    isVisible: (Int) -> Bool
  ) {
    let padding = softmax.axis == .keys ? softmax.numUnmaskedPaddingKeys : 0
    var maximum: Float = padding > 0 ? 0 : -.infinity
    func address(_ i: Int, _ placement: Placement) -> UnsafeMutablePointer<Float> {
      placement.row(start.row + i * step.row) + start.column + i * step.column
    }
    let isBlind = !(0..<count).contains(where: isVisible)
    if isBlind { maximum = 0 }
    for i in 0..<count where isVisible(i) { maximum = max(maximum, address(i, input).pointee) }
    var total = Double(padding) * exp(-Double(maximum))
    for i in 0..<count {
      let power =
        isBlind ? 1 : isVisible(i) ? exp(Double(address(i, input).pointee) - Double(maximum)) : 0
      total += power
      address(i, out).pointee = Float(power)
    }
    for i in 0..<count { address(i, out).pointee /= Float(total) }
  }
}
