/// B cut into blocks: weights, keys and values.

import KernelTable

/// Blocks of a matrix that lies `[columns, depth]`: weights `[out, in]`, keys.
func packTransposed(_ arguments: PackArguments) {
  withUnsafeTemporaryAllocation(byteCount: 3 * tileSize * 4, alignment: 64) { memory in
    guard let words = memory.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
    for panel in arguments.panels {
      let block = arguments.target + panel * blockSize(arguments.depth)
      let first = panel * panelWidth
      let count = min(panelWidth, arguments.columns - first)
      let source = arguments.source + first * arguments.sourceStride
      var found: StepFlags = 0
      for half in 0..<2 {
        let columns = max(0, min(lanes, count - half * lanes))
        found |= packColumns(
          source + half * lanes * arguments.sourceStride, arguments, columns: columns,
          words: words, target: block + headerSize(arguments.depth) + half * tileSize)
      }
      flags(block).update(repeating: found, count: stepCount(arguments.depth))
      if found & needsFloat32 == 0 { continue }
      packExactly(block, depth: arguments.depth, columns: count) { term, column in
        source[column * arguments.sourceStride + term]
      }
    }
  }
}

/// 16 columns of a block, `columns` of which exist.
/// - `words`: three times 16 rows of 16 words, for the use of this call.
/// - Returns: their flags.
private func packColumns(
  _ source: UnsafePointer<Float>, _ arguments: PackArguments, columns: Int,
  words: UnsafeMutablePointer<Float>, target: UnsafeMutablePointer<Float>
) -> StepFlags {
  var found: StepFlags = 0
  for column in 0..<columns {
    found |= columnFlags(source + column * arguments.sourceStride, arguments.depth)
  }
  words.update(repeating: 0, count: 3 * tileSize)
  for step in 0..<stepCount(arguments.depth) {
    let term = step * stepTerms
    for column in 0..<columns {
      let row = source + column * arguments.sourceStride + term
      let first = loadTerms(row, arguments.depth - term)
      let second = loadTerms(row + lanes, arguments.depth - term - lanes)
      let parts = splitPairs(first, second)
      storeWords(parts.high, words + column * lanes)
      storeWords(parts.middle, words + tileSize + column * lanes)
      storeWords(parts.low, words + 2 * tileSize + column * lanes)
    }
    for part in 0..<3 {
      transpose(words + part * tileSize, to: target + step * stepSize + part * partSize)
    }
  }
  return found
}

private func columnFlags(_ column: UnsafePointer<Float>, _ depth: Int) -> StepFlags {
  var range = ColumnRange()
  var term = 0
  while term < depth {
    range.add(loadTerms(column + term, depth - term))
    term += lanes
  }
  return range.flagsOfOne()
}

/// Up to 16 terms; zeros where `left` ends.
@inline(__always)
private func loadTerms(_ source: UnsafePointer<Float>, _ left: Int) -> Vector {
  left >= lanes ? load(source) : left > 0 ? loadPartial(source, left) : Vector.zero
}

/// 16 × 16 words, rows for columns, in squares of four.
private func transpose(_ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>) {
  var i = 0
  while i < lanes {
    var j = 0
    while j < lanes {
      transposeSquare(
        source + i * lanes + j, stride: lanes, to: target + j * lanes + i, targetStride: lanes)
      j += 4
    }
    i += 4
  }
}

/// Blocks of a matrix that lies `[depth, columns]`: values.
func packRows(_ arguments: PackArguments) {
  let depth = arguments.depth
  for panel in arguments.panels {
    let block = arguments.target + panel * blockSize(depth)
    let first = panel * panelWidth
    let count = min(panelWidth, arguments.columns - first)
    let source = arguments.source + first
    var found: StepFlags = 0
    for half in 0..<2 {
      let columns = max(0, count - half * lanes)
      var range = ColumnRange()
      for step in 0..<stepCount(depth) {
        let target = block + headerSize(depth) + step * stepSize + half * tileSize
        for pair in 0..<lanes {
          let term = step * stepTerms + pair
          let row = source + term * arguments.sourceStride + half * lanes
          let first = loadTerms(row, term < depth ? columns : 0)
          let second = loadTerms(
            row + lanes * arguments.sourceStride, term + lanes < depth ? columns : 0)
          range.add(first)
          range.add(second)
          let parts = splitPairs(first, second)
          storeWords(parts.high, target + pair * lanes)
          storeWords(parts.middle, target + partSize + pair * lanes)
          storeWords(parts.low, target + 2 * partSize + pair * lanes)
        }
      }
      found |= range.flagsOfAll()
    }
    flags(block).update(repeating: found, count: stepCount(depth))
    if found & needsFloat32 == 0 { continue }
    packExactly(block, depth: depth, columns: count) { term, column in
      source[term * arguments.sourceStride + column]
    }
  }
}

/// A block whose values are multiplied in Float32: every one of them stays what it is.
private func packExactly(
  _ block: UnsafeMutablePointer<Float>, depth: Int, columns: Int, value: (Int, Int) -> Float
) {
  for step in 0..<stepCount(depth) {
    for column in 0..<columns {
      for pair in 0..<lanes {
        let term = step * stepTerms + pair
        let first = splitExactly(term < depth ? value(term, column) : 0)
        let second = splitExactly(term + lanes < depth ? value(term + lanes, column) : 0)
        let target =
          block + headerSize(depth) + step * stepSize + column / lanes * tileSize + pair * lanes
          + column % lanes
        storePair(first.high, second.high, target)
        storePair(first.middle, second.middle, target + partSize)
        storePair(first.low, second.low, target + 2 * partSize)
      }
    }
  }
}
