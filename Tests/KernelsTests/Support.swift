/// What the tests of kernels share.

import KernelTable
import Kernels
import KernelsNEON

/// Every table that can be tested here. The one for NEON compiles to plain 128-bit vectors on other
/// processors, so its source is run there too.
let testedTables: [KernelTable] = KernelTable.available + [neonKernels()]

/// Those whose sums have the order of the scalar table's: they give its bits.
let orderedTables = testedTables.filter { $0.splitBlocks == nil }

/// Seeded noise between −1 and 1.
func noise(_ count: Int, seed: UInt64) -> [Float] {
  var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
  return (0..<count).map { _ in
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Float(Int32(truncatingIfNeeded: state >> 32)) * 0x1p-31
  }
}

/// Floats at a fixed address.
final class Floats {
  let start: UnsafeMutablePointer<Float>
  let count: Int

  init(_ values: [Float]) {
    count = values.count
    start = .allocate(capacity: max(count, 1))
    for i in values.indices { start[i] = values[i] }
  }

  /// `count` times `value`: NaN where nobody may read before it was written.
  convenience init(_ count: Int, value: Float = .nan) {
    self.init([Float](repeating: value, count: count))
  }

  deinit { start.deallocate() }

  var constant: UnsafePointer<Float> { UnsafePointer(start) }
  var values: [Float] { (0..<count).map { start[$0] } }

  func address(_ stride: Int) -> MatrixAddress { MatrixAddress(base: start, stride: stride) }
}

extension [Float] {
  var isAllNaN: Bool { !contains { !$0.isNaN } }
}

/// Applies a kernel of rows to one row.
func apply(
  _ kernel: @Sendable (RowsArguments) -> Void, to row: [Float], rows: Int = 1
) -> [Float] {
  let columns = row.count / rows
  let source = Floats(row)
  let out = Floats(row.count)
  kernel(
    RowsArguments(
      source: source.constant, sourceStride: columns, columns: columns, rows: 0..<rows,
      out: out.address(columns)))
  return out.values
}

/// |value − exact| in units of the last place of `exact` as a Float: ½ at most where rounded right.
func unitsInLastPlace(_ value: Float, _ exact: Double) -> Double {
  let rounded = Float(exact)
  if value.isNaN && rounded.isNaN { return 0 }
  if value == rounded { return 0.5 }
  if !rounded.isFinite || !value.isFinite { return .infinity }
  return abs(Double(value) - exact) / Double(rounded.ulp)
}

/// Every `step`-th Float of both signs from 0 to ∞, and the special ones.
func floats(step: UInt32) -> [Float] {
  var values: [Float] = [0, -0, .infinity, -.infinity, .nan, 1, -1, 88.72284, 88.72285, -87.3365]
  var bits: UInt32 = 1
  while bits < 0x7F80_0000 {
    values.append(Float(bitPattern: bits))
    values.append(-Float(bitPattern: bits))
    bits += step
  }
  return values
}
