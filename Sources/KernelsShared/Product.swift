/// Products over rows and panels: cache blocks around the register tile, the epilogue behind it.

import CProcessor
import KernelTable

/// Depth of a cache block: a tile's rows of A stay in the first-level cache.
private let blockDepth = 384
/// Row tiles and panels of a macro tile; its sums lie in the thread's scratch.
private let macroTiles = 5
private let macroPanels = 24 / panelVectors
/// Floats of a cache line.
private let lineLength = 16

/// Rows × panels of out = residual + activation(alpha·(A·B + bias)).
func product(_ arguments: ProductArguments) {
  var panel = arguments.panels.lowerBound
  while panel < arguments.panels.upperBound {
    let panelEnd = min(panel + macroPanels, arguments.panels.upperBound)
    var row = arguments.rows.lowerBound
    while row < arguments.rows.upperBound {
      let rowEnd = min(row + macroTiles * tileRows, arguments.rows.upperBound)
      macroTile(arguments, rows: row..<rowEnd, panels: panel..<panelEnd)
      row = rowEnd
    }
    panel = panelEnd
  }
}

/// One macro tile: all of its depth, block by block, and its epilogue after the last block.
private func macroTile(_ arguments: ProductArguments, rows: Range<Int>, panels: Range<Int>) {
  let depth = arguments.segments * arguments.segmentDepth
  var k = 0
  for segment in 0..<arguments.segments {
    var start = 0
    while start < arguments.segmentDepth {
      let count = min(blockDepth, arguments.segmentDepth - start)
      let a = arguments.a + segment * arguments.segmentStride + start
      depthBlock(
        arguments, a: a, firstK: k, count: count, isLast: k + count == depth, rows: rows,
        panels: panels)
      start += count
      k += count
    }
  }
}

/// `count` terms of every sum of a macro tile.
private func depthBlock(
  _ arguments: ProductArguments, a: UnsafePointer<Float>, firstK: Int, count: Int, isLast: Bool,
  rows: Range<Int>, panels: Range<Int>
) {
  let depth = arguments.segments * arguments.segmentDepth
  let tileCount = tileRows * panelWidth
  let totals = arguments.scratch
  var sums = totals + tileCount
  var row = rows.lowerBound
  while row < rows.upperBound {
    let rowCount = min(tileRows, rows.upperBound - row)
    var source = a + row * arguments.aStride
    var stride = arguments.aStride
    if rowCount < tileRows {
      // The last rows: copied beside zeros, so that the tile never reads past the matrix.
      let copy = totals + (1 + macroTiles * macroPanels) * tileCount
      copyRows(source, stride: stride, rows: rowCount, count: count, to: copy)
      source = UnsafePointer(copy)
      stride = blockDepth
    }
    let share = linesPerPanel(count: count, panels: panels.count)
    for panel in panels {
      fetchRows(
        source + tileRows * stride, stride: stride, count: count, share: share,
        index: panel - panels.lowerBound)
      if isLast { fetchEpilogue(arguments, row: row, rowCount: rowCount, panel: panel) }
      multiplyTile(
        depth: count, a: source, aStride: stride,
        b: arguments.packed + (panel * depth + firstK) * panelWidth, c: sums, totals: totals,
        chain: chainLength, accumulates: firstK > 0)
      if isLast { epilogue(arguments, sums: sums, row: row, rowCount: rowCount, panel: panel) }
      // A sum that is finished at once needs no place of its own.
      if firstK > 0 || !isLast { sums += tileCount }
    }
    row += rowCount
  }
}

/// `rows` rows of A and zeros for the rest of a tile.
private func copyRows(
  _ source: UnsafePointer<Float>, stride: Int, rows: Int, count: Int,
  to target: UnsafeMutablePointer<Float>
) {
  for row in 0..<rows {
    (target + row * blockDepth).update(from: source + row * stride, count: count)
  }
  for row in rows..<tileRows { (target + row * blockDepth).update(repeating: 0, count: count) }
}

/// Lines of a row of A to ask for with each panel, so that all are asked for with the last.
@inline(__always)
private func linesPerPanel(count: Int, panels: Int) -> Int {
  (count + lineLength * panels - 1) / (lineLength * panels)
}

/// Asks for the next tile's rows of A, a share with each panel: the one of number `index` here.
@inline(__always)
private func fetchRows(
  _ rows: UnsafePointer<Float>, stride: Int, count: Int, share: Int, index: Int
) {
  var k = index * share * lineLength
  let end = min(count, k + share * lineLength)
  while k < end {
    for i in 0..<tileRows { encoder_diff_prefetch(rows + i * stride + k) }
    k += lineLength
  }
}

/// Asks for the lines that the epilogue will read and write, a tile's time ahead.
@inline(__always)
private func fetchEpilogue(
  _ arguments: ProductArguments, row: Int, rowCount: Int, panel: Int
) {
  let column = panel * panelWidth
  for i in row..<(row + rowCount) {
    let out = arguments.out.base + i * arguments.out.stride + column
    var line = 0
    while line < panelWidth {
      encoder_diff_prefetch_to_write(out + line)
      line += lineLength
    }
    if let residual = arguments.residual {
      let other = residual.base + i * residual.stride + column
      line = 0
      while line < panelWidth {
        encoder_diff_prefetch(other + line)
        line += lineLength
      }
    }
  }
}

/// What follows the sums, while they are in the first-level cache.
private func epilogue(
  _ arguments: ProductArguments, sums: UnsafeMutablePointer<Float>, row: Int, rowCount: Int,
  panel: Int
) {
  let column = panel * panelWidth
  var half = 0
  while half < panelWidth {
    let position = column + half
    let count = min(lanes, arguments.columns - position)
    if count <= 0 { return }
    let bias = arguments.bias.map { load($0 + position) } ?? Vector.zero
    if count == lanes && arguments.beforeActivation == nil && arguments.beforeResidual == nil {
      finishColumns(
        arguments, sums: sums + half, bias: bias, row: row, rowCount: rowCount, column: position)
    } else {
      finishColumnsCarefully(
        arguments, sums: sums + half, bias: bias, row: row, rowCount: rowCount, column: position,
        count: count)
    }
    half += lanes
  }
}

/// The epilogue of one whole vector of columns without side outputs.
@inline(__always)
private func finishColumns(
  _ arguments: ProductArguments, sums: UnsafeMutablePointer<Float>, bias: Vector, row: Int,
  rowCount: Int, column: Int
) {
  let alpha = Vector(repeating: arguments.alpha)
  let out = arguments.out.base + row * arguments.out.stride + column
  let stride = arguments.out.stride
  if arguments.activates {
    for i in 0..<rowCount {
      store(exactGELU((load(sums + i * panelWidth) + bias) * alpha), out + i * stride)
    }
    // Read back from the first-level cache: a position is added to few values only.
    guard let residual = arguments.residual else { return }
    let other = residual.base + row * residual.stride + column
    for i in 0..<rowCount {
      store(load(out + i * stride) + load(other + i * residual.stride), out + i * stride)
    }
  } else if let residual = arguments.residual {
    let other = residual.base + row * residual.stride + column
    for i in 0..<rowCount {
      let value = (load(sums + i * panelWidth) + bias) * alpha
      store(value + load(other + i * residual.stride), out + i * stride)
    }
  } else {
    for i in 0..<rowCount {
      store((load(sums + i * panelWidth) + bias) * alpha, out + i * stride)
    }
  }
}

/// The same with side outputs or a vector that the matrix's edge cuts.
private func finishColumnsCarefully(
  _ arguments: ProductArguments, sums: UnsafeMutablePointer<Float>, bias: Vector, row: Int,
  rowCount: Int, column: Int, count: Int
) {
  let alpha = Vector(repeating: arguments.alpha)
  for i in 0..<rowCount {
    var value = (load(sums + i * panelWidth) + bias) * alpha
    if let target = arguments.beforeActivation {
      storePartial(value, target.base + (row + i) * target.stride + column, count)
    }
    if arguments.activates { value = exactGELU(value) }
    if let target = arguments.beforeResidual {
      storePartial(value, target.base + (row + i) * target.stride + column, count)
    }
    if let other = arguments.residual {
      value += loadPartial(UnsafePointer(other.base + (row + i) * other.stride + column), count)
    }
    let out = arguments.out
    storePartial(value, out.base + (row + i) * out.stride + column, count)
  }
}
