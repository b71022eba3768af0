/// The register tile: 12 rows × 2 vectors, in two halves of 6 rows.
///
/// Of 32 vector registers 12 hold a half's chains, 12 their totals, two the panel's row, and the
/// rest broadcast A: the totals cost an addition a chain and no memory, which lets a chain be short.
/// A piece of the panel stays in the first-level cache from the first half to the second.

/// Rows of the register tile.
let tileRows = 12

/// c[12, panelWidth] (+)= a[12, depth]·b[depth, panelWidth], summed on three levels: chains of
/// `chainLength` terms, pieces of `pieceLength`, and the pieces.
///
/// A chain is a product and fused multiply-adds in the order of k; chains are added in order to the
/// piece, and pieces in order to `c`: the bits depend neither on the tile nor on the instruction set.
/// - `a`: row i begins at a + i·aStride.
/// - `b`: one packed panel.
/// - `accumulates`: whether `c` holds the sum of earlier pieces.
@inline(never)
func multiplyTile(
  depth: Int, a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>,
  c: UnsafeMutablePointer<Float>, accumulates: Bool
) {
  multiplyPieces(
    depth: depth, a: a, aStride: aStride, b: b, c: c, cStride: panelWidth,
    accumulates: accumulates)
}

/// The same into rows that lie `scoreStride` apart, from nothing.
@inline(never)
func multiplyScores(
  depth: Int, a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>,
  c: UnsafeMutablePointer<Float>
) {
  multiplyPieces(
    depth: depth, a: a, aStride: aStride, b: b, c: c, cStride: scoreStride, accumulates: false)
}

@inline(__always)
private func multiplyPieces(
  depth: Int, a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>,
  c: UnsafeMutablePointer<Float>, cStride: Int, accumulates: Bool
) {
  var adds = accumulates
  var done = 0
  while done < depth {
    let count = min(pieceLength, depth - done)
    var half = 0
    while half < tileRows {
      let piece = pieceSums(
        count: count, a: a + half &* aStride + done, aStride: aStride,
        b: b + done &* panelWidth)
      piece.write(to: c + half &* cStride, stride: cStride, adds: adds)
      half &+= HalfTile.rows
    }
    adds = true
    done &+= count
  }
}

/// The sums of `count` ≥ 1 terms of 6 rows: chains, added in order.
@inline(__always)
private func pieceSums(
  count: Int, a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>
) -> HalfTile {
  var upper = a
  var lower = a + 3 &* aStride
  var panel = b
  var left = count
  var total = HalfTile.zero
  repeat {
    var chain = HalfTile(upper, lower, aStride, panel)
    upper += 1
    lower += 1
    panel += panelWidth
    var terms = min(left, chainLength) &- 1
    left &-= terms &+ 1
    while terms > 0 {
      chain.addProduct(upper, lower, aStride, panel)
      upper += 1
      lower += 1
      panel += panelWidth
      terms &-= 1
    }
    total.add(chain)
  } while left > 0
  return total
}

/// 6 rows × 2 vectors of sums.
private struct HalfTile {
  static let rows = 6
  var x0: Vector
  var y0: Vector
  var x1: Vector
  var y1: Vector
  var x2: Vector
  var y2: Vector
  var x3: Vector
  var y3: Vector
  var x4: Vector
  var y4: Vector
  var x5: Vector
  var y5: Vector

  static var zero: HalfTile { HalfTile() }

  @inline(__always)
  private init() {
    x0 = .zero
    y0 = .zero
    x1 = .zero
    y1 = .zero
    x2 = .zero
    y2 = .zero
    x3 = .zero
    y3 = .zero
    x4 = .zero
    y4 = .zero
    x5 = .zero
    y5 = .zero
  }

  /// The first product of every sum. Rows 0, 1, 2 of A begin at `upper`, rows 3, 4, 5 at `lower`.
  @inline(__always)
  init(
    _ upper: UnsafePointer<Float>, _ lower: UnsafePointer<Float>, _ stride: Int,
    _ panel: UnsafePointer<Float>
  ) {
    let p = load(panel)
    let q = load(panel + lanes)
    let s0 = Vector(repeating: upper.pointee)
    x0 = s0 * p
    y0 = s0 * q
    let s1 = Vector(repeating: upper[stride])
    x1 = s1 * p
    y1 = s1 * q
    let s2 = Vector(repeating: upper[2 &* stride])
    x2 = s2 * p
    y2 = s2 * q
    let s3 = Vector(repeating: lower.pointee)
    x3 = s3 * p
    y3 = s3 * q
    let s4 = Vector(repeating: lower[stride])
    x4 = s4 * p
    y4 = s4 * q
    let s5 = Vector(repeating: lower[2 &* stride])
    x5 = s5 * p
    y5 = s5 * q
  }

  /// One more product onto every sum.
  @inline(__always)
  mutating func addProduct(
    _ upper: UnsafePointer<Float>, _ lower: UnsafePointer<Float>, _ stride: Int,
    _ panel: UnsafePointer<Float>
  ) {
    let p = load(panel)
    let q = load(panel + lanes)
    let s0 = Vector(repeating: upper.pointee)
    x0.addProduct(s0, p)
    y0.addProduct(s0, q)
    let s1 = Vector(repeating: upper[stride])
    x1.addProduct(s1, p)
    y1.addProduct(s1, q)
    let s2 = Vector(repeating: upper[2 &* stride])
    x2.addProduct(s2, p)
    y2.addProduct(s2, q)
    let s3 = Vector(repeating: lower.pointee)
    x3.addProduct(s3, p)
    y3.addProduct(s3, q)
    let s4 = Vector(repeating: lower[stride])
    x4.addProduct(s4, p)
    y4.addProduct(s4, q)
    let s5 = Vector(repeating: lower[2 &* stride])
    x5.addProduct(s5, p)
    y5.addProduct(s5, q)
  }

  @inline(__always)
  mutating func add(_ other: HalfTile) {
    x0 += other.x0
    y0 += other.y0
    x1 += other.x1
    y1 += other.y1
    x2 += other.x2
    y2 += other.y2
    x3 += other.x3
    y3 += other.y3
    x4 += other.x4
    y4 += other.y4
    x5 += other.x5
    y5 += other.y5
  }

  /// Stores the sums, onto what is there or in its place.
  @inline(__always)
  func write(to c: UnsafeMutablePointer<Float>, stride: Int, adds: Bool) {
    if adds {
      put(load(c + 0 &* stride) + x0, load(c + 0 &* stride + lanes) + y0, c + 0 &* stride)
      put(load(c + 1 &* stride) + x1, load(c + 1 &* stride + lanes) + y1, c + 1 &* stride)
      put(load(c + 2 &* stride) + x2, load(c + 2 &* stride + lanes) + y2, c + 2 &* stride)
      put(load(c + 3 &* stride) + x3, load(c + 3 &* stride + lanes) + y3, c + 3 &* stride)
      put(load(c + 4 &* stride) + x4, load(c + 4 &* stride + lanes) + y4, c + 4 &* stride)
      put(load(c + 5 &* stride) + x5, load(c + 5 &* stride + lanes) + y5, c + 5 &* stride)
    } else {
      put(x0, y0, c + 0 &* stride)
      put(x1, y1, c + 1 &* stride)
      put(x2, y2, c + 2 &* stride)
      put(x3, y3, c + 3 &* stride)
      put(x4, y4, c + 4 &* stride)
      put(x5, y5, c + 5 &* stride)
    }
  }

  @inline(__always)
  private func put(_ x: Vector, _ y: Vector, _ target: UnsafeMutablePointer<Float>) {
    store(x, target)
    store(y, target + lanes)
  }
}
