/// Sums over pairs of finite elements, from which every figure of a tap is computed.
///
/// Reference values enter minus a pivot near their mean, so that the variance does not cancel
/// where |mean| ≫ σ; with d = x − r everything about x follows from r and d.
package struct FigureSums: Sendable {
  package var count = 0
  package var shifted = 0.0
  package var shiftedSquared = 0.0
  package var difference = 0.0
  package var differenceSquared = 0.0
  package var product = 0.0
  package var maxAbs = 0.0
  package var maxIndex = 0
  package var nonFinite = 0
  package var nonFiniteReference = 0

  package init() {}

  /// Whether every element was finite.
  package var isFinite: Bool { (shiftedSquared + differenceSquared + product).isFinite }

  /// Adds the sums of a later chunk; the earlier of two equal maxima stays.
  package mutating func merge(_ other: FigureSums) {
    count += other.count
    shifted += other.shifted
    shiftedSquared += other.shiftedSquared
    difference += other.difference
    differenceSquared += other.differenceSquared
    product += other.product
    nonFinite += other.nonFinite
    nonFiniteReference += other.nonFiniteReference
    if other.maxAbs > maxAbs {
      maxAbs = other.maxAbs
      maxIndex = other.maxIndex
    }
  }
}
