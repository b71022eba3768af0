/// An immutable, contiguous, row-major tensor: a shape, an element type and shared bytes.
///
/// Copies share their storage. Bytes from files may be unaligned; `withFloat32` and `withFloat64`
/// hide that, converting only where type or alignment demand it.
package struct Tensor: Sendable {
  /// Extent of each axis, outermost first. An empty shape is a scalar.
  package let shape: [Int]
  package let scalarType: ScalarType
  package let storage: TensorStorage
  /// Where the first element lies in `storage`.
  package let byteOffset: Int

  /// A tensor over existing storage.
  /// - Precondition: the elements lie within the storage; readers check that before.
  package init(shape: [Int], scalarType: ScalarType, storage: TensorStorage, byteOffset: Int = 0) {
    self.shape = shape
    self.scalarType = scalarType
    self.storage = storage
    self.byteOffset = byteOffset
    precondition(
      byteOffset >= 0 && byteOffset + elementCount * scalarType.byteWidth <= storage.byteCount)
  }

  /// Product of the extents; 1 for a scalar.
  package var elementCount: Int { shape.reduce(1, *) }

  /// Bytes of all elements.
  package var byteCount: Int { elementCount * scalarType.byteWidth }

  /// Extent of the last axis (channels); 1 for a scalar.
  package var innerExtent: Int { shape.last ?? 1 }

  /// Number of rows when all axes but the last are flattened.
  package var rowCount: Int { shape.dropLast().reduce(1, *) }

  /// The same elements under another shape.
  /// - Precondition: equal element counts.
  package func reshaped(_ newShape: [Int]) -> Tensor {
    precondition(newShape.reduce(1, *) == elementCount)
    return Tensor(
      shape: newShape, scalarType: scalarType, storage: storage, byteOffset: byteOffset)
  }

  /// Rows `range` of the outermost axis, sharing storage.
  package func slicedRows(_ range: Range<Int>) -> Tensor {
    precondition(!shape.isEmpty && range.lowerBound >= 0 && range.upperBound <= shape[0])
    let inner = shape.dropFirst().reduce(1, *)
    return Tensor(
      shape: [range.count] + shape.dropFirst(), scalarType: scalarType, storage: storage,
      byteOffset: byteOffset + range.lowerBound * inner * scalarType.byteWidth)
  }

  /// Lends the raw bytes of the elements.
  package func withUnsafeBytes<R, E: Error>(
    _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    try storage.withUnsafeBytes { (bytes) throws(E) -> R in
      try body(UnsafeRawBufferPointer(rebasing: bytes[byteOffset..<(byteOffset + byteCount)]))
    }
  }
}
