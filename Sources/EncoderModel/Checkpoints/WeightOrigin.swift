package import TensorCore
package import TensorIO

/// Where a weight lies and how it is laid out there.
package struct WeightOrigin: Sendable {
  /// How the stored elements become PyTorch's layout.
  package enum Layout: Sendable, Hashable {
    /// As they stand; axes of extent 1 may differ.
    case asStored
    /// `[in, out]` → `[out, in]`.
    case transposed
  }

  package let source: any TensorSource
  /// What the file calls it.
  package let storedName: String
  /// Extents in PyTorch's layout, as far as the stored ones say.
  package var shape: [Int]
  package let scalarType: ScalarType
  /// The element type as the format spells it: `BF16`, `q5_0`, ….
  package let storedType: String
  package var layout: Layout

  /// - Throws: what is wrong with the tensor's header.
  package init(
    _ source: any TensorSource, _ storedName: String, layout: Layout = .asStored
  ) throws(TensorIOError) {
    let info = try source.info(storedName)
    self.source = source
    self.storedName = storedName
    self.layout = layout
    shape = layout == .transposed ? info.shape.reversed() : info.shape
    scalarType = info.scalarType
    storedType = info.storedType
  }

  /// The elements as Float32 in PyTorch's layout; mapped, not copied, where they are that already.
  func read() throws(TensorIOError) -> Tensor {
    let stored = try source.tensor(storedName)
    let expanded = expandedToFloat32(stored)
    switch layout {
    case .asStored: return expanded.reshaped(shape)
    case .transposed:
      return transposed(expanded, rows: shape[1], columns: shape[0]).reshaped(shape)
    }
  }
}

/// Element (c, r) of the result is element (r, c) of `matrix`.
private func transposed(_ matrix: Tensor, rows: Int, columns: Int) -> Tensor {
  Tensor.float32([columns, rows]) { target in
    matrix.withFloat32 { source in
      let block = 32
      for rowStart in stride(from: 0, to: rows, by: block) {
        for columnStart in stride(from: 0, to: columns, by: block) {
          for column in columnStart..<min(columnStart + block, columns) {
            for row in rowStart..<min(rowStart + block, rows) {
              target[column * rows + row] = source[row * columns + column]
            }
          }
        }
      }
    }
  }
}
