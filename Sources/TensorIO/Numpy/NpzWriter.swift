/// Writes .npz archives: zip files of .npy members, readable by numpy.load.
package import TensorCore

/// An .npz archive under construction; metadata goes into a member metadata.json. Not thread-safe.
package final class NpzWriter: DumpWriter {
  package var metadata: [String: String] = [:]
  private let zip: ZipWriter
  private var written: Set<String> = []

  package init(_ path: String) throws(TensorIOError) { zip = try ZipWriter(path) }

  package func write(_ tensor: Tensor, named name: String) throws(TensorIOError) {
    guard written.insert(name).inserted else {
      throw TensorIOError(zip.path, .duplicateTensor, tensor: name)
    }
    let header = npyHeaderBytes(for: tensor)
    try header.span.withUnsafeBytes { (header) throws(TensorIOError) in
      try tensor.withUnsafeBytes { (bytes) throws(TensorIOError) in
        try zip.add(name + ".npy", [header, bytes])
      }
    }
  }

  package func finish() throws(TensorIOError) {
    if !metadata.isEmpty {
      var dump = DumpMetadata()
      dump.strings = metadata
      try dump.encoded.span.withUnsafeBytes { (bytes) throws(TensorIOError) in
        try zip.add(DumpMetadata.fileName, [bytes])
      }
    }
    try zip.finish()
  }

  package func cancel() { zip.cancel() }
}
