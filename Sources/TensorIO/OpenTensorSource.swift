/// Opens any container of tensors, told by its content.

/// Opens a file or folder of tensors: safetensors, npy, npz, a folder of .npy.
///
/// The first bytes decide, not the extension.
/// - Throws: the file system's errors; `empty`; `unknownFormat`; what the format's reader throws.
package func openTensorSource(_ path: String) throws(TensorIOError) -> any TensorSource {
  if isFolder(path) { return try NpyFolder(path) }
  let view = try MappedFile(path).view
  guard view.count > 0 else { throw TensorIOError(path, .empty) }
  if view.starts(with: NpyHeader.magic) { return try NpyFile(path) }
  if view.starts(with: [0x50, 0x4B]) { return try NpzFile(view) }
  if try looksLikeSafetensors(view) { return try SafetensorsFile(view) }
  throw TensorIOError(path, .unknownFormat(found: try describeStart(of: view)), at: 0)
}

/// Whether a `{` stands where the header starts.
private func looksLikeSafetensors(_ view: ByteView) throws(TensorIOError) -> Bool {
  guard view.count >= 9 else { return false }
  return try view.load(UInt8.self, at: 8, "the header") == UInt8(ascii: "{")
}
