import KernelTable
import Kernels
import KernelsScalar
import Testing

/// A table that cuts Float32 into parts, where this processor has one.
private let cuttingTable = KernelTable.available.first { $0.splitBlocks != nil }

@Suite("Products of parts", .enabled(if: cuttingTable != nil, "no tile registers here"))
struct TileTests {
  /// [rows, columns] of a·bᵀ, a read whole or cut ahead.
  private func multiply(
    _ table: KernelTable, _ a: [Float], _ b: [Float], rows: Int, columns: Int, depth: Int,
    cutsAhead: Bool = false
  ) -> [Float] {
    let left = Floats(a)
    let tiles = (rows + table.tileRows - 1) / table.tileRows
    let blocks = Floats(tiles * table.panelSize(depth))
    if cutsAhead {
      table.splitBlocks?(
        SplitArguments(
          a: left.constant, aStride: depth, depth: depth, rows: rows, tiles: 0..<tiles,
          target: blocks.start))
    }
    return multiply(
      table, left, cut: cutsAhead ? blocks : nil, b, rows: rows, columns: columns, depth: depth)
  }

  /// The same of rows that are cut already, if `cut` holds them.
  private func multiply(
    _ table: KernelTable, _ a: Floats, cut: Floats?, _ b: [Float], rows: Int, columns: Int,
    depth: Int
  ) -> [Float] {
    let right = Floats(b)
    let packed = Floats(table.packedCount(columns: columns, depth: depth))
    let out = Floats(rows * columns)
    let scratch = Floats(ProductArguments.scratchCount)
    table.packTransposed(
      PackArguments(
        source: right.constant, sourceStride: depth, columns: columns, depth: depth,
        panels: 0..<table.panels(columns), target: packed.start))
    var arguments = ProductArguments(
      a: a.constant, aStride: depth, depth: depth, packed: packed.constant, rows: 0..<rows,
      panels: 0..<table.panels(columns), columns: columns, out: out.address(columns),
      scratch: scratch.start)
    arguments.split = cut?.constant
    return withExtendedLifetime((a, right, packed, scratch, cut)) {
      table.product(arguments)
      return out.values
    }
  }

  private func isSame(_ x: Float, _ y: Float) -> Bool { x == y || x.isNaN && y.isNaN }

  @Test("the bits of the instruction's definition", arguments: [1, 32, 33, 500, 513, 1100])
  func definition(depth: Int) throws {
    let table = try #require(cuttingTable)
    let (rows, columns) = (35, 34)
    let a = noise(rows * depth, seed: 41)
    let b = noise(columns * depth, seed: 42)
    let out = multiply(table, a, b, rows: rows, columns: columns, depth: depth)
    for row in [0, 15, 16, 31, 32, 34] {
      for column in [0, 15, 16, 31, 32, 33] {
        let expected = TileTwin.sum(
          Array(a[(row * depth)..<((row + 1) * depth)]),
          Array(b[(column * depth)..<((column + 1) * depth)]))
        #expect(out[row * columns + column] == expected)
      }
    }
    #expect(
      multiply(table, a, b, rows: rows, columns: columns, depth: depth, cutsAhead: true) == out)
  }

  @Test("infinities and NaN go where Float32 sends them")
  func nonFinite() throws {
    let table = try #require(cuttingTable)
    let (rows, columns, depth) = (70, 40, 70)
    var a = noise(rows * depth, seed: 43).map { abs($0) }
    var b = noise(columns * depth, seed: 44).map { abs($0) }
    a[3 * depth + 5] = .infinity
    a[40 * depth + 69] = .nan
    a[41 * depth + 2] = Float(bitPattern: 0x7F80_0001)
    b[7 * depth + 1] = -.infinity
    // What 3·∞ meets with zeros in its lower parts, and the largest number there is.
    a[50 * depth] = 1
    b[8 * depth] = Float.greatestFiniteMagnitude
    for cutsAhead in [false, true] {
      let out = multiply(
        table, a, b, rows: rows, columns: columns, depth: depth, cutsAhead: cutsAhead)
      let expected = multiply(
        scalarKernels(), a, b, rows: rows, columns: columns, depth: depth)
      for i in out.indices {
        if expected[i].isFinite {
          // Two sums of positive terms, each within depth·u of its size.
          #expect(
            abs(out[i] - expected[i]) <= 2 * Float(depth) * 0x1p-24 * abs(expected[i]), "\(i)")
        } else {
          #expect(isSame(out[i], expected[i]), "\(i): \(out[i]) for \(expected[i])")
        }
      }
    }
  }

  @Test(
    "tiny and huge rows keep their relative error",
    arguments: [(0x1p-140, 0x1p100), (0x1p-60, 0x1p-60), (0x1p-31, 0x1p-71), (0x1p126, 0x1p-100)])
  func extremes(scaleA: Double, scaleB: Double) throws {
    let table = try #require(cuttingTable)
    let (rows, columns, depth) = (33, 33, 100)
    let a = noise(rows * depth, seed: 45).map { $0 * Float(scaleA) }
    let b = noise(columns * depth, seed: 46).map { $0 * Float(scaleB) }
    let out = multiply(table, a, b, rows: rows, columns: columns, depth: depth)
    for row in 0..<rows {
      for column in 0..<columns {
        var exact = 0.0
        var size = 0.0
        for k in 0..<depth {
          let term = Double(a[row * depth + k]) * Double(b[column * depth + k])
          exact += term
          size += abs(term)
        }
        let error = abs(Double(out[row * columns + column]) - exact)
        #expect(error <= Double(depth) * 0x1p-24 * size + 0x1p-149 * Double(depth))
      }
    }
  }

  @Test("tiny values beside usual ones in a row spoil nothing")
  func tinyNeighbours() throws {
    let table = try #require(cuttingTable)
    let (rows, columns, depth) = (32, 32, 64)
    var a = noise(rows * depth, seed: 50)
    var b = noise(columns * depth, seed: 51)
    // Every third value, so that they share words with usual ones in either half.
    for i in stride(from: 0, to: a.count, by: 3) {
      a[i] *= 0x1p-118
      b[i] *= 0x1p-125
    }
    let out = multiply(table, a, b, rows: rows, columns: columns, depth: depth)
    let expected = multiply(scalarKernels(), a, b, rows: rows, columns: columns, depth: depth)
    for i in out.indices {
      let (row, column) = (i / columns, i % columns)
      let size = (0..<depth).reduce(Float(0)) {
        $0 + abs(a[row * depth + $1] * b[column * depth + $1])
      }
      #expect(abs(out[i] - expected[i]) <= 2 * Float(depth) * 0x1p-24 * size)
    }
  }

  @Test("one tiny row among usual ones, and rows of zeros")
  func mixture() throws {
    let table = try #require(cuttingTable)
    let (rows, columns, depth) = (32, 32, 64)
    var a = noise(rows * depth, seed: 47)
    for k in 0..<depth { a[5 * depth + k] *= 0x1p-100 }
    for k in 0..<depth { a[6 * depth + k] = 0 }
    let b = noise(columns * depth, seed: 48)
    let out = multiply(table, a, b, rows: rows, columns: columns, depth: depth)
    for column in 0..<columns {
      var exact = 0.0
      var size = 0.0
      for k in 0..<depth {
        let term = Double(a[5 * depth + k]) * Double(b[column * depth + k])
        exact += term
        size += abs(term)
      }
      #expect(abs(Double(out[5 * columns + column]) - exact) < 64 * 0x1p-24 * size)
      #expect(out[6 * columns + column] == 0)
    }
  }

  @Test("a result written cut is the result cut afterwards", arguments: [false, true])
  func cutResult(hasSides: Bool) throws {
    let table = try #require(cuttingTable)
    for columns in [20, 64, 70] {
      var product = ProductRun(rows: 45, columns: columns, depth: 40, activates: true)
      product.hasResidual = true
      product.hasSides = hasSides
      let (whole, cut) = product.runCut(table)
      let (rows, other) = (45, 17)
      let b = noise(other * columns, seed: 49)
      let expected = multiply(
        table, whole, b, rows: rows, columns: other, depth: columns, cutsAhead: true)
      // Only the blocks are read.
      let nothing = Floats(1)
      #expect(
        multiply(table, nothing, cut: cut, b, rows: rows, columns: other, depth: columns)
          == expected)
    }
  }
}
