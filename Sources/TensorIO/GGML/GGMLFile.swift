/// Reads whisper.cpp model files (ggml .bin); quantised weights become Float32.
package import TensorCore

/// A mapped ggml file: hyperparameters, mel filters, vocabulary, tensors.
///
/// f32 and f16 tensors share the map; quantised ones are dequantised to Float32 when asked for,
/// with ggml's own arithmetic. Shapes are row-major (ggml writes the innermost extent first).
/// - Note: Format of ggml-org/whisper.cpp `src/whisper.cpp`, `whisper_model_load`.
package struct GGMLFile: TensorSource {
  package let path: String
  package let names: [String]
  /// The hyperparameters by whisper.cpp's names: `n_mels` → `80`.
  package let metadata: [String: String]
  package let formatName = "ggml"
  package let hyperparameters: GGMLHyperparameters
  /// `[numMels, numBins]`.
  package let melFilters: Tensor
  /// The bytes of each token, by id.
  package let vocabulary: [[UInt8]]
  private let view: ByteView
  private let entries: [String: GGMLEntry]

  /// - Throws: the file system's errors; `unknownFormat`, `truncated`, `invalidField`,
  ///   `invalidShape`, `sizeOverflow`, `unsupportedDtype`, `duplicateTensor`, `invalidText`.
  package init(_ path: String) throws(TensorIOError) {
    try self.init(try MappedFile(path).view)
  }

  package init(_ view: ByteView) throws(TensorIOError) {
    guard view.count > 0 else { throw TensorIOError(view.path, .empty) }
    var cursor = ByteCursor(view)
    let header = try GGMLHeader(&cursor)
    var names: [String] = []
    var entries: [String: GGMLEntry] = [:]
    while cursor.remaining > 0 {
      let offset = cursor.fileOffset
      let entry = try GGMLEntry(&cursor)
      guard entries.updateValue(entry, forKey: entry.name) == nil else {
        throw TensorIOError(view.path, .duplicateTensor, tensor: entry.name, at: offset)
      }
      names.append(entry.name)
    }
    path = view.path
    self.view = view
    self.names = names
    self.entries = entries
    hyperparameters = header.hyperparameters
    melFilters = header.melFilters
    vocabulary = header.vocabulary
    metadata = Dictionary(
      uniqueKeysWithValues: zip(
        GGMLHyperparameters.names, header.hyperparameters.values.map(String.init)))
  }

  package func info(_ name: String) throws(TensorIOError) -> TensorInfo {
    guard let entry = entries[name] else { throw noSuchTensor(name) }
    return TensorInfo(
      name: name, shape: entry.shape, scalarType: entry.scalarType, storedType: entry.type.name)
  }

  package func tensor(_ name: String) throws(TensorIOError) -> Tensor {
    guard let entry = entries[name] else { throw noSuchTensor(name) }
    let data = entry.data
    if entry.type == .f32 || entry.type == .f16 {
      return Tensor(
        shape: entry.shape, scalarType: entry.scalarType, storage: data.storage,
        byteOffset: data.start)
    }
    return Tensor.float32(entry.shape) { target in
      data.withUnsafeBytes { dequantised($0, as: entry.type, into: target) }
    }
  }
}

/// One tensor of a ggml file.
struct GGMLEntry: Sendable {
  let name: String
  let shape: [Int]
  let type: GGMLType
  let data: ByteView

  var scalarType: ScalarType { type == .f16 ? .float16 : .float32 }

  /// Reads the header at the cursor and steps over the elements.
  init(_ cursor: inout ByteCursor) throws(TensorIOError) {
    let path = cursor.view.path
    let offset = cursor.fileOffset
    let rank = Int(try cursor.read(Int32.self, "a tensor's rank"))
    let nameLength = Int(try cursor.read(Int32.self, "the length of a tensor's name"))
    let typeCode = try cursor.read(UInt32.self, "a tensor's type")
    guard (0...4).contains(rank) else {
      throw TensorIOError(
        path, .invalidField("a tensor's rank", expected: "0 to 4", found: "\(rank)"), at: offset)
    }
    var extents: [Int] = []
    for _ in 0..<rank {
      extents.append(Int(try cursor.read(Int32.self, "a tensor's extents")))
    }
    shape = extents.reversed()
    name = try cursor.text(nameLength, "a tensor's name")
    guard let type = GGMLType(rawValue: typeCode) else {
      throw TensorIOError(
        path,
        .unsupportedDtype(
          "ggml type \(typeCode)",
          advice: "known are f32, f16, q4_0, q4_1, q5_0, q5_1 and q8_0"),
        tensor: name, at: offset + 8)
    }
    self.type = type
    let count = try checkedElementCount(shape, path: path, tensor: name, at: offset + 12)
    guard (extents.first ?? 1) % type.blockExtent == 0 else {
      throw TensorIOError(
        path,
        .invalidShape(
          found: "\(shape)",
          expected: "an innermost extent that is a multiple of \(type.blockExtent) for \(type.name)"
        ), tensor: name, at: offset + 12)
    }
    do {
      data = try cursor.slice(
        count / type.blockExtent * type.blockBytes, "the elements of shape \(shape)")
    } catch {
      throw error.naming(tensor: name)
    }
  }
}
