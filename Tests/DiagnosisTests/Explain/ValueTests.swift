import Diagnosis
import EncoderModel
import TensorCore
import Testing

/// What a port's kernels do to one tensor, computed here by plain loops, is told by its values.
@Suite("Values without a fault of the catalogue are described")
struct ValueTests {
  private static let frames = 60

  @Test("a loop over the inputs that ends early")
  func inputsMissing() throws {
    let finding = try finding(at: "encoder.blocks.1.mlp.2") { bench, taps, tap in
      try bench.linear(tap, of: taps["encoder.blocks.1.mlp.1"], channel: { $0 < 59 ? $0 : nil })
    }
    #expect(finding.slug == "inputs-missing")
    #expect(finding.summary.contains("input channels 59–63 do not enter"), "\(finding)")
  }

  @Test("inputs with factors of their own")
  func inputsScaled() throws {
    let finding = try finding(at: "encoder.blocks.0.mlp.0") { bench, taps, tap in
      try bench.linear(tap, of: taps["encoder.blocks.0.mlp_ln"], factor: { $0 == 7 ? 0.5 : 1 })
    }
    #expect(finding.slug == "inputs-scaled")
    #expect(finding.summary.contains("channel 7 ") && finding.summary.contains("0.5"))
  }

  @Test("halves of the inputs exchanged, and channels in any order where frames are enough")
  func inputsPermuted() throws {
    for (tap, input, count, step) in [
      ("encoder.blocks.1.mlp.2", "encoder.blocks.1.mlp.1", 64, 32),
      ("encoder.blocks.0.mlp.0", "encoder.blocks.0.mlp_ln", 16, 5),
    ] {
      let finding = try finding(at: tap) { bench, taps, tap in
        try bench.linear(tap, of: taps[input], channel: { ($0 + step) % count })
      }
      #expect(finding.slug == "inputs-permuted", "\(finding)")
      #expect(finding.summary.contains("0 ← \(step)"), "\(finding)")
    }
  }

  @Test("a dilated kernel, and a tap left out behind a stride")
  func kernelTaps() throws {
    let dilated = try finding(at: "encoder.conv1") { bench, taps, tap in
      try bench.convolution(tap, of: taps["mel"], stride: 1, shifts: [-2, 0, 2])
    }
    #expect(dilated.slug == "conv-taps-misplaced" && dilated.summary.contains("dilation 2"))
    let short = try finding(at: "encoder.conv2") { bench, taps, tap in
      try bench.convolution(tap, of: taps["encoder.gelu1"], stride: 2, shifts: [-1, 0, nil])
    }
    #expect(short.slug == "conv-taps-misplaced" && short.summary.contains("tap 2 is missing"))
  }

  @Test("probabilities that do not sum up to one")
  func softmaxSum() throws {
    let finding = try finding(at: "encoder.blocks.0.attn.context") { _, taps, tap in
      try changed(taps[tap]) { value, i in
        value * (1 + 0.01 * Float((i / 8) % 7))
      }
    }
    #expect(finding.slug == "softmax-sum" && finding.summary.contains("to 1.06"), "\(finding)")
  }

  @Test("a layer norm whose statistics leave channels out")
  func statistics() throws {
    let finding = try finding(at: "encoder.blocks.1.mlp_ln") { bench, taps, tap in
      let gain = try bench.weights.weight("\(tap).weight").float64Array
      let bias = try bench.weights.weight("\(tap).bias").float64Array
      let x = try #require(taps["encoder.blocks.1.attn_residual"]).float64Array
      return Tensor.float32([Self.frames, 16]) { target in
        for i in target.indices {
          let row = x[(i / 16 * 16)..<(i / 16 * 16 + 12)]
          let mean = row.reduce(0, +) / 12
          let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 12
          target[i] = Float(
            (x[i] - mean) / (variance + 1e-5).squareRoot() * gain[i % 16] + bias[i % 16])
        }
      }
    }
    #expect(finding.slug == "layer-norm-statistics", "\(finding)")
  }

  @Test("one weight that is not the checkpoint's")
  func oneWeight() throws {
    let finding = try finding(at: "encoder.blocks.0.attn.out") { bench, taps, tap in
      let input = try #require(taps["encoder.blocks.0.attn.context"]).float64Array
      return try changed(taps[tap]) { value, i in
        i % 16 == 5 ? value + Float(2 * input[i - 5 + 9]) : value
      }
    }
    #expect(finding.slug == "weights-changed", "\(finding)")
    #expect(finding.summary.contains("1 of 256 weights differs: [5, 9]"), "\(finding)")
  }

  @Test("where an error lies, and what stands there instead")
  func place() throws {
    let explanation = try explanation(at: "encoder.blocks.1.mlp.1") { _, taps, tap in
      let input = try #require(taps["encoder.blocks.1.mlp.0"]).float64Array
      return try changed(taps[tap]) { value, i in i % 64 >= 60 ? Float(input[i]) : value }
    }
    let clues = explanation.unexplained.first { $0.tap == "encoder.blocks.1.mlp.1" }?.clues ?? []
    #expect(
      clues.contains {
        $0 == "wrong in channels 60–63 alone, where it is the operation's input as it stands"
      }, "\(explanation)")
  }

  @Test("a tensor without numbers is no copy of another one")
  func noNumbers() throws {
    let explanation = try explanation(at: "encoder.blocks.0.attn.context") { _, taps, tap in
      try changed(taps[tap]) { _, _ in .nan }
    }
    #expect(!explanation.findings.contains { $0.slug == "tensor-copied" }, "\(explanation)")
  }

  private typealias Change = (ExplainBench, [String: Tensor], String) throws -> Tensor

  private func finding(at tap: String, _ change: Change) throws -> Finding {
    let explanation = try explanation(at: tap, change)
    return try #require(explanation.findings.first { $0.sites == [tap] }, "\(explanation)")
  }

  /// The sound encoder's taps with one in another's place; what follows it was computed without.
  private func explanation(at tap: String, _ change: Change) throws -> Explanation {
    let bench = try ExplainBench(frames: Self.frames)
    var taps = try bench.soundTaps()
    taps[tap] = try change(bench, taps, tap)
    return try bench.explanation(of: taps)
  }

  private func changed(_ tensor: Tensor?, _ change: (Float, Int) -> Float) throws -> Tensor {
    let tensor = try #require(tensor)
    return tensor.withFloat32 { source in
      Tensor.float32(tensor.shape) { target in
        for i in target.indices { target[i] = change(source[i], i) }
      }
    }
  }
}

extension ExplainBench {
  /// A dense layer by plain loops: column j of its weight meets input `channel(j)`, none where `nil`.
  fileprivate func linear(
    _ tap: String, of input: Tensor?, factor: (Int) -> Double = { _ in 1 },
    channel: (Int) -> Int? = { $0 }
  ) throws -> Tensor {
    let input = try #require(input)
    let weight = try weights.weight("\(tap).weight")
    let bias = try weights.weight("\(tap).bias").float64Array
    let (n, outputs) = (weight.shape[1], weight.shape[0])
    let (x, w) = (input.float64Array, weight.float64Array)
    return Tensor.float32([input.shape[0], outputs]) { target in
      for i in target.indices {
        let (row, output) = (i / outputs, i % outputs)
        target[i] = Float(
          (0..<n).reduce(bias[output]) { sum, j in
            guard let c = channel(j) else { return sum }
            return sum + x[row * n + c] * factor(c) * w[output * n + j]
          })
      }
    }
  }

  /// A convolution by plain loops, tap k of its kernel at frame t·stride + shifts[k].
  fileprivate func convolution(_ tap: String, of input: Tensor?, stride: Int, shifts: [Int?])
    throws -> Tensor
  {
    let input = try #require(input)
    let kernel = try weights.weight("\(tap).weight")
    let bias = try weights.weight("\(tap).bias").float64Array
    let (outputs, n, frames) = (kernel.shape[0], kernel.shape[1], input.shape[0])
    let (x, w) = (input.float64Array, kernel.float64Array)
    return Tensor.float32([frames / stride, outputs]) { target in
      for i in target.indices {
        let (frame, output) = (i / outputs, i % outputs)
        var sum = bias[output]
        for (k, shift) in shifts.enumerated() {
          guard let shift, (0..<frames).contains(frame * stride + shift) else { continue }
          for c in 0..<n {
            sum += x[(frame * stride + shift) * n + c] * w[(output * n + c) * 3 + k]
          }
        }
        target[i] = Float(sum)
      }
    }
  }
}
