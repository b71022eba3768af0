/// The register tile: 32 rows of A by 32 columns of B, whose products run in tile registers while vector
/// registers finish what is at hand.

import CProcessor

/// Work for the vector registers, in pieces that come between the products of a tile's steps.
protocol Companion {
  /// Does a piece of it.
  mutating func advance()
}

/// Pieces of a companion's work that one tile leaves room for.
@inline(__always)
func pieces(steps: Int) -> Int { 6 &* steps }

/// c[32, 32] = a·b over `steps` steps, summed on three levels: pairs of chains of 16 terms, the steps,
/// and outside of this the depth blocks. The small products come first, so that the many additions of
/// the large one's magnitude are one a step.
///
/// - `a`, `b`: the first step of a block each.
/// - Note: Source Intel SDM volume 2, TDPBF16PS: two chains of 16 fused multiply-adds, their sum, and
///   its addition to the tile, all rounded to nearest; subnormal operands and results are zero.
@inline(__always)
func multiplyTile(
  steps: Int, a: UnsafePointer<Float>, b: UnsafePointer<Float>, c: UnsafeMutablePointer<Float>,
  meanwhile companion: inout some Companion
) {
  encoder_diff_tiles_clear()
  var offset = 0
  for _ in 0..<steps {
    encoder_diff_tiles_add_low_high(a + offset, b + offset)
    companion.advance()
    encoder_diff_tiles_add_middle_high(a + offset, b + offset)
    companion.advance()
    encoder_diff_tiles_add_middle_middle(a + offset, b + offset)
    companion.advance()
    encoder_diff_tiles_add_high_middle(a + offset, b + offset)
    companion.advance()
    encoder_diff_tiles_add_high_low(a + offset, b + offset)
    companion.advance()
    offset &+= stepSize
  }
  offset = 0
  for _ in 0..<steps {
    encoder_diff_tiles_add_high_high(a + offset, b + offset)
    companion.advance()
    offset &+= stepSize
  }
  encoder_diff_tiles_store(c)
}

/// The same in Float32, for values that three bfloat16 cannot multiply.
/// - `scratch`: 1024 floats.
@inline(never)
func multiplyExactly(
  steps: Int, a: UnsafePointer<Float>, b: UnsafePointer<Float>, c: UnsafeMutablePointer<Float>,
  scratch: UnsafeMutablePointer<Float>
) {
  c.update(repeating: 0, count: tileRows * panelWidth)
  for step in 0..<steps {
    let rows = a + step * stepSize
    let columns = b + step * stepSize
    for half in 0..<2 {
      for pair in 0..<lanes {
        let terms = joinPairs(columns + half * tileSize + pair * lanes)
        store(terms.first, scratch + pair * panelWidth + half * lanes)
        store(terms.second, scratch + (pair + lanes) * panelWidth + half * lanes)
      }
    }
    for i in 0..<tileRows {
      let terms = joinPairs(rows + i / lanes * tileSize + i % lanes * lanes)
      let sums = c + i * panelWidth
      var left = load(sums)
      var right = load(sums + lanes)
      for term in 0..<stepTerms {
        let factor = Vector(
          repeating: term < lanes ? terms.first[term] : terms.second[term - lanes])
        left.addProduct(factor, load(scratch + term * panelWidth))
        right.addProduct(factor, load(scratch + term * panelWidth + lanes))
      }
      store(left, sums)
      store(right, sums + lanes)
    }
  }
}

/// The values whose parts begin at `parts`.
@inline(__always)
private func joinPairs(_ parts: UnsafePointer<Float>) -> (first: Vector, second: Vector) {
  let high = loadWords(parts)
  let middle = loadWords(parts + partSize)
  let low = loadWords(parts + 2 * partSize)
  let upper = Words(repeating: 0xFFFF_0000)
  return (
    join(high: high &<< 16, middle: middle &<< 16, low: low &<< 16),
    join(high: high & upper, middle: middle & upper, low: low & upper)
  )
}
