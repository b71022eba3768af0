package import TensorIO

extension ModelSummary {
  /// What a terminal shows: a label and a value each.
  package var rows: [(label: String, value: String)] {
    let d = dimensions
    var rows = [
      ("model", name), ("format", format),
      (
        "encoder",
        "\(d.numMels) mels, \(d.numAudioContext) frames, width \(d.audioWidth), "
          + "\(d.numAudioHeads) heads of \(d.headDim), \(d.numAudioLayers) layers, "
          + "\(numEncoderParameters) parameters"
      ),
      (
        "decoder",
        d.text.map {
          "\($0.numVocabulary) tokens, context \($0.numTextContext), width \($0.textWidth), "
            + "\($0.numTextHeads) heads, \($0.numTextLayers) layers, "
            + "\(numDecoderParameters) parameters"
        } ?? "none"
      ),
      (
        "stored as",
        storedTypes.map { "\($0.type): \($0.numTensors) tensors, \($0.numElements) elements" }
          .joined(separator: "; ")
      ),
      ("as Float32", "\(float32ByteCount) bytes"),
      ("tokenizer", tokenizer), ("encoder hash", encoderWeightsHash),
    ]
    if !unknownTensors.isEmpty {
      let more = unknownTensors.count > 8 ? ", … (\(unknownTensors.count) in all)" : ""
      rows.append(("unused tensors", unknownTensors.prefix(8).joined(separator: ", ") + more))
    }
    return rows
  }

  private var tokenizer: String {
    if let numEmbeddedTokens { return "\(numEmbeddedTokens) tokens inside the checkpoint" }
    return tokenizerPath ?? "none"
  }

  /// Schema `encoder-diff.model/1`.
  package var json: JSONValue {
    func object(_ members: [(String, JSONValue)]) -> JSONValue {
      var object = JSONObject()
      for (key, value) in members { object.set(key, value) }
      return .object(object)
    }
    let d = dimensions
    let text = d.text.map { text in
      object([
        ("layers", .integer(text.numTextLayers)), ("heads", .integer(text.numTextHeads)),
        ("width", .integer(text.textWidth)), ("context", .integer(text.numTextContext)),
        ("vocabulary", .integer(text.numVocabulary)),
        ("parameters", .integer(numDecoderParameters)),
      ])
    }
    return object([
      ("schema", .string("encoder-diff.model/1")), ("model", .string(name)),
      ("format", .string(format)),
      (
        "encoder",
        object([
          ("layers", .integer(d.numAudioLayers)), ("heads", .integer(d.numAudioHeads)),
          ("width", .integer(d.audioWidth)), ("frames", .integer(d.numAudioContext)),
          ("mels", .integer(d.numMels)), ("parameters", .integer(numEncoderParameters)),
        ])
      ),
      ("decoder", text ?? .null),
      (
        "storedTypes",
        .array(
          storedTypes.map {
            object([
              ("type", .string($0.type)), ("tensors", .integer($0.numTensors)),
              ("elements", .integer($0.numElements)),
            ])
          })
      ),
      ("float32Bytes", .integer(float32ByteCount)),
      ("unusedTensors", .array(unknownTensors.map { .string($0) })),
      ("tokenizer", tokenizerPath.map { .string($0) } ?? .null),
      ("embeddedTokens", numEmbeddedTokens.map { .integer($0) } ?? .null),
      ("encoderWeightsHash", .string(encoderWeightsHash)),
    ])
  }
}
