/// Attention by streaming softmax: a tile of queries meets the keys block by block, and what it
/// has summed up so far is rescaled whenever a larger score turns up.

import KernelTable

/// Keys of a block: a tile's scores stay in the first-level cache.
private let blockKeys = 512

/// softmax(scale·q·kᵀ)·v for the query rows of `arguments`, tile by tile.
func attention(_ arguments: AttentionArguments) {
  var row = arguments.rows.lowerBound
  while row < arguments.rows.upperBound {
    let count = min(tileRows, arguments.rows.upperBound - row)
    QueryTile(arguments, row: row, rowCount: count).run()
    row += tileRows
  }
}

/// One tile of queries: its scratch memory and its running maxima and sums.
private struct QueryTile {
  let arguments: AttentionArguments
  let row: Int
  let rowCount: Int
  let panels: Int
  let query: UnsafePointer<Float>
  let queryStride: Int
  /// `[tileRows, blockKeys]`: scores, then their exponentials.
  let scores: UnsafeMutablePointer<Float>
  /// `[panels, tileRows, panelWidth]`: the context before normalisation.
  let sums: UnsafeMutablePointer<Float>
  /// `[tileRows]`: the largest score so far.
  let maxima: UnsafeMutablePointer<Float>
  /// `[tileRows, lanes]`: lane sums of the exponentials.
  let totals: UnsafeMutablePointer<Float>

  init(_ arguments: AttentionArguments, row: Int, rowCount: Int) {
    self.arguments = arguments
    self.row = row
    self.rowCount = rowCount
    panels = (arguments.headDim + panelWidth - 1) / panelWidth
    scores = arguments.scratch
    sums = scores + tileRows * blockKeys
    totals = sums + panels * tileRows * panelWidth
    maxima = totals + tileRows * lanes
    let first = arguments.query + row * arguments.queryStride
    if rowCount == tileRows {
      query = first
      queryStride = arguments.queryStride
    } else {
      // The last rows: copied beside zeros, so that the tile never reads past the matrix.
      let copy = maxima + max(tileRows, lanes)
      for i in 0..<tileRows {
        let target = copy + i * arguments.headDim
        if i < rowCount {
          target.update(from: first + i * arguments.queryStride, count: arguments.headDim)
        } else {
          target.update(repeating: 0, count: arguments.headDim)
        }
      }
      query = UnsafePointer(copy)
      queryStride = arguments.headDim
    }
  }

  func run() {
    for i in 0..<tileRows {
      maxima[i] = -.infinity
      store(Vector.zero, totals + i * lanes)
    }
    var key = 0
    while key < arguments.frames {
      let count = min(blockKeys, arguments.frames - key)
      multiplyKeys(from: key, count: count)
      for i in 0..<rowCount { exponentiate(i, count: count, isFirst: key == 0) }
      multiplyValues(from: key, count: count)
      key += count
    }
    finish()
  }

  private func multiplyKeys(from key: Int, count: Int) {
    let width = arguments.headDim * panelWidth
    var done = 0
    while done < count {
      multiplyTile(
        depth: arguments.headDim, a: query, aStride: queryStride,
        b: arguments.keys + (key + done) / panelWidth * width, c: scores + done,
        cStride: blockKeys, accumulates: false)
      done += panelWidth
    }
  }

  /// Scores of row `i` become e^(scale·(score − max)); earlier sums are rescaled to the new maximum.
  private func exponentiate(_ i: Int, count: Int, isFirst: Bool) {
    let scores = scores + i * blockKeys
    let whole = count / lanes * lanes
    if count > whole {
      // Keys beyond the end: no part in the maximum, e^−∞ in the sum.
      let last = loadPartial(UnsafePointer(scores) + whole, count - whole, fill: -.infinity)
      store(last, scores + whole)
    }
    let end = (count + lanes - 1) / lanes * lanes
    var best = load(scores)
    var second = best
    var k = lanes
    while k + panelWidth <= end {
      best = larger(best, load(scores + k))
      second = larger(second, load(scores + k + lanes))
      k += panelWidth
    }
    if k < end { best = larger(best, load(scores + k)) }
    let previous = maxima[i]
    let maximum = max(previous, largest(larger(best, second)))
    let factor = arguments.scale * 1.442_695_040_888_963_4
    let high = Vector(repeating: Float(factor))
    let low = Vector(repeating: Float(factor - Double(Float(factor))))
    // Beyond this distance the power is below 2^−126: nothing in a sum that holds a one.
    let floor = Vector(repeating: Float(-126 / factor))
    if maximum != previous {
      maxima[i] = maximum
      if !isFirst { rescale(i, by: previous - maximum, high: high, low: low, floor: floor) }
    }
    let shift = Vector(repeating: maximum)
    var total = load(totals + i * lanes)
    k = 0
    while k < end {
      let distance = larger(floor, load(scores + k) - shift)
      let power = powerOfTwo(distance, factor: high, factorLow: low)
      total += power
      store(power, scores + k)
      k += lanes
    }
    store(total, totals + i * lanes)
  }

  /// Multiplies what row `i` has summed by e^(scale·distance).
  private func rescale(_ i: Int, by distance: Float, high: Vector, low: Vector, floor: Vector) {
    let power = powerOfTwo(
      larger(floor, Vector(repeating: distance)), factor: high, factorLow: low)
    store(load(totals + i * lanes) * power, totals + i * lanes)
    for panel in 0..<panels {
      let sum = sums + (panel * tileRows + i) * panelWidth
      store(load(sum) * power, sum)
      store(load(sum + lanes) * power, sum + lanes)
    }
  }

  private func multiplyValues(from key: Int, count: Int) {
    for panel in 0..<panels {
      multiplyTile(
        depth: count, a: UnsafePointer(scores), aStride: blockKeys,
        b: arguments.values + (panel * arguments.frames + key) * panelWidth,
        c: sums + panel * tileRows * panelWidth, cStride: panelWidth, accumulates: key > 0)
    }
  }

  private func finish() {
    for i in 0..<rowCount {
      let factor = Vector(repeating: Float(1 / sum(load(totals + i * lanes))))
      let out = arguments.out.base + (row + i) * arguments.out.stride
      var column = 0
      while column < arguments.headDim {
        let source = sums + (column / panelWidth * tileRows + i) * panelWidth + column % panelWidth
        storePartial(load(source) * factor, out + column, arguments.headDim - column)
        column += lanes
      }
    }
  }
}
