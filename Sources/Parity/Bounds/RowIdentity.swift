import TensorCore

/// For each row of a tensor the first row with the same bytes: itself where none came before.
///
/// `columns` limits the comparison to a part of each row, such as a head.
func firstEqualRows(_ tensor: Tensor, columns: Range<Int>? = nil) -> [Int] {
  let width = tensor.innerExtent * tensor.scalarType.byteWidth
  let part = columns.map {
    ($0.lowerBound * tensor.scalarType.byteWidth)..<($0.upperBound * tensor.scalarType.byteWidth)
  }
  return tensor.withUnsafeBytes { bytes in
    var known: [RowBytes: Int] = [:]
    return (0..<tensor.rowCount).map { row in
      let range = part ?? 0..<width
      let start = row * width + range.lowerBound
      let key = RowBytes(
        bytes: UnsafeRawBufferPointer(rebasing: bytes[start..<(start + range.count)]))
      if let first = known[key] { return first }
      known[key] = row
      return row
    }
  }
}

/// A row's bytes, compared and hashed by value, within the scope that lends them.
private struct RowBytes: Hashable {
  let bytes: UnsafeRawBufferPointer

  static func == (a: RowBytes, b: RowBytes) -> Bool { a.bytes.elementsEqual(b.bytes) }

  func hash(into hasher: inout Hasher) { hasher.combine(bytes: bytes) }
}
