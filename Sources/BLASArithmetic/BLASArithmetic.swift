/// What the BLAS backend computes between its products, compiled once per instruction set.

/// Float32 loops over one row.
package struct BLASArithmetic: Sendable {
  package typealias Row = UnsafeMutablePointer<Float>
  package typealias Source = UnsafePointer<Float>

  /// exp(s − max)/Σ of `count` scores in place; further keys of score zero take part in the sum.
  package typealias SoftmaxRow = @Sendable (_ row: Row, _ count: Int, _ paddingKeys: Int) -> Void
  /// x·Φ(x) of `count` values.
  package typealias GELURow = @Sendable (_ source: Source, _ target: Row, _ count: Int) -> Void
  /// (x − μ)/√(σ² + ε)·gain + offset with the biased variance.
  package typealias LayerNormRow =
    @Sendable (
      _ source: Source, _ target: Row, _ count: Int, _ epsilon: Float, _ gain: Source,
      _ offset: Source
    ) -> Void
  /// Sums of `count` pairs.
  package typealias AddRow =
    @Sendable (
      _ first: Source, _ second: Source, _ target: Row, _ count: Int
    ) -> Void

  /// `avx512`, `avx2` or `portable`.
  package let name: String
  package let softmaxRow: SoftmaxRow
  package let geluRow: GELURow
  package let layerNormRow: LayerNormRow
  package let addRow: AddRow

  package init(
    name: String, softmaxRow: @escaping SoftmaxRow, geluRow: @escaping GELURow,
    layerNormRow: @escaping LayerNormRow, addRow: @escaping AddRow
  ) {
    self.name = name
    self.softmaxRow = softmaxRow
    self.geluRow = geluRow
    self.layerNormRow = layerNormRow
    self.addRow = addRow
  }
}
