/// How a value lies in memory: rows a stride apart, with zero rows around where a convolution reads
/// beyond the ends.

/// Extents of one buffer, in elements.
package struct BufferLayout: Sendable, Hashable {
  package var rows: Int
  package var columns: Int
  /// From one row to the next: an odd number of cache lines, so that the rows of a register tile
  /// fall into different sets of the first-level cache.
  package var stride: Int
  /// Zero rows before the first and after the last.
  package var halo: Int

  package init(rows: Int, columns: Int, halo: Int = 0) {
    self.rows = rows
    self.columns = columns
    self.halo = halo
    let lines = (columns + Self.line - 1) / Self.line
    stride = (lines % 2 == 0 ? lines + 1 : lines) * Self.line
  }

  /// Floats of a cache line.
  static let line = 16

  /// Floats that the buffer takes, halo included.
  package var count: Int { (rows + 2 * halo) * stride }
}
