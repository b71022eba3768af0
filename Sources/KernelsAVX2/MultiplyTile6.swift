/// The register tile: 6 rows × 2 vectors, 12 chains that stay in registers.
///
/// Of 16 vector registers 12 hold the chains, two the panel's row, and the rest broadcast A. There
/// is no room for the chains' totals: those lie in the first-level cache.

/// Rows of the register tile.
let tileRows = 6
/// Vectors in a row of it.
let panelVectors = 2

/// c[6, panelWidth] (+)= a[6, depth]·b[depth, panelWidth], summed on three levels: chains of
/// `chain` terms, pieces of `pieceLength`, and the pieces.
///
/// A chain is a product and fused multiply-adds in the order of k; chains are added in order to the
/// piece, and pieces in order to `c`: the bits depend neither on the tile nor on the instruction set.
/// - `a`: row i begins at a + i·aStride.
/// - `b`: one packed panel.
/// - `totals`: `[6, panelWidth]`, for the use of this call.
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
  var done = 0
  while done < depth {
    let end = min(done &+ pieceLength, depth)
    if adds {
      sumPiece(done, end, chain, a, aStride, b, into: totals, stride: panelWidth)
      for row in 0..<tileRows {
        let sum = totals + row &* panelWidth
        let target = c + row &* cStride
        store(load(target) + load(sum), target)
        store(load(target + lanes) + load(sum + lanes), target + lanes)
      }
    } else {
      sumPiece(done, end, chain, a, aStride, b, into: c, stride: cStride)
    }
    adds = true
    done = end
  }
}

/// Terms `start..<end`, chain by chain, into `totals`. Not inlined: the totals are memory like any
/// other to it.
@inline(never)
private func sumPiece(
  _ start: Int, _ end: Int, _ chain: Int, _ a: UnsafePointer<Float>, _ aStride: Int,
  _ b: UnsafePointer<Float>, into totals: UnsafeMutablePointer<Float>, stride: Int
) {
  var k = start
  while k < end {
    let next = min(k &+ chain, end)
    sumChain(
      count: next &- k, a: a + k, aStride: aStride, b: b + k &* panelWidth, c: totals,
      cStride: stride, adds: k > start)
    k = next
  }
}

@inline(__always)
private func sumChain(
  count: Int, a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>,
  c: UnsafeMutablePointer<Float>, cStride: Int, adds: Bool
) {
  var a0 = a
  var a3 = a + 3 * aStride
  var panel = b
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
  var left = count
  while left > 0 {
    let p = load(panel)
    let q = load(panel + lanes)
    let s0 = Vector(repeating: a0.pointee)
    x0.addProduct(s0, p)
    y0.addProduct(s0, q)
    let s1 = Vector(repeating: a0[aStride])
    x1.addProduct(s1, p)
    y1.addProduct(s1, q)
    let s2 = Vector(repeating: a0[2 &* aStride])
    x2.addProduct(s2, p)
    y2.addProduct(s2, q)
    let s3 = Vector(repeating: a3.pointee)
    x3.addProduct(s3, p)
    y3.addProduct(s3, q)
    let s4 = Vector(repeating: a3[aStride])
    x4.addProduct(s4, p)
    y4.addProduct(s4, q)
    let s5 = Vector(repeating: a3[2 &* aStride])
    x5.addProduct(s5, p)
    y5.addProduct(s5, q)
    a0 += 1
    a3 += 1
    panel += panelWidth
    left &-= 1
  }
  if adds {
    store(load(c + 0 &* cStride) + x0, c + 0 &* cStride)
    store(load(c + 0 &* cStride + lanes) + y0, c + 0 &* cStride + lanes)
    store(load(c + 1 &* cStride) + x1, c + 1 &* cStride)
    store(load(c + 1 &* cStride + lanes) + y1, c + 1 &* cStride + lanes)
    store(load(c + 2 &* cStride) + x2, c + 2 &* cStride)
    store(load(c + 2 &* cStride + lanes) + y2, c + 2 &* cStride + lanes)
    store(load(c + 3 &* cStride) + x3, c + 3 &* cStride)
    store(load(c + 3 &* cStride + lanes) + y3, c + 3 &* cStride + lanes)
    store(load(c + 4 &* cStride) + x4, c + 4 &* cStride)
    store(load(c + 4 &* cStride + lanes) + y4, c + 4 &* cStride + lanes)
    store(load(c + 5 &* cStride) + x5, c + 5 &* cStride)
    store(load(c + 5 &* cStride + lanes) + y5, c + 5 &* cStride + lanes)
  } else {
    store(x0, c + 0 &* cStride)
    store(y0, c + 0 &* cStride + lanes)
    store(x1, c + 1 &* cStride)
    store(y1, c + 1 &* cStride + lanes)
    store(x2, c + 2 &* cStride)
    store(y2, c + 2 &* cStride + lanes)
    store(x3, c + 3 &* cStride)
    store(y3, c + 3 &* cStride + lanes)
    store(x4, c + 4 &* cStride)
    store(y4, c + 4 &* cStride + lanes)
    store(x5, c + 5 &* cStride)
    store(y5, c + 5 &* cStride + lanes)
  }
}

/// Rounds of independent fused multiply-adds on as many accumulators as the tile has.
/// - Returns: how many floating-point operations that were.
@inline(never)
func spinFMA(_ iterations: Int) -> Double {
  let factor = Vector(repeating: 0.999_999)
  let addend = Vector(repeating: 1e-6)
  var x0 = Vector(repeating: 1)
  var x1 = Vector(repeating: 2)
  var x2 = Vector(repeating: 3)
  var x3 = Vector(repeating: 4)
  var x4 = Vector(repeating: 5)
  var x5 = Vector(repeating: 6)
  var x6 = Vector(repeating: 7)
  var x7 = Vector(repeating: 8)
  var x8 = Vector(repeating: 9)
  var x9 = Vector(repeating: 10)
  var x10 = Vector(repeating: 11)
  var x11 = Vector(repeating: 12)
  var left = iterations
  while left > 0 {
    x0 = addend.addingProduct(x0, factor)
    x1 = addend.addingProduct(x1, factor)
    x2 = addend.addingProduct(x2, factor)
    x3 = addend.addingProduct(x3, factor)
    x4 = addend.addingProduct(x4, factor)
    x5 = addend.addingProduct(x5, factor)
    x6 = addend.addingProduct(x6, factor)
    x7 = addend.addingProduct(x7, factor)
    x8 = addend.addingProduct(x8, factor)
    x9 = addend.addingProduct(x9, factor)
    x10 = addend.addingProduct(x10, factor)
    x11 = addend.addingProduct(x11, factor)
    left &-= 1
  }
  let s0 = x0 + x1 + x2 + x3
  let s1 = x4 + x5 + x6 + x7
  let s2 = x8 + x9 + x10 + x11
  let total = s0 + s1 + s2
  // The sum is used, so that the loop cannot be thrown away.
  let flops = Double(iterations) * 12 * Double(lanes) * 2
  return total[0].isNaN ? 0 : flops
}
