/// A TensorProto: where a tensor of an ONNX file has its elements, and how to get them.
import TensorCore

/// The header of a tensor; elements are read when asked for.
///
/// - Note: onnx/onnx `onnx/onnx.proto`, `TensorProto`.
struct ONNXTensor: Sendable {
  var name = ""
  private(set) var shape: [Int] = []
  private(set) var typeCode = 0
  private var isExternal = false
  private var rawData: ByteView?
  private var location: String?
  private var externalOffset = 0
  private var externalLength: Int?
  private let view: ByteView

  init(_ view: ByteView) throws(TensorIOError) {
    self.view = view
    var reader = ProtobufReader(view)
    while let field = try reader.next() {
      switch field.number {
      case 1:
        shape += try field.ints()
        guard shape.count <= maximumRank else {
          throw TensorIOError(
            view.path,
            .invalidShape(found: "of more axes", expected: "at most \(maximumRank) axes"),
            at: field.fileOffset)
        }
      case 2: typeCode = try field.int()
      case 8: name = try field.text()
      case 9: rawData = try field.bytes()
      case 13: try readExternal(try field.bytes())
      case 14: isExternal = try field.int() == 1
      default: break
      }
    }
  }

  /// The element type.
  /// - Throws: `unsupportedDtype` for strings, complex and sub-byte types.
  var scalarType: ScalarType {
    get throws(TensorIOError) {
      guard let type = Self.types[typeCode] else {
        throw TensorIOError(
          view.path,
          .unsupportedDtype(
            "ONNX type \(typeCode)", advice: "export the model with float32 or float16 weights"),
          tensor: name, at: view.start)
      }
      return type
    }
  }

  private static let types: [Int: ScalarType] = [
    1: .float32, 2: .uint8, 3: .int8, 4: .uint16, 5: .int16, 6: .int32, 7: .int64, 9: .bool,
    10: .float16, 11: .float64, 12: .uint32, 13: .uint64, 16: .bfloat16,
  ]

  /// The elements.
  /// `folder`: the folder of the ONNX file, the only place of external data.
  /// Throws `unsupportedDtype`, `invalidShape`, `sizeOverflow`, `sizeMismatch`, `unsafePath`,
  ///   the file system's errors for external data, `outOfFile`.
  func load(folder: String) throws(TensorIOError) -> Tensor {
    let type = try scalarType
    let needed = try checkedByteCount(
      shape, type, path: view.path, tensor: name, at: view.start)
    if isExternal {
      let data = try externalData(folder: folder, needed: needed)
      return Tensor(
        shape: shape, scalarType: type, storage: data.storage, byteOffset: data.start)
    }
    if let rawData {
      try checkSize(rawData.count, needed, at: rawData.start)
      return Tensor(
        shape: shape, scalarType: type, storage: rawData.storage, byteOffset: rawData.start)
    }
    let bytes = try typedData(type)
    try checkSize(bytes.count, needed, at: view.start)
    let storage = TensorStorage(byteCount: bytes.count) { $0.copyBytes(from: bytes) }
    return Tensor(shape: shape, scalarType: type, storage: storage)
  }

  private func checkSize(_ found: Int, _ needed: Int, at offset: Int) throws(TensorIOError) {
    guard found == needed else {
      throw TensorIOError(
        view.path, .sizeMismatch(expected: needed, found: found), tensor: name, at: offset)
    }
  }

  /// Elements in `float_data` and its siblings, as little-endian bytes of the element type.
  private func typedData(_ type: ScalarType) throws(TensorIOError) -> [UInt8] {
    var bytes: [UInt8] = []
    var reader = ProtobufReader(view)
    let field = Self.dataField(of: type)
    while let next = try reader.next() {
      guard next.number == field else { continue }
      switch next.value {
      case .fixed32(let bits): bytes += littleEndian(bits)
      case .fixed64(let bits): bytes += littleEndian(bits)
      case .varint(let bits): bytes += littleEndian(bits).prefix(type.byteWidth)
      case .bytes(let packed) where type == .float32 || type == .float64:
        bytes += try packed.bytes(0, packed.count, "packed numbers")
      case .bytes(let packed):
        for bits in try ProtobufReader.packedVarints(packed) {
          bytes += littleEndian(bits).prefix(type.byteWidth)
        }
      }
    }
    return bytes
  }

  /// The TensorProto field that holds elements of `type` where there is no raw data.
  private static func dataField(of type: ScalarType) -> Int {
    switch type {
    case .float32: 4
    case .float64: 10
    case .int64: 7
    case .uint64, .uint32: 11
    case .float16, .bfloat16, .int32, .int16, .int8, .uint16, .uint8, .bool: 5
    }
  }

  // MARK: External data

  private mutating func readExternal(_ entry: ByteView) throws(TensorIOError) {
    var key = ""
    var value = ""
    var reader = ProtobufReader(entry)
    while let field = try reader.next() {
      if field.number == 1 { key = try field.text() }
      if field.number == 2 { value = try field.text() }
    }
    switch key {
    case "location": location = value
    case "offset": externalOffset = try number(value, key, entry)
    case "length": externalLength = try number(value, key, entry)
    default: break
    }
  }

  private func number(
    _ text: String, _ key: String, _ entry: ByteView
  ) throws(TensorIOError) -> Int {
    guard let number = Int(text), number >= 0 else {
      throw TensorIOError(
        view.path,
        .invalidField(
          "the external data's \(key)", expected: "a number of 0 or more", found: text),
        tensor: name, at: entry.start)
    }
    return number
  }

  /// Maps the external file, which must lie in the ONNX file's own folder.
  private func externalData(folder: String, needed: Int) throws(TensorIOError) -> ByteView {
    guard let location else {
      throw TensorIOError(view.path, .missingField("location"), tensor: name, at: view.start)
    }
    let file = "\(folder)/\(location)"
    let parts = location.split(separator: "/", omittingEmptySubsequences: false)
    guard !location.contains("\0"), !parts.contains(".."), !parts.contains("") else {
      throw TensorIOError(view.path, .unsafePath(location), tensor: name, at: view.start)
    }
    // A symbolic link may lead out of the folder as well.
    if let real = realPath(file), let root = realPath(folder) {
      guard real.hasPrefix(root == "/" ? root : root + "/") else {
        throw TensorIOError(view.path, .unsafePath(location), tensor: name, at: view.start)
      }
    }
    do {
      let mapped = try MappedFile(file).view
      let length = externalLength ?? (mapped.count - min(externalOffset, mapped.count))
      try checkSize(length, needed, at: view.start)
      return try mapped.slice(externalOffset, needed, "the external data")
    } catch {
      throw error.naming(tensor: name)
    }
  }
}
