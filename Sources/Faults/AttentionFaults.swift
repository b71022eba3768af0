import EncoderModel

/// Faults of attention: scale, softmax, masks, heads, and which projection is which.
enum AttentionFaults {
  static let all: [Fault] = [
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
      "attention-scale", ids: [41], "scores are scaled by another factor than 1/√headDim",
      remedy: "scale by 1/√headDim, once",
      parameter: .number("times", 0.5, trying: [2], fit: .logarithmic, neutral: 1),
      sites: Sites.scores
    ) { program, site, value in program.editScores(site) { $0.scale *= value.number } },
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
    ) { program, site, _ in program.setOperation(site, .softmax(Softmax(mask: .causal(ahead: 0))))
    },
    Fault(
      "causal-mask-offset", ids: [39],
      "each frame attends to the frames before it and so many after it (−1: not to itself)",
      remedy: "no mask in the encoder: every frame sees every frame",
      parameter: FaultParameter(
        name: "frames", defaultValue: .number(-1),
        candidates: { program, _ in
          let frames = program.dimensions.numAudioContext
          return [-1, 1, frames / 24, frames / 6, frames / 2].filter { $0 != 0 }
            .map { .number(Double($0)) }
        },
        complaint: { value, program in
          let frames = program.dimensions.numAudioContext
          guard let count = Int(exactly: value.number), abs(count) < frames else {
            return "frames must be a whole number between -\(frames) and \(frames)"
          }
          return nil
        }, fit: .signedFrames),
      sites: Sites.softmaxes
    ) { program, site, value in
      program.setOperation(site, .softmax(Softmax(mask: .causal(ahead: Int(value.number)))))
    },
    Fault(
      "attention-chunks", ids: [39],
      "the frames attend in chunks that do not see each other",
      remedy: "no chunks in the encoder: every frame sees every frame",
      parameter: frameCount("length") { [$0 / 2, $0 / 3, $0 / 4, $0 / 8, 100, 50, 64, 128, 256] },
      sites: Sites.softmaxes
    ) { program, site, value in
      let half = max(1, program.dimensions.numAudioContext / 2)
      let length = value.number < 0 ? half : Int(value.number)
      program.setOperation(site, .softmax(Softmax(mask: .chunks(length))))
    },
    Fault(
      "keys-masked", ids: [40],
      "keys from some frame on are masked, as if only the audio's own length counted",
      remedy: "mask nothing in the encoder: Whisper attends to the padding too",
      parameter: frameCount("from") { [$0 / 2, $0 / 4, $0 * 3 / 4, $0 / 8, $0 - 1] },
      sites: Sites.softmaxes
    ) { program, site, value in
      let half = program.dimensions.numAudioContext / 2
      let first = value.number < 0 ? half : Int(value.number)
      program.setOperation(site, .softmax(Softmax(mask: .keysFrom(first))))
    },
    Fault(
      "attention-window", ids: [39], "each frame attends only to frames within a window",
      remedy: "no window in the encoder: every frame sees every frame",
      parameter: frameCount("radius") { [$0 / 12, $0 / 24, $0 / 6, $0 / 3, $0 / 2] },
      sites: Sites.softmaxes
    ) { program, site, value in
      let eighth = max(1, program.dimensions.numAudioContext / 8)
      let radius = value.number < 0 ? eighth : Int(value.number)
      program.setOperation(site, .softmax(Softmax(mask: .window(radius))))
    },
    Fault(
      "head-count", ids: [48], "the channels are split into another number of heads",
      remedy: "read the number of heads from the model: n_audio_head, encoder_attention_heads",
      parameter: FaultParameter(
        name: "heads", defaultValue: .number(1),
        candidates: { program, _ in
          let width = program.dimensions.audioWidth
          return [1, 2, 4, 6, 8, 12, 16, 20]
            .filter { $0 != program.dimensions.numAudioHeads && width % $0 == 0 }
            .map { .number(Double($0)) }
        },
        complaint: { value, program in
          let width = program.dimensions.audioWidth
          guard let heads = Int(exactly: value.number), heads > 0, width % heads == 0 else {
            return "heads must divide the width, \(width)"
          }
          return nil
        }), sites: Sites.scores
    ) { program, site, value in
      program.splitHeads(at: site, into: Int(value.number))
    },
    Fault(
      "padded-keys-unmasked", ids: [40],
      "keys that pad the context take part in the softmax with score zero",
      remedy: "mask the padded keys with −∞ before the softmax",
      parameter: .number(
        "keys", 36, trying: [4, 12, 20, 52, 84, 100, 212, 548], above: 0, fit: .count),
      sites: Sites.softmaxes
    ) { program, site, value in
      program.setOperation(site, .softmax(Softmax(numUnmaskedPaddingKeys: Int(value.number))))
    },
    Fault(
      "padded-frames-attended", ids: [40],
      "frames that pad the context take part in the attention with their k = 0 and their v, a bias",
      remedy: "mask the padded keys with −∞ before the softmax",
      parameter: .number(
        "frames", 36, trying: [4, 12, 20, 52, 84, 100, 212, 548], above: 0, fit: .count),
      sites: Sites.softmaxes
    ) { program, site, value in
      program.attendToPadding(at: site, frames: Int(value.number))
    },
    Fault(
      "head-split-order", ids: [48],
      "the channels are split as [headDim, heads]: head h takes every channel c ≡ h",
      remedy: "split the channels as [heads, headDim]: head h owns headDim channels side by side",
      parameter: .word("merge", ["head-major", "channel-major"]), sites: Sites.scores
    ) { program, site, value in
      program.dealHeads(at: site, mergesBack: value.word == "channel-major")
    },
    Fault(
      "attention-inputs", ids: [47],
      "q, k and v do not arrive as q, k and v: the letters say what stands in their places",
      remedy: "check the order in which q, k and v are split, or the arguments of the attention",
      parameter: .word(
        "places", ["qvk", "vkq", "kvq", "vqk", "kkv", "vkv", "qqv", "qvv", "qkq", "qkk"]),
      sites: Sites.scores
    ) { program, site, value in program.rewireAttention(at: site, as: value.word) },
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
      "head-zeroed", ids: [48], "one head contributes nothing",
      remedy: "compute every head: check the loop or the grid over heads",
      parameter: FaultParameter(
        name: "head", defaultValue: .number(0),
        candidates: { program, _ in
          (0..<program.dimensions.numAudioHeads).map { .number(Double($0)) }
        },
        complaint: { value, program in
          let heads = program.dimensions.numAudioHeads
          guard let head = Int(exactly: value.number), (0..<heads).contains(head) else {
            return "head must be from 0 to \(heads - 1)"
          }
          return nil
        }), sites: Sites.contexts
    ) { program, site, value in
      let headDim = program.dimensions.audioWidth / program.dimensions.numAudioHeads
      let first = Int(value.number) * headDim
      program.wrap(
        site, suffix: "whole",
        operation: .transform(.channelsZeroed(from: first, count: headDim)))
    },
    Fault(
      "qk-swapped", ids: [47], "q and k are swapped in the product: the scores are transposed",
      remedy: "scores = q·kᵀ: queries are the rows", sites: Sites.scores
    ) { program, site, _ in program.edit(site) { $0.inputs.swapAt(0, 1) } },
    projectionSwap("qk-weights-swapped", "query", "key"),
    projectionSwap("kv-weights-swapped", "key", "value"),
    projectionSwap("qv-weights-swapped", "query", "value"),
  ]

  /// A natural number below the audio context, fitted where it is not listed.
  private static func frameCount(_ name: String, _ listed: @escaping @Sendable (Int) -> [Int])
    -> FaultParameter
  {
    FaultParameter(
      name: name, defaultValue: .number(-1),
      candidates: { program, _ in
        let frames = program.dimensions.numAudioContext
        return Set(listed(frames)).sorted().filter { $0 > 0 && $0 < frames }
          .map { .number(Double($0)) }
      },
      complaint: { value, program in
        let frames = program.dimensions.numAudioContext
        guard let count = Int(exactly: value.number), count > 0 || count == -1, count < frames
        else {
          return "\(name) must be a whole number from 1 to \(frames - 1)"
        }
        return nil
      }, fit: .contextFrames)
  }

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

extension EncoderProgram {
  /// q, k and v for the attention whose scores stand at `site` taken from other projections: `qvk` exchanges
  /// k and v.
  fileprivate mutating func rewireAttention(at site: String, as places: String) {
    let block = site.replacingSuffix("scores", with: "")
    let names: [Character: String] = ["q": "query", "k": "key", "v": "value"]
    let inputs = places.compactMap { letter in names[letter].map { block + $0 } }
    guard inputs.count == 3 else { return }
    edit(site) { $0.inputs = Array(inputs[..<2]) }
    edit(block + "context") { if $0.inputs.count == 2 { $0.inputs[1] = inputs[2] } }
  }

  /// Lets heads take interleaved channels of q, k and v, and lay them side by side or back in their places.
  fileprivate mutating func dealHeads(at site: String, mergesBack: Bool) {
    let block = site.replacingSuffix("scores", with: "")
    let heads = dimensions.numAudioHeads
    let shape = [dimensions.numAudioContext, dimensions.audioWidth]
    let deal = Operation.transform(.headsDealt(heads))
    insertBefore(site, input: 0, suffix: "q", operation: deal, shape: shape)
    insertBefore(site, input: 1, suffix: "k", operation: deal, shape: shape)
    insertBefore(block + "context", input: 1, suffix: "v", operation: deal, shape: shape)
    guard mergesBack else { return }
    edit(block + "context") { node in
      guard case .attentionContext(var context) = node.operation else { return }
      context.headOrder = .channelMajor
      node.operation = .attentionContext(context)
    }
  }

  /// Padded frames beside the others in the attention whose softmax stands at `site`: layer norms turn frames of
  /// zeros into no key and the value projection into its bias b, so that probs·v + (1 − Σp)·b =
  /// probs·(v − b) + b.
  fileprivate mutating func attendToPadding(at site: String, frames: Int) {
    let block = site.replacingSuffix("probs", with: "")
    let shape = [dimensions.numAudioContext, dimensions.audioWidth]
    setOperation(site, .softmax(Softmax(numUnmaskedPaddingKeys: frames)))
    guard let value = node(named: block + "value"), case .linear(var linear) = value.operation,
      let bias = linear.bias, let input = value.inputs.first
    else { return }
    linear.bias = nil
    insertBefore(
      block + "context", input: 1, suffix: "unbiased", operation: .linear(linear), shape: shape)
    edit(block + "context#unbiased") { $0.inputs = [input] }
    wrap(
      block + "context", suffix: "centred",
      operation: .addPosition(bias.applying(.repeatedAsRows(shape[0]))))
  }
}
