import EncoderModel
import Parity
import TensorCore
import Testing

/// A dense layer whose operands an engine codes in fewer bits.
struct CodedLayer: Sendable, CustomTestStringConvertible {
  var weights: String?
  var activations: String?
  var format: NumberFormat
  /// What the verdict's evidence begins with.
  var evidence: String
  var testDescription: String { evidence }

  init(_ weights: String?, _ activations: String?, _ format: NumberFormat, _ evidence: String) {
    self.weights = weights
    self.activations = activations
    self.format = format
    self.evidence = evidence
  }

  static let all = [
    CodedLayer("int8-per-tensor", nil, .int8, "weights of products rounded to int8 per tensor:"),
    CodedLayer(
      "uint8-per-channel", nil, .int8, "weights of products rounded to uint8 per channel:"),
    CodedLayer(
      "int8-by-255-per-channel", nil, .int8,
      "weights of products rounded to int8 by 255 per channel:"),
    CodedLayer("int8-group-32", nil, .int8, "weights of products rounded to int8 group 32:"),
    CodedLayer("q8_0", nil, .q8_0, "weights of products rounded to q8_0:"),
    CodedLayer("int4-group-32", nil, .int4, "weights of products rounded to int4 group 32:"),
    CodedLayer("uint4-group-64", nil, .int4, "weights of products rounded to uint4 group 64:"),
    CodedLayer("q4_0", nil, .q4_0, "weights of products rounded to q4_0:"),
    CodedLayer(
      "fp8-e4m3-per-tensor", nil, .fp8e4m3,
      "weights of products rounded to fp8 e4m3 per tensor:"),
    CodedLayer(
      "fp8-e5m2-unscaled", nil, .fp8e5m2, "weights of products rounded to fp8 e5m2 unscaled:"),
    CodedLayer(
      "int8-per-tensor", "uint8-per-tensor", .int8,
      "weights of products rounded to int8 per tensor, activations to uint8 per tensor:"),
    CodedLayer(
      "uint8-per-tensor", "uint8-per-tensor", .int8,
      "weights and activations of products rounded to uint8 per tensor:"),
    CodedLayer(
      "int8-by-255-per-channel", "uint8-per-channel", .int8,
      "weights of products rounded to int8 by 255 per channel, activations to uint8 per frame:"),
    CodedLayer(
      "fp8-e4m3-per-channel", "fp8-e4m3-per-channel", .fp8e4m3,
      "weights of products rounded to fp8 e4m3 per channel, activations to fp8 e4m3 per frame:"),
  ]
}

@Suite("Quantised layers")
struct QuantizationTests {
  /// Few values are large, and channels differ, as in trained weights.
  private func trained(_ shape: [Int], seed: UInt64) -> Tensor {
    Tensor.float32(shape) { target in
      for i in target.indices {
        let draw = 2 * CounterHash.uniform(seed: seed, stream: 4, counter: UInt64(i)) - 1
        target[i] = Float(draw * draw * draw * (0.2 + 0.1 * Double(i / shape[1] % 5)))
      }
    }
  }

  private func coded(_ value: Tensor, _ name: String?) -> Tensor {
    guard let name, let transform = OperandCoding(name: name)?.weightTransform else { return value }
    return transform.apply(to: value)
  }

  /// x·Wᵀ + b by the plainest loops, rounded to Float32.
  private func layer(_ x: Tensor, _ weight: Tensor, _ bias: Tensor) -> Tensor {
    let (depth, columns) = (weight.shape[1], weight.shape[0])
    let (a, w, b) = (x.float64Array, weight.float64Array, bias.float64Array)
    return Tensor.float32([x.rowCount, columns]) { out in
      for row in 0..<x.rowCount {
        for column in 0..<columns {
          var sum = b[column]
          for k in 0..<depth { sum += a[row * depth + k] * w[column * depth + k] }
          out[row * columns + column] = Float(sum)
        }
      }
    }
  }

  private func judged(
    frames: Int, alter: (_ x: Tensor, _ weight: Tensor) -> (Tensor, Tensor)
  ) throws -> IntroducedError {
    let x = hashedTensor([frames, 64], seed: 21, scale: 2, offset: 0.3)
    let weight = trained([48, 64], seed: 22)
    let bias = hashedTensor([48], seed: 23)
    let (read, held) = alter(x, weight)
    return try judgedAlone(
      .linear(Linear(weight: WeightReference("w"), bias: WeightReference("b"))),
      weights: ["w": weight, "b": bias], x, layer(read, held, bias))
  }

  @Test("are named with their scheme", arguments: CodedLayer.all, [40, 300])
  func named(layer: CodedLayer, frames: Int) throws {
    let error = try judged(frames: frames) {
      (coded($0, layer.activations), coded($1, layer.weights))
    }
    #expect(error.verdict == .reducedPrecision(layer.format))
    #expect(error.evidence?.hasPrefix(layer.evidence) == true, "\(error.evidence ?? "")")
  }

  @Test("a convolution's integers have a scale for each output channel")
  func convolution() throws {
    let x = hashedTensor([90, 16], seed: 31, scale: 2)
    let weight = trained([24, 48], seed: 32).reshaped([24, 16, 3])
    let conv = Conv1D(weight: WeightReference("w"), bias: nil, stride: 1)
    let held = coded(weight, "int8")
    let (a, w) = (x.float64Array, held.float64Array)
    let output = Tensor.float32([90, 24]) { out in
      for frame in 0..<90 {
        for channel in 0..<24 {
          var sum = 0.0
          for tap in 0..<3 where (0..<90).contains(frame + tap - 1) {
            for i in 0..<16 {
              sum += a[(frame + tap - 1) * 16 + i] * w[(channel * 16 + i) * 3 + tap]
            }
          }
          out[frame * 24 + channel] = Float(sum)
        }
      }
    }
    let error = try judgedAlone(.conv1d(conv), weights: ["w": weight], x, output)
    #expect(error.verdict == .reducedPrecision(.int8))
    #expect(error.evidence?.hasPrefix("weights of products rounded to int8:") == true)
  }

  @Test("wrong weights of an integer's size are structural", arguments: [40, 300])
  func wrong(frames: Int) throws {
    let alterations: [(Tensor) -> [Float]] = [
      { $0.float32Array.map { $0 * 1.01 } },
      { $0.float32Array.map { $0 + 0.001 } },
      { $0.float32Array.enumerated().map { $0 / 64 == 7 ? 0 : $1 } },
      { $0.float32Array.map { min(max($0, -0.4), 0.4) } },
    ]
    for alteration in alterations {
      let error = try judged(frames: frames) { ($0, Tensor(alteration($1), shape: $1.shape)) }
      #expect(error.verdict == .structural)
    }
  }
}
