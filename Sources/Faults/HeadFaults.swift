import EncoderModel

/// Faults of heads and projections: how channels are split and merged, and which projection is which.
enum HeadFaults {
  static let all: [Fault] = [
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
      parameter: .wholeNumber(
        "head", 0, in: { 0...max($0.dimensions.numAudioHeads - 1, 0) },
        trying: { Array(0..<$0.dimensions.numAudioHeads) }), sites: Sites.contexts
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
}
