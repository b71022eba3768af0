/// Copies a strided view of elements into a contiguous tensor.
import TensorCore

/// A row-major copy of the elements that `shape` and `strides` (in elements) pick from `source`.
/// - Precondition: every element lies within `source`; readers check that before.
func gathered(
  _ source: UnsafeRawBufferPointer, shape: [Int], strides: [Int], type: ScalarType,
  swapsBytes: Bool = false
) -> Tensor {
  let storage = TensorStorage(byteCount: shape.reduce(1, *) * type.byteWidth) { target in
    func copy<T: FixedWidthInteger>(_: T.Type) {
      copyElements(
        source, to: target.bindMemory(to: T.self), shape: shape, strides: strides,
        swapsBytes: swapsBytes)
    }
    switch type.byteWidth {
    case 8: copy(UInt64.self)
    case 4: copy(UInt32.self)
    case 2: copy(UInt16.self)
    default: copy(UInt8.self)
    }
  }
  return Tensor(shape: shape, scalarType: type, storage: storage)
}

private func copyElements<T: FixedWidthInteger>(
  _ source: UnsafeRawBufferPointer, to target: UnsafeMutableBufferPointer<T>, shape: [Int],
  strides: [Int], swapsBytes: Bool
) {
  guard !target.isEmpty else { return }
  let inner = shape.last ?? 1
  let innerStride = (strides.last ?? 1) * MemoryLayout<T>.size
  var index = [Int](repeating: 0, count: max(shape.count - 1, 0))
  var rowOffset = 0
  var written = 0
  while written < target.count {
    for column in 0..<inner {
      let value = source.loadUnaligned(
        fromByteOffset: rowOffset + column * innerStride, as: T.self)
      target[written + column] = swapsBytes ? value.byteSwapped : value
    }
    written += inner
    // Advance the outer index like an odometer.
    var axis = index.count - 1
    while axis >= 0 {
      let step = strides[axis] * MemoryLayout<T>.size
      index[axis] += 1
      rowOffset += step
      if index[axis] < shape[axis] { break }
      rowOffset -= index[axis] * step
      index[axis] = 0
      axis -= 1
    }
  }
}
