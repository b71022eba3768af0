/// A folder of .npy files, with or without a metadata.json: read.
package import TensorCore

/// The .npy files directly in a folder; each is mapped when it is asked for.
///
/// A tensor's name is its file's without extension, unless metadata.json says otherwise.
package struct NpyFolder: TensorSource {
  package let path: String
  package let names: [String]
  package let metadata: [String: String]
  package let formatName = "folder of .npy"
  private let files: [String: String]

  /// - Throws: the file system's errors; `empty` where no .npy is in the folder; what is wrong with
  ///   metadata.json; `duplicateTensor`.
  package init(_ path: String) throws(TensorIOError) {
    self.path = path
    let folder = withoutTrailingSlashes(path)
    let entries = try folderEntries(folder)
    var dump = DumpMetadata()
    if entries.contains(DumpMetadata.fileName) {
      dump = try DumpMetadata(try MappedFile("\(folder)/\(DumpMetadata.fileName)").view)
    }
    var names: [String] = []
    var files: [String: String] = [:]
    var listed: Set<String> = []
    for (tensor, file) in dump.files {
      guard files.updateValue("\(folder)/\(file)", forKey: tensor) == nil else {
        throw TensorIOError(path, .duplicateTensor, tensor: tensor)
      }
      listed.insert(file)
      names.append(tensor)
    }
    for entry in entries where entry.hasSuffix(".npy") && !listed.contains(entry) {
      let name = String(entry.dropLast(4))
      guard files.updateValue("\(folder)/\(entry)", forKey: name) == nil else {
        throw TensorIOError(path, .duplicateTensor, tensor: name)
      }
      names.append(name)
    }
    guard !names.isEmpty else { throw TensorIOError(path, .missingField("*.npy")) }
    self.names = names
    self.files = files
    metadata = dump.strings
  }

  package func info(_ name: String) throws(TensorIOError) -> TensorInfo {
    try file(name).info(name)
  }

  package func tensor(_ name: String) throws(TensorIOError) -> Tensor {
    try file(name).tensor(name)
  }

  private func file(_ name: String) throws(TensorIOError) -> NpyFile {
    guard let file = files[name] else { throw noSuchTensor(name) }
    do {
      return try NpyFile(try MappedFile(file).view, name: name)
    } catch {
      throw error.naming(tensor: name)
    }
  }
}
