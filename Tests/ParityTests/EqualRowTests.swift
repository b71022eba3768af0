import EncoderModel
import Parity
import ReferenceBackend
import TensorCore
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite("Equal rows and terms, whose rounding errors add up")
struct EqualRowTests {
  @Test("a plain sum of equal terms errs in proportion to their number")
  func equalTerms() throws {
    for depth in [64, 384, 1536] {
      let x = Tensor([Float](repeating: 0.7, count: 8 * depth), shape: [8, depth])
      let w = Tensor(
        (0..<16 * depth).map { Float(1.1 + Double($0 / depth) / 9) }, shape: [16, depth])
      let (a, b) = (x.float32Array, w.float32Array)
      let y = Tensor.float32([8, 16]) { out in
        for i in out.indices {
          out[i] = SummationOrder.sequential.dot(
            a[(i / 16 * depth)...].prefix(depth), b[(i % 16 * depth)...].prefix(depth), bias: 0)
        }
      }
      let operation = Operation.linear(Linear(weight: WeightReference("w"), bias: nil))
      let error = try judgedAlone(operation, weights: ["w": w], x, y)
      #expect(error.verdict == .rounding, "depth \(depth): \(error.worstRatio)")
      let worse = try judgedAlone(
        operation, weights: ["w": w], x, disturbed(y, error, by: 10))
      #expect(worse.verdict.isDivergence, "depth \(depth): \(worse.worstRatio)")
    }
  }

  @Test("a softmax over equal scores is rounding in a plain sum", arguments: [1.0, 0.3, 0.01])
  func softmax(step: Double) throws {
    let (heads, frames) = (2, 320)
    let scores = Tensor.float32([heads, frames, frames]) { out in
      for i in out.indices { out[i] = i % frames == 0 ? Float(step) : 0 }
    }
    let values = scores.float32Array
    let output = Tensor.float32(scores.shape) { out in
      for row in 0..<(heads * frames) {
        let part = values[(row * frames)...].prefix(frames)
        let largest = part.max() ?? 0
        let weights = part.map { expf($0 - largest) }
        let total = weights.reduce(Float(0), +)
        for j in 0..<frames { out[row * frames + j] = weights[j] / total }
      }
    }
    let source = GivenWeights(tensors: [:])
    let program = EncoderProgram.whisper(
      WhisperDimensions(
        numMels: 8, numAudioContext: 320, audioWidth: 8, numAudioHeads: 1, numAudioLayers: 1))
    let judge = Judge(
      program: program, weights: source,
      oracle: ReferenceBackend(program: program, weights: source, threads: 1))
    let path = "encoder.blocks.0.attn"
    let inputs = ["\(path).scores": scores]
    let error = try #require(
      try judge.introducedError(
        at: "\(path).probs", inputs: inputs, candidate: output))
    #expect(error.verdict == .rounding, "\(error.worstRatio), rms \(error.rmsRatio)")
    let worse = try #require(
      try judge.introducedError(
        at: "\(path).probs", inputs: inputs, candidate: disturbed(output, error, by: 10)))
    #expect(worse.verdict.isDivergence, "\(worse.worstRatio)")
  }

  @Test("a layer norm of equal rows shows no other epsilon", arguments: [UInt64(1), 2, 3, 4, 5])
  func layerNorm(seed: UInt64) throws {
    let (numRows, width) = (300, 64)
    let x = Tensor.float32([numRows, width]) { out in
      for i in out.indices {
        // The second half repeats one row of small values, where the root's error is one and the same.
        let row = i / width < numRows / 2 ? i / width : numRows / 2
        let counter = UInt64(row * width + i % width)
        let draw = 2 * CounterHash.uniform(seed: seed, stream: 7, counter: counter) - 1
        out[i] = Float(draw * (row == numRows / 2 ? 0.05 : 3 + 2 * Double(row % 7)))
      }
    }
    let weights = ["w": hashedTensor([width], seed: 8), "b": hashedTensor([width], seed: 9)]
    let (a, gain, bias) = (
      x.float32Array, weights["w"]?.float32Array ?? [], weights["b"]?.float32Array ?? []
    )
    func output(_ epsilon: Float) -> Tensor {
      Tensor.float32(x.shape) { out in
        for i in 0..<numRows {
          let row = a[(i * width)...].prefix(width)
          let mean = row.reduce(0, +) / Float(width)
          let variance = row.reduce(Float(0)) { $0 + ($1 - mean) * ($1 - mean) } / Float(width)
          let scale = 1 / (variance + epsilon).squareRoot()
          for j in 0..<width {
            out[i * width + j] = (a[i * width + j] - mean) * scale * gain[j] + bias[j]
          }
        }
      }
    }
    let operation = Operation.layerNorm(
      LayerNorm(weight: WeightReference("w"), bias: WeightReference("b")))
    let sound = try judgedAlone(operation, weights: weights, x, output(1e-5))
    #expect(!sound.verdict.isDivergence, "\(sound.worstRatio) \(sound.evidence ?? "")")
    let other = try judgedAlone(operation, weights: weights, x, output(1.2e-5))
    #expect(other.verdict == .structural, "\(other.worstRatio)")
  }
}
