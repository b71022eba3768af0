import TensorIO

/// Which files of a folder hold the tensors of a Hugging Face checkpoint.
struct CheckpointFolder {
  let path: String

  init(_ path: String) {
    var trimmed = path
    while trimmed.count > 1 && trimmed.hasSuffix("/") { trimmed.removeLast() }
    self.path = trimmed
  }

  /// Every container of tensors: the index's shards, or the single file.
  /// - Throws: `file`, or `unreadable` where there is none.
  func sources() throws(ModelError) -> [any TensorSource] {
    let index = file("model.safetensors.index.json")
    if fileExists(index) { return try shards(index) }
    for name in ["model.safetensors", "weights.safetensors", "pytorch_model.bin"] {
      let candidate = file(name)
      if fileExists(candidate) { return [try open(candidate)] }
    }
    throw .unreadable(
      path: path,
      reason: "holds neither model.safetensors nor model.safetensors.index.json; "
        + "expected a Hugging Face folder")
  }

  /// The shards of an index, each of which must hold what the index says.
  private func shards(_ index: String) throws(ModelError) -> [any TensorSource] {
    let value: JSONValue
    do { value = try parseJSONFile(index) } catch { throw .file(error) }
    guard let map = value["weight_map"]?.objectValue else {
      throw .unreadable(path: index, reason: "'weight_map' is missing; expected tensor → file")
    }
    var sources: [String: any TensorSource] = [:]
    var order: [String] = []
    var held: [String: Set<String>] = [:]
    for tensor in map.keys {
      guard let shard = map[tensor]?.stringValue, !shard.contains("/"), !shard.contains("\0"),
        !shard.hasPrefix(".")
      else {
        throw .unreadable(
          path: index, reason: "'\(tensor)' should name a file of this folder; refused")
      }
      if sources[shard] == nil {
        let source = try open(file(shard))
        sources[shard] = source
        held[shard] = Set(source.names)
        order.append(shard)
      }
      guard held[shard]?.contains(tensor) == true else {
        throw .unreadable(
          path: file(shard), reason: "tensor '\(tensor)' is missing, which the index promises")
      }
    }
    return order.compactMap { sources[$0] }
  }

  private func open(_ path: String) throws(ModelError) -> any TensorSource {
    do { return try openTensorSource(path) } catch { throw .file(error) }
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// The folder itself where tokenizer files lie in it.
  var tokenizerPath: String? {
    let names = [
      "tokenizer.json", "vocab.json", "multilingual.tiktoken", "gpt2.tiktoken", "tokens.txt",
    ]
    return names.contains { fileExists(file($0)) } ? path : nil
  }
}
