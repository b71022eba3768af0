/// Reads .npz archives: every .npy member is a tensor.
package import TensorCore

/// A mapped .npz archive; members are unpacked when asked for, stored ones stay mapped.
package struct NpzFile: TensorSource {
  package let path: String
  package let names: [String]
  package let metadata: [String: String]
  package let formatName = "npz"
  private let archive: ZipArchive

  /// - Throws: what `ZipArchive` throws; what is wrong with metadata.json.
  package init(_ path: String) throws(TensorIOError) {
    try self.init(try MappedFile(path).view)
  }

  package init(_ view: ByteView) throws(TensorIOError) {
    archive = try ZipArchive(view)
    path = view.path
    names = archive.members.map(\.name).filter { $0.hasSuffix(".npy") }
      .map { String($0.dropLast(4)) }
    if let member = archive.member(DumpMetadata.fileName) {
      guard member.byteCount <= DumpMetadata.maximumBytes else {
        throw TensorIOError(
          path,
          .limitExceeded(
            what: "the size of metadata.json", value: "\(member.byteCount)",
            limit: DumpMetadata.maximumBytes))
      }
      metadata = try DumpMetadata(try archive.contents(of: member)).strings
    } else {
      metadata = [:]
    }
  }

  package func info(_ name: String) throws(TensorIOError) -> TensorInfo {
    try array(name).info(name)
  }

  package func tensor(_ name: String) throws(TensorIOError) -> Tensor {
    try array(name).tensor(name)
  }

  private func array(_ name: String) throws(TensorIOError) -> NpyFile {
    guard let member = archive.member(name + ".npy") else { throw noSuchTensor(name) }
    do {
      return try NpyFile(try archive.contents(of: member), name: name)
    } catch {
      throw error.naming(tensor: name)
    }
  }
}
