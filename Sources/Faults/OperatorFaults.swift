import EncoderModel

/// Faults inside one operation of a block: activations, layer norms, dense layers, attention.
enum OperatorFaults {
  static let all: [Fault] = activation + layerNorm + dense + attention

  // MARK: Activations

  private static let activation: [Fault] = [
    activationFault(
      "gelu-tanh", ids: [42], "GELU by the tanh approximation (error up to 5e-4 per element)",
      remedy: "nothing needs to change; use the erf form for exact parity", .tanh, isBenign: true),
    activationFault(
      "gelu-quick", ids: [42], "quick-GELU x·σ(1.702x) instead of GELU",
      remedy: "use the erf form x·Φ(x)", .quick),
    activationFault(
      "gelu-missing", ids: [35], "no activation", remedy: "apply GELU here", .identity),
    activationFault(
      "gelu-relu", ids: [42], "ReLU instead of GELU", remedy: "use the erf form x·Φ(x)", .relu),
    activationFault(
      "gelu-silu", ids: [42], "SiLU instead of GELU", remedy: "use the erf form x·Φ(x)", .silu),
  ]

  private static func activationFault(
    _ slug: String, ids: [Int], _ summary: String, remedy: String, _ variant: GELUVariant,
    isBenign: Bool = false
  ) -> Fault {
    Fault(
      slug, ids: ids, summary, remedy: remedy, isBenign: isBenign, sites: Sites.activations
    ) { program, site, _ in program.setOperation(site, .gelu(variant)) }
  }

  // MARK: Layer norms

  private static let layerNorm: [Fault] = [
    Fault(
      "layer-norm-eps", ids: [44], "another epsilon than 1e-5 in the layer norm",
      remedy: "use eps = 1e-5",
      parameter: .number("eps", 1e-6, trying: [1e-12, 1e-8, 1e-3, 1e-4, 0], above: -1e-300),
      sites: Sites.layerNorms
    ) { program, site, value in program.editLayerNorm(site) { $0.epsilon = value.number } },
    layerNormFault(
      "layer-norm-sample-variance", "variance over n − 1 instead of n",
      remedy: "divide the sum of squares by n") { $0.usesSampleVariance = true },
    layerNormFault(
      "layer-norm-affine-missing", "weight and bias of the layer norm left out",
      remedy: "multiply by the weight and add the bias"
    ) {
      $0.weight = nil
      $0.bias = nil
    },
    layerNormFault(
      "layer-norm-weight-missing", "the layer norm's weight left out",
      remedy: "multiply by the weight") { $0.weight = nil },
    layerNormFault(
      "layer-norm-bias-missing", "the layer norm's bias left out", remedy: "add the bias"
    ) { $0.bias = nil },
    layerNormFault(
      "layer-norm-rms", "RMSNorm: the mean is not taken off",
      remedy: "subtract the mean before the variance") { $0.isCentred = false },
    layerNormFault(
      "layer-norm-f16-variance", "variance accumulated in f16, which ends at 65504",
      remedy: "accumulate mean and variance in f32") { $0.usesFloat16Variance = true },
    Fault(
      "layer-norm-weights-swapped", ids: [47],
      "attn_ln and mlp_ln have each other's weights",
      remedy: "Hugging Face: self_attn_layer_norm is attn_ln, final_layer_norm is mlp_ln",
      sites: { $0.inBlocks("attn_ln") }
    ) { program, site, _ in
      let other = site.replacingSuffix("attn_ln", with: "mlp_ln")
      program.setOperation(site, .layerNorm(.named(other)))
      program.setOperation(other, .layerNorm(.named(site)))
    },
    Fault(
      "ln-post-weights-of-block", ids: [47],
      "ln_post has the weights of a block's mlp_ln (Hugging Face's final_layer_norm)",
      remedy: "Hugging Face: the encoder's layer_norm is ln_post",
      parameter: .layer("layer"), sites: Sites.output
    ) { program, site, value in
      let count = program.dimensions.numAudioLayers
      let layer = value.number < 0 ? count - 1 : Int(value.number)
      program.setOperation(site, .layerNorm(.named("encoder.blocks.\(layer).mlp_ln")))
    },
  ]

  private static func layerNormFault(
    _ slug: String, _ summary: String, remedy: String,
    _ change: @escaping @Sendable (inout LayerNorm) -> Void
  ) -> Fault {
    Fault(slug, ids: [44], summary, remedy: remedy, sites: Sites.layerNorms) { program, site, _ in
      program.editLayerNorm(site, change)
    }
  }

  // MARK: Dense layers

  private static let dense: [Fault] = [
    Fault(
      "linear-bias-missing", ids: [36], "the layer's bias is dropped", remedy: "add the bias",
      sites: Sites.biasedLinears
    ) { program, site, _ in program.editLinear(site) { $0.bias = nil } },
    Fault(
      "linear-weight-transposed", ids: [31], "the layer's weight matrix is used transposed",
      remedy: "PyTorch stores [out, in]: multiply by the transpose, or transpose once at load",
      sites: Sites.linears
    ) { program, site, _ in
      program.editLinear(site) { $0.weight = $0.weight.applying(.memoryPermuted(axes: [1, 0])) }
    },
    Fault(
      "key-bias-added", ids: [38],
      "a bias is added to k, which Whisper does not have; it cancels in the softmax",
      remedy: "nothing depends on it; initialise the fused QKV bias of k with zeros to be exact",
      isBenign: true, parameter: .number("scale", 1), sites: { $0.inBlocks("attn.key") }
    ) { program, site, value in
      let donor = site.replacingSuffix("attn.key", with: "attn.query") + ".bias"
      program.editLinear(site) {
        $0.bias = WeightReference(donor, transforms: [.scaled(value.number)])
      }
    },
    Fault(
      "weights-random", ids: [37], "the layer's weights are random numbers",
      remedy: "load the checkpoint's weights here: the name was probably not found",
      parameter: .number("seed", 1), sites: Sites.weighted
    ) { program, site, value in
      program.editWeight(site) {
        $0.applying(.randomized(seed: UInt64(max(0, value.number.isFinite ? value.number : 1))))
      }
    },
    Fault(
      "weights-of-other-layer", ids: [37], "the operation has another block's weights",
      remedy: "check the block index in the weight's name", parameter: .layer("layer"),
      defaultSites: .middle,
      sites: { program in
        guard program.dimensions.numAudioLayers > 1 else { return [] }
        return program.names { node in
          switch node.operation {
          case .linear, .layerNorm: if case .block = node.stage { true } else { false }
          default: false
          }
        }
      }
    ) { program, site, value in
      guard case .block(let own)? = program.node(named: site)?.stage else { return }
      let other =
        value.number < 0 ? (own + 1) % program.dimensions.numAudioLayers : Int(value.number)
      program.renameWeights(at: site, from: "encoder.blocks.\(own).", to: "encoder.blocks.\(other).")
    },
  ]

  // MARK: Attention

  private static let attention: [Fault] = [
    scaleFault("attention-scale-missing", "attention scores are not scaled") { 1 / $0.scale },
    scaleFault("attention-scale-twice", "attention scores are scaled twice") { $0.scale },
    Fault(
      "attention-scale-width", ids: [41], "scores scaled by 1/√width instead of 1/√headDim",
      remedy: "scale by 1/√headDim", sites: Sites.scores
    ) { program, site, _ in
      let width = Double(program.dimensions.audioWidth)
      program.editScores(site) { $0.scale = 1 / width.squareRoot() }
    },
    Fault(
      "softmax-axis", ids: [41], "softmax over the wrong axis", remedy: "normalise over the keys",
      parameter: .word("axis", ["queries", "heads"]), sites: Sites.softmaxes
    ) { program, site, value in
      program.setOperation(
        site, .softmax(Softmax(axis: Softmax.Axis(rawValue: value.word) ?? .queries)))
    },
    Fault(
      "causal-mask", ids: [39], "the encoder's attention is masked causally",
      remedy: "no mask in the encoder: every frame sees every frame", sites: Sites.softmaxes
    ) { program, site, _ in program.setOperation(site, .softmax(Softmax(mask: .causal))) },
    Fault(
      "padded-keys-unmasked", ids: [40],
      "keys that pad the context take part in the softmax with score zero",
      remedy: "mask the padded keys with −∞ before the softmax",
      parameter: .number("keys", 36, trying: [4, 12, 20, 52, 84, 100, 212, 548], above: 0),
      sites: Sites.softmaxes
    ) { program, site, value in
      program.setOperation(site, .softmax(Softmax(numUnmaskedPaddingKeys: Int(value.number))))
    },
    Fault(
      "head-merge-order", ids: [48], "the heads are merged in the wrong order",
      remedy: "transpose [heads, frames, headDim] to [frames, heads, headDim] before the reshape",
      parameter: .word("order", ["channel-major", "unpermuted", "reversed"]), sites: Sites.contexts
    ) { program, site, value in
      program.edit(site) { node in
        guard case .attentionContext(var context) = node.operation else { return }
        context.headOrder = AttentionContext.HeadOrder(rawValue: value.word) ?? .headMajor
        node.operation = .attentionContext(context)
      }
    },
    Fault(
      "qk-swapped", ids: [47], "q and k are swapped in the product: the scores are transposed",
      remedy: "scores = q·kᵀ: queries are the rows", sites: Sites.scores
    ) { program, site, _ in program.edit(site) { $0.inputs.swapAt(0, 1) } },
    projectionSwap("qk-weights-swapped", "query", "key"),
    projectionSwap("kv-weights-swapped", "key", "value"),
    projectionSwap("qv-weights-swapped", "query", "value"),
  ]

  private static func scaleFault(
    _ slug: String, _ summary: String, _ factor: @escaping @Sendable (AttentionScores) -> Double
  ) -> Fault {
    Fault(
      slug, ids: [41], summary, remedy: "multiply q·kᵀ by 1/√headDim, once", sites: Sites.scores
    ) { program, site, _ in program.editScores(site) { $0.scale *= factor($0) } }
  }

  /// The weights (not the biases) of two projections exchanged, as a wrong name mapping does; where
  /// the names carry biases, those follow, and k, which has none, stays without.
  private static func projectionSwap(_ slug: String, _ first: String, _ second: String) -> Fault {
    Fault(
      slug, ids: [47], "the weights of \(first) and \(second) are exchanged",
      remedy: "check the order of \(first) and \(second) in the weight mapping",
      sites: { $0.inBlocks("attn.\(first)") }
    ) { program, site, _ in
      let other = site.replacingSuffix("attn.\(first)", with: "attn.\(second)")
      program.editLinear(site) { $0.weight = WeightReference("\(other).weight") }
      program.editLinear(other) { $0.weight = WeightReference("\(site).weight") }
    }
  }
}

extension String {
  /// This text with its ending replaced; unchanged where it ends otherwise.
  func replacingSuffix(_ suffix: String, with replacement: String) -> String {
    hasSuffix(suffix) ? dropLast(suffix.count) + replacement : self
  }
}
