/// What the tests of the diagnosis share: a small encoder with weights like a trained one's.

import BLASBackend
import Diagnosis
import EncoderModel
import Faults
import GraphBackend
import Parity
import ReferenceBackend
import TensorCore

/// Blocks of width 48 over some frames, weights from a seed, and everything made of them.
struct SmallEncoder {
  let program: EncoderProgram
  let weights: SyntheticWeights
  let mel: Tensor
  let reference: ReferenceBackend
  let judge: Judge

  init(seed: UInt64 = 1, layers: Int = 2, frames: Int = 40) {
    let dimensions = WhisperDimensions(
      numMels: 12, numAudioContext: frames, audioWidth: 48, numAudioHeads: 3, numAudioLayers: layers
    )
    program = EncoderProgram.whisper(dimensions)
    weights = SyntheticWeights(dimensions: dimensions, seed: seed)
    // A slow tone over noise: frames that resemble each other, as in speech.
    mel = Tensor.float32([2 * frames, 12]) { out in
      for i in out.indices {
        let draw = CounterHash.uniform(seed: seed, stream: 9, counter: UInt64(i))
        out[i] = Float(0.4 * Double((i / 12 / 10 + i % 12) % 5) - 0.6 + 0.5 * draw)
      }
    }
    reference = ReferenceBackend(program: program, weights: weights, threads: 2)
    judge = Judge(program: program, weights: weights, oracle: reference)
  }

  func backend(_ name: String, _ program: EncoderProgram? = nil, threads: Int = 2)
    -> any EncoderBackend
  {
    let program = program ?? self.program
    return switch name {
    case "reference:f32":
      ReferenceBackend(program: program, weights: weights, precision: .float32, threads: threads)
    case "blas": BLASBackend(program: program, weights: weights, threads: threads)
    case "graph:unfused":
      GraphBackend(program: program, weights: weights, threads: threads, fused: false)
    default: GraphBackend(program: program, weights: weights, threads: threads)
    }
  }

  /// The program with faults as `--inject` reads them.
  func faulty(_ faults: String...) throws -> EncoderProgram {
    try faults.flatMap { try FaultCatalogue.parse($0, program: program) }
      .reduce(program) { $1.applied(to: $0) }
  }

  func compare(_ backend: any EncoderBackend, taps: TapSelection = .operations) throws
    -> ComparisonResult
  {
    try EncoderComparison(
      reference: LiveCandidate(reference), judge: judge, candidates: [LiveCandidate(backend)],
      selection: taps
    ).run(mel: mel)
  }
}

/// A backend of an isolated operation's program.
struct SmallEncoderBackend {
  let name: String
  let isolation: OperationIsolation

  func make() -> any EncoderBackend {
    let (program, weights) = (isolation.program, isolation.weights)
    return switch name {
    case "reference:f32":
      ReferenceBackend(program: program, weights: weights, precision: .float32, threads: 2)
    case "blas": BLASBackend(program: program, weights: weights, threads: 2)
    case "graph:unfused": GraphBackend(program: program, weights: weights, threads: 2, fused: false)
    default: GraphBackend(program: program, weights: weights, threads: 2)
    }
  }
}
