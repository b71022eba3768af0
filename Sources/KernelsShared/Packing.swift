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
          rows + k, stride: arguments.sourceStride, to: target + k * panelWidth + column)
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

/// Four rows of four, written as columns of a panel.
@inline(__always)
private func transposeSquare(
  _ source: UnsafePointer<Float>, stride: Int, to target: UnsafeMutablePointer<Float>
) {
  let a = loadFour(source)
  let b = loadFour(source + stride)
  let c = loadFour(source + 2 * stride)
  let d = loadFour(source + 3 * stride)
  storeFour(SIMD4(a[0], b[0], c[0], d[0]), target)
  storeFour(SIMD4(a[1], b[1], c[1], d[1]), target + panelWidth)
  storeFour(SIMD4(a[2], b[2], c[2], d[2]), target + 2 * panelWidth)
  storeFour(SIMD4(a[3], b[3], c[3], d[3]), target + 3 * panelWidth)
}

@inline(__always)
private func loadFour(_ address: UnsafePointer<Float>) -> SIMD4<Float> {
  UnsafeRawPointer(address).loadUnaligned(as: SIMD4<Float>.self)
}

@inline(__always)
private func storeFour(_ vector: SIMD4<Float>, _ address: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(address).storeBytes(of: vector, as: SIMD4<Float>.self)
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
