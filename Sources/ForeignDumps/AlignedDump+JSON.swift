package import TensorIO

extension AlignedDump {
  /// Schema `encoder-diff.alignment/1`.
  package var json: JSONValue {
    var root = JSONObject()
    root.set("schema", .string("encoder-diff.alignment/1"))
    root.set("dump", .string(source.path))
    root.set("format", .string(source.formatName))
    root.set("taps", .array(alignments.map(json)))
    root.set(
      "ambiguous",
      .array(
        ambiguities.map { ambiguity in
          var object = JSONObject()
          object.set("subject", .string(ambiguity.subject))
          object.set("candidates", .array(ambiguity.candidates.map { .string($0) }))
          return .object(object)
        }))
    root.set("missing", .array(missingTaps.map { .string($0) }))
    root.set(
      "leftOver",
      .array(
        unmappedTensors.map { tensor in
          var object = JSONObject()
          object.set("tensor", .string(tensor.name))
          object.set("reason", .string(tensor.reason))
          return .object(object)
        }))
    return .object(root)
  }

  private func json(_ alignment: Alignment) -> JSONValue {
    var object = JSONObject()
    object.set("tap", .string(alignment.tap))
    object.set("tensor", .string(alignment.tensor))
    object.set("means", .string(alignment.means.rawValue))
    object.set("layout", .string(alignment.layout.name))
    object.set("scale", .number(alignment.scale))
    let error = alignment.relativeError.flatMap { $0.isFinite ? $0 : nil }
    object.set("relativeError", error.map { .number($0) } ?? .null)
    object.set("notes", .array(alignment.notes.map { .string($0) }))
    return .object(object)
  }
}
