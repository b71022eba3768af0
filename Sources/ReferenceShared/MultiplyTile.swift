/// The register tile of the reference's matrix product where there are 16 vector registers: 6 rows × 2
/// vectors.
///
/// Twelve accumulators hide the latency of the multiply-add and fit sixteen registers.

/// Rows of the tile.
let tileRows = 6
/// Columns of the tile, and of a packed panel.
let tileColumns = 2 * lanes

/// c[6, tileColumns] (+)= a[6, depth]·b[depth, tileColumns].
func multiplyTile(
  depth: Int, a: UnsafePointer<Double>, aStride: Int, b: UnsafePointer<Double>,
  c: UnsafeMutablePointer<Double>, cStride: Int, accumulates: Bool
) {
  var x0 = Vector.zero
  var y0 = Vector.zero
  var x1 = Vector.zero
  var y1 = Vector.zero
  var x2 = Vector.zero
  var y2 = Vector.zero
  var x3 = Vector.zero
  var y3 = Vector.zero
  var x4 = Vector.zero
  var y4 = Vector.zero
  var x5 = Vector.zero
  var y5 = Vector.zero
  if accumulates {
    (x0, y0) = loadPair(c)
    (x1, y1) = loadPair(c + cStride)
    (x2, y2) = loadPair(c + 2 &* cStride)
    (x3, y3) = loadPair(c + 3 &* cStride)
    (x4, y4) = loadPair(c + 4 &* cStride)
    (x5, y5) = loadPair(c + 5 &* cStride)
  }
  var upper = a
  var lower = a + 3 &* aStride
  var panel = b
  var left = depth
  while left > 0 {
    let p = load(panel)
    let q = load(panel + lanes)
    multiplyAdd(upper.pointee, p, q, &x0, &y0)
    multiplyAdd(upper[aStride], p, q, &x1, &y1)
    multiplyAdd(upper[2 &* aStride], p, q, &x2, &y2)
    multiplyAdd(lower.pointee, p, q, &x3, &y3)
    multiplyAdd(lower[aStride], p, q, &x4, &y4)
    multiplyAdd(lower[2 &* aStride], p, q, &x5, &y5)
    upper += 1
    lower += 1
    panel += tileColumns
    left &-= 1
  }
  storePair(x0, y0, c)
  storePair(x1, y1, c + cStride)
  storePair(x2, y2, c + 2 &* cStride)
  storePair(x3, y3, c + 3 &* cStride)
  storePair(x4, y4, c + 4 &* cStride)
  storePair(x5, y5, c + 5 &* cStride)
}

/// One row of the tile: x += s·p, y += s·q.
@inline(__always)
private func multiplyAdd(
  _ s: Double, _ p: Vector, _ q: Vector, _ x: inout Vector, _ y: inout Vector
) {
  let repeated = Vector(repeating: s)
  x = multiplyAdd(repeated, p, x)
  y = multiplyAdd(repeated, q, y)
}

@inline(__always)
private func loadPair(_ address: UnsafeMutablePointer<Double>) -> (Vector, Vector) {
  (load(address), load(address + lanes))
}

@inline(__always)
private func storePair(_ x: Vector, _ y: Vector, _ address: UnsafeMutablePointer<Double>) {
  store(x, address)
  store(y, address + lanes)
}
