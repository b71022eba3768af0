import TensorIO

/// Head counts and other sizes that a file may state beside its tensors; they outrank inference.
struct StatedDimensions: Sendable {
  var numAudioHeads: Int?
  var numTextHeads: Int?

  init() {}

  /// From a safetensors header's strings: OpenAI's `n_audio_head`, Hugging Face's
  /// `encoder_attention_heads`, or a JSON object of either under `dims` or `config`.
  init(metadata: [String: String]) {
    for (key, value) in metadata {
      note(key, Int(value))
      guard key == "dims" || key == "config",
        let object = try? parseJSON(Array(value.utf8), path: key).objectValue
      else { continue }
      for inner in object.keys { note(inner, object[inner]?.intValue) }
    }
  }

  private mutating func note(_ key: String, _ value: Int?) {
    guard let value else { return }
    // OpenAI's .pt holds them under `dims`.
    switch key.hasPrefix("dims.") ? String(key.dropFirst(5)) : key {
    case "n_audio_head", "encoder_attention_heads": numAudioHeads = value
    case "n_text_head", "decoder_attention_heads": numTextHeads = value
    default: break
    }
  }
}

extension WeightCatalogue {
  /// The sizes that the tensors themselves have; heads are 64 wide, as in every released Whisper,
  /// unless `stated` says otherwise.
  /// - Throws: `missingWeight` or `wrongShape` of a tensor that sizes are read from, `unreadable`
  ///   where a width is no multiple of 64 and nothing states the heads.
  func inferredDimensions(_ stated: StatedDimensions) throws(ModelError) -> WhisperDimensions {
    let conv1 = try shape("encoder.conv1.weight", like: "[width, mels, 3]", rank: 3)
    let position = try shape("encoder.positional_embedding", like: "[frames, width]", rank: 2)
    return try WhisperDimensions(
      numMels: conv1[1], numAudioContext: position[0], audioWidth: conv1[0],
      numAudioHeads: heads(width: conv1[0], stated: stated.numAudioHeads, key: "n_audio_head"),
      numAudioLayers: numLayers("encoder"), text: inferredText(stated)
    ).checked(path: path)
  }

  /// The decoder's sizes; `nil` where no tensor is a decoder's.
  private func inferredText(_ stated: StatedDimensions) throws(ModelError) -> TextDimensions? {
    guard hasDecoder else { return nil }
    let tokens = try shape("decoder.token_embedding.weight", like: "[tokens, width]", rank: 2)
    let position = try shape("decoder.positional_embedding", like: "[context, width]", rank: 2)
    return TextDimensions(
      numVocabulary: tokens[0], numTextContext: position[0], textWidth: tokens[1],
      numTextHeads: try heads(width: tokens[1], stated: stated.numTextHeads, key: "n_text_head"),
      numTextLayers: numLayers("decoder"))
  }

  /// Whether any tensor belongs to a decoder.
  var hasDecoder: Bool { origins.keys.contains { $0.hasPrefix("decoder.") } }

  private func shape(_ name: String, like layout: String, rank: Int) throws(ModelError) -> [Int] {
    guard var shape = shape(name) else { throw .missingWeight(name: name, source: path) }
    // Exporters put a batch axis in front.
    while shape.count > rank, shape.first == 1 { shape.removeFirst() }
    guard shape.count == rank else {
      throw .unreadable(
        path: path, reason: "'\(name)' has shape \(shape) where \(layout) was expected")
    }
    return shape
  }

  private func heads(width: Int, stated: Int?, key: String) throws(ModelError) -> Int {
    if let stated { return stated }
    guard width > 0, width % 64 == 0 else {
      throw .unreadable(
        path: path,
        reason: "width \(width) is no multiple of 64, so the number of heads is unknown; "
          + "put '\(key)' into the file's metadata or a config.json beside it")
    }
    return width / 64
  }

  /// One more than the largest block number.
  private func numLayers(_ side: String) -> Int {
    let prefix = "\(side).blocks."
    var count = 0
    for name in origins.keys where name.hasPrefix(prefix) {
      let digits = name.dropFirst(prefix.count).prefix { $0.isNumber }
      // A number beyond any model is left for the check of missing weights to name.
      if let index = Int(digits), index < 1000 { count = max(count, index + 1) }
    }
    return count
  }
}

extension WhisperDimensions {
  /// The sizes themselves, if they are those of a possible model; their products then fit an Int.
  /// - Throws: `unreadable` with the size that is not.
  func checked(path: String) throws(ModelError) -> WhisperDimensions {
    var sizes = [
      ("mel bands", numMels, 1024), ("frames of context", numAudioContext, 1 << 20),
      ("encoder width", audioWidth, 1 << 16), ("encoder heads", numAudioHeads, 1 << 12),
      ("encoder layers", numAudioLayers, 1000),
    ]
    if let text {
      sizes += [
        ("tokens", text.numVocabulary, 1 << 24), ("text context", text.numTextContext, 1 << 20),
        ("decoder width", text.textWidth, 1 << 16), ("decoder heads", text.numTextHeads, 1 << 12),
        ("decoder layers", text.numTextLayers, 1000),
      ]
    }
    for (name, value, limit) in sizes where value < 1 || value > limit {
      throw .unreadable(path: path, reason: "\(value) \(name): expected 1 to \(limit)")
    }
    guard audioWidth % numAudioHeads == 0, audioWidth % 2 == 0 else {
      throw .unreadable(
        path: path,
        reason: "encoder width \(audioWidth) does not split into \(numAudioHeads) heads")
    }
    if let text, text.textWidth % text.numTextHeads != 0 {
      throw .unreadable(
        path: path,
        reason: "decoder width \(text.textWidth) does not split into \(text.numTextHeads) heads")
    }
    return self
  }
}
