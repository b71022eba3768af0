/// Rows of A cut into a block.

import KernelTable

/// Where the terms of A's rows lie: in segments, as products read them.
struct SplitSource {
  var a: UnsafePointer<Float>
  var aStride: Int
  var segmentDepth: Int
  var segmentStride: Int
  var depth: Int

  /// Term `term` of row `row`.
  @inline(__always)
  func address(_ row: Int, _ term: Int) -> UnsafePointer<Float> {
    if segmentDepth == depth { return a + row * aStride + term }
    return a + row * aStride + term / segmentDepth * segmentStride + term % segmentDepth
  }

  /// 16 terms from `term` on; zeros where they end.
  @inline(__always)
  func load16(_ row: Int, _ term: Int) -> Vector {
    let left = depth - term
    guard left > 0 else { return Vector.zero }
    if left >= lanes, term % segmentDepth + lanes <= segmentDepth {
      return load(address(row, term))
    }
    var vector = Vector.zero
    for lane in 0..<min(left, lanes) { vector[lane] = address(row, term + lane).pointee }
    return vector
  }
}

/// Steps of `rowCount` rows from `row` on, and zeros for the rest of 32.
/// - `block`: room for a header and these steps.
func splitRows(
  _ source: SplitSource, row: Int, rowCount: Int, steps: Range<Int>,
  to block: UnsafeMutablePointer<Float>
) {
  let flags = flags(block)
  flags.update(repeating: 0, count: steps.count)
  let first = block + headerSize(steps.count * stepTerms)
  for i in 0..<tileRows {
    var target = first + i * lanes
    for index in 0..<steps.count {
      if i < rowCount {
        let term = (steps.lowerBound + index) * stepTerms
        flags[index] |= splitRow(
          source.load16(row + i, term), source.load16(row + i, term + lanes), to: target)
      } else {
        storeParts((.zero, .zero, .zero), target)
      }
      target += stepSize
    }
  }
}

/// A row's share of a step; rows of a tile lie one behind the other, and so do the two tiles.
/// - Returns: its flags.
@inline(__always)
func splitRow(
  _ first: Vector, _ second: Vector, to target: UnsafeMutablePointer<Float>
) -> StepFlags {
  let found = rowFlags(first, second)
  storeParts(splitPairs(first, second), target)
  if found & needsFloat32 != 0 { splitRowExactly(first, second, to: target) }
  return found
}

@inline(never)
private func splitRowExactly(
  _ first: Vector, _ second: Vector, to target: UnsafeMutablePointer<Float>
) {
  for pair in 0..<lanes {
    let one = splitExactly(first[pair])
    let other = splitExactly(second[pair])
    storePair(one.high, other.high, target + pair)
    storePair(one.middle, other.middle, target + partSize + pair)
    storePair(one.low, other.low, target + 2 * partSize + pair)
  }
}

/// Blocks of whole tiles of rows, ahead of the products that read them.
func splitBlocks(_ arguments: SplitArguments) {
  let source = SplitSource(
    a: arguments.a, aStride: arguments.aStride, segmentDepth: arguments.depth, segmentStride: 0,
    depth: arguments.depth)
  for tile in arguments.tiles {
    let row = tile * tileRows
    splitRows(
      source, row: row, rowCount: min(tileRows, arguments.rows - row),
      steps: 0..<stepCount(arguments.depth),
      to: arguments.target + tile * blockSize(arguments.depth))
  }
}
