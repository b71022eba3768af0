/// The three inner loops of the reference, compiled once per instruction set; nobody else's.

/// Float64 loops of one instruction set.
package struct ReferenceArithmetic: Sendable {
  /// c (+)= a·b over one tile of `tileRows` × `tileColumns`.
  ///
  /// Arguments: depth; a and the elements between its rows; one packed panel of b; c and the
  /// elements between its rows; whether to add to what `c` holds. Each element is one chain of
  /// multiply-adds in the order of the depth.
  package typealias MultiplyTile =
    @Sendable (
      Int, UnsafePointer<Double>, Int, UnsafePointer<Double>, UnsafeMutablePointer<Double>, Int,
      Bool
    ) -> Void

  /// exp(s − max)/Σ of `count` values in place, with further keys of score zero in the sum.
  package typealias SoftmaxRow = @Sendable (UnsafeMutablePointer<Double>, Int, Int) -> Void

  /// x·Φ(x) of `count` values.
  package typealias GELURow =
    @Sendable (
      UnsafePointer<Double>, UnsafeMutablePointer<Double>, Int
    ) -> Void

  /// `avx512`, `avx2` or `portable`.
  package let name: String
  package let tileRows: Int
  package let tileColumns: Int
  package let multiplyTile: MultiplyTile
  package let softmaxRow: SoftmaxRow
  package let geluRow: GELURow

  package init(
    name: String, tileRows: Int, tileColumns: Int, multiplyTile: @escaping MultiplyTile,
    softmaxRow: @escaping SoftmaxRow, geluRow: @escaping GELURow
  ) {
    self.name = name
    self.tileRows = tileRows
    self.tileColumns = tileColumns
    self.multiplyTile = multiplyTile
    self.softmaxRow = softmaxRow
    self.geluRow = geluRow
  }
}
