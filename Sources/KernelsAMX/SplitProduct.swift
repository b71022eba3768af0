/// Products over rows and panels: depth blocks around the register tile, the epilogue between the steps of
/// the tile that follows.

import CProcessor
import KernelTable

/// Steps of a depth block: 512 terms, whose large products are added one step to the other.
private let blockSteps = 16
/// Row tiles that meet a block of panels before the next depth block.
private let groupTiles = 4
/// Panels of a block.
private let blockPanels = 12
/// Floats of a tile's sums.
private let sumsSize = tileRows * panelWidth

/// Rows × panels of out = residual + activation(alpha·(A·B + bias)).
func product(_ arguments: ProductArguments) {
  encoder_diff_tiles_begin()
  let work = SplitProduct(arguments)
  var pending = Epilogue(arguments)
  var row = arguments.rows.lowerBound
  while row < arguments.rows.upperBound {
    let rowEnd = min(row + groupTiles * tileRows, arguments.rows.upperBound)
    var panel = arguments.panels.lowerBound
    while panel < arguments.panels.upperBound {
      let panelEnd = min(panel + blockPanels, arguments.panels.upperBound)
      work.multiply(rows: row..<rowEnd, panels: panel..<panelEnd, pending: &pending)
      panel = panelEnd
    }
    row = rowEnd
  }
  pending.finish()
  encoder_diff_tiles_end()
}

/// One call's matrices and memory.
private struct SplitProduct {
  let arguments: ProductArguments
  let source: SplitSource
  let steps: Int
  let depthBlocks: Int
  /// Two tiles' sums, by turns.
  let sums: UnsafeMutablePointer<Float>
  let scratch: UnsafeMutablePointer<Float>
  /// Sums of earlier depth blocks, `[groupTiles, blockPanels, 32, 32]`.
  let earlier: UnsafeMutablePointer<Float>
  /// Rows that are cut here, `groupTiles` blocks of a depth block.
  let blocks: UnsafeMutablePointer<Float>

  init(_ arguments: ProductArguments) {
    self.arguments = arguments
    let depth = arguments.segments * arguments.segmentDepth
    source = SplitSource(
      a: arguments.a, aStride: arguments.aStride, segmentDepth: arguments.segmentDepth,
      segmentStride: arguments.segmentStride, depth: depth)
    steps = stepCount(depth)
    depthBlocks = (steps + blockSteps - 1) / blockSteps
    sums = arguments.scratch
    scratch = sums + 2 * sumsSize
    earlier = scratch + sumsSize
    blocks = earlier + groupTiles * blockPanels * sumsSize
  }

  /// All of the depth for up to `groupTiles` row tiles and `blockPanels` panels.
  func multiply(rows: Range<Int>, panels: Range<Int>, pending: inout Epilogue) {
    for block in 0..<depthBlocks {
      let range = (block * steps / depthBlocks)..<((block + 1) * steps / depthBlocks)
      let isLast = block == depthBlocks - 1
      var row = rows.lowerBound
      while row < rows.upperBound {
        let rowCount = min(tileRows, rows.upperBound - row)
        let index = (row - rows.lowerBound) / tileRows
        let a = rowSteps(row, rowCount, index, range)
        fetchRows(after: row, panels: panels.count, range, pending: &pending)
        for panel in panels {
          let place =
            earlier + (index * blockPanels + panel - panels.lowerBound) * sumsSize
          let target = depthBlocks > 1 && block == 0 ? place : pending.freeSums(sums)
          multiply(a, panel: panel, range, into: target, meanwhile: &pending)
          if block == 0 && !isLast { continue }
          pending.begin(
            Epilogue.Work(
              sums: target, earlier: block > 0 ? place : nil, isLast: isLast, row: row,
              rowCount: rowCount, panel: panel), pieces: pieces(steps: steps / depthBlocks))
        }
        row += rowCount
      }
    }
  }

  /// Some steps of a row tile.
  private struct RowSteps {
    var terms: UnsafePointer<Float>
    var areUnusual: Bool
  }

  /// Cut ahead, or now.
  private func rowSteps(
    _ row: Int, _ rowCount: Int, _ index: Int, _ range: Range<Int>
  ) -> RowSteps {
    if let split = arguments.split {
      let block = split + row / tileRows * blockSize(source.depth)
      return RowSteps(
        terms: block + headerSize(source.depth) + range.lowerBound * stepSize,
        areUnusual: areUnusual(flags(block) + range.lowerBound, range.count))
    }
    let block = blocks + index * blockSize(blockSteps * stepTerms)
    splitRows(source, row: row, rowCount: rowCount, steps: range, to: block)
    return RowSteps(
      terms: UnsafePointer(block + headerSize(range.count * stepTerms)),
      areUnusual: areUnusual(flags(UnsafePointer(block)), range.count))
  }

  /// Has the steps of the row tile that comes next fetched while this one meets its panels.
  @inline(__always)
  private func fetchRows(
    after row: Int, panels: Int, _ range: Range<Int>, pending: inout Epilogue
  ) {
    let next = row + tileRows
    guard let split = arguments.split, next < arguments.rows.upperBound else { return }
    let terms =
      split + next / tileRows * blockSize(source.depth) + headerSize(source.depth)
      + range.lowerBound * stepSize
    pending.fetch(
      terms, range.count * stepSize, pieces: panels * pieces(steps: range.count))
  }

  @inline(__always)
  private func multiply(
    _ a: RowSteps, panel: Int, _ range: Range<Int>, into target: UnsafeMutablePointer<Float>,
    meanwhile pending: inout Epilogue
  ) {
    let block = arguments.packed + panel * blockSize(source.depth)
    let b = block + headerSize(source.depth) + range.lowerBound * stepSize
    if a.areUnusual || flags(block).pointee != 0 {
      multiplyExactly(steps: range.count, a: a.terms, b: b, c: target, scratch: scratch)
    } else {
      multiplyTile(steps: range.count, a: a.terms, b: b, c: target, meanwhile: &pending)
    }
    pending.finish()
  }
}
