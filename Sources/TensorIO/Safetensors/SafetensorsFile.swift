/// Reads safetensors files: a JSON header and the mapped elements behind it.
package import TensorCore

/// A mapped safetensors file. Everything in the header is checked on opening; tensors share the map.
///
/// - Note: Format of huggingface/safetensors `safetensors/src/tensor.rs`: u64 header length, JSON
///   header, elements without gaps.
package struct SafetensorsFile: TensorSource {
  package let path: String
  package let names: [String]
  package let metadata: [String: String]
  package let formatName = "safetensors"
  private let view: ByteView
  private let entries: [String: SafetensorsEntry]
  private let dataOffset: Int

  /// The largest header accepted; a large-v3 checkpoint needs 150 KB.
  static let maximumHeaderBytes = 32 << 20

  /// Maps and checks `path`.
  /// - Throws: the file system's errors; `empty`, `truncated`, `limitExceeded`, `invalidJSON`,
  ///   `invalidField`, `unsupportedDtype`, `invalidShape`, `sizeOverflow`, `sizeMismatch`,
  ///   `outOfFile`, `overlapsTensor`, `gapBeforeTensor`, `trailingBytes`.
  package init(_ path: String) throws(TensorIOError) {
    try self.init(try MappedFile(path).view)
  }

  package init(_ view: ByteView) throws(TensorIOError) {
    guard view.count > 0 else { throw TensorIOError(view.path, .empty) }
    let declared = try view.load(UInt64.self, at: 0, "the header's length")
    guard declared <= UInt64(Self.maximumHeaderBytes) else {
      throw TensorIOError(
        view.path,
        .limitExceeded(
          what: "the header's length", value: "\(declared)", limit: Self.maximumHeaderBytes),
        at: 0)
    }
    let headerBytes = try view.bytes(8, Int(declared), "the header")
    dataOffset = 8 + headerBytes.count
    let header = try parseJSON(headerBytes, path: view.path, baseOffset: 8)
    guard case .object(let object) = header else {
      throw TensorIOError(
        view.path, .invalidField("the header", expected: "an object", found: header.kind), at: 8)
    }
    let parsed = try SafetensorsHeader(object, path: view.path)
    try parsed.checkOffsets(
      path: view.path, dataOffset: dataOffset, available: view.count - dataOffset)
    path = view.path
    self.view = view
    names = parsed.ordered.map(\.name)
    metadata = parsed.metadata
    entries = Dictionary(uniqueKeysWithValues: parsed.ordered.map { ($0.name, $0) })
  }

  package func info(_ name: String) throws(TensorIOError) -> TensorInfo {
    guard let entry = entries[name] else { throw noSuchTensor(name) }
    return TensorInfo(
      name: name, shape: entry.shape, scalarType: entry.scalarType,
      storedType: entry.scalarType.safetensorsCode)
  }

  package func tensor(_ name: String) throws(TensorIOError) -> Tensor {
    guard let entry = entries[name] else { throw noSuchTensor(name) }
    return Tensor(
      shape: entry.shape, scalarType: entry.scalarType, storage: view.storage,
      byteOffset: view.start + dataOffset + entry.begin)
  }
}
