import EncoderModel

/// Faults of the two convolutions and of the positional embedding.
enum StemFaults {
  static let all: [Fault] = convolution + PositionFaults.all

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

  @Sendable private static func conv2(_ program: EncoderProgram) -> [String] { ["encoder.conv2"] }

  private static func kernelFault(
    _ slug: String, ids: [Int], _ summary: String, remedy: String, _ transform: WeightTransform
  ) -> Fault {
    Fault(slug, ids: ids, summary, remedy: remedy, sites: Sites.convolutions) { program, site, _ in
      program.editConvolution(site) { $0.weight = $0.weight.applying(transform) }
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
}
