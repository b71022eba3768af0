import KernelTable
import KernelsScalar
import Testing

/// A product through `table`, everything that an epilogue can do included.
struct ProductRun {
  var rows: Int
  var columns: Int
  var depth: Int
  var segments = 1
  var activates = false
  var hasResidual = false
  var hasSides = false

  /// out, before activation, before residual: all `[rows, columns]`.
  func run(_ table: KernelTable) -> [[Float]] { run(table) { _ in } }

  /// out, and the same cut by the product itself.
  func runCut(_ table: KernelTable) -> (whole: [Float], cut: Floats) {
    let tiles = (rows + table.tileRows - 1) / table.tileRows
    let blocks = Floats(tiles * table.panelSize(columns), value: 0)
    let outs = run(table) { $0.splitOut = blocks.start }
    return (outs[0], blocks)
  }

  private func run(_ table: KernelTable, _ change: (inout ProductArguments) -> Void) -> [[Float]] {
    let stride = depth + 3
    let a = Floats(noise((rows + segments) * stride, seed: 1))
    let b = Floats(noise(columns * depth * segments, seed: 2))
    let bias = Floats(noise(columns, seed: 3) + [Float](repeating: 0, count: 64))
    let residual = Floats(noise(rows * (columns + 1), seed: 4))
    let packed = Floats(table.packedCount(columns: columns, depth: depth * segments))
    let outs = (0..<3).map { _ in Floats(rows * columns, value: 7) }
    let scratch = Floats(ProductArguments.scratchCount)
    table.packTransposed(
      PackArguments(
        source: b.constant, sourceStride: depth * segments, columns: columns,
        depth: depth * segments, panels: 0..<table.panels(columns), target: packed.start))
    var arguments = ProductArguments(
      a: a.constant, aStride: stride, depth: depth, packed: packed.constant, rows: 0..<rows,
      panels: 0..<table.panels(columns), columns: columns, out: outs[0].address(columns),
      scratch: scratch.start)
    arguments.segments = segments
    arguments.segmentStride = stride
    arguments.alpha = 0.5
    arguments.bias = bias.constant
    arguments.activates = activates
    if hasResidual { arguments.residual = residual.address(columns + 1) }
    if hasSides {
      arguments.beforeActivation = outs[1].address(columns)
      arguments.beforeResidual = outs[2].address(columns)
    }
    change(&arguments)
    withExtendedLifetime((a, b, bias, residual, packed, scratch)) { table.product(arguments) }
    return outs.map(\.values)
  }

  /// Largest |Σ − exact| over Σ|aᵢ||bᵢ|, for runs without activation and residual.
  func worstError(_ out: [Float]) -> Double {
    let stride = depth + 3
    let a = noise((rows + segments) * stride, seed: 1)
    let b = noise(columns * depth * segments, seed: 2)
    let bias = noise(columns, seed: 3)
    var worst = 0.0
    for row in 0..<rows {
      for column in 0..<columns {
        var exact = Double(bias[column])
        var size = abs(exact)
        for k in 0..<(depth * segments) {
          let term =
            Double(a[(row + k / depth) * stride + k % depth])
            * Double(b[column * depth * segments + k])
          exact += term
          size += abs(term)
        }
        worst = max(worst, abs(Double(out[row * columns + column]) - exact / 2) / size)
      }
    }
    return worst
  }
}

@Suite("Products")
struct ProductTests {
  static let sizes = [1, 5, 6, 7, 11, 12, 13, 16, 17, 31, 33]

  @Test("edges of rows and columns: the bits of the scalar twin", arguments: sizes)
  func edges(rows: Int) {
    for columns in Self.sizes {
      for depth in [1, 7, 64, 65, 130] {
        let product = ProductRun(rows: rows, columns: columns, depth: depth)
        let expected = product.run(scalarKernels())[0]
        #expect(product.worstError(expected) < Double(depth + 2) * 0x1p-24)
        for table in orderedTables {
          #expect(product.run(table)[0] == expected, "\(table.name) \(rows)×\(columns)×\(depth)")
        }
        for table in testedTables {
          #expect(product.worstError(product.run(table)[0]) < Double(depth + 2) * 0x1p-24)
        }
      }
    }
  }

  @Test(
    "deep and wide: every cache block", arguments: [(70, 40, 900), (3, 500, 390), (13, 33, 770)])
  func blocks(rows: Int, columns: Int, depth: Int) {
    let product = ProductRun(rows: rows, columns: columns, depth: depth)
    let expected = product.run(scalarKernels())[0]
    // Three levels: 16 terms, 8 chains and depth/128 pieces, each rounded once.
    let bound = Double(16 + 8 + depth / 128 + 2) * 0x1p-24
    #expect(product.worstError(expected) < bound)
    for table in orderedTables { #expect(product.run(table)[0] == expected, "\(table.name)") }
    for table in testedTables { #expect(product.worstError(product.run(table)[0]) < bound) }
  }

  @Test("segments, as a convolution reads its taps", arguments: [1, 10, 80])
  func segments(depth: Int) {
    let product = ProductRun(rows: 25, columns: 35, depth: depth, segments: 3)
    let expected = product.run(scalarKernels())[0]
    let bound = Double(3 * depth + 2) * 0x1p-24
    #expect(product.worstError(expected) < bound)
    for table in orderedTables { #expect(product.run(table)[0] == expected, "\(table.name)") }
    for table in testedTables { #expect(product.worstError(product.run(table)[0]) < bound) }
  }

  @Test("epilogues: residual and side outputs change no bit", arguments: [false, true])
  func epilogues(activates: Bool) {
    for columns in [16, 33, 64] {
      var product = ProductRun(rows: 14, columns: columns, depth: 20, activates: activates)
      product.hasResidual = true
      for table in testedTables {
        product.hasSides = false
        let plain = product.run(table)
        product.hasSides = true
        let watched = product.run(table)
        #expect(plain[0] == watched[0], "\(table.name)")
        #expect(!plain[1].contains { $0 != 7 })
        let residual = noise(14 * (columns + 1), seed: 4)
        for i in watched[0].indices {
          let sum = watched[2][i] + residual[i / columns * (columns + 1) + i % columns]
          #expect(watched[0][i] == sum)
        }
        if !activates { #expect(watched[1] == watched[2]) }
      }
    }
  }
}
