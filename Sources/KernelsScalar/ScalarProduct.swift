/// The scalar twin of products: the same chains of fused multiply-adds, one element at a time.

import KernelTable

/// Columns of a packed panel.
let panelWidth = 4
/// Rows of a tile; here only the grain of scheduling.
let tileRows = 4
/// Terms of a sum's first level.
let chainLength = 16
/// Terms of a sum's second level.
let pieceLength = 128

func packTransposed(_ arguments: PackArguments) {
  for panel in arguments.panels {
    for k in 0..<arguments.depth {
      for lane in 0..<panelWidth {
        let column = panel * panelWidth + lane
        arguments.target[(panel * arguments.depth + k) * panelWidth + lane] =
          column < arguments.columns
          ? arguments.source[column * arguments.sourceStride + k] : 0
      }
    }
  }
}

func packRows(_ arguments: PackArguments) {
  for panel in arguments.panels {
    for k in 0..<arguments.depth {
      for lane in 0..<panelWidth {
        let column = panel * panelWidth + lane
        arguments.target[(panel * arguments.depth + k) * panelWidth + lane] =
          column < arguments.columns
          ? arguments.source[k * arguments.sourceStride + column] : 0
      }
    }
  }
}

func product(_ arguments: ProductArguments) {
  for row in arguments.rows {
    for panel in arguments.panels {
      for lane in 0..<panelWidth {
        let column = panel * panelWidth + lane
        if column < arguments.columns { finish(arguments, row: row, column: column) }
      }
    }
  }
}

/// Σ over all segments, in pieces of `pieceLength` terms that begin anew with every segment.
private func sum(_ arguments: ProductArguments, row: Int, column: Int) -> Float {
  let depth = arguments.segments * arguments.segmentDepth
  let panel = arguments.packed + column / panelWidth * panelWidth * depth + column % panelWidth
  var total: Float = 0
  var k = 0
  for segment in 0..<arguments.segments {
    let a = arguments.a + row * arguments.aStride + segment * arguments.segmentStride
    var start = 0
    while start < arguments.segmentDepth {
      let end = min(start + pieceLength, arguments.segmentDepth)
      let piece = pieceSum(
        count: end - start, a: a + start, panel: panel + k * panelWidth)
      total = k == 0 ? piece : total + piece
      k += end - start
      start = end
    }
  }
  return total
}

/// `count` terms in chains of `chainLength`, added in order.
private func pieceSum(
  count: Int, a: UnsafePointer<Float>, panel: UnsafePointer<Float>
) -> Float {
  var piece: Float = 0
  var k = 0
  while k < count {
    var chain = a[k] * panel[k * panelWidth]
    for i in (k + 1)..<max(k + 1, min(k + chainLength, count)) {
      chain = chain.addingProduct(a[i], panel[i * panelWidth])
    }
    piece += chain
    k += chainLength
  }
  return piece
}

private func finish(_ arguments: ProductArguments, row: Int, column: Int) {
  let total = sum(arguments, row: row, column: column)
  var value = (total + (arguments.bias?[column] ?? 0)) * arguments.alpha
  if let target = arguments.beforeActivation {
    target.base[row * target.stride + column] = value
  }
  if arguments.activates { value = exactGELU(value) }
  if let target = arguments.beforeResidual { target.base[row * target.stride + column] = value }
  if let other = arguments.residual { value += other.base[row * other.stride + column] }
  arguments.out.base[row * arguments.out.stride + column] = value
}
