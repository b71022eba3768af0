/// Every way in which engines lay out and name their tensors.
import EncoderModel
import ForeignDumps
import Foundation
import TensorCore
import TensorIO
import Testing

@Suite struct AlignmentTests {
  private func align(
    _ tensors: [String: Tensor], mapping: DumpMapping? = nil, reference: ReferenceSamples = samples
  ) throws -> AlignedDump {
    try DumpAligner(program: program, reference: reference, mapping: mapping)
      .align(MemorySource(tensors))
  }

  /// Foreign layouts of a `[20, 12]` tap.
  static let layouts: [(String, @Sendable (Tensor) -> Tensor)] = [
    ("as it is", { $0 }),
    ("batch axis", { $0.reshaped([1, 20, 12]) }),
    ("channels first", { permuted($0, [1, 0]) }),
    ("channels first with batch axis", { permuted($0, [1, 0]).reshaped([1, 12, 20]) }),
    ("split heads", { permuted($0.reshaped([20, 3, 4]), [1, 0, 2]) }),
    ("split heads, frames first", { $0.reshaped([1, 20, 3, 4]) }),
    ("split heads, transposed", { permuted($0.reshaped([20, 3, 4]), [1, 2, 0]) }),
    ("extents innermost first", { $0.reshaped([12, 20]) }),
    ("flat", { $0.reshaped([240]) }),
    ("padded frames", { concatenated([$0, noise([12, 12], stream: 5)]) }),
    (
      "frames reversed",
      { tensor in concatenated((0..<20).reversed().map { tensor.slicedRows($0..<($0 + 1)) }) }
    ),
    ("half precision", { $0.converted(to: .float16) }),
    ("Float64", { $0.converted(to: .float64) }),
    ("a batch of two", { concatenated([$0, noise([20, 12], stream: 6)]).reshaped([2, 20, 12]) }),
  ]

  @Test("a tensor without a telling name is found by its values", arguments: layouts.indices)
  func byValues(index: Int) throws {
    let (_, lay) = Self.layouts[index]
    let names = ["encoder.blocks.1.attn.context", "encoder.conv2", "encoder.blocks.0"]
    var foreign: [String: Tensor] = [:]
    for (number, name) in names.enumerated() { foreign["value_\(number)"] = lay(tap(name)) }
    let dump = try align(foreign)
    #expect(Set(dump.tapNames) == Set(names))
    #expect(dump.ambiguities.isEmpty)
    for name in names {
      let expected =
        lay(tap(name)).scalarType == .float16
        ? tap(name).converted(to: .float16).converted(to: .float32) : tap(name)
      #expect(areEqual(try dump.tensor(name), expected), "\(name)")
      #expect(dump.alignment(of: name)?.means == .values)
    }
  }

  @Test("an output that is like nothing, or a copy of the last block's, is asked for")
  func unrecognisedOutput() throws {
    let block = tap("encoder.blocks.1")
    for output in [block, noise([20, 12], stream: 31)] {
      let dump = try align(["a": tap("encoder.embed"), "b": block, "c": output])
      #expect(dump.alignment(of: "encoder.ln_post") == nil)
      #expect(dump.possibleOutputs.count == 1 && dump.doubt?.contains("encoder.ln_post") == true)
      #expect(dump.ambiguities.map(\.subject) == ["encoder.ln_post"])
    }
    // Not where it is found, where nothing of its shape is left, and where the user has said it all.
    let found = try align(["a": tap("encoder.ln_post"), "b": noise([20, 12], stream: 31)])
    #expect(found.possibleOutputs.isEmpty && found.doubt == nil)
    let partial = try align(["a": tap("encoder.conv1"), "b": noise([7, 12], stream: 31)])
    #expect(partial.doubt == nil && partial.ambiguities.isEmpty)
    let mapping = DumpMapping(try align(["b": block]))
    #expect(try align(["b": block, "c": block], mapping: mapping).doubt == nil)
  }

  @Test("attention maps, as they are and transposed")
  func maps() throws {
    let scores = tap("encoder.blocks.0.attn.scores")
    let probs = tap("encoder.blocks.1.attn.probs")
    let dump = try align([
      "a": scores.reshaped([1, 3, 20, 20]), "b": permuted(probs, [0, 2, 1]),
      "c": permuted(tap("encoder.blocks.0.attn.probs"), [1, 0, 2]),
    ])
    #expect(areEqual(try dump.tensor("encoder.blocks.0.attn.scores"), scores))
    #expect(areEqual(try dump.tensor("encoder.blocks.1.attn.probs"), probs))
    #expect(
      areEqual(try dump.tensor("encoder.blocks.0.attn.probs"), tap("encoder.blocks.0.attn.probs")))
  }

  @Test(
    "fused projections, named or not", arguments: 0..<8, ["encoder.layers.1.self_attn.qkv", "x"])
  func fused(kind: Int, name: String) throws {
    let parts = ["query", "key", "value"].map { tap("encoder.blocks.1.attn.\($0)") }
    let stacked = concatenated(parts).reshaped([3, 20, 12])
    let byHead = permuted(stacked.reshaped([3, 20, 3, 4]), [1, 2, 0, 3])
    let foreign =
      switch kind {
      case 0: permuted(stacked, [1, 0, 2]).reshaped([20, 36])
      case 1: permuted(stacked, [0, 2, 1]).reshaped([1, 36, 20])
      case 2: stacked
      case 3: permuted(stacked.reshaped([3, 20, 3, 4]), [0, 2, 1, 3])
      case 4: byHead.reshaped([20, 3, 12])
      case 5: byHead.reshaped([1, 20, 36])
      case 6: permuted(byHead.reshaped([20, 36]), [1, 0])
      default: byHead
      }
    let dump = try align([name: foreign])
    for (part, expected) in zip(["query", "key", "value"], parts) {
      #expect(areEqual(try dump.tensor("encoder.blocks.1.attn.\(part)"), expected), "\(part)")
    }
  }

  @Test("Hugging Face's names need no values")
  func huggingFace() throws {
    let names = [
      "model.encoder.conv1": "encoder.conv1", "model.encoder.layer_norm": "encoder.ln_post",
      "model.encoder.layers.0.self_attn_layer_norm": "encoder.blocks.0.attn_ln",
      "model.encoder.layers.0.self_attn.q_proj": "encoder.blocks.0.attn.query",
      "model.encoder.layers.1.self_attn.out_proj.output": "encoder.blocks.1.attn.out",
      "model.encoder.layers.1.final_layer_norm": "encoder.blocks.1.mlp_ln",
      "model.encoder.layers.1.fc1": "encoder.blocks.1.mlp.0",
      "model.encoder.layers.1.activation_fn": "encoder.blocks.1.mlp.1",
      "model.encoder.layers.1.fc2": "encoder.blocks.1.mlp.2",
      "model.encoder.layers.1": "encoder.blocks.1",
    ]
    var foreign: [String: Tensor] = [:]
    for (theirs, ours) in names {
      let value = tap(ours)
      foreign[theirs] =
        theirs.hasSuffix("conv1")
        ? permuted(value, [1, 0]).reshaped([1, 12, 40]) : value.reshaped([1] + value.shape)
    }
    foreign["model.encoder.embed_positions"] = noise([20, 12], stream: 9)
    let dump = try align(foreign, reference: ReferenceSamples())
    for ours in names.values { #expect(areEqual(try dump.tensor(ours), tap(ours)), "\(ours)") }
    #expect(dump.unmappedTensors.map(\.name) == ["model.encoder.embed_positions"])
    #expect(dump.unmappedTensors.first?.reason.contains("position table") == true)
    #expect(dump.lines().contains { $0.contains("channels first") })
  }

  @Test(
    "other people's names",
    arguments: [
      ("/encoder/blocks.0/attn/query/Add_output_0", "encoder.blocks.0.attn.query"),
      ("/e/blocks.1/mlp/mlp.0/Add_output_0", "encoder.blocks.1.mlp.0"),
      ("/e/blocks.1/mlp/mlp.1/Mul_1_output_0", "encoder.blocks.1.mlp.1"),
      ("/layers.1/self_attn/k_proj/MatMul_output_0", "encoder.blocks.1.attn.key"),
      ("/encoder/layers.0/Add_1_output_0", "encoder.blocks.0"),
      ("/encoder/layers.0/Add_output_0", "encoder.blocks.0.attn_residual"),
      ("/encoder/ln_post/LayerNormalization_output_0", "encoder.ln_post"),
      ("encoder_blocks_1_attn_out", "encoder.blocks.1.attn.out"),
      ("encoder/block/0/mlp_ln", "encoder.blocks.0.mlp_ln"),
      ("whisper.encoder.blocks.1.attn_residual.npy", "encoder.blocks.1.attn_residual"),
      ("embd_enc", "encoder.ln_post"), ("enc.blk.1.kqv", "encoder.blocks.1.attn.context"),
    ])
  func names(theirs: String, ours: String) throws {
    let dump = try align(
      [theirs: tap(ours), "zzz": noise([7], stream: 1)], reference: ReferenceSamples())
    #expect(areEqual(try dump.tensor(ours), tap(ours)))
    #expect(dump.alignment(of: ours)?.means == .name)
  }

  @Test(
    "an ONNX node's intermediate values are no taps",
    arguments: [
      "/e/blocks.0/attn/query/MatMul_output_0", "/e/blocks.0/mlp/mlp.1/Add_output_0",
      "/e/blocks.0/mlp/mlp.2/MatMul_output_0", "/e/blocks.0/attn/Mul_output_0",
    ])
  func intermediates(name: String) throws {
    let value = noise(name.contains("mlp.1") ? [20, 48] : [20, 12], stream: 3)
    let dump = try align([name: value, "zzz": noise([7], stream: 1)])
    #expect(dump.alignments.isEmpty)
    #expect(dump.unmappedTensors.count == 2)
  }

  @Test("a faulty tensor under a tap's name stays that tap, NaN and all")
  func faulty() throws {
    var values = noise([20, 12], stream: 77).float32Array
    values[5] = .nan
    let foreign = Tensor(values, shape: [1, 20, 12])
    let dump = try align(["encoder.blocks.0.attn.out": foreign])
    let found = try #require(try dump.tensor("encoder.blocks.0.attn.out")).float32Array
    #expect(found[5].isNaN)
    #expect(found[6] == values[6])
  }

  @Test("q that carries 1/√headDim is rescaled and named; k that is merely wrong is not")
  func scaledQuery() throws {
    func times(_ name: String, _ factor: Float) -> Tensor {
      Tensor(tap(name).float32Array.map { $0 * factor }, shape: [20, 12])
    }
    let query = "encoder.blocks.0.attn.query"
    let key = "encoder.blocks.0.attn.key"
    let dump = try align([query: times(query, 0.5), key: times(key, 0.3)])
    #expect(areEqual(try dump.tensor(query), tap(query)))
    #expect(dump.alignment(of: query)?.notes.contains { $0.contains("1/√headDim") } == true)
    #expect(dump.alignment(of: key)?.scale == 1)
  }

  @Test("scores without their scale are rescaled only where the softmax applied it")
  func unscaledScores() throws {
    let scores = "encoder.blocks.0.attn.scores"
    let probs = "encoder.blocks.0.attn.probs"
    let raw = Tensor(tap(scores).float32Array.map { $0 * 2 }, shape: [3, 20, 20])
    let sound = try align([scores: raw, probs: tap(probs)])
    #expect(areEqual(try sound.tensor(scores), tap(scores)))
    let broken = try align([scores: raw, probs: noise([3, 20, 20], stream: 8)])
    #expect(areEqual(try broken.tensor(scores), raw))
  }

  @Test("what could be two taps is reported, not guessed")
  func ambiguous() throws {
    var twins = samples
    twins.add("encoder.conv2", tap("encoder.gelu2"))
    let dump = try align(
      ["mystery": tap("encoder.gelu2"), "z": noise([3], stream: 2)], reference: twins)
    #expect(dump.alignments.isEmpty)
    #expect(dump.ambiguities.map(\.subject) == ["mystery"])
    #expect(dump.ambiguities.first?.candidates.sorted() == ["encoder.conv2", "encoder.gelu2"])
  }

  @Test("a second copy of a tap that its name tells is no other tap")
  func copies() throws {
    // The block's output is like its residual, and the dump does not hold it.
    var alike = samples
    let residual = tap("encoder.blocks.1.attn_residual")
    let output = Tensor(
      zip(residual.float32Array, noise([20, 12], stream: 4).float32Array).map { $0 + 0.3 * $1 },
      shape: [20, 12])
    alike.add("encoder.blocks.1", output)
    let dump = try align(
      ["encoder.blocks.1.attn_residual": residual, "reshape_17": residual, "reshape_18": residual],
      reference: alike)
    #expect(dump.tapNames == ["encoder.blocks.1.attn_residual"])
    #expect(dump.ambiguities.isEmpty)
    #expect(dump.unmappedTensors.allSatisfy { $0.reason.contains("another copy") })
  }

  @Test("one lone tensor is the encoder's output, even where its values are another tap's")
  func lone() throws {
    let dump = try align(["arr_0": tap("encoder.blocks.1").reshaped([1, 20, 12])])
    #expect(dump.tapNames == ["encoder.ln_post"])
    #expect(dump.missingTaps.count == program.tapNames.count - 1)
  }

  @Test("a mapping file brings the same alignment without values")
  func mapping() throws {
    let query = Tensor(
      tap("encoder.blocks.0.attn.query").float32Array.map { $0 * 0.5 }, shape: [20, 12])
    let foreign = [
      "a": permuted(tap("encoder.conv1"), [1, 0]), "b": tap("encoder.ln_post"),
      "c": permuted(tap("encoder.blocks.0.attn.value").reshaped([20, 3, 4]), [1, 0, 2]), "d": query,
    ]
    let first = try align(foreign)
    #expect(first.alignments.count == 4)
    let path = NSTemporaryDirectory() + "mapping-\(UUID().uuidString).json"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try DumpMapping(first).write(to: path)
    let mapping = try DumpMapping(contentsOf: path)
    let second = try align(foreign, mapping: mapping, reference: ReferenceSamples())
    #expect(second.tapNames == first.tapNames)
    for tap in first.tapNames {
      let one = try #require(try first.tensor(tap))
      #expect(areEqual(try second.tensor(tap), one), "\(tap)")
    }
  }

  @Test(
    "mapping files that make no sense",
    arguments: [
      "{}", "[", "{\"taps\": {\"encoder.conv9\": \"a\"}}", "{\"taps\": {\"encoder.conv1\": \"b\"}}",
      "{\"taps\": {\"encoder.conv1\": 3}}", "{\"taps\": {\"encoder.ln_post\": \"a\"}}",
      "{\"taps\": {\"encoder.conv1\": {\"tensor\": \"a\", \"layout\": \"sideways\"}}}",
    ])
  func badMappings(text: String) throws {
    let path = NSTemporaryDirectory() + "mapping-\(UUID().uuidString).json"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    #expect(throws: TensorIOError.self) {
      try align(["a": tap("encoder.conv1")], mapping: try DumpMapping(contentsOf: path))
    }
  }
}
