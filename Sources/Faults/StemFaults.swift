import EncoderModel

/// Faults of the two convolutions and of the positional embedding.
enum StemFaults {
  static let all: [Fault] = convolution + position

  private static let convolution: [Fault] = [
    kernelFault(
      "conv-centre-tap-only", ids: [28], "only the middle tap of the convolution is applied",
      remedy: "apply all three kernel taps, at frames t−1, t and t+1", .centreTapOnly),
    kernelFault(
      "conv-taps-summed", ids: [29], "the convolution's taps are summed without a shift in time",
      remedy: "shift the input by one frame per tap before summing", .tapsCollapsed),
    kernelFault(
      "conv-taps-reversed", ids: [29], "the convolution's taps are applied in reverse order",
      remedy: "cross-correlate (PyTorch's Conv1d) instead of convolving with a flipped kernel",
      .tapsReversed),
    Fault(
      "conv-weights-permuted", ids: [31],
      "the convolution's weights [out, in, 3] lie in memory in another order of axes",
      remedy: "permute the kernel once, to the layout that the engine's convolution expects",
      parameter: .word("axes", ["021", "102", "120", "201", "210"]), sites: Sites.convolutions
    ) { program, site, value in
      let axes = value.word.compactMap(\.wholeNumberValue)
      program.editConvolution(site) { $0.weight = $0.weight.applying(.memoryPermuted(axes: axes)) }
    },
    Fault(
      "conv-bias-missing", ids: [36], "the convolution's bias is dropped",
      remedy: "add the bias after the convolution", sites: Sites.convolutions
    ) { program, site, _ in program.editConvolution(site) { $0.bias = nil } },
    Fault(
      "conv2-stride-missing", ids: [30],
      "conv2 runs with stride 1 and the first half of its frames is used",
      remedy: "give conv2 stride 2", sites: conv2
    ) { program, site, _ in
      let shape = [program.dimensions.numMelFrames, program.dimensions.audioWidth]
      program.editConvolution(site) { $0.stride = 1 }
      program.wrap(
        site, suffix: "stride1", helperShape: shape,
        operation: .transform(
          .framesSliced(start: 0, step: 1, count: program.dimensions.numAudioContext)))
    },
    Fault(
      "conv2-stride-sliced", ids: [30],
      "conv2's input is cut to every second frame and then convolved with stride 1",
      remedy: "convolve first: stride 2 takes every second output, not every second input",
      sites: conv2
    ) { program, site, _ in
      let frames = program.dimensions.numAudioContext
      program.editConvolution(site) { $0.stride = 1 }
      program.insertBefore(
        site, suffix: "sliced",
        operation: .transform(.framesSliced(start: 0, step: 2, count: frames)),
        shape: [frames, program.dimensions.audioWidth])
    },
    Fault(
      "conv2-same-padding", ids: [31],
      "conv2 pads as TensorFlow's SAME does on stride 2: 0 frames before, 1 after",
      remedy: "pad one frame on both sides", sites: conv2
    ) { program, site, _ in
      program.editConvolution(site) { convolution in
        convolution.paddingLeft = 0
        convolution.paddingRight = 1
      }
    },
    Fault(
      "conv-padding-one-sided", ids: [31],
      "the convolution pads both zero frames on one side: it is causal, or anticausal",
      remedy: "pad one zero frame on both sides",
      parameter: .word("side", ["left", "right"]), sites: Sites.convolutions
    ) { program, site, value in
      program.editConvolution(site) { convolution in
        convolution.paddingLeft = value.word == "left" ? 2 : 0
        convolution.paddingRight = value.word == "left" ? 0 : 2
      }
    },
    Fault(
      "conv-padding-mode", ids: [31],
      "the convolution pads with frames of the signal instead of zeros",
      remedy: "pad one zero frame on both sides",
      parameter: .word("mode", FrameEdge.allCases.map(\.rawValue)), sites: Sites.convolutions
    ) { program, site, value in
      guard let node = program.node(named: site), case .conv1d(let convolution) = node.operation,
        let input = node.inputs.first.flatMap({ program.node(named: $0) })
      else { return }
      let padded = convolution.paddingLeft == 1 && convolution.paddingRight == 1
      guard padded, input.shape.count == 2 else { return }
      program.editConvolution(site) { convolution in
        convolution.paddingLeft = 0
        convolution.paddingRight = 0
      }
      program.insertBefore(
        site, suffix: "padded",
        operation: .transform(.framesPadded(FrameEdge(rawValue: value.word) ?? .replicate)),
        shape: [input.shape[0] + 2, input.shape[1]])
    },
    Fault(
      "conv-padding-missing", ids: [31],
      "the convolution does not pad; the last frame is filled with zeros",
      remedy: "pad one zero frame on both sides", sites: Sites.convolutions
    ) { program, site, _ in
      guard let node = program.node(named: site), case .conv1d(let sound) = node.operation else {
        return
      }
      var valid = sound
      valid.paddingLeft = 0
      valid.paddingRight = 0
      let padded = sound.paddingLeft + sound.paddingRight
      let inputFrames = sound.stride == 1 ? node.shape[0] : node.shape[0] * sound.stride
      let frames = (inputFrames + padded - 3 - padded) / sound.stride + 1
      program.setOperation(site, .conv1d(valid))
      program.wrap(
        site, suffix: "valid", helperShape: [frames, node.shape[1]],
        operation: .transform(.framesSliced(start: 0, step: 1, count: node.shape[0])))
    },
  ]

  private static let position: [Fault] = [
    Fault(
      "position-missing", ids: [35], "the positional embedding is not added",
      remedy: "add encoder.positional_embedding after the second GELU", sites: embed
    ) { program, site, _ in program.bypass(site) },
    positionFault(
      "position-twice", ids: [35], "the positional embedding is added twice",
      remedy: "add the positional embedding once", .scaled(2)),
    Fault(
      "position-scaled", ids: [35], "the positional embedding is multiplied by a constant",
      remedy: "add the positional embedding as it is",
      parameter: .number("factor", 0.5, fit: .linear, neutral: 1), sites: embed
    ) { program, site, value in program.editPosition(site) { $0.applying(.scaled(value.number)) } },
    Fault(
      "embedding-scaled", ids: [35],
      "the stem's output is multiplied by a constant before the positions are added",
      remedy: "add the positions to the second GELU as it is: scale_embedding is false in Whisper",
      parameter: FaultParameter(
        name: "factor", defaultValue: .number(2),
        candidates: { program, _ in
          [.number(Double(program.dimensions.audioWidth).squareRoot())]
        },
        complaint: { value, _ in value.number.isFinite ? nil : "factor must be a number" },
        fit: .linear, neutral: 1), sites: embed
    ) { program, site, value in
      guard let node = program.node(named: site) else { return }
      program.insertBefore(
        site, suffix: "scaled", operation: .transform(.scaled(value.number)), shape: node.shape)
    },
    Fault(
      "position-offset", ids: [34], "the positions start at another frame than 0",
      remedy: "let frame 0 have position 0",
      parameter: FaultParameter(
        name: "first", defaultValue: .number(1),
        candidates: { program, _ in
          // 2 is fairseq's and BART's offset behind the padding token.
          [1, 2, -1].map { .number($0) }
        },
        complaint: { value, _ in
          Int(exactly: value.number).map { abs($0) <= 1 << 20 } == true
            ? nil : "first must be a whole number"
        }), sites: embed
    ) { program, site, value in
      program.editPosition(site) { $0.applying(.sinusoidsFrom(Int(value.number))) }
    },
    positionFault(
      "position-interleaved", ids: [32],
      "sines and cosines alternate along the channels instead of standing in two halves",
      remedy: "concatenate all sines, then all cosines", .halvesInterleaved),
    positionFault(
      "position-timescale", ids: [33], "the timescale is divided by C/2 instead of C/2 − 1",
      remedy: "log_timescale_increment = ln(10000)/(C/2 − 1)", .sinusoids(.halfWidthTimescale)),
    Fault(
      "position-base", ids: [33], "the longest timescale of the positions is not 10000",
      remedy: "max_timescale = 10000: log_timescale_increment = ln(10000)/(C/2 − 1)",
      parameter: .number(
        "timescale", 1000, trying: [1e5, 500_000], above: 1, fit: .timescale, neutral: 10000),
      sites: embed
    ) { program, site, value in
      program.editPosition(site) { $0.applying(.sinusoidsWithBase(value.number)) }
    },
    Fault(
      "position-rounded", ids: [50], "the position table is stored in a lower precision",
      remedy: "keep the positions in f32, or declare the precision with --expect",
      parameter: .word("format", ["bf16", "f16"]), sites: embed
    ) { program, site, value in
      let format = NumberFormat(rawValue: value.word) ?? .bfloat16
      program.editPosition(site) { $0.applying(.rounded(format)) }
    },
    Fault(
      "position-computed-in", ids: [50], "the sinusoids are computed in a lower precision",
      remedy: "compute the positions in f32, or read the checkpoint's table",
      parameter: .word("format", ["f16", "bf16"]), sites: embed
    ) { program, site, value in
      let format = NumberFormat(rawValue: value.word) ?? .float16
      program.editPosition(site) { $0.applying(.sinusoidsComputed(in: format)) }
    },
    positionFault(
      "position-recomputed", ids: [32], "the sinusoids are computed anew instead of read",
      remedy: "nothing needs to change; read the checkpoint's table for exact parity",
      isBenign: true, .sinusoids(.whisper)),
    positionFault(
      "position-cosine-first", ids: [32], "the cosines stand before the sines",
      remedy: "concatenate [sin, cos]", .sinusoids(.cosineFirst)),
    shortTable(
      "position-table-short", "the position table ends early; frames beyond it get no position"
    ) { .rowsTruncated(count: $0) },
    shortTable(
      "position-table-clamped",
      "the position table ends early; frames beyond it get the last position"
    ) { .rowsClamped(count: $0) },
    shortTable(
      "position-table-wrapped",
      "the position table ends early; frames beyond it begin again at position 0"
    ) { .rowsWrapped(count: $0) },
  ]

  private static func shortTable(
    _ slug: String, _ summary: String, _ transform: @escaping @Sendable (Int) -> WeightTransform
  ) -> Fault {
    Fault(
      slug, ids: [34], summary, remedy: "use a table as long as the audio context",
      parameter: FaultParameter(
        name: "frames", defaultValue: .number(-1),
        candidates: { program, _ in
          let frames = program.dimensions.numAudioContext
          return [frames / 2, frames - 1, 448].filter { $0 > 0 && $0 < frames }
            .map { .number(Double($0)) }
        },
        complaint: { value, program in
          let frames = program.dimensions.numAudioContext
          guard case .number(let count) = value, count >= -1, count < Double(frames) else {
            return "frames must be below \(frames)"
          }
          return nil
        }, fit: .frame), sites: embed
    ) { program, site, value in
      let count = value.number < 0 ? program.dimensions.numAudioContext / 2 : Int(value.number)
      program.editPosition(site) { $0.applying(transform(count)) }
    }
  }

  @Sendable private static func conv2(_ program: EncoderProgram) -> [String] { ["encoder.conv2"] }
  @Sendable private static func embed(_ program: EncoderProgram) -> [String] { ["encoder.embed"] }

  private static func kernelFault(
    _ slug: String, ids: [Int], _ summary: String, remedy: String, _ transform: WeightTransform
  ) -> Fault {
    Fault(slug, ids: ids, summary, remedy: remedy, sites: Sites.convolutions) { program, site, _ in
      program.editConvolution(site) { $0.weight = $0.weight.applying(transform) }
    }
  }

  private static func positionFault(
    _ slug: String, ids: [Int], _ summary: String, remedy: String, isBenign: Bool = false,
    _ transform: WeightTransform
  ) -> Fault {
    Fault(slug, ids: ids, summary, remedy: remedy, isBenign: isBenign, sites: embed) {
      program, site, _ in
      program.editPosition(site) { $0.applying(transform) }
    }
  }
}

extension EncoderProgram {
  /// Changes the convolution at `site`.
  mutating func editConvolution(_ site: String, _ change: (inout Conv1D) -> Void) {
    edit(site) { node in
      guard case .conv1d(var convolution) = node.operation else { return }
      change(&convolution)
      node.operation = .conv1d(convolution)
    }
  }

  /// Changes the position table at `site`.
  fileprivate mutating func editPosition(
    _ site: String, _ change: (WeightReference) -> WeightReference
  ) {
    edit(site) { node in
      guard case .addPosition(let table) = node.operation else { return }
      node.operation = .addPosition(change(table))
    }
  }
}
