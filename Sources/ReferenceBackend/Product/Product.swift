/// The reference's matrix product: c = a·bᵀ, blocked for the caches, the same bits on any threads.
///
/// Every element is summed in pieces of `depthBlock` terms, each piece in order, so its bits depend
/// on nothing but its row and its column.
import ReferenceArithmetic

/// What products are computed with.
struct Multiplier: Sendable {
  let arithmetic: ReferenceArithmetic
  let workers: Workers

  /// Terms that a tile adds up at once: a panel of them, 32 KiB with tiles of 32 columns, stays in the
  /// first-level cache.
  static let depthBlock = 128
  /// Rows of a task: with `depthBlock` terms each, 96 KiB, they stay in the second-level cache.
  static let rowBlock = 96
  /// Columns of a task.
  static let columnBlock = 512

  /// Elements of scratch memory that `multiplyBlock` needs for tiles at the edges.
  var scratchCount: Int {
    arithmetic.tileRows * (Self.depthBlock + arithmetic.tileColumns)
  }

  /// The right-hand matrix, packed.
  func pack<Scalar: BinaryFloatingPoint>(
    _ source: UnsafePointer<Scalar>, columns: Int, depth: Int, columnStride: Int,
    depthStride: Int = 1
  ) -> PackedMatrix {
    PackedMatrix(
      source, columns: columns, depth: depth, columnStride: columnStride,
      depthStride: depthStride, panelColumns: arithmetic.tileColumns, workers: workers)
  }

  /// c[row, column] = Σₖ a[row, k]·b[column, k].
  /// - `a`: rows of `b.depth` elements.
  /// - `c`: `[a.rows, b.columns]`, rows `cStride` elements apart.
  func multiply(
    _ a: MatrixView, _ b: PackedMatrix, into c: UnsafeMutablePointer<Double>, cStride: Int
  ) {
    let rowBlocks = (a.rows + Self.rowBlock - 1) / Self.rowBlock
    let panels = max(1, Self.columnBlock / b.panelColumns)
    let panelBlocks = (b.panelCount + panels - 1) / panels
    workers.run(rowBlocks * panelBlocks, scratch: scratchCount) { task, scratch in
      let row = task % rowBlocks * Self.rowBlock
      let panel = task / rowBlocks * panels
      multiplyBlock(
        a, rows: row..<min(row + Self.rowBlock, a.rows), b,
        panels: panel..<min(panel + panels, b.panelCount),
        into: c + row * cStride, cStride: cStride, scratch: scratch)
    }
  }

  /// Some rows of the product on this thread; `c` begins at the first of them.
  func multiplyBlock(
    _ a: MatrixView, rows: Range<Int>, _ b: PackedMatrix, panels: Range<Int>,
    into c: UnsafeMutablePointer<Double>, cStride: Int, scratch: UnsafeMutablePointer<Double>
  ) {
    for first in stride(from: 0, to: b.depth, by: Self.depthBlock) {
      let count = min(Self.depthBlock, b.depth - first)
      for panel in panels {
        for row in stride(from: rows.lowerBound, to: rows.upperBound, by: arithmetic.tileRows) {
          multiplyTile(
            a.base + row * a.rowStride + first, aStride: a.rowStride,
            rows: min(arithmetic.tileRows, rows.upperBound - row), b, panel: panel,
            depth: first..<(first + count),
            into: c + (row - rows.lowerBound) * cStride + panel * b.panelColumns,
            cStride: cStride, scratch: scratch)
        }
      }
    }
  }

  /// One tile; a tile that the matrix's edge cuts is computed whole in `scratch`.
  private func multiplyTile(
    _ a: UnsafePointer<Double>, aStride: Int, rows: Int, _ b: PackedMatrix, panel: Int,
    depth: Range<Int>, into c: UnsafeMutablePointer<Double>, cStride: Int,
    scratch: UnsafeMutablePointer<Double>
  ) {
    let width = b.panelColumns
    let columns = min(width, b.columns - panel * width)
    let values = b.panel(panel, from: depth.lowerBound)
    let accumulates = depth.lowerBound > 0
    if rows == arithmetic.tileRows && columns == width {
      arithmetic.multiplyTile(depth.count, a, aStride, values, c, cStride, accumulates)
      return
    }
    let left = scratch + arithmetic.tileRows * width
    for row in 0..<arithmetic.tileRows {
      // Rows beyond the last are computed too, from the last one, and then dropped.
      let source = a + min(row, rows - 1) * aStride
      (left + row * Self.depthBlock).update(from: source, count: depth.count)
      if accumulates && row < rows {
        (scratch + row * width).update(from: c + row * cStride, count: columns)
      }
    }
    arithmetic.multiplyTile(
      depth.count, left, Self.depthBlock, values, scratch, width, accumulates)
    for row in 0..<rows {
      (c + row * cStride).update(from: scratch + row * width, count: columns)
    }
  }
}
