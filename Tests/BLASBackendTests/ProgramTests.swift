import BLASBackend
import EncoderModel
import Faults
import ReferenceBackend
import TensorCore
import Testing

/// Odd sizes, so that every loop has an edge.
private let dimensions = WhisperDimensions(
  numMels: 10, numAudioContext: 29, audioWidth: 48, numAudioHeads: 3, numAudioLayers: 2)
private let weights = SyntheticWeights(dimensions: dimensions, seed: 3)
private let mel = Tensor.float32([58, 10]) { target in
  for i in target.indices {
    target[i] = Float(2 * CounterHash.uniform(seed: 5, stream: 0, counter: UInt64(i)) - 1)
  }
}

/// Every tap of a program from one backend.
private func taps(_ backend: any EncoderBackend) throws -> [String: Tensor] {
  var values: [String: Tensor] = [:]
  _ = try backend.encode(mel: mel, observing: Set(backend.program.tapNames)) { values[$0] = $1 }
  return values
}

@Suite("The BLAS backend computes what the reference computes")
struct ProgramTests {
  @Test("every tap of the sound encoder")
  func sound() throws {
    let program = EncoderProgram.whisper(dimensions)
    let reference = try taps(ReferenceBackend(program: program, weights: weights))
    let values = try taps(BLASBackend(program: program, weights: weights))
    #expect(Set(values.keys) == Set(program.tapNames))
    for (tap, value) in values {
      let expected = try #require(reference[tap])
      #expect(value.shape == expected.shape)
      // Scores of this small encoder cancel: 48 terms of either sign; a few roundings of each.
      #expect(relativeDistance(value, expected) < 1e-6, "\(tap)")
    }
  }

  @Test("every tap of every fault, each at its first and last site")
  func faults() throws {
    let program = EncoderProgram.whisper(dimensions)
    for fault in FaultCatalogue.all {
      let instances = FaultCatalogue.instances(of: fault, in: program)
      for instance in [instances.first, instances.last].compactMap({ $0 }) {
        try compare(instance.applied(to: program), "\(instance)")
      }
    }
  }

  /// Values next to a rounding border may fall on either side where a fault rounds: its unit counts.
  private func compare(_ program: EncoderProgram, _ label: String) throws {
    let reference = try taps(ReferenceBackend(program: program, weights: weights))
    let values = try taps(BLASBackend(program: program, weights: weights))
    for node in program.nodes where node.isTap {
      guard let value = values[node.name], let expected = reference[node.name] else {
        Issue.record("\(label): \(node.name) is missing")
        continue
      }
      #expect(value.shape == expected.shape, "\(label) \(node.name)")
      let rounds =
        label.contains("bf16") || label.contains("f16") || label.contains("int8")
        || label.contains("tf32") || label.contains("rounded") || label.contains("tanh-table")
        || label.contains("int4")
      let limit = rounds ? 2e-2 : 1e-5
      let (a, b) = (value.float64Array, expected.float64Array)
      // Infinite weights on frames of padding: NaN where zeros are multiplied, nothing where they
      // are left out, as here.
      if !label.hasPrefix("weights-read-as-f16@encoder.conv") {
        #expect(zip(a, b).allSatisfy { $0.isFinite == $1.isFinite }, "\(label) \(node.name)")
      }
      #expect(relativeDistance(value, expected) < limit, "\(label) \(node.name)")
    }
  }

  @Test("the same bits on every run, whether or not maps are looked at by others")
  func deterministic() throws {
    let backend = BLASBackend(program: .whisper(dimensions), weights: weights, threads: 2)
    let first = try backend.encode(mel: mel)
    #expect(try backend.encode(mel: mel).float32Array == first.float32Array)
    var observed = 0
    let watched = try backend.encode(mel: mel, observing: ["encoder.blocks.0.mlp.0"]) { _, _ in
      observed += 1
    }
    #expect(observed == 1)
    #expect(watched.float32Array == first.float32Array)
  }
}

/// ‖a − b‖/‖b‖ over pairs that are both finite.
private func relativeDistance(_ a: Tensor, _ b: Tensor) -> Double {
  var (distance, norm) = (0.0, 0.0)
  for (x, y) in zip(a.float64Array, b.float64Array) where x.isFinite && y.isFinite {
    distance += (x - y) * (x - y)
    norm += y * y
  }
  return norm > 0 ? (distance / norm).squareRoot() : distance.squareRoot()
}
