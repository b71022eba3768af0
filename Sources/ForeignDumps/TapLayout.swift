import TensorCore

/// How the elements of a tap lie in a foreign tensor: an offset and a stride for each axis.
///
/// A `[frames, channels]` tap is read as `[frames, heads, headDim]`, an attention map as
/// `[heads, queries, keys]`.
package struct TapLayout: Sendable, Hashable {
  /// A stable name for mapping files: `frames-first`, `channels-first`, `heads-first`, ….
  package let name: String
  /// Three extents.
  let extents: [Int]
  /// In elements.
  let strides: [Int]
  let offset: Int
  /// What a reader should know of it; empty for the canonical layout.
  package let notes: [String]

  /// Flat position in the foreign tensor of the element at flat position `index` of the tap.
  @inline(__always)
  func position(of index: Int) -> Int {
    let inner = index % extents[2]
    let rest = index / extents[2]
    return offset + inner * strides[2] + rest % extents[1] * strides[1]
      + rest / extents[1] * strides[0]
  }

  /// Whether time runs backwards.
  var isReversed: Bool { name.hasSuffix("-reversed") }

  /// Whether the tensor holds several inputs, of which the first is taken.
  var isFromBatch: Bool { notes.contains { $0.hasPrefix("batch of") } }

  /// Whether the tensor holds query, key and value at once.
  var isFused: Bool { name.hasPrefix("fused") || name.hasPrefix("stacked") }

  /// Whether the elements lie one after the other in the tap's own order.
  var isContiguous: Bool {
    strides == [extents[1] * extents[2], extents[2], 1] && offset >= 0
  }

  /// The tap's elements, of the foreign element type; shared where they lie contiguous.
  /// `shape`: the tap's canonical shape.
  func gather(_ tensor: Tensor, shape: [Int]) -> Tensor {
    let width = tensor.scalarType.byteWidth
    if isContiguous {
      return Tensor(
        shape: shape, scalarType: tensor.scalarType, storage: tensor.storage,
        byteOffset: tensor.byteOffset + offset * width)
    }
    let storage = TensorStorage(byteCount: shape.reduce(1, *) * width) { target in
      tensor.withUnsafeBytes { source in
        switch width {
        case 8: copy(source, target, as: UInt64.self)
        case 4: copy(source, target, as: UInt32.self)
        case 2: copy(source, target, as: UInt16.self)
        default: copy(source, target, as: UInt8.self)
        }
      }
    }
    return Tensor(shape: shape, scalarType: tensor.scalarType, storage: storage)
  }

  private func copy<T: FixedWidthInteger>(
    _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer, as _: T.Type
  ) {
    let out = target.bindMemory(to: T.self)
    let size = MemoryLayout<T>.size
    let (outerStride, middleStride, innerStride) = (strides[0], strides[1], strides[2])
    var next = 0
    for outer in 0..<extents[0] {
      for middle in 0..<extents[1] {
        var position = offset + outer * outerStride + middle * middleStride
        for _ in 0..<extents[2] {
          out[next] = source.loadUnaligned(fromByteOffset: position * size, as: T.self)
          position += innerStride
          next += 1
        }
      }
    }
  }
}
