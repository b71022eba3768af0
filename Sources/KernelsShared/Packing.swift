/// Matrices cut into panels: what the register tile reads from front to back.

import KernelTable

/// Panels of a matrix that lies `[columns, depth]`: weights `[out, in]`, keys.
///
/// Squares of panelWidth × panelWidth are read row by row and written column by column, so that
/// both sides stay within a few cache lines.
func packTransposed(_ arguments: PackArguments) {
  let depth = arguments.depth
  for panel in arguments.panels {
    let first = panel * panelWidth
    let count = min(panelWidth, arguments.columns - first)
    let target = arguments.target + panel * panelWidth * depth
    let source = arguments.source + first * arguments.sourceStride
    if count < panelWidth { target.update(repeating: 0, count: panelWidth * depth) }
    var start = 0
    while start < depth {
      let length = min(panelWidth, depth - start)
      for column in 0..<count {
        let row = source + column * arguments.sourceStride + start
        let out = target + start * panelWidth + column
        for k in 0..<length { out[k * panelWidth] = row[k] }
      }
      start += length
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
      store(loadPartial(row, count), out)
      store(loadPartial(row + lanes, max(0, count - lanes)), out + lanes)
    }
  }
}
