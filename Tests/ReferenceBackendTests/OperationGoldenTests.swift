/// Every operation and variant against PyTorch in Float64.
import EncoderModel
import ReferenceBackend
import TensorCore
import TensorIO
import Testing

@Suite("Operations of the reference against PyTorch")
struct OperationGoldenTests {
  /// Both sides compute in Float64; sums have at most 200 terms: 200·2⁻⁵³ with room.
  static let tolerance = 1e-14
  let goldens: OperationGoldens
  let reference: ReferenceBackend

  init() throws {
    goldens = try OperationGoldens()
    reference = ReferenceBackend(program: .whisper(oddDimensions), weights: goldens)
  }

  private func node(_ operation: EncoderModel.Operation) -> ProgramNode {
    ProgramNode(name: "node", stage: .stem, operation: operation, inputs: [], shape: [])
  }

  @Test("one operation", arguments: OperationCase.all)
  func operation(_ test: OperationCase) throws {
    let inputs = try test.inputs.map { try goldens.file.tensor($0) }
    let value = try reference.evaluate(node(test.operation), inputs: inputs)
    #expect(value.scalarType == .float64)
    #expect(relativeDistance(value, try goldens.file.tensor(test.name)) <= Self.tolerance)
  }

  @Test(
    "attention without maps",
    arguments: [
      ("attention", Softmax()), ("attention.causal", Softmax(mask: .causal(ahead: 0))),
      ("attention.padding", Softmax(numUnmaskedPaddingKeys: 36)),
      ("attention.window", Softmax(mask: .window(3))),
    ])
  func attention(_ name: String, _ softmax: Softmax) throws {
    let value = try reference.evaluateAttention(
      scores: node(.attentionScores(AttentionScores(numHeads: 2, scale: OperationCase.scale))),
      softmax: node(.softmax(softmax)),
      context: node(.attentionContext(AttentionContext(numHeads: 2))),
      query: try goldens.file.tensor("x.q"), key: try goldens.file.tensor("x.k"),
      value: try goldens.file.tensor("x.v"))
    #expect(relativeDistance(value, try goldens.file.tensor(name)) <= Self.tolerance)
  }

  @Test("GELU keeps its digits far out on both sides")
  func geluTails() throws {
    let x = Tensor([-37.5, -20, -10, -1e-300, -0.0, 0, 1e-300, 3, 50, .infinity], shape: [1, 10])
    let value = try reference.evaluate(node(.gelu(.erf)), inputs: [x]).float64Array
    // mpmath: x·ncdf(x) with 30 digits.
    let expected = [
      -1.7270073785932332e-306, -5.507248237212468e-88, -7.619853024160526e-23, -5e-301, 0, 0,
      5e-301, 2.99595030590511, 50, .infinity,
    ]
    for (value, expected) in zip(value, expected) {
      #expect(
        value == expected || abs(value - expected) <= 1e-15 * abs(expected), "\(value), \(expected)"
      )
    }
  }

  @Test("NaN stays in its row")
  func notANumber() throws {
    var values = try goldens.file.tensor("x.wide").float64Array
    values[3 * 200 + 5] = .nan
    let x = Tensor(values, shape: [23, 200])
    let layer = Linear(weight: WeightReference("w.dense"), bias: nil)
    let y = try reference.evaluate(node(.linear(layer)), inputs: [x]).float64Array
    for (index, value) in y.enumerated() { #expect(value.isNaN == (index / 21 == 3)) }
  }

  @Test("inputs that do not fit are refused")
  func misfits() throws {
    let x = noise([4, 7])
    for operation in [
      EncoderModel.Operation.linear(Linear(weight: WeightReference("w.dense"), bias: nil)),
      .layerNorm(LayerNorm(weight: WeightReference("w.gain"), bias: nil)),
      .conv1d(Conv1D(weight: WeightReference("w.conv"), bias: nil, stride: 1)),
      .softmax(Softmax()), .add, .addPosition(WeightReference("w.table")),
    ] {
      #expect(throws: ReferenceError.self) {
        try reference.evaluate(node(operation), inputs: [x])
      }
    }
  }
}
