/// The same weights from every kind of safetensors checkpoint.
import EncoderModel
import Foundation
import TensorCore
import TensorIO
import Testing

@Suite struct CheckpointTests {
  let folder: TemporaryFolder
  let weights = smallWeights()

  init() throws { folder = try TemporaryFolder() }

  /// Every weight of `model` equals the one written, and no other is there.
  private func expectSameWeights(_ model: WhisperModel) throws {
    #expect(model.dimensions == smallDimensions)
    #expect(Set(model.weights.weightNames) == Set(weights.keys))
    for (name, tensor) in weights {
      let read = try model.weights.weight(name)
      #expect(areEqual(read, tensor), "\(name)")
    }
  }

  @Test("bare safetensors with OpenAI names", arguments: [ScalarType.float32, .float16, .bfloat16])
  func openAINames(type: ScalarType) throws {
    let path = folder.file("model.safetensors")
    try writeSafetensors(path, weights, as: type)
    let model = try ModelLoader.load(path)
    #expect(model.format == "safetensors")
    try expectSameWeights(model)
  }

  @Test("bare safetensors with Hugging Face names")
  func huggingFaceNames() throws {
    let path = folder.file("model.safetensors")
    try writeSafetensors(path, weights, rename: huggingFaceName)
    try expectSameWeights(try ModelLoader.load(path))
  }

  @Test("Hugging Face folders, with and without `model.` in front", arguments: [true, false])
  func huggingFaceFolder(hasPrefix: Bool) throws {
    try folder.write("config.json", configText())
    try writeSafetensors(folder.file("model.safetensors"), weights, as: .bfloat16) { name in
      let theirs = huggingFaceName(name)
      return hasPrefix ? theirs : String(theirs.dropFirst("model.".count))
    }
    let model = try ModelLoader.load(folder.path + "/")
    #expect(model.format == "huggingface")
    try expectSameWeights(model)
  }

  @Test("a sharded folder")
  func sharded() throws {
    try folder.write("config.json", configText())
    var map: [String] = []
    for (shard, keep) in [("a.safetensors", true), ("b.safetensors", false)] {
      let part = weights.filter { $0.key.hasPrefix("encoder.blocks") == keep }
      try writeSafetensors(folder.file(shard), part, rename: huggingFaceName)
      map += part.keys.map { "\"\(huggingFaceName($0))\": \"\(shard)\"" }
    }
    try folder.write(
      "model.safetensors.index.json", "{\"weight_map\": {\(map.joined(separator: ","))}}")
    try expectSameWeights(try ModelLoader.load(folder.path))
  }

  @Test("an index that leads out of its folder is refused")
  func traversal() throws {
    try folder.write("config.json", configText())
    try folder.write(
      "model.safetensors.index.json", "{\"weight_map\": {\"encoder.conv1.weight\": \"../x\"}}")
    #expect(throws: ModelError.self) { try ModelLoader.load(folder.path) }
  }

  @Test("an encoder without a decoder has no text sizes")
  func encoderOnly() throws {
    let path = folder.file("encoder.safetensors")
    try writeSafetensors(path, weights.filter { $0.key.hasPrefix("encoder.") }) {
      String($0.dropFirst("encoder.".count))
    }
    let model = try ModelLoader.load(path)
    #expect(model.dimensions.text == nil)
    let written = try #require(weights["encoder.conv1.bias"])
    let read = try model.weights.weight("encoder.conv1.bias")
    #expect(areEqual(read, written))
  }

  @Test("heads that a file's metadata states outrank width/64")
  func statedHeads() throws {
    let path = folder.file("model.safetensors")
    try writeSafetensors(
      path, weights, metadata: ["dims": "{\"n_audio_head\": 4}", "n_text_head": "8"])
    let dimensions = try ModelLoader.load(path).dimensions
    #expect(dimensions.numAudioHeads == 4)
    #expect(dimensions.text?.numTextHeads == 8)
  }

  @Test("an untied projection is kept, a tied one set aside", arguments: [true, false])
  func projection(isTied: Bool) throws {
    var weights = weights
    weights["proj_out.weight"] = weights["decoder.token_embedding.weight"]
    try folder.write("config.json", configText(extra: "\"tie_word_embeddings\": \(isTied),"))
    try writeSafetensors(folder.file("model.safetensors"), weights) {
      $0 == "proj_out.weight" ? $0 : huggingFaceName($0)
    }
    let model = try ModelLoader.load(folder.path)
    #expect(model.weights.weightNames.contains("proj_out.weight") == !isTied)
  }

  @Test("equal weights have equal hashes whatever the file; one changed bit another")
  func hashes() throws {
    let first = folder.file("a.safetensors")
    let second = folder.file("b.safetensors")
    let third = folder.file("c.safetensors")
    try writeSafetensors(first, weights)
    try writeSafetensors(second, weights, as: .float16, rename: huggingFaceName)
    var changed = weights
    var values = try #require(weights["encoder.blocks.1.mlp.2.weight"]).float32Array
    values[12345].negate()
    changed["encoder.blocks.1.mlp.2.weight"] = Tensor(values, shape: [128, 512])
    try writeSafetensors(third, changed)
    let hashes = try [first, second, third].map { try ModelLoader.load($0).encoderWeightsHash }
    #expect(hashes[0] == hashes[1])
    #expect(hashes[0] != hashes[2])
  }
}

@Suite struct BadCheckpointTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The error of loading small weights after `change`.
  private func error(_ change: (inout [String: Tensor]) -> Void) throws -> ModelError? {
    var weights = smallWeights()
    change(&weights)
    let path = folder.file("model.safetensors")
    try writeSafetensors(path, weights)
    return #expect(throws: ModelError.self) { try ModelLoader.load(path) }
  }

  @Test(
    "a missing weight is named",
    arguments: [
      "encoder.conv1.weight", "encoder.blocks.0.attn.out.bias", "encoder.ln_post.weight",
      "decoder.blocks.0.cross_attn.key.weight", "encoder.positional_embedding",
    ])
  func missing(name: String) throws {
    let error = try error { $0[name] = nil }
    guard case .missingWeight(name, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test("a wrong shape is named with both shapes")
  func wrongShape() throws {
    let name = "encoder.blocks.1.mlp.0.weight"
    let error = try error { $0[name] = Tensor.float32([511, 128]) { $0.update(repeating: 0) } }
    guard case .wrongShape(name, [512, 128], [511, 128], _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test("integers are no weights")
  func integers() throws {
    let storage = TensorStorage(byteCount: 128 * 4) {
      $0.initializeMemory(as: UInt8.self, repeating: 0)
    }
    let name = "encoder.conv2.bias"
    let error = try error { $0[name] = Tensor(shape: [128], scalarType: .int32, storage: storage) }
    guard case .unsupportedScalarType(name, _, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test("two tensors that are the same weight")
  func duplicates() throws {
    let error = try error { weights in
      weights["model.encoder.conv1.bias"] = weights["encoder.conv1.bias"]
    }
    #expect(error.map { "\($0)".contains("encoder.conv1.bias") } == true)
  }

  @Test(
    "a config that is not Whisper's",
    arguments: [
      ("\"encoder_layers\": 2", "\"encoder_layers\": 0"), ("\"gelu\"", "\"relu\""),
      ("\"d_model\": 128", "\"d_model\": 127"),
      ("\"encoder_ffn_dim\": 512", "\"encoder_ffn_dim\": 96"),
      ("\"num_mel_bins\": 6", "\"num_mel_bins\": 7"), ("\"d_model\": 128", "\"d_model\": \"128\""),
      ("\"max_source_positions\": 10", "\"max_source_positions\": 9223372036854775807"), ("{", "["),
    ])
  func config(from: String, to: String) throws {
    try folder.write("config.json", configText().replacingOccurrences(of: from, with: to))
    try writeSafetensors(folder.file("model.safetensors"), smallWeights(), rename: huggingFaceName)
    let error = #expect(throws: ModelError.self) { try ModelLoader.load(folder.path) }
    #expect(error.map { !"\($0)".contains("\n") } == true)
  }

  @Test("a folder without checkpoint, and a file that is none")
  func nothingThere() throws {
    #expect(throws: ModelError.self) { try ModelLoader.load(folder.path) }
    let path = try folder.write("model.bin", "not a model")
    #expect(throws: ModelError.self) { try ModelLoader.load(path) }
  }

  @Test("the shipped model is found up the tree and where it is installed")
  func defaultModel() throws {
    try FileManager.default.createDirectory(
      atPath: folder.file("a/Fixtures/models/spoken-digits"), withIntermediateDirectories: true)
    #expect(
      ModelLoader.defaultModelPath(program: folder.file("a/.build/x/release/encoder-diff"))
        == folder.file("a/Fixtures/models/spoken-digits"))
    try FileManager.default.createDirectory(
      atPath: folder.file("usr/share/encoder-diff/models/spoken-digits"),
      withIntermediateDirectories: true)
    #expect(
      ModelLoader.defaultModelPath(program: folder.file("usr/bin/encoder-diff"))
        == folder.file("usr/share/encoder-diff/models/spoken-digits"))
  }
}
