/// The register tile of the reference's matrix product: 6 rows of as many vectors as there are
/// registers for, `TileRow`.
///
/// At least twelve accumulators hide the latency of the multiply-add.

/// Rows of the tile.
let tileRows = 6
/// Columns of the tile, and of a packed panel.
let tileColumns = TileRow.vectors * lanes

/// c[6, tileColumns] (+)= a[6, depth]·b[depth, tileColumns].
func multiplyTile(
  depth: Int, a: UnsafePointer<Double>, aStride: Int, b: UnsafePointer<Double>,
  c: UnsafeMutablePointer<Double>, cStride: Int, accumulates: Bool
) {
  var row0 = TileRow()
  var row1 = TileRow()
  var row2 = TileRow()
  var row3 = TileRow()
  var row4 = TileRow()
  var row5 = TileRow()
  if accumulates {
    row0 = TileRow(c)
    row1 = TileRow(c + cStride)
    row2 = TileRow(c + 2 &* cStride)
    row3 = TileRow(c + 3 &* cStride)
    row4 = TileRow(c + 4 &* cStride)
    row5 = TileRow(c + 5 &* cStride)
  }
  var upper = a
  var lower = a + 3 &* aStride
  var panel = b
  var left = depth
  while left > 0 {
    let values = TileRow(panel)
    row0.addProduct(upper.pointee, values)
    row1.addProduct(upper[aStride], values)
    row2.addProduct(upper[2 &* aStride], values)
    row3.addProduct(lower.pointee, values)
    row4.addProduct(lower[aStride], values)
    row5.addProduct(lower[2 &* aStride], values)
    upper += 1
    lower += 1
    panel += tileColumns
    left &-= 1
  }
  row0.write(to: c)
  row1.write(to: c + cStride)
  row2.write(to: c + 2 &* cStride)
  row3.write(to: c + 3 &* cStride)
  row4.write(to: c + 4 &* cStride)
  row5.write(to: c + 5 &* cStride)
}
