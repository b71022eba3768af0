import TensorIO

/// Opens whatever `--model` names. Tensors are looked at, not read: that happens on first use.
package enum ModelLoader {
  /// A model from a folder, a file, or `synthetic:SIZE[@SEED]`.
  ///
  /// A file's content decides what it is, not its extension.
  /// - Throws: `unknownModel` where nothing is there; `file` where it cannot be read; `missingWeight`,
  ///   `wrongShape`, `unsupportedScalarType`, `unreadable` where it is no complete Whisper encoder.
  package static func load(_ spec: String) throws(ModelError) -> WhisperModel {
    if spec.hasPrefix("synthetic:") { return try synthetic(spec) }
    if isFolder(spec) { return try huggingFace(CheckpointFolder(spec)) }
    guard fileExists(spec) else {
      throw .unknownModel(
        "\(spec): no such model; expected a Hugging Face folder, a .safetensors, .pt, ggml .bin or "
          + ".onnx file, or one of \(syntheticNames)")
    }
    let source: any TensorSource
    do { source = try openTensorSource(spec) } catch { throw .file(error) }
    let folder = CheckpointFolder(parentFolder(of: spec))
    let hasOwnSizes =
      source is GGMLFile || source is ONNXFile || source.metadata["dims.n_audio_head"] != nil
    if !hasOwnSizes, fileExists(folder.file("config.json")) {
      return try configured(folder, [source], name: lastComponent(of: spec), path: spec)
    }
    return try bare(source, folder: folder)
  }

  /// `synthetic:tiny|base|…[@SEED]`.
  private static func synthetic(_ spec: String) throws(ModelError) -> WhisperModel {
    let parts = spec.dropFirst("synthetic:".count).split(
      separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    guard let size = SyntheticSize(rawValue: String(parts.first ?? "")) else {
      throw .unknownModel("\(spec): no such synthetic model; expected one of \(syntheticNames)")
    }
    guard let seed = parts.count < 2 ? 0 : UInt64(parts[1]) else {
      throw .unknownModel("\(spec): the seed should be a whole number from 0 to 2⁶⁴ − 1")
    }
    let dimensions = size.dimensions
    return model(
      name: spec, format: "synthetic", dimensions: dimensions,
      weights: SyntheticWeights(dimensions: dimensions, seed: seed))
  }

  private static var syntheticNames: String {
    SyntheticSize.allCases.map { "synthetic:\($0.rawValue)" }.joined(separator: ", ")
  }

  /// A folder with config.json and tensors in one file or in shards.
  private static func huggingFace(_ folder: CheckpointFolder) throws(ModelError) -> WhisperModel {
    guard fileExists(folder.file("config.json")) else {
      throw .unreadable(
        path: folder.path, reason: "holds no config.json; expected a Hugging Face folder")
    }
    return try configured(
      folder, folder.sources(), name: lastComponent(of: folder.path), path: folder.path)
  }

  private static func configured(
    _ folder: CheckpointFolder, _ sources: [any TensorSource], name: String, path: String
  ) throws(ModelError) -> WhisperModel {
    var catalogue = WeightCatalogue(path: path)
    for source in sources { try catalogue.add(source) }
    let config = try HuggingFaceConfig(
      path: folder.file("config.json"), hasDecoder: catalogue.hasDecoder)
    // A tied projection that was saved nevertheless is not what Hugging Face would use.
    if config.tiesWordEmbeddings { catalogue.setAside("proj_out.weight") }
    return try model(
      name: name, format: "huggingface", catalogue, config.dimensions,
      tokenizerPath: folder.tokenizerPath)
  }

  /// A file of tensors without a config: sizes come from the tensors and the file's metadata.
  private static func bare(
    _ source: any TensorSource, folder: CheckpointFolder
  ) throws(ModelError) -> WhisperModel {
    var catalogue = WeightCatalogue(path: source.path)
    try catalogue.add(source)
    var stated = StatedDimensions(metadata: source.metadata)
    if let graph = source as? ONNXFile {
      let finder = ONNXWeightFinder(graph)
      try catalogue.addStructure(of: graph, finder)
      if let width = catalogue.shape("encoder.conv1.weight")?.first {
        stated.numAudioHeads = stated.numAudioHeads ?? finder.numHeads(width: width)
      }
    }
    let vocabulary = (source as? GGMLFile)?.vocabulary ?? []
    return try model(
      name: lastComponent(of: source.path), format: formatName(of: source), catalogue,
      catalogue.inferredDimensions(stated), tokenizerPath: folder.tokenizerPath,
      embeddedVocabulary: vocabulary.isEmpty ? nil : vocabulary)
  }

  /// `safetensors`, `openai-pt`, `ggml`, `onnx`, or the container's own name.
  private static func formatName(of source: any TensorSource) -> String {
    switch source {
    case is TorchCheckpoint: "openai-pt"
    case is GGMLFile: "ggml"
    case is ONNXFile: "onnx"
    default: source.formatName
    }
  }

  /// Checks every weight's name, shape and type against the sizes.
  static func model(
    name: String, format: String, _ catalogue: WeightCatalogue, _ dimensions: WhisperDimensions,
    tokenizerPath: String?, embeddedVocabulary: [[UInt8]]? = nil
  ) throws(ModelError) -> WhisperModel {
    var catalogue = catalogue
    var expected = dimensions.encoderWeightShapes + dimensions.decoderWeightShapes
    if let text = dimensions.text, catalogue.origins["proj_out.weight"] != nil {
      expected.append(("proj_out.weight", [text.numVocabulary, text.textWidth]))
    }
    try catalogue.check(expected)
    let known = Set(expected.map(\.name))
    for name in catalogue.origins.keys where !known.contains(name) { catalogue.setAside(name) }
    return model(
      name: name, format: format, dimensions: dimensions, weights: LazyWeights(catalogue),
      tokenizerPath: tokenizerPath, embeddedVocabulary: embeddedVocabulary)
  }

  private static func model(
    name: String, format: String, dimensions: WhisperDimensions, weights: any WeightSource,
    tokenizerPath: String? = nil, embeddedVocabulary: [[UInt8]]? = nil
  ) -> WhisperModel {
    let names = dimensions.encoderWeightShapes.map(\.name)
    return WhisperModel(
      name: name, format: format, dimensions: dimensions, weights: weights,
      tokenizerPath: tokenizerPath, embeddedVocabulary: embeddedVocabulary,
      // Files are checked before; what cannot be read afterwards is told where it is used.
      encoderWeightsHash: (try? WeightsHash.hash(names, of: weights)) ?? "unreadable")
  }
}
