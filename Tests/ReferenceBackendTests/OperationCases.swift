/// The operations whose results Scripts/operation_goldens.py computes, by the name of the golden.
import EncoderModel
import TensorCore
import TensorIO
import Testing

/// One operation, what it reads, and the golden of the same name.
struct OperationCase: Sendable, CustomTestStringConvertible {
  var name: String
  var operation: EncoderModel.Operation
  var inputs: [String]
  var testDescription: String { name }

  init(_ name: String, _ operation: EncoderModel.Operation, _ inputs: String...) {
    self.name = name
    self.operation = operation
    self.inputs = inputs
  }

  static let all = elementwise + norms + products + attention

  static let elementwise: [OperationCase] =
    activations.map { OperationCase("gelu.\($0)", .gelu($1), "x.narrow") } + [
      OperationCase("position", .addPosition(WeightReference("w.table")), "x.narrow"),
      OperationCase("add", .add, "x.narrow", "x.other"),
      OperationCase("replaced", .replaceRows(from: 7), "x.narrow", "x.other"),
      OperationCase("scaled", .transform(.scaled(0.234)), "x.narrow"),
      OperationCase("offset", .transform(.offset(0.075)), "x.narrow"),
      OperationCase("shifted", .transform(.framesShifted(4)), "x.narrow"),
      OperationCase("shifted-back", .transform(.framesShifted(-4)), "x.narrow"),
      OperationCase("sliced", .transform(.framesSliced(start: 1, step: 2, count: 15)), "x.narrow"),
      OperationCase("memory-transposed", .transform(.memoryTransposed), "x.narrow"),
      OperationCase("padded.replicate", .transform(.framesPadded(.replicate)), "x.narrow"),
      OperationCase("padded.reflect", .transform(.framesPadded(.reflect)), "x.narrow"),
      OperationCase("padded.wrap", .transform(.framesPadded(.wrap)), "x.narrow"),
      OperationCase("frames-reversed", .transform(.framesReversed), "x.narrow"),
      OperationCase("channels-reversed", .transform(.channelsReversed), "x.narrow"),
      OperationCase("rounded", .transform(.rounded(.bfloat16)), "x.narrow"),
      OperationCase(
        "channels-zeroed", .transform(.channelsZeroed(from: 5, count: 7)), "x.narrow"),
      OperationCase("clipped", .transform(.clipped(1.5)), "x.narrow"),
      OperationCase("dealt", .transform(.headsDealt(4)), "x.narrow"),
      OperationCase("zeroed", .transform(.framesZeroed(from: 19)), "x.narrow"),
      OperationCase("overflowed", .transform(.frameOverflowed(5)), "x.narrow"),
    ]
    + ["uint8-per-tensor", "uint7-per-tensor", "int8-by-255-per-channel", "uint8-per-channel"].map {
      OperationCase(
        "coded.\($0)", .transform(.coded(OperandCoding(name: $0) ?? .exact)), "x.narrow")
    }

  private static let activations: [(name: String, function: GELUVariant)] = [
    ("erf", .erf), ("tanh", .tanh), ("tanh-table", .tanhTable), ("quick", .quick), ("relu", .relu),
    ("silu", .silu), ("identity", .identity), ("erf-divided", .erfDividing(by: 1.3)),
    ("tanh-with", .tanhWith(scale: 0.8, cubic: 0.4715)), ("leaky-relu", .leakyReLU(slope: 0.01)),
    ("squared-relu", .squaredReLU), ("hard-swish", .hardSwish), ("mish", .mish), ("elu", .elu),
    ("7.1.25", .erfPolynomial(.threeTerms)), ("7.1.27", .erfPolynomial(.fourthPower)),
  ]

  static let norms: [OperationCase] = [
    OperationCase("layer-norm", norm { _ in }, "x.narrow"),
    OperationCase("layer-norm.eps", norm { $0.epsilon = 1e-2 }, "x.narrow"),
    OperationCase(
      "layer-norm.bare",
      norm {
        $0.weight = nil
        $0.bias = nil
      }, "x.narrow"),
    OperationCase("layer-norm.no-bias", norm { $0.bias = nil }, "x.narrow"),
    OperationCase("layer-norm.rms", norm { $0.isCentred = false }, "x.narrow"),
    OperationCase("layer-norm.sample", norm { $0.usesSampleVariance = true }, "x.narrow"),
    OperationCase(
      "layer-norm.outside",
      norm {
        $0.epsilon = 1e-2
        $0.addsEpsilonToDeviation = true
      }, "x.narrow"),
    OperationCase("layer-norm.mean-kept", norm { $0.keepsMean = true }, "x.narrow"),
    OperationCase("layer-norm.frames", norm { $0.isOverFrames = true }, "x.narrow"),
    OperationCase("layer-norm.f16", norm { $0.usesFloat16Variance = true }, "x.large"),
  ]

  static let products: [OperationCase] =
    [
      OperationCase("linear", dense(), "x.wide"),
      OperationCase("linear.no-bias", dense(bias: false), "x.wide"),
      OperationCase("linear.result-bf16", dense(ProductPrecision(result: .bfloat16)), "x.wide"),
      OperationCase("conv.stride1", conv(stride: 1), "x.mel"),
      OperationCase("conv.stride2", conv(stride: 2), "x.mel"),
      OperationCase("conv.same", conv(stride: 2, 0, 1), "x.mel"),
      OperationCase("conv.valid", conv(stride: 1, 0, 0), "x.mel"),
      OperationCase("conv.no-bias", conv(stride: 2, bias: false), "x.mel"),
      OperationCase("conv.bf16", conv(stride: 2, operands: .bfloat16), "x.mel"),
    ]
    + [NumberFormat.bfloat16, .float16, .tf32, .int8].map {
      OperationCase("linear.\($0.rawValue)", dense(ProductPrecision(operands: $0)), "x.wide")
    }

  static let scale = 1 / 10.0.squareRoot()

  static let attention: [OperationCase] =
    [
      OperationCase(
        "scores", .attentionScores(AttentionScores(numHeads: 2, scale: scale)), "x.q", "x.k"),
      OperationCase(
        "scores.int8",
        .attentionScores(
          AttentionScores(numHeads: 2, scale: scale, precision: ProductPrecision(operands: .int8))),
        "x.q", "x.k"),
      OperationCase("softmax", .softmax(Softmax()), "x.scores"),
      OperationCase("softmax.queries", .softmax(Softmax(axis: .queries)), "x.scores"),
      OperationCase("softmax.heads", .softmax(Softmax(axis: .heads)), "x.scores"),
      OperationCase("softmax.causal", .softmax(Softmax(mask: .causal(ahead: 0))), "x.scores"),
      OperationCase("softmax.keys-from", .softmax(Softmax(mask: .keysFrom(9))), "x.scores"),
      OperationCase("softmax.window", .softmax(Softmax(mask: .window(3))), "x.scores"),
      OperationCase("softmax.ahead", .softmax(Softmax(mask: .causal(ahead: 3))), "x.scores"),
      OperationCase("softmax.strict", .softmax(Softmax(mask: .causal(ahead: -1))), "x.scores"),
      OperationCase("softmax.chunks", .softmax(Softmax(mask: .chunks(7))), "x.scores"),
      OperationCase("softmax.padding", .softmax(Softmax(numUnmaskedPaddingKeys: 36)), "x.scores"),
      OperationCase(
        "context.f16",
        .attentionContext(
          AttentionContext(numHeads: 2, precision: ProductPrecision(operands: .float16))),
        "x.probs", "x.v"),
    ]
    + AttentionContext.HeadOrder.allCases.map { order in
      OperationCase(
        order == .headMajor ? "context" : "context.\(order.rawValue)",
        .attentionContext(AttentionContext(numHeads: 2, headOrder: order)), "x.probs", "x.v")
    }

  private static func norm(_ change: (inout LayerNorm) -> Void) -> EncoderModel.Operation {
    var norm = LayerNorm(weight: WeightReference("w.gain"), bias: WeightReference("w.shift"))
    change(&norm)
    return .layerNorm(norm)
  }

  private static func dense(
    bias: Bool = true, _ precision: ProductPrecision = .exact
  ) -> EncoderModel.Operation {
    .linear(
      Linear(
        weight: WeightReference("w.dense"), bias: bias ? WeightReference("w.dense-bias") : nil,
        precision: precision))
  }

  private static func conv(
    stride: Int, _ left: Int = 1, _ right: Int = 1, bias: Bool = true,
    operands: NumberFormat = .float32
  ) -> EncoderModel.Operation {
    .conv1d(
      Conv1D(
        weight: WeightReference("w.conv"), bias: bias ? WeightReference("w.conv-bias") : nil,
        stride: stride, paddingLeft: left, paddingRight: right,
        precision: ProductPrecision(operands: operands)))
  }
}
