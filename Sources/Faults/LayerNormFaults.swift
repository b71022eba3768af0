import EncoderModel

/// Faults of layer norms: ε, variance, mean, axis, and whose weights they have.
enum LayerNormFaults {
  static let all: [Fault] = [
    Fault(
      "layer-norm-eps", ids: [44], "another epsilon than 1e-5 in the layer norm",
      remedy: "use eps = 1e-5",
      parameter: .number(
        "eps", 1e-6, trying: [1e-12, 1e-8, 1e-3, 1e-4, 0], above: -1e-300,
        fit: .logarithmic, neutral: 1e-5),
      sites: Sites.layerNorms
    ) { program, site, value in program.editLayerNorm(site) { $0.epsilon = value.number } },
    Fault(
      "layer-norm-eps-outside", ids: [44],
      "the layer norm divides by σ + eps instead of √(σ² + eps)",
      remedy: "add eps = 1e-5 to the variance, under the root",
      parameter: .number("eps", 1e-5, trying: [1e-3], above: 0, fit: .logarithmic),
      sites: Sites.layerNorms
    ) { program, site, value in
      program.editLayerNorm(site) {
        $0.addsEpsilonToDeviation = true
        $0.epsilon = value.number
      }
    },
    layerNormFault(
      "layer-norm-sample-variance", "variance over n − 1 instead of n",
      remedy: "divide the sum of squares by n"
    ) { $0.usesSampleVariance = true },
    layerNormFault(
      "layer-norm-affine-missing", "weight and bias of the layer norm left out",
      remedy: "multiply by the weight and add the bias"
    ) {
      $0.weight = nil
      $0.bias = nil
    },
    layerNormFault(
      "layer-norm-weight-missing", "the layer norm's weight left out",
      remedy: "multiply by the weight"
    ) { $0.weight = nil },
    Fault(
      "layer-norm-unit-offset", ids: [44], "the layer norm multiplies by 1 + weight",
      remedy: "multiply by the weight itself: 1 + weight belongs to Gemma's norms",
      sites: Sites.layerNorms
    ) { program, site, _ in
      program.editLayerNorm(site) { $0.weight = $0.weight?.applying(.offset(1)) }
    },
    layerNormFault(
      "layer-norm-bias-missing", "the layer norm's bias left out", remedy: "add the bias"
    ) { $0.bias = nil },
    layerNormFault(
      "layer-norm-rms", "RMSNorm: the mean is not taken off",
      remedy: "subtract the mean before the variance"
    ) { $0.isCentred = false },
    layerNormFault(
      "layer-norm-mean-kept", "the layer norm divides by σ but does not take the mean off",
      remedy: "subtract the mean before the division"
    ) { $0.keepsMean = true },
    layerNormFault(
      "layer-norm-over-frames", "each channel is normalised over the frames",
      remedy: "normalise each frame over its channels, the last axis"
    ) { $0.isOverFrames = true },
    layerNormFault(
      "layer-norm-f16-variance", "variance accumulated in f16, which ends at 65504",
      remedy: "accumulate mean and variance in f32"
    ) { $0.usesFloat16Variance = true },
    layerNormFault(
      "layer-norm-affine-swapped", "the layer norm's weight and bias have changed places",
      remedy: "multiply by the weight (gamma), then add the bias (beta)"
    ) { norm in (norm.weight, norm.bias) = (norm.bias, norm.weight) },
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
      "layer-norm-weights-of", ids: [47], "the layer norm has the weights of another norm",
      remedy: "check the norm's name: self_attn_layer_norm is attn_ln, final_layer_norm is mlp_ln",
      parameter: FaultParameter(
        name: "norm", defaultValue: .word("encoder.ln_post"),
        candidates: { program, site in
          let sibling =
            site.hasSuffix(".attn_ln")
            ? site.replacingSuffix("attn_ln", with: "mlp_ln")
            : site.replacingSuffix("mlp_ln", with: "attn_ln")
          return [.word(sibling), .word("encoder.ln_post")]
        },
        complaint: { value, program in
          Sites.layerNorms(program).contains(value.word)
            ? nil : "norm must be a layer norm, e.g. encoder.blocks.0.mlp_ln"
        }),
      sites: { $0.inBlocks("attn_ln") + $0.inBlocks("mlp_ln") }
    ) { program, site, value in program.setOperation(site, .layerNorm(.named(value.word))) },
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
}
