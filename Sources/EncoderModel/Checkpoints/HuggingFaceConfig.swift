import TensorIO

/// What `config.json` of a Hugging Face Whisper says of sizes.
struct HuggingFaceConfig: Sendable {
  let dimensions: WhisperDimensions
  /// Whether the output projection is the token embedding, whatever the file holds besides.
  let tiesWordEmbeddings: Bool

  /// - `hasDecoder`: whether the tensors hold one; sizes of the decoder are read only then.
  /// Throws `file` where it is no JSON, `unreadable` where a size is missing or the activation
  ///   is not Whisper's.
  init(path: String, hasDecoder: Bool) throws(ModelError) {
    let value: JSONValue
    do { value = try parseJSONFile(path) } catch { throw .file(error) }
    guard let object = value.objectValue else {
      throw .unreadable(path: path, reason: "expected a JSON object, found \(value.kind)")
    }
    func size(_ keys: String...) throws(ModelError) -> Int {
      for key in keys { if let value = object[key]?.intValue { return value } }
      throw .unreadable(
        path: path, reason: "'\(keys[0])' is missing or no integer; is this a Whisper config?")
    }
    let activation = object["activation_function"]?.stringValue ?? "gelu"
    guard activation == "gelu" else {
      throw .unreadable(
        path: path,
        reason: "activation_function is '\(activation)'; Whisper's encoder uses 'gelu' (exact erf)")
    }
    let width = try size("d_model", "n_audio_state")
    dimensions = try WhisperDimensions(
      numMels: size("num_mel_bins", "n_mels"),
      numAudioContext: size("max_source_positions", "n_audio_ctx"), audioWidth: width,
      numAudioHeads: size("encoder_attention_heads", "n_audio_head"),
      numAudioLayers: size("encoder_layers", "n_audio_layer"),
      text: hasDecoder
        ? TextDimensions(
          numVocabulary: size("vocab_size", "n_vocab"),
          numTextContext: size("max_target_positions", "n_text_ctx"),
          textWidth: size("n_text_state", "d_model"),
          numTextHeads: size("decoder_attention_heads", "n_text_head"),
          numTextLayers: size("decoder_layers", "n_text_layer"))
        : nil
    ).checked(path: path)
    let wide = dimensions.feedForwardWidth
    if let stated = object["encoder_ffn_dim"]?.intValue, stated != wide {
      throw .unreadable(
        path: path, reason: "encoder_ffn_dim is \(stated) where 4·d_model = \(wide) was expected")
    }
    tiesWordEmbeddings = object["tie_word_embeddings"]?.boolValue ?? true
  }
}
