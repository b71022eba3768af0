import EncoderModel

/// Faults inside one operation: layer norms and dense layers; those of activations and of attention lie in
/// `ActivationFaults` and `AttentionFaults`.
enum OperatorFaults {
  static let all: [Fault] = ActivationFaults.all + layerNorm + dense + AttentionFaults.all

  // MARK: Layer norms

  private static let layerNorm: [Fault] = [
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

  // MARK: Dense layers

  private static let dense: [Fault] = [
    Fault(
      "linear-bias-missing", ids: [36], "the layer's bias is dropped", remedy: "add the bias",
      sites: Sites.biasedLinears
    ) { program, site, _ in program.editLinear(site) { $0.bias = nil } },
    Fault(
      "linear-bias-scaled", ids: [36], "the layer's bias is added multiplied by a constant",
      remedy: "add the bias once",
      parameter: .number("factor", 2, trying: [-1], fit: .linear, neutral: 1),
      sites: Sites.biasedLinears
    ) { program, site, value in
      program.editLinear(site) { $0.bias = $0.bias?.applying(.scaled(value.number)) }
    },
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
      isBenign: true, parameter: .number("scale", 1, fit: .linear),
      sites: { $0.inBlocks("attn.key") }
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
      "weights-of-other-operation", ids: [37, 47],
      "the layer has the weights of another one of its block",
      remedy: "check the layer's name in the weight mapping",
      parameter: FaultParameter(
        name: "layer", defaultValue: .word("attn.query"),
        candidates: { _, site in
          projectionNames.filter { !site.hasSuffix(".\($0)") }.map { .word($0) }
        },
        complaint: { value, _ in
          projectionNames.contains(value.word)
            ? nil : "layer must be one of \(projectionNames.joined(separator: ", "))"
        }),
      defaultSites: .middle,
      sites: { program in projectionNames.flatMap { program.inBlocks($0) } }
    ) { program, site, value in
      guard case .block? = program.node(named: site)?.stage else { return }
      let block = site.split(separator: ".").prefix(3).joined(separator: ".")
      program.editLinear(site) { linear in
        linear.weight = WeightReference("\(block).\(value.word).weight")
        // k has no bias to give or to take.
        let isKey = value.word == "attn.key" || site.hasSuffix(".attn.key")
        if !isKey { linear.bias = WeightReference("\(block).\(value.word).bias") }
      }
    },
    Fault(
      "weights-of-other-layer", ids: [37], "the operation has another block's weights",
      remedy: "check the block index in the weight's name", parameter: .layer("layer"),
      defaultSites: .middle,
      sites: { blockWeights($0) { _ in true } }
    ) { program, site, value in takeWeights(&program, site, of: value) },
    Fault(
      "matrix-of-other-layer", ids: [37],
      "the layer has another block's weight matrix, but its own bias",
      remedy: "check the block index in the weight's name", parameter: .layer("layer"),
      defaultSites: .middle,
      sites: { program in
        blockWeights(program) { node in
          if case .linear(let linear) = node.operation { linear.bias != nil } else { false }
        }
      }
    ) { program, site, value in takeWeights(&program, site, of: value, only: ".weight") },
    Fault(
      "bias-of-other-layer", ids: [37], "the operation has another block's bias",
      remedy: "check the block index in the bias's name", parameter: .layer("layer"),
      defaultSites: .middle,
      sites: { program in
        blockWeights(program) { node in
          switch node.operation {
          case .linear(let linear): linear.bias != nil
          case .layerNorm(let norm): norm.bias != nil
          default: false
          }
        }
      }
    ) { program, site, value in takeWeights(&program, site, of: value, only: ".bias") },
  ]

  /// Operations of blocks with weights, where there is another block to take some from.
  private static func blockWeights(
    _ program: EncoderProgram, _ isWanted: (ProgramNode) -> Bool
  ) -> [String] {
    guard program.dimensions.numAudioLayers > 1 else { return [] }
    return program.names { node in
      guard case .block = node.stage, isWanted(node) else { return false }
      switch node.operation {
      case .linear, .layerNorm: return true
      default: return false
      }
    }
  }

  /// Gives an operation the weights of block `value` that end in `suffix`.
  private static func takeWeights(
    _ program: inout EncoderProgram, _ site: String, of value: FaultValue, only suffix: String = ""
  ) {
    guard case .block(let own)? = program.node(named: site)?.stage else { return }
    let other =
      value.number < 0 ? (own + 1) % program.dimensions.numAudioLayers : Int(value.number)
    program.renameWeights(
      at: site, from: "encoder.blocks.\(own).", to: "encoder.blocks.\(other).", only: suffix)
  }

  /// Layers of a block whose weights are `[width, width]`.
  private static let projectionNames = ["attn.query", "attn.key", "attn.value", "attn.out"]
}

extension String {
  /// This text with its ending replaced; unchanged where it ends otherwise.
  func replacingSuffix(_ suffix: String, with replacement: String) -> String {
    hasSuffix(suffix) ? dropLast(suffix.count) + replacement : self
  }
}
