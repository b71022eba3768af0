import EncoderModel

/// Faults inside one operation: those of dense layers here, those of the others in files of their own.
enum OperatorFaults {
  static let all: [Fault] =
    ActivationFaults.all + LayerNormFaults.all + dense + AttentionFaults.all

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
      parameter: .wholeNumber("seed", 1, in: { _ in 0...(1 << 53) }, trying: { _ in [1] }),
      sites: Sites.weighted
    ) { program, site, value in
      program.editWeight(site) {
        $0.applying(.randomized(seed: UInt64(value.number)))
      }
    },
    Fault(
      "weights-of-other-operation", ids: [37, 47],
      "the layer has the weights of another one of its block",
      remedy: "check the layer's name in the weight mapping",
      parameter: otherLayer(of: projectionNames, "attn.query"),
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
      "bias-of-other-operation", ids: [36, 37],
      "the layer has the bias of another one of its block",
      remedy: "check the bias's name, and how biases of a fused projection are split: k has none",
      parameter: otherLayer(of: biasedNames, "attn.value"),
      defaultSites: .middle,
      sites: { program in biasedNames.flatMap { program.inBlocks($0) } }
    ) { program, site, value in
      let block = site.split(separator: ".").prefix(3).joined(separator: ".")
      program.editLinear(site) { $0.bias = WeightReference("\(block).\(value.word).bias") }
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

  /// The name of another layer of the block.
  private static func otherLayer(of names: [String], _ first: String) -> FaultParameter {
    FaultParameter(
      name: "layer", defaultValue: .word(first),
      candidates: { _, site in
        names.filter { !site.hasSuffix(".\($0)") }.map { .word($0) }
      },
      complaint: { value, _ in
        names.contains(value.word)
          ? nil : "layer must be one of \(names.joined(separator: ", "))"
      })
  }

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

  /// Layers of a block whose biases are `[width]`.
  private static let biasedNames = ["attn.query", "attn.value", "attn.out", "mlp.2"]
}

extension String {
  /// This text with its ending replaced; unchanged where it ends otherwise.
  func replacingSuffix(_ suffix: String, with replacement: String) -> String {
    hasSuffix(suffix) ? dropLast(suffix.count) + replacement : self
  }
}
