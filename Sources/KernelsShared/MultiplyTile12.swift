/// The register tile: 12 rows × 4 vectors, in two halves of 6 rows.
///
/// Of 32 vector registers 24 hold a half's chains, four the panel's row, and the rest broadcast A:
/// ten loads for 24 multiply-adds. The chains' totals lie in the first-level cache, and so does a
/// block of the panel from the first half to the second, which asks for the next block meanwhile.

import CProcessor

/// Rows of the register tile.
let tileRows = 12
/// Vectors in a row of it.
let panelVectors = 4
/// Terms for which both halves meet the panel before it goes on: a block of it, 16 KiB with vectors
/// of 64 bytes, and the next one fit the first-level cache.
private let panelBlock = 32

/// c[12, panelWidth] (+)= a[12, depth]·b[depth, panelWidth], summed on three levels: chains of
/// `chain` terms, pieces of `pieceLength`, and the pieces.
///
/// A chain is a product and fused multiply-adds in the order of k; chains are added in order to the
/// piece, and pieces in order to `c`: the bits depend neither on the tile nor on the instruction set.
/// - `a`: row i begins at a + i·aStride.
/// - `b`: one packed panel.
/// - `totals`: `[12, panelWidth]`, for the use of this call.
/// - `chain`: `chainLength` or `meanChainLength`.
/// - `accumulates`: whether `c` holds the sum of earlier pieces.
@inline(never)
func multiplyTile(
  depth: Int, a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>,
  c: UnsafeMutablePointer<Float>, totals: UnsafeMutablePointer<Float>, chain: Int,
  accumulates: Bool
) {
  multiplyPieces(
    depth: depth, a: a, aStride: aStride, b: b, c: c, cStride: panelWidth, totals: totals,
    chain: chain, accumulates: accumulates)
}

/// The same into rows that lie `scoreStride` apart, from nothing.
@inline(never)
func multiplyScores(
  depth: Int, a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>,
  c: UnsafeMutablePointer<Float>, totals: UnsafeMutablePointer<Float>, chain: Int
) {
  multiplyPieces(
    depth: depth, a: a, aStride: aStride, b: b, c: c, cStride: scoreStride, totals: totals,
    chain: chain, accumulates: false)
}

@inline(__always)
private func multiplyPieces(
  depth: Int, a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>,
  c: UnsafeMutablePointer<Float>, cStride: Int, totals: UnsafeMutablePointer<Float>,
  chain: Int, accumulates: Bool
) {
  var adds = accumulates
  var start = 0
  while start < depth {
    let end = min(start &+ pieceLength, depth)
    var k = start
    while k < end {
      let next = min(k &+ panelBlock, end)
      sumChains(
        k..<next, of: start..<end, chain: chain, a: a, aStride: aStride, b: b, c: c,
        cStride: cStride, totals: totals, adds: adds, fetchesNext: false)
      sumChains(
        k..<next, of: start..<end, chain: chain, a: a + HalfTile.rows &* aStride, aStride: aStride,
        b: b,
        c: c + HalfTile.rows &* cStride, cStride: cStride,
        totals: totals + HalfTile.rows &* panelWidth, adds: adds, fetchesNext: true)
      k = next
    }
    adds = true
    start = end
  }
}

/// Some chains of the piece `piece` for 6 rows.
@inline(__always)
private func sumChains(
  _ terms: Range<Int>, of piece: Range<Int>, chain: Int, a: UnsafePointer<Float>, aStride: Int,
  b: UnsafePointer<Float>, c: UnsafeMutablePointer<Float>, cStride: Int,
  totals: UnsafeMutablePointer<Float>, adds: Bool, fetchesNext: Bool
) {
  var k = terms.lowerBound
  while k < terms.upperBound {
    let next = min(k &+ chain, piece.upperBound)
    let sums = chainSums(
      count: next &- k, a: a + k, aStride: aStride, b: b + k &* panelWidth, fetchesNext: fetchesNext
    )
    if next == piece.upperBound {
      sums.finish(c, cStride, totals, addsTotals: k > piece.lowerBound, adds: adds)
    } else if k == piece.lowerBound {
      sums.write(to: totals, stride: panelWidth)
    } else {
      sums.add(to: totals, stride: panelWidth)
    }
    k = next
  }
}

/// One chain of `count` ≥ 1 terms for 6 rows.
@inline(__always)
private func chainSums(
  count: Int, a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>, fetchesNext: Bool
) -> HalfTile {
  var upper = a
  var lower = a + 3 &* aStride
  var panel = b
  var chain = HalfTile(upper, lower, aStride, PanelRow(panel))
  var left = count &- 1
  while left > 0 {
    upper += 1
    lower += 1
    panel += panelWidth
    chain.addProduct(upper, lower, aStride, PanelRow(panel))
    if fetchesNext { PanelRow.fetch(panel + panelBlock &* panelWidth) }
    left &-= 1
  }
  return chain
}

/// A row of the panel.
private struct PanelRow {
  var p: Vector
  var q: Vector
  var r: Vector
  var s: Vector

  @inline(__always)
  init(_ panel: UnsafePointer<Float>) {
    p = load(panel)
    q = load(panel + lanes)
    r = load(panel + 2 &* lanes)
    s = load(panel + 3 &* lanes)
  }

  @inline(__always)
  static func fetch(_ panel: UnsafePointer<Float>) {
    encoder_diff_prefetch(panel)
    encoder_diff_prefetch(panel + lanes)
    encoder_diff_prefetch(panel + 2 &* lanes)
    encoder_diff_prefetch(panel + 3 &* lanes)
  }
}

/// One row of sums.
private struct TileRow {
  var x: Vector
  var y: Vector
  var z: Vector
  var w: Vector

  /// The first product of every sum.
  @inline(__always)
  init(_ a: Float, _ row: PanelRow) {
    let a = Vector(repeating: a)
    x = a * row.p
    y = a * row.q
    z = a * row.r
    w = a * row.s
  }

  /// One more product onto every sum.
  @inline(__always)
  mutating func addProduct(_ a: Float, _ row: PanelRow) {
    let a = Vector(repeating: a)
    x.addProduct(a, row.p)
    y.addProduct(a, row.q)
    z.addProduct(a, row.r)
    w.addProduct(a, row.s)
  }

  @inline(__always)
  func write(to c: UnsafeMutablePointer<Float>) {
    store(x, c)
    store(y, c + lanes)
    store(z, c + 2 &* lanes)
    store(w, c + 3 &* lanes)
  }

  @inline(__always)
  func adding(_ c: UnsafeMutablePointer<Float>) -> TileRow {
    var sum = self
    sum.x = load(c) + x
    sum.y = load(c + lanes) + y
    sum.z = load(c + 2 &* lanes) + z
    sum.w = load(c + 3 &* lanes) + w
    return sum
  }
}

/// 6 rows × 4 vectors of sums.
private struct HalfTile {
  static let rows = 6
  var row0: TileRow
  var row1: TileRow
  var row2: TileRow
  var row3: TileRow
  var row4: TileRow
  var row5: TileRow

  /// Rows 0, 1, 2 of A begin at `upper`, rows 3, 4, 5 at `lower`.
  @inline(__always)
  init(
    _ upper: UnsafePointer<Float>, _ lower: UnsafePointer<Float>, _ stride: Int, _ row: PanelRow
  ) {
    row0 = TileRow(upper.pointee, row)
    row1 = TileRow(upper[stride], row)
    row2 = TileRow(upper[2 &* stride], row)
    row3 = TileRow(lower.pointee, row)
    row4 = TileRow(lower[stride], row)
    row5 = TileRow(lower[2 &* stride], row)
  }

  @inline(__always)
  mutating func addProduct(
    _ upper: UnsafePointer<Float>, _ lower: UnsafePointer<Float>, _ stride: Int, _ row: PanelRow
  ) {
    row0.addProduct(upper.pointee, row)
    row1.addProduct(upper[stride], row)
    row2.addProduct(upper[2 &* stride], row)
    row3.addProduct(lower.pointee, row)
    row4.addProduct(lower[stride], row)
    row5.addProduct(lower[2 &* stride], row)
  }

  @inline(__always)
  func write(to c: UnsafeMutablePointer<Float>, stride: Int) {
    row0.write(to: c)
    row1.write(to: c + stride)
    row2.write(to: c + 2 &* stride)
    row3.write(to: c + 3 &* stride)
    row4.write(to: c + 4 &* stride)
    row5.write(to: c + 5 &* stride)
  }

  @inline(__always)
  func adding(_ c: UnsafeMutablePointer<Float>, _ stride: Int) -> HalfTile {
    var sum = self
    sum.row0 = row0.adding(c)
    sum.row1 = row1.adding(c + stride)
    sum.row2 = row2.adding(c + 2 &* stride)
    sum.row3 = row3.adding(c + 3 &* stride)
    sum.row4 = row4.adding(c + 4 &* stride)
    sum.row5 = row5.adding(c + 5 &* stride)
    return sum
  }

  @inline(__always)
  func add(to c: UnsafeMutablePointer<Float>, stride: Int) {
    adding(c, stride).write(to: c, stride: stride)
  }

  /// The last chain of a piece: with the piece's other chains, onto the pieces before or in their place.
  @inline(__always)
  func finish(
    _ c: UnsafeMutablePointer<Float>, _ cStride: Int, _ totals: UnsafeMutablePointer<Float>,
    addsTotals: Bool, adds: Bool
  ) {
    var sum = self
    if addsTotals { sum = sum.adding(totals, panelWidth) }
    if adds { sum = sum.adding(c, cStride) }
    sum.write(to: c, stride: cStride)
  }
}
