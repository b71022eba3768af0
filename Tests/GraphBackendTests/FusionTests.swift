import EncoderModel
import Faults
import GraphBackend
import KernelTable
import Kernels
import TensorCore
import Testing

@Suite("Fused against unfused")
struct FusionTests {
  static let dimensions = smallDimensions(frames: 26, width: 32, heads: 2, layers: 2, mels: 8)
  static let weights = SyntheticWeights(dimensions: dimensions, seed: 5)
  static let mel = noise([dimensions.numMelFrames, dimensions.numMels])

  /// Some twenty roundings of a small encoder, with room for its conditioning.
  static let roundingBound = 4e-6

  func outputs(_ program: EncoderProgram) throws -> (fused: Tensor, unfused: Tensor) {
    func run(_ fused: Bool) throws -> Tensor {
      try GraphBackend(program: program, weights: Self.weights, threads: 2, fused: fused)
        .encode(mel: Self.mel)
    }
    return (try run(true), try run(false))
  }

  @Test("the sound encoder, every tap")
  func sound() throws {
    let program = EncoderProgram.whisper(Self.dimensions)
    var values: [[String: Tensor]] = []
    for fused in [true, false] {
      let backend = GraphBackend(
        program: program, weights: Self.weights, threads: 2, fused: fused)
      var taps: [String: Tensor] = [:]
      _ = try backend.encode(mel: Self.mel, observing: Set(program.tapNames)) { taps[$0] = $1 }
      values.append(taps)
    }
    for name in program.tapNames {
      let fused = try #require(values[0][name])
      let unfused = try #require(values[1][name])
      #expect(relativeDistance(fused, unfused) < Self.roundingBound, "\(name)")
    }
  }

  @Test("every fault, at every site, with every value: fusion never changes what is computed")
  func faults() throws {
    let program = EncoderProgram.whisper(Self.dimensions)
    let sound = try outputs(program).unfused
    var changed = 0
    for instance in FaultCatalogue.instances(in: program) {
      let (fused, unfused) = try outputs(instance.applied(to: program))
      #expect(fused.shape == sound.shape)
      let pairs = zip(fused.float32Array, unfused.float32Array)
      #expect(!pairs.contains { $0.isFinite != $1.isFinite }, "\(instance)")
      if unfused.float32Array != sound.float32Array { changed += 1 }
      guard !unfused.float32Array.contains(where: { !$0.isFinite }) else { continue }
      // Where a fault rounds to few bits, a last place before it can be a whole step after it.
      let isCoarse = ["int8", "bf16", "f16", "tf32"].contains { instance.description.contains($0) }
      let bound = isCoarse ? 5e-2 : 100 * Self.roundingBound
      #expect(relativeDistance(fused, unfused) < bound, "\(instance)")
    }
    // Nearly every fault shows at the output; some cancel by nature (a bias on k).
    #expect(changed > FaultCatalogue.instances(in: program).count * 3 / 4)
  }

  @Test(
    "every instruction set leads to the same encoder", arguments: KernelTable.available.map(\.name))
  func instructionSets(name: String) throws {
    let table = try #require(KernelTable.available.first { $0.name == name })
    let program = EncoderProgram.whisper(Self.dimensions)
    let output = try GraphBackend(
      program: program, weights: Self.weights, threads: 2, kernels: table
    ).encode(mel: Self.mel)
    let scalar = try GraphBackend(
      program: program, weights: Self.weights, threads: 2,
      kernels: KernelTable.available.last ?? .best
    ).encode(mel: Self.mel)
    #expect(relativeDistance(output, scalar) < Self.roundingBound)
  }

  @Test("whole or stage by stage: the same bits")
  func stages() throws {
    let program = EncoderProgram.whisper(Self.dimensions)
    let backend = GraphBackend(program: program, weights: Self.weights, threads: 2)
    var value = Self.mel
    for stage in program.stages {
      value = try backend.run(stage, input: value, observing: []) { _, _ in }
    }
    #expect(try backend.encode(mel: Self.mel).float32Array == value.float32Array)
  }

  @Test("a malformed program is refused with a reason")
  func malformed() throws {
    var program = EncoderProgram.whisper(Self.dimensions)
    program.nodes[1].inputs = ["nothing"]
    let backend = GraphBackend(program: program, weights: Self.weights, threads: 1)
    #expect(throws: GraphError.self) { try backend.encode(mel: Self.mel) }
    let sound = GraphBackend(
      program: .whisper(Self.dimensions), weights: Self.weights, threads: 1)
    #expect(throws: GraphError.self) { try sound.encode(mel: noise([4, 4])) }
  }
}
