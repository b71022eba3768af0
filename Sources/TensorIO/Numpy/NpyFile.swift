/// Reads .npy files: one array each, of either memory order and either byte order.
package import TensorCore

/// A mapped .npy file. Its one tensor has the file's name without extension.
package struct NpyFile: TensorSource {
  package let path: String
  package let names: [String]
  package let metadata: [String: String] = [:]
  package let formatName = "npy"
  private let view: ByteView
  private let header: NpyHeader

  /// Maps `path` and parses its header.
  /// - Throws: the file system's errors; `empty`, `truncated`, `limitExceeded`, `invalidField`,
  ///   `missingField`, `unsupported`, `unsupportedDtype`, `invalidShape`, `sizeOverflow`.
  package init(_ path: String) throws(TensorIOError) {
    let base = fileName(of: path)
    let name = base.hasSuffix(".npy") ? String(base.dropLast(4)) : base
    try self.init(try MappedFile(path).view, name: name)
  }

  /// `name`: what to call the tensor.
  package init(_ view: ByteView, name: String) throws(TensorIOError) {
    guard view.count > 0 else { throw TensorIOError(view.path, .empty) }
    path = view.path
    names = [name]
    self.view = view
    do {
      header = try NpyHeader(view)
      try Self.checkSize(header, view)
    } catch {
      throw error.naming(tensor: name)
    }
  }

  private static func checkSize(_ header: NpyHeader, _ view: ByteView) throws(TensorIOError) {
    let needed = try checkedByteCount(
      header.shape, header.dtype.scalarType, path: view.path, tensor: nil, at: view.start)
    let available = view.count - header.dataOffset
    guard needed <= available else {
      throw TensorIOError(
        view.path,
        .truncated(
          what: "an array of shape \(header.shape), type \(header.dtype.descr)",
          needed: needed, available: available),
        at: view.start + header.dataOffset)
    }
    guard needed == available else {
      throw TensorIOError(
        view.path, .trailingBytes(available - needed), at: view.start + header.dataOffset + needed)
    }
  }

  package func info(_ name: String) throws(TensorIOError) -> TensorInfo {
    guard name == names[0] else { throw noSuchTensor(name) }
    return TensorInfo(
      name: name, shape: header.shape, scalarType: header.dtype.scalarType,
      storedType: header.dtype.descr)
  }

  package func tensor(_ name: String) throws(TensorIOError) -> Tensor {
    guard name == names[0] else { throw noSuchTensor(name) }
    let type = header.dtype.scalarType
    let swaps = header.dtype.isBigEndian && type.byteWidth > 1
    if !swaps && !header.isFortranOrder {
      return Tensor(
        shape: header.shape, scalarType: type, storage: view.storage,
        byteOffset: view.start + header.dataOffset)
    }
    var strides = [Int](repeating: 0, count: header.shape.count)
    var stride = 1
    let axes = Array(header.shape.indices)
    for axis in header.isFortranOrder ? axes : axes.reversed() {
      strides[axis] = stride
      stride *= header.shape[axis]
    }
    return view.withUnsafeBytes { bytes in
      gathered(
        UnsafeRawBufferPointer(rebasing: bytes[header.dataOffset...]), shape: header.shape,
        strides: strides, type: type, swapsBytes: swaps)
    }
  }
}
