/// `metadata.json`: what npz archives and folders of .npy carry beside their arrays.

/// Strings beside the tensors, and which file holds which tensor.
struct DumpMetadata: Sendable {
  /// Member or file of this name in archives and folders.
  static let fileName = "metadata.json"
  /// The largest accepted.
  static let maximumBytes = 16 << 20

  var strings: [String: String] = [:]
  /// Tensor name → file name, in order; empty where the writer was somebody else.
  var files: [(tensor: String, file: String)] = []

  init() {}

  /// Reads our own layout, and any other JSON object: its scalars become strings.
  /// - Throws: `invalidJSON`, `invalidField`, `limitExceeded`, `unsafePath`, `duplicateTensor`.
  init(_ view: ByteView) throws(TensorIOError) {
    guard view.count <= Self.maximumBytes else {
      throw TensorIOError(
        view.path,
        .limitExceeded(what: "its size", value: "\(view.count)", limit: Self.maximumBytes))
    }
    let value = try parseJSON(
      try view.bytes(0, view.count, "the file"), path: view.path, baseOffset: view.start)
    guard case .object(let root) = value else {
      throw TensorIOError(
        view.path, .invalidField("the document", expected: "an object", found: value.kind))
    }
    collect(root["metadata"]?.objectValue ?? root)
    guard let tensors = root["tensors"]?.objectValue else { return }
    for name in tensors.keys {
      guard let file = tensors[name]?["file"]?.stringValue else { continue }
      guard !file.contains("/"), !file.contains("\0"), file != "..", file != "." else {
        throw TensorIOError(view.path, .unsafePath(file), tensor: name)
      }
      files.append((name, file))
    }
  }

  private mutating func collect(_ object: JSONObject) {
    for key in object.keys where key != "tensors" {
      switch object[key] {
      case .string(let text)?: strings[key] = text
      case let other?: strings[key] = other.text
      case nil: break
      }
    }
  }

  /// The document as UTF-8, keys sorted.
  var encoded: [UInt8] {
    var metadata = JSONObject()
    for key in strings.keys.sorted() { metadata.set(key, .string(strings[key] ?? "")) }
    var root = JSONObject()
    root.set("schema", .string("encoder-diff.dump/1"))
    root.set("metadata", .object(metadata))
    if !files.isEmpty {
      var tensors = JSONObject()
      for entry in files {
        var fields = JSONObject()
        fields.set("file", .string(entry.file))
        tensors.set(entry.tensor, .object(fields))
      }
      root.set("tensors", .object(tensors))
    }
    return Array((JSONValue.object(root).text + "\n").utf8)
  }
}
