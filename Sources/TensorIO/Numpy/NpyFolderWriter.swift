/// A folder of .npy files with a metadata.json: written.
package import TensorCore

/// Writes one .npy file a tensor. Not thread-safe.
package final class NpyFolderWriter: DumpWriter {
  package var metadata: [String: String] = [:]
  private let folder: AtomicFolder
  private var dump = DumpMetadata()
  private var usedFiles: Set<String> = []
  private var usedNames: Set<String> = []

  /// - Throws: `wouldReplaceForeignFolder` where the folder holds anything but a dump.
  package init(_ path: String) throws(TensorIOError) {
    folder = try AtomicFolder(path) { $0.hasSuffix(".npy") || $0 == DumpMetadata.fileName }
  }

  package func write(_ tensor: Tensor, named name: String) throws(TensorIOError) {
    guard usedNames.insert(name).inserted else {
      throw TensorIOError(folder.path, .duplicateTensor, tensor: name)
    }
    let file = uniqueFile(for: name)
    try folder.add(file) { (file) throws(TensorIOError) in
      try file.append(npyHeaderBytes(for: tensor))
      try tensor.withUnsafeBytes { (bytes) throws(TensorIOError) in try file.append(bytes) }
    }
    dump.files.append((name, file))
  }

  package func finish() throws(TensorIOError) {
    dump.strings = metadata
    let bytes = dump.encoded
    try folder.add(DumpMetadata.fileName) { (file) throws(TensorIOError) in
      try file.append(bytes)
    }
    try folder.commit()
  }

  package func cancel() { folder.cancel() }

  /// `name` as a file name: letters, digits, `.`, `_`, `-`; everything else becomes `_`.
  /// Case-insensitive file systems are respected.
  private func uniqueFile(for name: String) -> String {
    let safe = name.unicodeScalars.prefix(150).map { scalar -> Character in
      let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9") ~= scalar)
      return isPlain || scalar == "." || scalar == "_" || scalar == "-" ? Character(scalar) : "_"
    }
    var base = String(safe)
    if base.isEmpty || base.hasPrefix(".") { base = "_" + base }
    var file = base + ".npy"
    var number = 2
    while !usedFiles.insert(file.lowercased()).inserted {
      file = "\(base)~\(number).npy"
      number += 1
    }
    return file
  }
}
