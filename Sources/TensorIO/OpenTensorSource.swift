/// Opens any container of tensors, told by its content.

/// Opens a file or folder of tensors.
///
/// Files: safetensors, npy, npz, PyTorch .pt, ggml .bin, ONNX. Folders: safetensors (Hugging Face,
/// shards too), .npy. The content decides, not the extension.
/// - Throws: the file system's errors; `empty`; `unknownFormat`; what the format's reader throws.
package func openTensorSource(_ path: String) throws(TensorIOError) -> any TensorSource {
  if isFolder(path) { return try openFolder(path) }
  return try openTensorSource(try MappedFile(path).view)
}

/// Opens bytes that are mapped already.
package func openTensorSource(_ view: ByteView) throws(TensorIOError) -> any TensorSource {
  guard view.count > 0 else { throw TensorIOError(view.path, .empty) }
  if view.starts(with: NpyHeader.magic) {
    let base = fileName(of: view.path)
    return try NpyFile(view, name: base.hasSuffix(".npy") ? String(base.dropLast(4)) : base)
  }
  if view.starts(with: [0x50, 0x4B]) { return try openArchive(view) }
  if view.starts(with: GGMLHeader.magic) { return try GGMLFile(view) }
  if let advice = adviceForKnownMagic(view) {
    throw TensorIOError(view.path, .unsupported(what: advice.what, advice: advice.advice), at: 0)
  }
  // Safetensors: a `{` stands behind the header's length.
  if view.count >= 9, try view.load(UInt8.self, at: 8, "the header") == UInt8(ascii: "{") {
    return try SafetensorsFile(view)
  }
  if ONNXFile.looksLikeONNX(view) { return try ONNXFile(view) }
  // A damaged file of a telling name gets its reader's own message.
  switch view.path.split(separator: ".").last {
  case "safetensors": return try SafetensorsFile(view)
  case "onnx": return try ONNXFile(view)
  default: throw TensorIOError(view.path, .unknownFormat(found: try describeStart(of: view)), at: 0)
  }
}

private func openFolder(_ path: String) throws(TensorIOError) -> any TensorSource {
  let entries = try folderEntries(withoutTrailingSlashes(path))
  if entries.contains(where: { $0.hasSuffix(".safetensors") })
    || entries.contains(SafetensorsFolder.indexName)
  {
    return try SafetensorsFolder(path)
  }
  guard entries.contains(where: { $0.hasSuffix(".npy") }) else {
    throw TensorIOError(path, .missingField("*.safetensors or *.npy"))
  }
  return try NpyFolder(path)
}

private func openArchive(_ view: ByteView) throws(TensorIOError) -> any TensorSource {
  let archive = try ZipArchive(view)
  if TorchCheckpoint.pickleMember(of: archive) != nil { return try TorchCheckpoint(archive) }
  guard archive.members.contains(where: { $0.name.hasSuffix(".npy") }) else {
    throw TensorIOError(view.path, .missingField("*.npy or data.pkl"))
  }
  return try NpzFile(view)
}

/// Formats that are recognised and not read: what they are, and the way out.
private func adviceForKnownMagic(_ view: ByteView) -> (what: String, advice: String)? {
  if view.starts(with: Array("GGUF".utf8)) {
    return ("a GGUF file", "whisper.cpp's own models are ggml .bin files")
  }
  // torch.save before version 1.6: a pickled magic number first.
  if view.starts(with: [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9]) {
    return ("a PyTorch file of before version 1.6", "load it and save it again with torch.save")
  }
  if view.starts(with: [0x89] + Array("HDF".utf8)) {
    return ("an HDF5 file", "convert it to safetensors or npz")
  }
  if view.starts(with: [0x1F, 0x8B]) { return ("a gzip file", "unpack it first") }
  return nil
}
