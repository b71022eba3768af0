/// The inner loops of the comparison, compiled once per instruction set.

/// Loops over the elements of taps.
///
/// All sum in eight lanes and round each multiplication and each addition by itself, so that every
/// instruction set gives the same bits.
package struct ParityArithmetic: Sendable {
  /// Sums over pairs of elements; NaN where one is not finite.
  package typealias Figures =
    @Sendable (
      _ reference: Elements, _ candidate: Elements, _ range: Range<Int>, _ pivot: Double
    ) -> FigureSums

  /// Errors of `count` elements of a row against its error model; NaN where one is not finite.
  package typealias Errors =
    @Sendable (
      _ row: ErrorRow, _ columns: ErrorColumns, _ operands: ErrorOperands, _ start: Int,
      _ count: Int
    ) -> ErrorRowSums

  /// candidate − reference of the elements `range`, rounded to Float32, with Σd² and Σx².
  package typealias Differences =
    @Sendable (
      _ reference: UnsafePointer<Double>, _ candidate: Elements,
      _ target: UnsafeMutablePointer<Float>, _ range: Range<Int>
    ) -> (difference: Double, size: Double)

  /// target[k] += weight·x[k]².
  package typealias AddSquares =
    @Sendable (
      _ x: UnsafePointer<Float>, _ weight: Double, _ target: UnsafeMutablePointer<Double>,
      _ count: Int
    ) -> Void

  /// Σ weights[k]·x[k]².
  package typealias WeightedSquares =
    @Sendable (
      _ x: UnsafePointer<Float>, _ weights: UnsafePointer<Double>, _ count: Int
    ) -> Double

  /// Extremes of a row of scores, and whether its probabilities are finite.
  package typealias Scores =
    @Sendable (
      _ scores: UnsafePointer<Double>, _ probabilities: UnsafePointer<Double>, _ count: Int
    ) -> ScoreRange

  /// Sums over a row of the attention's maps; each key's p² is added to `keyWeights`.
  package typealias Attention =
    @Sendable (
      _ scores: UnsafePointer<Double>, _ probabilities: UnsafePointer<Double>,
      _ factors: UnsafePointer<Double>, _ largest: Double,
      _ keyWeights: UnsafeMutablePointer<Double>, _ count: Int
    ) -> AttentionRowSums

  /// `avx512`, `avx2` or `portable`.
  package let name: String
  package let figures: Figures
  package let errors: Errors
  package let differences: Differences
  package let addSquares: AddSquares
  package let weightedSquares: WeightedSquares
  package let scores: Scores
  package let attention: Attention

  package init(
    name: String, figures: @escaping Figures, errors: @escaping Errors,
    differences: @escaping Differences, addSquares: @escaping AddSquares,
    weightedSquares: @escaping WeightedSquares, scores: @escaping Scores,
    attention: @escaping Attention
  ) {
    self.name = name
    self.figures = figures
    self.errors = errors
    self.differences = differences
    self.addSquares = addSquares
    self.weightedSquares = weightedSquares
    self.scores = scores
    self.attention = attention
  }
}
