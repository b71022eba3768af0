/// Attention by streaming softmax: a tile of queries meets the keys block by block, and what it
/// has summed up so far is rescaled whenever a larger score turns up.

import KernelTable

/// Keys of a block: a tile's scores stay in the first-level cache, the block's keys and values in
/// the second-level one while all tiles of a group meet them.
private let blockKeys = 512
/// From one query's scores to the next one's.
let scoreStride = blockKeys
/// Query tiles of a group.
private let groupTiles = 4

/// softmax(scale·q·kᵀ)·v for the query rows of `arguments`. A tile's result does not depend on the
/// group that it is in.
func attention(_ arguments: AttentionArguments) {
  var row = arguments.rows.lowerBound
  while row < arguments.rows.upperBound {
    let end = min(row + groupTiles * tileRows, arguments.rows.upperBound)
    attend(arguments, rows: row..<end)
    row = end
  }
}

/// One group of tiles against all keys.
private func attend(_ arguments: AttentionArguments, rows: Range<Int>) {
  let scores = arguments.scratch
  let size = QueryTile.scratchCount(headDim: arguments.headDim)
  func tile(_ row: Int) -> QueryTile {
    let index = (row - rows.lowerBound) / tileRows
    return QueryTile(
      arguments, row: row, rowCount: min(tileRows, rows.upperBound - row), scores: scores,
      memory: scores + tileRows * (blockKeys + panelWidth) + index * size)
  }
  var row = rows.lowerBound
  while row < rows.upperBound {
    tile(row).begin()
    row += tileRows
  }
  var key = 0
  while key < arguments.frames {
    let count = min(blockKeys, arguments.frames - key)
    row = rows.lowerBound
    while row < rows.upperBound {
      tile(row).meet(from: key, count: count)
      row += tileRows
    }
    key += count
  }
  row = rows.lowerBound
  while row < rows.upperBound {
    tile(row).finish()
    row += tileRows
  }
}

/// One tile of queries: its memory, its running maxima and sums.
private struct QueryTile {
  let arguments: AttentionArguments
  let row: Int
  let rowCount: Int
  let panels: Int
  /// `[tileRows, blockKeys]`: scores, then their exponentials; shared by the tiles of a group.
  let scores: UnsafeMutablePointer<Float>
  /// `[panels, tileRows, panelWidth]`: the context before normalisation.
  let sums: UnsafeMutablePointer<Float>
  /// `[tileRows, lanes]`: lane sums of the exponentials.
  let totals: UnsafeMutablePointer<Float>
  /// `[tileRows]`: the largest score so far.
  let maxima: UnsafeMutablePointer<Float>
  /// `[tileRows, headDim]`: the last queries beside zeros.
  let copy: UnsafeMutablePointer<Float>

  /// `[tileRows, panelWidth]`: for a register tile's use; behind the scores.
  private var totalsOfTile: UnsafeMutablePointer<Float> { scores + tileRows * blockKeys }

  static func scratchCount(headDim: Int) -> Int {
    let panels = (headDim + panelWidth - 1) / panelWidth
    return tileRows * (panels * panelWidth + lanes + lanes + panels * panelWidth)
  }

  @inline(__always)
  init(
    _ arguments: AttentionArguments, row: Int, rowCount: Int,
    scores: UnsafeMutablePointer<Float>, memory: UnsafeMutablePointer<Float>
  ) {
    self.arguments = arguments
    self.row = row
    self.rowCount = rowCount
    self.scores = scores
    panels = (arguments.headDim + panelWidth - 1) / panelWidth
    sums = memory
    totals = sums + panels * tileRows * panelWidth
    maxima = totals + tileRows * lanes
    copy = maxima + tileRows * lanes
  }

  func begin() {
    for i in 0..<tileRows {
      maxima[i] = -.infinity
      store(Vector.zero, totals + i * lanes)
    }
    guard rowCount < tileRows else { return }
    // The last rows: copied beside zeros, so that the tile never reads past the matrix.
    let headDim = arguments.headDim
    for i in 0..<tileRows {
      if i < rowCount {
        let source = arguments.query + (row + i) * arguments.queryStride
        (copy + i * headDim).update(from: source, count: headDim)
      } else {
        (copy + i * headDim).update(repeating: 0, count: headDim)
      }
    }
  }

  /// Takes `count` more keys and values in.
  func meet(from key: Int, count: Int) {
    multiplyKeys(from: key, count: count)
    let factor = Float(arguments.scale * 1.442_695_040_888_963_4)
    let end = hideKeys(beyond: count)
    // All maxima before all exponentials: their reductions wait for nothing but each other.
    for i in 0..<rowCount { raiseMaximum(i, end: end, isFirst: key == 0, factor: factor) }
    for i in 0..<rowCount { exponentiate(i, end: end, factor: factor) }
    for panel in 0..<panels {
      multiplyTile(
        depth: count, a: UnsafePointer(scores), aStride: blockKeys,
        b: arguments.values + (panel * arguments.frames + key) * panelWidth,
        c: sums + panel * tileRows * panelWidth, totals: totalsOfTile,
        chain: meanChainLength, accumulates: key > 0)
    }
  }

  private func multiplyKeys(from key: Int, count: Int) {
    let isCopied = rowCount < tileRows
    let query =
      isCopied ? UnsafePointer(copy) : arguments.query + row * arguments.queryStride
    let width = arguments.headDim * panelWidth
    var done = 0
    while done < count {
      multiplyScores(
        depth: arguments.headDim, a: query,
        aStride: isCopied ? arguments.headDim : arguments.queryStride,
        b: arguments.keys + (key + done) / panelWidth * width, c: scores + done,
        totals: totalsOfTile, chain: chainLength)
      done += panelWidth
    }
  }

  /// Gives keys beyond the end no part in the maximum and e^−∞ in the sum.
  /// - Returns: the scores of a row to go through: whole vectors.
  private func hideKeys(beyond count: Int) -> Int {
    let end = (count + lanes - 1) / lanes * lanes
    guard end > count else { return end }
    for i in 0..<rowCount {
      for k in count..<end { scores[i * blockKeys + k] = -.infinity }
    }
    return end
  }

  /// Beyond this distance the power is below 2^−126: nothing in a sum that holds a one.
  @inline(__always)
  private func floor(_ factor: Float) -> Vector { Vector(repeating: -126 / factor) }

  /// Finds the largest score of row `i`; what was summed under a smaller one is rescaled.
  private func raiseMaximum(_ i: Int, end: Int, isFirst: Bool, factor: Float) {
    let scores = scores + i * blockKeys
    var best = load(scores)
    var second = best
    var k = lanes
    while k + 2 * lanes <= end {
      best = larger(best, load(scores + k))
      second = larger(second, load(scores + k + lanes))
      k += 2 * lanes
    }
    if k < end { best = larger(best, load(scores + k)) }
    let previous = maxima[i]
    let found = largest(larger(best, second))
    guard found > previous else { return }
    maxima[i] = found
    if isFirst { return }
    let distance = larger(floor(factor), Vector(repeating: previous - found))
    rescale(i, by: powerOfTwo(distance, factor: Vector(repeating: factor)))
  }

  /// Scores of row `i` become e^(scale·(score − max)).
  private func exponentiate(_ i: Int, end: Int, factor: Float) {
    let scores = scores + i * blockKeys
    let floor = floor(factor)
    let scale = Vector(repeating: factor)
    let shift = Vector(repeating: maxima[i])
    var total = load(totals + i * lanes)
    var k = 0
    while k < end {
      let distance = larger(floor, load(scores + k) - shift)
      let power = powerOfTwo(distance, factor: scale)
      total += power
      store(power, scores + k)
      k += lanes
    }
    store(total, totals + i * lanes)
  }

  /// Multiplies what row `i` has summed.
  @inline(__always)
  private func rescale(_ i: Int, by power: Vector) {
    store(load(totals + i * lanes) * power, totals + i * lanes)
    for panel in 0..<panels {
      let sum = sums + (panel * tileRows + i) * panelWidth
      var column = 0
      while column < panelWidth {
        store(load(sum + column) * power, sum + column)
        column += lanes
      }
    }
  }

  func finish() {
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
