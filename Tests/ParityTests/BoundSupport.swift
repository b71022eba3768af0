import EncoderModel
import Parity
import ReferenceBackend
import TensorCore
import Testing

/// Weights of one operation by name.
struct GivenWeights: WeightSource {
  var tensors: [String: Tensor]
  var weightNames: [String] { tensors.keys.sorted() }
  func weight(_ name: String) throws -> Tensor { tensors[name] ?? Tensor([Float(0)], shape: [1]) }
}

/// Judges one operation on `input`; its weights are called `w` and `b`.
func judgedAlone(
  _ operation: Operation, weights: [String: Tensor], _ input: Tensor, _ output: Tensor
) throws -> IntroducedError {
  let dimensions = WhisperDimensions(
    numMels: 1, numAudioContext: 1, audioWidth: 1, numAudioHeads: 1, numAudioLayers: 0)
  let program = EncoderProgram(
    dimensions: dimensions,
    nodes: [
      ProgramNode(name: "mel", stage: .stem, operation: .input, inputs: [], shape: input.shape),
      ProgramNode(
        name: "op", stage: .stem, operation: operation, inputs: ["mel"], shape: output.shape),
    ])
  let source = GivenWeights(tensors: weights)
  let judge = Judge(
    program: program, weights: source,
    oracle: ReferenceBackend(program: program, weights: source, threads: 1))
  return try #require(
    try judge.introducedError(at: "op", inputs: ["mel": input], candidate: output))
}

/// The output with seeded noise of `factor` times the rms error that it has.
func disturbed(_ output: Tensor, _ error: IntroducedError, by factor: Double) -> Tensor {
  let norm = output.float64Array.reduce(0) { $0 + $1 * $1 }.squareRoot()
  let rms = (error.relativeL2 ?? 0) * norm / Double(output.elementCount).squareRoot()
  return output.withFloat64 { y in
    Tensor.float64(output.shape) { out in
      for i in out.indices {
        let draw = 2 * CounterHash.uniform(seed: 99, stream: 2, counter: UInt64(i)) - 1
        out[i] = y[i] + factor * rms * 3.0.squareRoot() * draw
      }
    }
  }
}
