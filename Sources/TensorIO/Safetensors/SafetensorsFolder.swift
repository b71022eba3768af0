/// Reads folders of safetensors files: Hugging Face models, whole or in shards.
package import TensorCore

/// The safetensors files of a folder as one source.
///
/// `model.safetensors.index.json` decides where it exists; otherwise `model.safetensors`; otherwise
/// all files ending in `.safetensors`.
package struct SafetensorsFolder: TensorSource {
  package let path: String
  package let names: [String]
  package let metadata: [String: String]
  package let formatName = "folder of safetensors"
  private let files: [SafetensorsFile]
  private let fileOf: [String: Int]

  static let indexName = "model.safetensors.index.json"
  /// More shards than any model has.
  private static let maximumShards = 1000

  /// - Throws: the file system's errors; what `SafetensorsFile` throws; `unsafePath`,
  ///   `invalidField`, `duplicateTensor`, `noSuchTensor` where a shard lacks what the index says.
  package init(_ path: String) throws(TensorIOError) {
    self.path = path
    let folder = withoutTrailingSlashes(path)
    let entries = try folderEntries(folder)
    let fileNames: [String]
    var weights: [(String, String)] = []
    if entries.contains(Self.indexName) {
      (fileNames, weights) = try Self.readIndex("\(folder)/\(Self.indexName)")
    } else {
      fileNames = try Self.plainFiles(entries, path: path)
    }
    var files: [SafetensorsFile] = []
    var fileOf: [String: Int] = [:]
    var names: [String] = []
    var metadata: [String: String] = [:]
    for fileName in fileNames {
      let file = try SafetensorsFile("\(folder)/\(fileName)")
      for name in file.names {
        guard fileOf.updateValue(files.count, forKey: name) == nil else {
          throw TensorIOError(file.path, .duplicateTensor, tensor: name)
        }
        names.append(name)
      }
      metadata.merge(file.metadata) { first, _ in first }
      files.append(file)
    }
    for (name, fileName) in weights where fileOf[name] == nil {
      throw TensorIOError("\(folder)/\(fileName)", .noSuchTensor(nearest: nil), tensor: name)
    }
    self.names = names
    self.metadata = metadata
    self.files = files
    self.fileOf = fileOf
  }

  package func info(_ name: String) throws(TensorIOError) -> TensorInfo {
    guard let index = fileOf[name] else { throw noSuchTensor(name) }
    return try files[index].info(name)
  }

  package func tensor(_ name: String) throws(TensorIOError) -> Tensor {
    guard let index = fileOf[name] else { throw noSuchTensor(name) }
    return try files[index].tensor(name)
  }

  private static func plainFiles(
    _ entries: [String], path: String
  ) throws(TensorIOError) -> [String] {
    if entries.contains("model.safetensors") { return ["model.safetensors"] }
    let files = entries.filter { $0.hasSuffix(".safetensors") }
    guard !files.isEmpty else { throw TensorIOError(path, .missingField("model.safetensors")) }
    return files
  }

  /// The index: which shard holds which tensor.
  private static func readIndex(
    _ path: String
  ) throws(TensorIOError) -> (files: [String], weights: [(String, String)]) {
    let document = try parseJSONFile(path)
    guard let map = document["weight_map"]?.objectValue else {
      throw TensorIOError(path, .missingField("weight_map"))
    }
    var files: Set<String> = []
    var weights: [(String, String)] = []
    for name in map.keys {
      guard let file = map[name]?.stringValue else {
        throw TensorIOError(
          path,
          .invalidField(
            "weight_map", expected: "file names", found: map[name]?.kind ?? "nothing"),
          tensor: name)
      }
      guard file.hasSuffix(".safetensors"), !file.contains("/"), !file.contains("\0") else {
        throw TensorIOError(path, .unsafePath(file), tensor: name)
      }
      files.insert(file)
      weights.append((name, file))
    }
    guard files.count <= maximumShards else {
      throw TensorIOError(
        path,
        .limitExceeded(
          what: "the number of shards", value: "\(files.count)", limit: maximumShards))
    }
    return (files.sorted(), weights)
  }
}
