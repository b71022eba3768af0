import Foundation
import Regression
import TensorCore
import TensorIO
import Testing

/// Goldens are read as they are written, and a value that leaves them is measured.
@Suite struct GoldenTests {
  private func tensor(_ shape: [Int], _ value: (Int) -> Float) -> Tensor {
    Tensor.float32(shape) { target in
      for index in target.indices { target[index] = value(index) }
    }
  }

  /// A golden of one tap `[4, 3]`, sampled at places 1, 5 and 11, and a mel of two frames.
  private func golden() throws -> EncoderGolden {
    let path = NSTemporaryDirectory() + "golden-\(UUID().uuidString).safetensors"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let writer = try makeDumpWriter(path)
    writer.metadata = ["padding": "-0.5"]
    try writer.write(tensor([2, 3]) { Float($0) }, named: "mel")
    try writer.write(tensor([3]) { [1, 5, 11][$0] }, named: "places/4x3")
    try writer.write(tensor([3]) { [10, 50, 110][$0] }, named: "samples/encoder.conv1")
    try writer.finish()
    return try EncoderGolden(path)
  }

  @Test func theMelIsPadded() throws {
    let mel = try golden().mel(frames: 4, mels: 3)
    #expect(mel.float32Array == [0, 1, 2, 3, 4, 5, -0.5, -0.5, -0.5, -0.5, -0.5, -0.5])
    let sampled = try golden()
    #expect(throws: CaseError.self) { try sampled.mel(frames: 4, mels: 5) }
  }

  @Test func distancesAreOverTheSamples() throws {
    let golden = try golden()
    let same = tensor([4, 3]) { Float($0) * 10 }
    #expect(try golden.distance("encoder.conv1", same) == 0)
    let other = tensor([4, 3]) { $0 == 5 ? 53 : Float($0) * 10 }
    let expected = 3 / (100.0 + 2500 + 12100).squareRoot()
    #expect(try abs((golden.distance("encoder.conv1", other) ?? 0) - expected) < 1e-12)
    let unsampled = tensor([4, 3]) { $0 == 6 ? 1000 : Float($0) * 10 }
    #expect(try golden.distance("encoder.conv1", unsampled) == 0)
    #expect(try golden.distance("encoder.conv2", same) == nil)
    #expect(throws: CaseError.self) {
      try golden.distance("encoder.conv1", same.reshaped([3, 4]))
    }
  }
}
