import EncoderModel
import GraphBackend
import TensorCore
import Testing

@Suite("Threads and taps never change a bit")
struct ThreadTests {
  static let dimensions = smallDimensions()
  static let program = EncoderProgram.whisper(dimensions)
  static let weights = SyntheticWeights(dimensions: dimensions, seed: 3)
  static let mel = noise([dimensions.numMelFrames, dimensions.numMels])

  @Test("1, 2, 3 and 5 threads", arguments: [true, false])
  func threadCounts(fused: Bool) throws {
    let outputs = try [1, 2, 3, 5].map { threads in
      let backend = GraphBackend(
        program: Self.program, weights: Self.weights, threads: threads, fused: fused)
      return try backend.encode(mel: Self.mel).float32Array
    }
    for output in outputs { #expect(output == outputs[0]) }
    #expect(!outputs[0].contains { !$0.isFinite })
  }

  @Test("observing every tap", arguments: [true, false])
  func taps(fused: Bool) throws {
    let backend = GraphBackend(
      program: Self.program, weights: Self.weights, threads: 2, fused: fused)
    let silent = try backend.encode(mel: Self.mel).float32Array
    var seen: [String] = []
    let watched = try backend.encode(mel: Self.mel, observing: Set(Self.program.tapNames)) {
      name, tensor in
      #expect(tensor.shape == Self.program.node(named: name)?.shape)
      seen.append(name)
    }
    #expect(watched.float32Array == silent)
    #expect(seen == Self.program.tapNames)
  }
}
