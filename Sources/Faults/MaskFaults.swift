import EncoderModel

/// Faults of who sees whom: masks that Whisper's encoder does not have, and padding that takes part.
enum MaskFaults {
  static let all: [Fault] = [
    Fault(
      "causal-mask", ids: [39], "the encoder's attention is masked causally",
      remedy: "no mask in the encoder: every frame sees every frame", sites: Sites.softmaxes
    ) { program, site, _ in program.setOperation(site, .softmax(Softmax(mask: .causal(ahead: 0))))
    },
    Fault(
      "causal-mask-offset", ids: [39],
      "each frame attends to the frames before it and so many after it (−1: not to itself)",
      remedy: "no mask in the encoder: every frame sees every frame",
      parameter: .wholeNumber(
        "frames", -1,
        in: {
          let last = max($0.dimensions.numAudioContext - 1, 1)
          return -last...last
        },
        trying: { program in
          let frames = program.dimensions.numAudioContext
          return [-1, 1, frames / 24, frames / 6, frames / 2].filter { $0 != 0 }
        }, fit: .signedFrames),
      sites: Sites.softmaxes
    ) { program, site, value in
      program.setOperation(site, .softmax(Softmax(mask: .causal(ahead: Int(value.number)))))
    },
    lengthFault(
      "attention-chunks", ids: [39], "the frames attend in chunks that do not see each other",
      remedy: "no chunks in the encoder: every frame sees every frame", "length", share: 2,
      trying: { [$0 / 2, $0 / 3, $0 / 4, $0 / 8, 50, 64, 100, 128, 256] }
    ) { .chunks($0) },
    lengthFault(
      "keys-masked", ids: [40],
      "keys from some frame on are masked, as if only the audio's own length counted",
      remedy: "mask nothing in the encoder: Whisper attends to the padding too", "from", share: 2,
      trying: { [$0 / 2, $0 / 4, $0 * 3 / 4, $0 / 8, $0 - 1] }
    ) { .keysFrom($0) },
    lengthFault(
      "attention-window", ids: [39], "each frame attends only to frames within a window",
      remedy: "no window in the encoder: every frame sees every frame", "radius", share: 8,
      trying: { [$0 / 12, $0 / 24, $0 / 6, $0 / 3, $0 / 2] }
    ) { .window($0) },
    Fault(
      "padded-keys-unmasked", ids: [40],
      "keys that pad the context take part in the softmax with score zero",
      remedy: "mask the padded keys with −∞ before the softmax",
      parameter: paddingCount("keys"),
      sites: Sites.softmaxes
    ) { program, site, value in
      program.setOperation(site, .softmax(Softmax(numUnmaskedPaddingKeys: Int(value.number))))
    },
    Fault(
      "padded-frames-attended", ids: [40],
      "frames that pad the context take part in the attention with their k = 0 and their v, a bias",
      remedy: "mask the padded keys with −∞ before the softmax",
      parameter: paddingCount("frames"),
      sites: Sites.softmaxes
    ) { program, site, value in
      program.attendToPadding(at: site, frames: Int(value.number))
    },
  ]

  /// A mask with a length in frames below the audio context, fitted where it is not listed; without a value the
  /// context over `share`.
  private static func lengthFault(
    _ slug: String, ids: [Int], _ summary: String, remedy: String, _ name: String, share: Int,
    trying listed: @escaping @Sendable (Int) -> [Int],
    mask: @escaping @Sendable (Int) -> AttentionMask
  ) -> Fault {
    Fault(
      slug, ids: ids, summary, remedy: remedy,
      parameter: .wholeNumber(
        name, -1, in: { 1...max($0.dimensions.numAudioContext - 1, 1) },
        trying: { listed($0.dimensions.numAudioContext) }, fit: .contextFrames),
      sites: Sites.softmaxes
    ) { program, site, value in
      let usual = max(1, program.dimensions.numAudioContext / share)
      let length = value.number < 0 ? usual : Int(value.number)
      program.setOperation(site, .softmax(Softmax(mask: mask(length))))
    }
  }

  /// Frames that engines pad 1500 with to reach a multiple of their tiles.
  private static func paddingCount(_ name: String) -> FaultParameter {
    .wholeNumber(
      name, 36, in: { _ in 1...FaultParameter.limit },
      trying: { _ in [36, 4, 12, 20, 52, 84, 100, 212, 548] }, fit: .count)
  }
}

extension EncoderProgram {
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
