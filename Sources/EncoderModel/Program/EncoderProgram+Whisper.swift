extension EncoderProgram {
  /// Whisper's audio encoder, sound in every operation.
  /// - Note: Source openai/whisper model.py `AudioEncoder`, `ResidualAttentionBlock`,
  ///   `MultiHeadAttention`; q and k unscaled, the scores scaled once by headDim^−1/2.
  package static func whisper(_ dimensions: WhisperDimensions) -> EncoderProgram {
    var nodes = stem(dimensions)
    for index in 0..<dimensions.numAudioLayers { nodes += block(index, dimensions) }
    let program = EncoderProgram(dimensions: dimensions, nodes: nodes)
    let last = ProgramNode(
      name: "encoder.ln_post", stage: .lnPost, operation: .layerNorm(.named("encoder.ln_post")),
      inputs: [program.inputTap(of: .lnPost)],
      shape: [dimensions.numAudioContext, dimensions.audioWidth])
    return EncoderProgram(dimensions: dimensions, nodes: nodes + [last])
  }

  private static func stem(_ dimensions: WhisperDimensions) -> [ProgramNode] {
    let long = [dimensions.numMelFrames, dimensions.audioWidth]
    let short = [dimensions.numAudioContext, dimensions.audioWidth]
    func conv(_ name: String, stride: Int) -> Operation {
      .conv1d(
        Conv1D(
          weight: WeightReference("\(name).weight"), bias: WeightReference("\(name).bias"),
          stride: stride))
    }
    func node(_ name: String, _ operation: Operation, _ inputs: [String], _ shape: [Int])
      -> ProgramNode
    {
      ProgramNode(name: name, stage: .stem, operation: operation, inputs: inputs, shape: shape)
    }
    return [
      node("mel", .input, [], [dimensions.numMelFrames, dimensions.numMels]),
      node("encoder.conv1", conv("encoder.conv1", stride: 1), ["mel"], long),
      node("encoder.gelu1", .gelu(.erf), ["encoder.conv1"], long),
      node("encoder.conv2", conv("encoder.conv2", stride: 2), ["encoder.gelu1"], short),
      node("encoder.gelu2", .gelu(.erf), ["encoder.conv2"], short),
      node(
        "encoder.embed", .addPosition(WeightReference("encoder.positional_embedding")),
        ["encoder.gelu2"], short),
    ]
  }

  private static func block(_ index: Int, _ dimensions: WhisperDimensions) -> [ProgramNode] {
    let stage = EncoderStage.block(index)
    let name = stage.outputTap
    let input = index == 0 ? EncoderStage.stem.outputTap : EncoderStage.block(index - 1).outputTap
    let frames = dimensions.numAudioContext
    let heads = dimensions.numAudioHeads
    let narrow = [frames, dimensions.audioWidth]
    let wide = [frames, dimensions.feedForwardWidth]
    let map = [heads, frames, frames]
    let scale = 1 / Double(dimensions.headDim).squareRoot()
    func node(_ tap: String, _ operation: Operation, _ inputs: [String], _ shape: [Int])
      -> ProgramNode
    {
      ProgramNode(
        name: "\(name).\(tap)", stage: stage, operation: operation,
        inputs: inputs.map { $0.hasPrefix("encoder.") ? $0 : "\(name).\($0)" }, shape: shape)
    }
    func linear(_ layer: String, bias: Bool = true) -> Operation {
      .linear(
        Linear(
          weight: WeightReference("\(name).\(layer).weight"),
          bias: bias ? WeightReference("\(name).\(layer).bias") : nil))
    }
    return [
      node("attn_ln", .layerNorm(.named("\(name).attn_ln")), [input], narrow),
      node("attn.query", linear("attn.query"), ["attn_ln"], narrow),
      node("attn.key", linear("attn.key", bias: false), ["attn_ln"], narrow),
      node("attn.value", linear("attn.value"), ["attn_ln"], narrow),
      node(
        "attn.scores", .attentionScores(AttentionScores(numHeads: heads, scale: scale)),
        ["attn.query", "attn.key"], map),
      node("attn.probs", .softmax(Softmax()), ["attn.scores"], map),
      node(
        "attn.context", .attentionContext(AttentionContext(numHeads: heads)),
        ["attn.probs", "attn.value"], narrow),
      node("attn.out", linear("attn.out"), ["attn.context"], narrow),
      node("attn_residual", .add, [input, "attn.out"], narrow),
      node("mlp_ln", .layerNorm(.named("\(name).mlp_ln")), ["attn_residual"], narrow),
      node("mlp.0", linear("mlp.0"), ["mlp_ln"], wide),
      node("mlp.1", .gelu(.erf), ["mlp.0"], wide),
      node("mlp.2", linear("mlp.2"), ["mlp.1"], narrow),
      ProgramNode(
        name: name, stage: stage, operation: .add,
        inputs: ["\(name).attn_residual", "\(name).mlp.2"], shape: narrow),
    ]
  }
}

extension LayerNorm {
  /// The layer norm whose weights are called `path.weight` and `path.bias`.
  package static func named(_ path: String) -> LayerNorm {
    LayerNorm(weight: WeightReference("\(path).weight"), bias: WeightReference("\(path).bias"))
  }
}
