/// Attention by streaming softmax: while tile registers multiply the next block's keys and the last one's
/// values, vector registers turn this one's scores into powers and cut them.

import CProcessor
import KernelTable

/// Panels of keys in a block: its scores and powers stay in the first-level cache.
private let blockPanels = 4
private let blockKeys = blockPanels * stepTerms
/// Floats of a tile's sums.
private let sumsSize = tileRows * panelWidth

/// softmax(scale·q·kᵀ)·v for the query rows of `arguments`.
func attention(_ arguments: AttentionArguments) {
  encoder_diff_tiles_begin()
  var row = arguments.rows.lowerBound
  while row < arguments.rows.upperBound {
    let count = min(tileRows, arguments.rows.upperBound - row)
    QueryTile(arguments, row: row, rowCount: count).attend()
    row += count
  }
  encoder_diff_tiles_end()
}

/// One tile of queries: its memory and its way through the keys.
private struct QueryTile {
  let arguments: AttentionArguments
  let row: Int
  let rowCount: Int
  /// Steps of a head's channels, and panels of them.
  let steps: Int
  /// The queries' block.
  let queries: UnsafeMutablePointer<Float>
  /// `[2, 32, 32]`: products of powers and values, by turns.
  let means: UnsafeMutablePointer<Float>
  /// `[steps, 32, 32]`: the context before normalisation.
  let sums: UnsafeMutablePointer<Float>
  let scratch: UnsafeMutablePointer<Float>
  let softmax: SoftmaxTile

  init(_ arguments: AttentionArguments, row: Int, rowCount: Int) {
    self.arguments = arguments
    self.row = row
    self.rowCount = rowCount
    steps = stepCount(arguments.headDim)
    queries = arguments.scratch
    means = queries + blockSize(arguments.headDim)
    sums = means + 2 * sumsSize
    scratch = sums + steps * sumsSize
    softmax = SoftmaxTile(
      factor: Float(arguments.scale * 1.442_695_040_888_963_4), rowCount: rowCount,
      blockPanels: blockPanels, memory: scratch + sumsSize)
  }

  private func keyCount(of block: Int) -> Int {
    min(blockKeys, arguments.frames - block * blockKeys)
  }

  private func panelCount(of block: Int) -> Int {
    (keyCount(of: block) + stepTerms - 1) / stepTerms
  }

  func attend() {
    let source = SplitSource(
      a: arguments.query, aStride: arguments.queryStride, segmentDepth: arguments.headDim,
      segmentStride: 0, depth: arguments.headDim)
    splitRows(source, row: row, rowCount: rowCount, steps: 0..<steps, to: queries)
    sums.update(repeating: 0, count: steps * sumsSize)
    var work = SoftmaxWork(softmax)
    let blocks = (arguments.frames + blockKeys - 1) / blockKeys
    multiplyKeys(0, meanwhile: &work)
    work.search(0, panels: panelCount(of: 0))
    work.finish()
    softmax.raiseMaxima(for: 0)
    for block in 0..<blocks {
      let comes = block + 1 < blocks
      let groups =
        (comes ? panelCount(of: block + 1) * pieces(steps: steps) : 0)
        + (block > 0 ? steps * pieces(steps: blockPanels) : 0)
      work.makePowers(block, panels: panelCount(of: block), pieces: groups)
      if comes {
        multiplyKeys(block + 1, meanwhile: &work)
        work.search(block + 1, panels: panelCount(of: block + 1))
      }
      if block > 0 { multiplyValues(block - 1, meanwhile: &work) }
      work.finishPowers()
      if comes { softmax.raiseMaxima(for: block + 1) }
    }
    multiplyValues(blocks - 1, meanwhile: &work)
    work.finish()
    finish()
  }

  /// Scores of a block; those of keys beyond the end are −∞.
  private func multiplyKeys(_ block: Int, meanwhile work: inout SoftmaxWork) {
    let count = keyCount(of: block)
    let panels = panelCount(of: block)
    let scores = softmax.scores(of: block)
    let size = blockSize(arguments.headDim)
    let header = headerSize(arguments.headDim)
    let isUnusual = areUnusual(flags(UnsafePointer(queries)), steps)
    for panel in 0..<panels {
      let keys = arguments.keys + (block * blockPanels + panel) * size
      if isUnusual || flags(keys).pointee != 0 {
        multiplyExactly(
          steps: steps, a: queries + header, b: keys + header, c: scores + panel * sumsSize,
          scratch: scratch)
      } else {
        multiplyTile(
          steps: steps, a: queries + header, b: keys + header, c: scores + panel * sumsSize,
          meanwhile: &work)
      }
    }
    let last = scores + (panels - 1) * sumsSize
    for column in (count - (panels - 1) * stepTerms)..<stepTerms {
      for i in 0..<rowCount { last[i * panelWidth + column] = -.infinity }
    }
  }

  /// Adds a block's powers·values to the sums.
  private func multiplyValues(_ block: Int, meanwhile work: inout SoftmaxWork) {
    let panels = panelCount(of: block)
    let size = blockSize(arguments.frames)
    for panel in 0..<steps {
      let header = arguments.values + panel * size
      let values = header + headerSize(arguments.frames) + block * blockPanels * stepSize
      let mean = work.freeMean(means)
      let powers = softmax.powers(of: block)
      if flags(header).pointee != 0 {
        multiplyExactly(steps: panels, a: powers, b: values, c: mean, scratch: scratch)
      } else {
        multiplyTile(steps: panels, a: powers, b: values, c: mean, meanwhile: &work)
      }
      work.add(mean, to: sums + panel * sumsSize, block: block)
    }
  }

  private func finish() {
    for i in 0..<rowCount {
      let factor = Vector(repeating: Float(1 / sum(load(softmax.totals + i * lanes))))
      let out = arguments.out.base + (row + i) * arguments.out.stride
      for panel in 0..<steps {
        let source = sums + panel * sumsSize + i * panelWidth
        let first = load(source) * factor
        let second = load(source + lanes) * factor
        if arguments.writesOut {
          let left = arguments.headDim - panel * panelWidth
          storePartial(first, out + panel * panelWidth, min(left, lanes))
          storePartial(second, out + panel * panelWidth + lanes, max(0, left - lanes))
        }
        if let split = arguments.splitOut { cut(i, panel, first, second, to: split) }
      }
    }
  }

  private func cut(
    _ i: Int, _ panel: Int, _ first: Vector, _ second: Vector,
    to split: UnsafeMutablePointer<Float>
  ) {
    let depth = arguments.splitDepth
    let block = split + row / tileRows * blockSize(depth)
    let step = arguments.splitStep + panel
    let flags = flags(block) + step
    if i == 0 { flags.pointee = 0 }
    flags.pointee |= splitRow(
      first, second, to: block + headerSize(depth) + step * stepSize + i * lanes)
  }
}
