import Diagnosis
import EncoderModel
import Parity
import ReferenceBackend
import TensorCore
import Testing

@Suite("Where the output's error comes from")
struct BudgetTests {
  private func budget(_ encoder: SmallEncoder, _ backend: any EncoderBackend) throws -> ErrorBudget
  {
    let candidate = LiveCandidate(backend)
    let sound = try encoder.reference.encodeUnobserved(mel: encoder.mel)
    let measured = try BudgetMeasurement(
      program: encoder.program, evaluator: encoder.reference, candidate: candidate
    ).measure(mel: encoder.mel, reference: sound)
    return try #require(measured)
  }

  @Test("shares of a sound backend's rounding add up to its error", arguments: ["graph", "blas"])
  func rounding(name: String) throws {
    let encoder = SmallEncoder()
    let budget = try budget(encoder, encoder.backend(name))
    #expect(abs(budget.sum - 1) < 0.02)
    #expect(budget.entries.count > 20)
  }

  @Test("reduced precision in one operation is most of the error")
  func precision() throws {
    let encoder = SmallEncoder()
    let site = "encoder.blocks.0.mlp.0"
    let budget = try budget(
      encoder, encoder.backend("graph", encoder.faulty("tf32-products@\(site)")))
    let first = try #require(budget.entries.first)
    #expect(first.tap == site)
    #expect(first.share > 0.98 && first.share < 1.02)
    #expect(abs(budget.sum - 1) < 0.03)
    #expect(budget.sentence?.contains("from \(site)") == true)
  }

  @Test("two large faults share the error, measured by runs")
  func structural() throws {
    let encoder = SmallEncoder()
    let sites = ["encoder.blocks.0.mlp.1", "encoder.blocks.1.attn.out"]
    let budget = try budget(
      encoder,
      encoder.backend(
        "graph", encoder.faulty("gelu-relu@\(sites[0])", "linear-bias-missing@\(sites[1])")))
    #expect(Set(budget.entries.prefix(2).map(\.tap)) == Set(sites))
    #expect(budget.entries.prefix(2).contains { $0.isExact })
    #expect(abs(budget.sum - 1) < 0.05)
  }

  @Test("the derivative of every operation agrees with differences")
  func derivatives() throws {
    let encoder = SmallEncoder()
    var values = ["mel": encoder.mel.converted(to: .float64)]
    _ = try encoder.reference.encode(
      mel: encoder.mel, observing: Set(encoder.program.tapNames)
    ) { values[$0] = $1 }
    for node in encoder.program.nodes where !node.isAttentionMap && node.name != "mel" {
      if case .attentionContext = node.operation { continue }
      let inputs = node.inputs.compactMap { values[$0] }
      let cotangent = noise(node.shape, seed: 5)
      let pulled = try encoder.reference.pullback(node, inputs: inputs, cotangent: cotangent)
      try check(pulled, inputs, cotangent) { try encoder.reference.evaluate(node, inputs: $0) }
    }
  }

  @Test("the derivative of attention agrees with differences")
  func attention() throws {
    let encoder = SmallEncoder()
    let path = "encoder.blocks.0.attn"
    let scores = try #require(encoder.program.node(named: "\(path).scores"))
    let softmax = try #require(encoder.program.node(named: "\(path).probs"))
    let context = try #require(encoder.program.node(named: "\(path).context"))
    let inputs = (UInt64(1)...3).map { noise([40, 48], seed: $0) }
    let cotangent = noise([40, 48], seed: 7)
    let pulled = try encoder.reference.pullbackAttention(
      scores: scores, context: context, query: inputs[0], key: inputs[1], value: inputs[2],
      cotangent: cotangent)
    try check(pulled, inputs, cotangent) {
      try encoder.reference.evaluateAttention(
        scores: scores, softmax: softmax, context: context, query: $0[0], key: $0[1], value: $0[2])
    }
  }

  /// ⟨Jᵀg, d⟩ against ⟨g, (f(x + hd) − f(x − hd))/2h⟩.
  private func check(
    _ pulled: [Tensor], _ inputs: [Tensor], _ cotangent: Tensor,
    _ function: ([Tensor]) throws -> Tensor
  ) throws {
    let step = 1e-5
    for (index, input) in inputs.enumerated() {
      let direction = noise(input.shape, seed: UInt64(20 + index))
      func moved(_ sign: Double) throws -> Tensor {
        var copy = inputs
        copy[index] = sum(input, direction, sign * step)
        return try function(copy)
      }
      let slope = sum(try moved(1), try moved(-1), -1)
      let expected = dot(cotangent, slope) / (2 * step)
      let found = dot(pulled[index], direction)
      #expect(abs(found - expected) <= 1e-5 * (abs(expected) + 1), "input \(index)")
    }
  }
}

/// Float64 noise in ±1.
private func noise(_ shape: [Int], seed: UInt64) -> Tensor {
  Tensor.float64(shape) { out in
    for i in out.indices {
      out[i] = 2 * CounterHash.uniform(seed: seed, stream: 0, counter: UInt64(i)) - 1
    }
  }
}

private func sum(_ a: Tensor, _ b: Tensor, _ factor: Double) -> Tensor {
  let (x, y) = (a.float64Array, b.float64Array)
  return Tensor(x.indices.map { x[$0] + factor * y[$0] }, shape: a.shape)
}

private func dot(_ a: Tensor, _ b: Tensor) -> Double {
  zip(a.float64Array, b.float64Array).reduce(0) { $0 + $1.0 * $1.1 }
}
