import EncoderModel

/// Products in lower precision, quantised weights, misread bytes.
enum PrecisionFaults {
  static let all: [Fault] = products + weights

  private static let products: [Fault] = [
    productFault("bf16-products", .bfloat16),
    productFault("f16-products", .float16),
    productFault("tf32-products", .tf32),
    productFault("int8-products", .int8),
    Fault(
      "activations-rounded", ids: [50], "the operation's result is stored in a lower precision",
      remedy: "store activations in f32, or declare the precision with --expect",
      parameter: .word("format", ["bf16", "f16", "tf32", "int8"]),
      sites: Sites.activationsOfAnyKind
    ) { program, site, value in
      let format = NumberFormat(rawValue: value.word) ?? .bfloat16
      program.wrap(site, suffix: "f32", operation: .transform(.rounded(format)))
    },
    Fault(
      "computed-in", ids: [50],
      "a layer norm or an activation reads its input and stores its result in a lower precision",
      remedy: "keep its input in f32, or declare the precision with --expect",
      parameter: .word("format", ["bf16", "f16"]),
      sites: { Sites.layerNorms($0) + Sites.activations($0) }
    ) { program, site, value in
      let format = NumberFormat(rawValue: value.word) ?? .bfloat16
      guard let input = program.node(named: site)?.inputs.first,
        let shape = program.node(named: input)?.shape
      else { return }
      program.insertBefore(
        site, suffix: "read", operation: .transform(.rounded(format)), shape: shape)
      program.wrap(site, suffix: "f32", operation: .transform(.rounded(format)))
    },
    Fault(
      "attention-maps-rounded", ids: [50],
      "attention's scores, or its probabilities, are stored in a lower precision",
      remedy: "keep scores and softmax in f32, or declare the precision with --expect",
      parameter: .word("format", ["bf16", "f16"]), sites: Sites.attentionMaps
    ) { program, site, value in
      let format = NumberFormat(rawValue: value.word) ?? .bfloat16
      program.wrap(site, suffix: "f32", operation: .transform(.rounded(format)))
    },
  ]

  private static let weights: [Fault] = [
    Fault(
      "weights-quantized", ids: [53], "the operation's weights were quantised",
      remedy: "load f32 or f16 weights, or declare the quantisation",
      parameter: .word(
        "scheme",
        ["q8_0", "q5_1", "q5_0", "q4_1", "q4_0"] + UniformQuantization.all.map(\.name)
          + EightBitFloat.all.map(\.name)),
      sites: Sites.weighted
    ) { program, site, value in
      let transform =
        UniformQuantization(name: value.word).map { WeightTransform.uniformlyQuantized($0) }
        ?? EightBitFloat(name: value.word).map { .eightBitFloat($0) }
        ?? .quantized(BlockQuantization(rawValue: value.word) ?? .q8_0)
      program.editWeight(site) { $0.applying(transform) }
    },
    Fault(
      "operands-quantized", ids: [53],
      "weights were quantised, and the operation's input is quantised while running",
      remedy: "load f32 weights and ask for f32 products, or declare the quantisation",
      parameter: .word("weights/input", QuantizedOperands.all.map(\.name)), sites: Sites.weighted
    ) { program, site, value in
      guard let operands = QuantizedOperands(name: value.word),
        let weights = operands.weights.weightTransform,
        let input = program.node(named: site)?.inputs.first,
        let shape = program.node(named: input)?.shape
      else { return }
      program.editWeight(site) { $0.applying(weights) }
      program.insertBefore(
        site, suffix: "coded", operation: .transform(.coded(operands.input)), shape: shape)
    },
    Fault(
      "weights-rounded", ids: [50], "the operation's weights are stored in a lower precision",
      remedy: "load the checkpoint's own precision, or declare this one with --expect",
      parameter: .word("format", ["bf16", "f16"]), sites: Sites.weighted
    ) { program, site, value in
      let format = NumberFormat(rawValue: value.word) ?? .bfloat16
      program.editWeight(site) { $0.applying(.rounded(format)) }
    },
    Fault(
      "weights-read-as-f16", ids: [51], "the bytes of f32 weights are read as f16",
      remedy: "read the element type from the checkpoint", defaultSites: .middle,
      sites: Sites.weighted
    ) { program, site, _ in program.editWeight(site) { $0.applying(.readAsFloat16) } },
  ]

  /// Both operands of every product rounded to `format`; accumulation stays in f32.
  private static func productFault(_ slug: String, _ format: NumberFormat) -> Fault {
    Fault(
      slug, ids: [50], "the operands of matrix products are rounded to \(format.rawValue)",
      remedy: "ask the engine for f32 products, or declare it with --expect \(format.rawValue)",
      sites: Sites.products
    ) { program, site, _ in
      let precision = ProductPrecision(operands: format)
      program.editWeight(site) { $0.applying(.rounded(format)) }
      program.editLinear(site) { $0.precision = precision }
      program.editConvolution(site) { $0.precision = precision }
      program.editScores(site) { $0.precision = precision }
      program.edit(site) { node in
        guard case .attentionContext(var context) = node.operation else { return }
        context.precision = precision
        node.operation = .attentionContext(context)
      }
    }
  }
}
