import EncoderModel

/// Faults of how operations are wired: residuals, norms, whole blocks, the output.
enum StructureFaults {
  static let all: [Fault] = wiring + blocks + output

  private static let wiring: [Fault] = [
    Fault(
      "residual-missing", ids: [47], "the residual connection is missing",
      remedy: "add the block's running sum to the branch",
      sites: { $0.names { $0.operation == .add } }
    ) { program, site, _ in
      guard let branch = program.node(named: site)?.inputs.last else { return }
      program.bypass(site, input: branch)
    },
    Fault(
      "branch-missing", ids: [47],
      "the branch does not enter the residual sum: attention, or the MLP, is skipped",
      remedy: "add the branch to the block's running sum",
      sites: { $0.names { $0.operation == .add } }
    ) { program, site, _ in program.bypass(site) },
    Fault(
      "residual-from-normed", ids: [47],
      "the residual is taken from the normed x instead of from x",
      remedy: "keep x before the layer norm for the residual",
      sites: { $0.names { $0.operation == .add } }
    ) { program, site, _ in
      let isAttention = site.hasSuffix(".attn_residual")
      let block = isAttention ? site.replacingSuffix(".attn_residual", with: "") : site
      program.edit(site) { $0.inputs[0] = block + (isAttention ? ".attn_ln" : ".mlp_ln") }
    },
    sumFault(
      "residual-scaled", input: 0, "the residual enters its sum multiplied by a constant",
      remedy: "add the running sum once, as it is"),
    sumFault(
      "branch-scaled", input: 1, "the branch enters the residual sum multiplied by a constant",
      remedy: "add the branch once, as it is: Whisper has no layer scale and no half steps"),
    Fault(
      "block-parallel", ids: [47],
      "the MLP reads the block's input instead of the sum behind the attention",
      remedy: "Whisper's block is sequential: the MLP reads x + attn(ln(x))",
      sites: { $0.inBlocks("mlp_ln") }
    ) { program, site, _ in
      guard let stage = program.node(named: site)?.stage else { return }
      let input = program.inputTap(of: stage)
      program.edit(site) { $0.inputs = [input] }
    },
    Fault(
      "attention-out-missing", ids: [47], "attention's output projection is not applied",
      remedy: "multiply the merged heads by attn.out and add its bias",
      sites: { $0.inBlocks("attn.out") }
    ) { program, site, _ in program.bypass(site) },
    Fault(
      "layer-norm-missing", ids: [45], "the block's layer norm is missing",
      remedy: "normalise before the attention and before the MLP",
      sites: { $0.inBlocks("attn_ln") + $0.inBlocks("mlp_ln") }
    ) { program, site, _ in program.bypass(site) },
    Fault(
      "post-norm", ids: [47],
      "the norms stand after the residual sums instead of before the branches",
      remedy: "Whisper is pre-norm: x + attn(ln(x)), then x + mlp(ln(x))",
      defaultSites: .all, sites: { $0.inBlocks("attn_ln") }
    ) { program, site, _ in
      let block = site.replacingSuffix(".attn_ln", with: "")
      program.bypass(site)
      program.bypass("\(block).mlp_ln")
      program.wrap(
        "\(block).attn_residual", suffix: "sum", operation: .layerNorm(.named("\(block).attn_ln")))
      program.wrap(block, suffix: "sum", operation: .layerNorm(.named("\(block).mlp_ln")))
    },
  ]

  private static func sumFault(
    _ slug: String, input: Int, _ summary: String, remedy: String
  ) -> Fault {
    Fault(
      slug, ids: [47], summary, remedy: remedy,
      parameter: .number("factor", 2, trying: [0.5], fit: .linear, neutral: 1),
      sites: { $0.names { $0.operation == .add } }
    ) { program, site, value in
      guard let node = program.node(named: site), node.inputs.count == 2 else { return }
      program.insertBefore(
        site, input: input, suffix: "factor", operation: .transform(.scaled(value.number)),
        shape: node.shape)
    }
  }

  private static let blocks: [Fault] = [
    Fault(
      "block-skipped", ids: [47], "the block is skipped", remedy: "run every block once",
      defaultSites: .middle, sites: Sites.blocks
    ) { program, site, _ in
      guard let stage = program.node(named: site)?.stage else { return }
      program.bypass(site, input: program.inputTap(of: stage))
    },
    Fault(
      "block-duplicated", ids: [47], "the block is applied twice", remedy: "run every block once",
      defaultSites: .middle, sites: Sites.blocks
    ) { program, site, _ in
      guard let stage = program.node(named: site)?.stage, let end = program.index(of: site) else {
        return
      }
      let input = program.inputTap(of: stage)
      let first = "\(site)#once"
      var copies: [ProgramNode] = []
      for node in program.nodes(in: stage) {
        var copy = node
        copy.name = node.name == site ? "\(site)#twice" : "\(node.name)#twice"
        copy.inputs = node.inputs.map { $0 == input ? first : "\($0)#twice" }
        copies.append(copy)
      }
      program.nodes[end].name = first
      var last = program.nodes[end]
      last.name = site
      last.operation = .transform(.identity)
      last.inputs = ["\(site)#twice"]
      program.nodes.insert(contentsOf: copies + [last], at: end + 1)
    },
  ]

  private static let output: [Fault] = [
    Fault(
      "ln-post-missing", ids: [45], "ln_post is missing: the last block's output is returned",
      remedy: "apply encoder.ln_post to the output of the last block", sites: Sites.output
    ) { program, site, _ in program.bypass(site) },
    Fault(
      "ln-post-twice", ids: [46], "ln_post is applied twice", remedy: "apply ln_post once",
      sites: Sites.output
    ) { program, site, _ in
      program.wrap(site, suffix: "once", operation: .layerNorm(.named(site)))
    },
    activationFault(
      "scaled", ids: [46], "the tensor is multiplied by a constant",
      remedy: "remove the factor: it hides the cause instead of mending it",
      parameter: .number("factor", 0.234, trying: [0.5, 2, 0.1, 10], fit: .linear, neutral: 1)
    ) { .scaled($0.number) },
    activationFault(
      "offset", ids: [46], "a constant is added to the tensor",
      remedy: "remove the constant: it hides the cause instead of mending it",
      parameter: .number("constant", 1, fit: .linear)
    ) { .offset($0.number) },
    activationFault(
      "memory-transposed", ids: [48], "the tensor is written transposed",
      remedy: "write [frames, channels]", parameter: nil
    ) { _ in .memoryTransposed },
    activationFault(
      "frames-shifted", ids: [16], "the tensor is shifted in time",
      remedy: "align the frames: frame t must come from frame t",
      parameter: .wholeNumber("frames", 1, trying: { _ in [1, -1, 2, -2] }, fit: .frameShift)
    ) { .framesShifted(Int($0.number)) },
    activationFault(
      "channels-reversed", ids: [48], "the channels are in reverse order",
      remedy: "keep their order", parameter: nil
    ) { _ in .channelsReversed },
    activationFault(
      "frames-reversed", ids: [48], "the frames are in reverse order", remedy: "keep their order",
      parameter: nil
    ) { _ in .framesReversed },
    Fault(
      "stale-rows", ids: [49],
      "the frames from some point on are those of an earlier tensor: a buffer that was not refilled",
      remedy: "write the whole buffer on every call",
      parameter: .wholeNumber(
        "from", -1, in: { 0...max($0.dimensions.numAudioContext - 1, 0) },
        trying: { [0, $0.dimensions.numAudioContext / 2] }, fit: .frame),
      sites: { ["encoder.ln_post"] + $0.blockOutputs }
    ) { program, site, value in
      guard let node = program.node(named: site) else { return }
      let from = value.number < 0 ? node.shape[0] / 2 : Int(value.number)
      program.wrap(
        site, suffix: "fresh", operation: .replaceRows(from: from),
        moreInputs: [program.inputTap(of: node.stage)])
    },
    Fault(
      "values-clipped", ids: [52], "the values are cut off at a limit",
      remedy: "do not clamp: Whisper's activations stay far below f16's 65504",
      parameter: .number("limit", 1, above: 0, fit: .extreme, neutral: .infinity),
      sites: { $0.blockOutputs + $0.inBlocks("attn_residual") + ["encoder.ln_post"] }
    ) { program, site, value in
      program.wrap(site, suffix: "whole", operation: .transform(.clipped(value.number)))
    },
    activationFault(
      "frames-zeroed", ids: [49], "the frames from some point on are zero",
      remedy: "compute every frame",
      parameter: .wholeNumber(
        "from", 1, in: { _ in 0...FaultParameter.limit }, trying: { _ in [1] }, fit: .frame)
    ) { .framesZeroed(from: Int($0.number)) },
    activationFault(
      "frame-overflowed", ids: [52], "one frame overflows f16's range to ±∞",
      remedy: "keep this tensor in f32 or bf16, or scale before the cast",
      parameter: .wholeNumber(
        "frame", 0, in: { _ in 0...FaultParameter.limit }, trying: { _ in [0] }, fit: .frame)
    ) { .frameOverflowed(Int($0.number)) },
  ]

  /// A transform put behind whatever stands at the site.
  private static func activationFault(
    _ slug: String, ids: [Int], _ summary: String, remedy: String, parameter: FaultParameter?,
    _ transform: @escaping @Sendable (FaultValue) -> TensorTransform
  ) -> Fault {
    Fault(
      slug, ids: ids, summary, remedy: remedy, parameter: parameter,
      defaultSites: .only("encoder.ln_post"), sites: Sites.activationsOfAnyKind
    ) { program, site, value in
      program.wrap(site, suffix: "sound", operation: .transform(transform(value)))
    }
  }
}
