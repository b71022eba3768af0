/// Matrices cut into panels: what the register tile reads from front to back.

import KernelTable

/// Panels of a matrix that lies `[columns, depth]`: weights `[out, in]`, keys.
func packTransposed(_ arguments: PackArguments) {
  let depth = arguments.depth
  for panel in arguments.panels {
    let first = panel * panelWidth
    let count = min(panelWidth, arguments.columns - first)
    let target = arguments.target + panel * panelWidth * depth
    let source = arguments.source + first * arguments.sourceStride
    if count < panelWidth { target.update(repeating: 0, count: panelWidth * depth) }
    let whole = count / 4 * 4
    let wholeDepth = depth / 4 * 4
    var column = 0
    while column < whole {
      let rows = source + column * arguments.sourceStride
      var k = 0
      while k < wholeDepth {
        transposeSquare(
          rows + k, stride: arguments.sourceStride, to: target + k * panelWidth + column,
          targetStride: panelWidth)
        k += 4
      }
      column += 4
    }
    // What squares of four leave over on the right and below.
    for column in 0..<count {
      let row = source + column * arguments.sourceStride
      for k in (column < whole ? wholeDepth : 0)..<depth {
        target[k * panelWidth + column] = row[k]
      }
    }
  }
}

/// Panels of a matrix that lies `[depth, columns]`: values.
func packRows(_ arguments: PackArguments) {
  let depth = arguments.depth
  for panel in arguments.panels {
    let first = panel * panelWidth
    let count = min(panelWidth, arguments.columns - first)
    let target = arguments.target + panel * panelWidth * depth
    for k in 0..<depth {
      let row = arguments.source + k * arguments.sourceStride + first
      let out = target + k * panelWidth
      var column = 0
      while column < panelWidth {
        store(loadPartial(row + column, max(0, count - column)), out + column)
        column += lanes
      }
    }
  }
}
