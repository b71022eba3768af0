/// Matrices as the reference's product reads them: views with strides, and packed panels.
import ReferenceArithmetic

/// Rows of Float64 values in somebody else's memory; the elements of a row are adjacent.
struct MatrixView {
  var base: UnsafePointer<Double>
  var rows: Int
  /// Elements between the beginnings of two rows; rows may overlap.
  var rowStride: Int
}

/// The right-hand matrix of a product, `[columns, depth]`, in panels of `tileColumns` columns.
///
/// Panel p holds, for each index of the depth, the values of its columns side by side; columns
/// beyond the last are zero. `@unchecked Sendable`: written by `init` only.
final class PackedMatrix: @unchecked Sendable {
  let columns: Int
  let depth: Int
  let panelColumns: Int
  private let memory: UnsafeMutablePointer<Double>

  var panelCount: Int { (columns + panelColumns - 1) / panelColumns }

  /// Element (column, index of the depth) is `source[column·columnStride + index·depthStride]`.
  init<Scalar: BinaryFloatingPoint>(
    _ source: UnsafePointer<Scalar>, columns: Int, depth: Int, columnStride: Int,
    depthStride: Int, panelColumns: Int, workers: Workers
  ) {
    self.columns = columns
    self.depth = depth
    self.panelColumns = panelColumns
    let panels = (columns + panelColumns - 1) / panelColumns
    memory = allocateLines(panels * panelColumns * depth)
    workers.run(panels) { panel, _ in
      let target = memory + panel * panelColumns * depth
      let first = source + panel * panelColumns * columnStride
      let count = min(panelColumns, columns - panel * panelColumns)
      for index in 0..<depth {
        let row = target + index * panelColumns
        let values = first + index * depthStride
        for column in 0..<count { row[column] = Double(values[column * columnStride]) }
        for column in count..<panelColumns { row[column] = 0 }
      }
    }
  }

  deinit { deallocateLines(memory, panelCount * panelColumns * depth) }

  /// The values of `panel` from `index` of the depth on.
  func panel(_ panel: Int, from index: Int) -> UnsafePointer<Double> {
    UnsafePointer(memory + (panel * depth + index) * panelColumns)
  }
}
