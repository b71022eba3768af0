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
