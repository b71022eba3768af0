/// Counts of magnitudes in bins of an eighth of an octave: a quantile sketch whose merge is exact.
///
/// A bin is the exponent and the upper three bits of the significand, so that a value lies within
/// 1/8 of its bin's lower edge and no logarithm is taken. Merging adds counts; nothing is lost and
/// the order does not matter.
package struct LogHistogram: Sendable, Hashable {
  package static let binsPerOctave = 8
  private static let lowestExponent = -64
  private static let numOctaves = 128

  /// Counts by bin, from 2⁻⁶⁴ to 2⁶⁴; the outermost bins hold what lies beyond.
  package private(set) var counts = [Int](repeating: 0, count: numOctaves * binsPerOctave)
  package private(set) var numZero = 0
  package private(set) var numNonFinite = 0

  package init() {}

  package init(counts: [Int: Int], numZero: Int, numNonFinite: Int) {
    for (bin, count) in counts where self.counts.indices.contains(bin) {
      self.counts[bin] = count
    }
    self.numZero = numZero
    self.numNonFinite = numNonFinite
  }

  /// The bin of a positive finite magnitude.
  @inline(__always)
  private static func bin(_ magnitude: Double) -> Int {
    let lowest = (1023 + lowestExponent) * binsPerOctave
    let index = Int(truncatingIfNeeded: magnitude.bitPattern >> 49) - lowest
    return min(max(index, 0), numOctaves * binsPerOctave - 1)
  }

  /// The least magnitude of a bin: 2ᵉ·(1 + k/8).
  package static func lowerEdge(_ bin: Int) -> Double {
    let lowest = (1023 + lowestExponent) * binsPerOctave
    return Double(bitPattern: UInt64(bin + lowest) << 49)
  }

  /// Counts |value|.
  @inline(__always)
  package mutating func add(_ value: Double) {
    if value == 0 {
      numZero += 1
    } else if value.isFinite {
      counts[Self.bin(value.magnitude)] += 1
    } else {
      numNonFinite += 1
    }
  }

  package mutating func merge(_ other: LogHistogram) {
    for bin in counts.indices { counts[bin] += other.counts[bin] }
    numZero += other.numZero
    numNonFinite += other.numNonFinite
  }

  /// Values counted, zeros included, those that are not finite left out.
  package var total: Int { counts.reduce(numZero, +) }

  /// A magnitude that at least `share` of all do not exceed, to within the width of a bin (an
  /// upper edge); `nil` where nothing was counted.
  package func quantile(_ share: Double) -> Double? {
    let wanted = share * Double(total)
    guard total > 0 else { return nil }
    var seen = numZero
    if Double(seen) >= wanted && seen > 0 { return 0 }
    for (bin, count) in counts.enumerated() where count > 0 {
      seen += count
      if Double(seen) >= wanted { return Self.lowerEdge(bin + 1) }
    }
    return nil
  }
}
