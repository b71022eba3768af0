/// The largest score of a row, the largest magnitude, and whether all probabilities are finite.
package struct ScoreRange: Sendable {
  package var largest: Double
  package var extreme: Double
  package var isFinite: Bool

  package init(largest: Double, extreme: Double, isFinite: Bool) {
    self.largest = largest
    self.extreme = extreme
    self.isFinite = isFinite
  }
}

/// Sums over one row: of p², and of p² times s², (s − m)² and the keys' factors.
package struct AttentionRowSums: Sendable {
  package var weight = 0.0
  package var scored = 0.0
  package var shifted = 0.0
  package var factored = 0.0

  package init() {}
}
