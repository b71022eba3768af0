import EncoderModel
import Parity
import TensorCore
import Testing

/// Weights from the counter hash: every product's statistics without a file.
struct HashedWeights: WeightSource {
  var weightNames: [String] { [] }
  let shapes: [String: [Int]]
  func weight(_ name: String) throws -> Tensor {
    let shape = shapes[name] ?? [1]
    let stream = name.utf8.reduce(UInt64(7)) { $0 &* 31 &+ UInt64($1) }
    return Tensor.float32(shape) { target in
      for i in target.indices {
        target[i] = Float(
          (CounterHash.uniform(seed: 5, stream: stream, counter: UInt64(i)) - 0.5) * 0.6)
      }
    }
  }
}

/// Values in ±`scale` from the counter hash.
func hashedTensor(_ shape: [Int], seed: UInt64, scale: Double = 1, offset: Double = 0) -> Tensor {
  Tensor.float32(shape) { target in
    for i in target.indices {
      let draw = CounterHash.uniform(seed: seed, stream: 1, counter: UInt64(i))
      target[i] = Float(offset + scale * (2 * draw - 1))
    }
  }
}

/// One block of a small encoder, evaluated by the tests' own oracle.
struct SmallBlock {
  let program: EncoderProgram
  let weights: HashedWeights
  let evaluator: NaiveEvaluator
  let input: Tensor

  init() {
    let dimensions = WhisperDimensions(
      numMels: 8, numAudioContext: 40, audioWidth: 32, numAudioHeads: 2, numAudioLayers: 1)
    program = EncoderProgram.whisper(dimensions)
    var shapes: [String: [Int]] = [:]
    let path = "encoder.blocks.0"
    for name in ["attn_ln", "mlp_ln"] {
      shapes["\(path).\(name).weight"] = [32]
      shapes["\(path).\(name).bias"] = [32]
    }
    for name in ["query", "key", "value", "out"] {
      shapes["\(path).attn.\(name).weight"] = [32, 32]
      shapes["\(path).attn.\(name).bias"] = [32]
    }
    shapes["\(path).mlp.0.weight"] = [128, 32]
    shapes["\(path).mlp.0.bias"] = [128]
    shapes["\(path).mlp.2.weight"] = [32, 128]
    shapes["\(path).mlp.2.bias"] = [32]
    weights = HashedWeights(shapes: shapes)
    evaluator = NaiveEvaluator(weights: weights)
    input = hashedTensor([40, 32], seed: 3)
  }

  /// Taps of the block as Float32, each from the rounded ones before it, `alter` changing nodes.
  func taps(_ alter: (ProgramNode) -> ProgramNode = { $0 }) throws -> [String: Tensor] {
    var values = ["encoder.embed": input]
    for node in program.nodes(in: .block(0)) {
      let inputs = node.inputs.compactMap { values[$0] }
      values[node.name] = try evaluator.evaluate(alter(node), inputs: inputs)
        .converted(to: .float32)
    }
    return values
  }

  func reference() throws -> [String: Tensor] {
    var values = ["encoder.embed": input.converted(to: .float64)]
    for node in program.nodes(in: .block(0)) {
      values[node.name] = try evaluator.evaluate(
        node, inputs: node.inputs.compactMap { values[$0] })
    }
    return values
  }

  func judged(_ taps: [String: Tensor], hidden: [String] = []) throws -> CandidateResult {
    let judge = Judge(program: program, weights: weights, oracle: evaluator)
    var candidate = CandidateJudge(judge: judge, backend: "test")
    let reference = try reference()
    let shown = taps.filter { !hidden.contains($0.key) }
    try candidate.judgeStage(
      .block(0), expected: Set(shown.keys), candidate: { shown[$0] },
      reference: { reference[$0] })
    return candidate.result()
  }
}

@Suite("Precision and verdicts")
struct PrecisionTests {
  private let maps = ["encoder.blocks.0.attn.scores", "encoder.blocks.0.attn.probs"]

  @Test("a block rounded to Float32 is rounding or identical everywhere")
  func sound() throws {
    let block = SmallBlock()
    let result = try block.judged(try block.taps(), hidden: maps)
    #expect(result.verdict == .parity)
    for tap in result.taps { #expect(tap.verdict == .rounding || tap.verdict == .identical) }
  }

  @Test("reduced operands are told apart", arguments: [NumberFormat.bfloat16, .float16, .int8])
  func operands(format: NumberFormat) throws {
    let block = SmallBlock()
    let site = "encoder.blocks.0.mlp.0"
    let taps = try block.taps { node in
      guard node.name == site, case .linear(var linear) = node.operation else { return node }
      var copy = node
      linear.weight = linear.weight.applying(.rounded(format))
      linear.precision.operands = format
      copy.operation = .linear(linear)
      return copy
    }
    let result = try block.judged(taps, hidden: maps)
    #expect(result.verdict == .reducedPrecision)
    #expect(result.firstDivergence == site)
    let tap = try #require(result.taps.first { $0.tap == site })
    #expect(tap.verdict == .reducedPrecision(format))
    #expect(tap.note?.hasPrefix("weights and activations") == true)
  }

  @Test("rounded weights are told from rounded activations")
  func weightsAlone() throws {
    let block = SmallBlock()
    let taps = try block.taps { node in
      guard case .linear(var linear) = node.operation else { return node }
      var copy = node
      linear.weight = linear.weight.applying(.rounded(.bfloat16))
      copy.operation = .linear(linear)
      return copy
    }
    let result = try block.judged(taps, hidden: maps)
    let products = result.taps.filter { $0.verdict == .reducedPrecision(.bfloat16) }
    #expect(products.count == 6)
    #expect(products.allSatisfy { $0.note?.hasPrefix("weights of products") == true })
  }

  @Test("tanh GELU is structural, though no larger than reduced precision")
  func tanhGELU() throws {
    let block = SmallBlock()
    let site = "encoder.blocks.0.mlp.1"
    let taps = try block.taps { node in
      guard node.name == site else { return node }
      var copy = node
      copy.operation = .gelu(.tanh)
      return copy
    }
    let result = try block.judged(taps, hidden: maps)
    #expect(result.firstDivergence == site)
    #expect(result.taps.filter { $0.verdict.isDivergence }.map(\.tap) == [site])
    #expect(result.taps.first { $0.tap == site }?.verdict == .structural)
    #expect(result.taps.last?.verdict == .inherited)
  }

  @Test("results rounded to bf16 are recognised at an operation without a product")
  func results() throws {
    let block = SmallBlock()
    var taps = try block.taps()
    let site = "encoder.blocks.0.attn_ln"
    taps[site] = taps[site]?.converted(to: .bfloat16).converted(to: .float32)
    let result = try block.judged(taps, hidden: maps)
    #expect(result.taps.first?.verdict == .reducedPrecision(.bfloat16))
  }

  @Test(
    "a dump stored as f16 or bf16 is allowed its storage",
    arguments: [ScalarType.float16, .bfloat16])
  func storage(type: ScalarType) throws {
    let block = SmallBlock()
    let taps = try block.taps().mapValues { $0.converted(to: type) }
    let result = try block.judged(taps, hidden: maps)
    #expect(result.verdict == .parity)
  }

  @Test("NaN is found where it arises and inherited after")
  func nonFinite() throws {
    let block = SmallBlock()
    var taps = try block.taps()
    let site = "encoder.blocks.0.mlp.2"
    let values = try #require(taps[site]).float32Array
    taps[site] = Tensor(values.enumerated().map { $0 == 70 ? .nan : $1 }, shape: [40, 32])
    let residual = try #require(taps["encoder.blocks.0.attn_residual"]).float32Array
    taps["encoder.blocks.0"] = Tensor(
      residual.indices.map { residual[$0] + ($0 == 70 ? .nan : values[$0]) }, shape: [40, 32])
    let result = try block.judged(taps, hidden: maps)
    #expect(result.firstDivergence == site)
    #expect(result.taps.first { $0.tap == site }?.verdict == .nonFinite)
    #expect(result.taps.last?.verdict == .inherited)
  }

  @Test("a bias on k is structural at k and harmless after")
  func keyBias() throws {
    let block = SmallBlock()
    let site = "encoder.blocks.0.attn.key"
    let taps = try block.taps { node in
      guard node.name == site, case .linear(var linear) = node.operation else { return node }
      var copy = node
      linear.bias = WeightReference("encoder.blocks.0.attn.key.bias")
      copy.operation = .linear(linear)
      return copy
    }
    let result = try block.judged(taps, hidden: maps)
    #expect(result.taps.filter { $0.verdict == .structural }.map(\.tap) == [site])
    #expect(!result.taps.contains { $0.verdict == .inherited })
  }
}
