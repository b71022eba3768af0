import EncoderModel
import Parity
import TensorCore
import Testing

/// Blocks of which only input and output are shown: precision is told from faults all the same.
@Suite("Precision of whole blocks")
struct SegmentPrecisionTests {
  private let block = SmallBlock()
  private static let output = "encoder.blocks.0"

  /// The output of a block whose every product has its operands, and every value its result, in
  /// the given formats; alone with the block's input.
  private func judged(
    operands: NumberFormat, results: ScalarType? = nil, stored: ScalarType = .float32,
    _ alter: @escaping (ProgramNode) -> ProgramNode = { $0 }
  ) throws -> TapResult {
    var values = ["encoder.embed": block.input]
    if let results {
      values["encoder.embed"] = block.input.converted(to: results).converted(to: .float32)
    }
    for node in block.program.nodes(in: .block(0)) {
      let inputs = node.inputs.compactMap { values[$0] }
      let value = try block.evaluator.evaluate(
        rounded(alter(node), operands), inputs: inputs.map { product(node, $0, operands) })
      values[node.name] =
        results.map { value.converted(to: $0).converted(to: .float32) }
        ?? value.converted(to: .float32)
    }
    let judge = Judge(
      program: block.program, weights: block.weights, oracle: block.evaluator)
    var candidate = CandidateJudge(judge: judge, backend: "test")
    let shown = values.filter { ["encoder.embed", Self.output].contains($0.key) }
      .mapValues { $0.converted(to: stored) }
    let reference = try block.reference()
    try candidate.judgeStage(
      .block(0), expected: [Self.output], candidate: { shown[$0] }, reference: { reference[$0] })
    return try #require(candidate.result().taps.last)
  }

  /// Operands of attention's products are rounded too, which the evaluator leaves to its inputs.
  private func product(_ node: ProgramNode, _ x: Tensor, _ format: NumberFormat) -> Tensor {
    switch (node.operation, format) {
    case (.attentionScores, .bfloat16), (.attentionContext, .bfloat16):
      x.converted(to: .bfloat16).converted(to: .float32)
    case (.attentionScores, .float16), (.attentionContext, .float16):
      x.converted(to: .float16).converted(to: .float32)
    default: x
    }
  }

  private func rounded(_ node: ProgramNode, _ format: NumberFormat) -> ProgramNode {
    guard format != .float32, case .linear(var linear) = node.operation else { return node }
    var copy = node
    linear.weight = linear.weight.applying(.rounded(format))
    linear.precision.operands = format
    copy.operation = .linear(linear)
    return copy
  }

  @Test("a sound block is rounding")
  func sound() throws {
    #expect(try judged(operands: .float32).verdict == .rounding)
  }

  @Test("operands in one format throughout", arguments: [NumberFormat.bfloat16, .float16])
  func operands(format: NumberFormat) throws {
    #expect(try judged(operands: format).verdict == .reducedPrecision(format))
  }

  @Test(
    "a block computed and stored in a narrow type", arguments: [ScalarType.bfloat16, .float16])
  func narrow(type: ScalarType) throws {
    let format: NumberFormat = type == .bfloat16 ? .bfloat16 : .float16
    for stored in [ScalarType.float32, type] {
      let tap = try judged(operands: format, results: type, stored: stored)
      // Stored in that type, half of it is the dump's own rounding, which may be within the bound.
      #expect(
        tap.verdict == .reducedPrecision(format)
          || stored == type && [.rounding, .inherited].contains(tap.verdict),
        "\(tap.verdict.text) \(tap.introduced?.worstRatio ?? 0)")
    }
  }

  @Test(
    "a fault as small as bf16 stays a fault",
    arguments: ["gelu", "scale", "bias", "epsilon"])
  func faults(kind: String) throws {
    let tap = try judged(operands: .float32) { node in
      var copy = node
      switch (kind, node.operation) {
      case ("gelu", .gelu): copy.operation = .gelu(.tanh)
      case ("scale", .linear(var linear)) where node.name.hasSuffix("mlp.2"):
        linear.weight = linear.weight.applying(.scaled(1.004))
        copy.operation = .linear(linear)
      case ("bias", .linear(var linear)) where node.name.hasSuffix("attn.out"):
        linear.bias = nil
        copy.operation = .linear(linear)
      case ("epsilon", .layerNorm(var norm)) where node.name.hasSuffix("attn_ln"):
        norm.epsilon = 1e-3
        copy.operation = .layerNorm(norm)
      default: break
      }
      return copy
    }
    #expect(tap.verdict == .structural, "\(tap.verdict.text) \(tap.note ?? "")")
  }
}
