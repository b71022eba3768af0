/// Dumps that other engines made of the first utterance; skipped where they are not at hand.
import EncoderModel
import ForeignDumps
import Foundation
import TensorCore
import TensorIO
import Testing

private let dataFolder: String = {
  let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  let candidates = ["../../../shared/data", "../../../../shared/data"].map {
    tests.appendingPathComponent($0).standardizedFileURL.path
  }
  return candidates.first { FileManager.default.fileExists(atPath: $0) } ?? candidates[0]
}()

private let isAtHand = FileManager.default.fileExists(atPath: dataFolder + "/foreign")

@Suite(.enabled(if: isAtHand)) struct RealDumpTests {
  private static let spokenDigits = EncoderProgram.whisper(
    WhisperDimensions(
      numMels: 80, numAudioContext: 300, audioWidth: 128, numAudioHeads: 2, numAudioLayers: 4))

  /// Relative L2 of Float32 engines against Float64 stays below 1e-5; OpenVINO's default is bf16.
  @Test(
    "every tap of every engine",
    arguments: [
      ("pytorch-float32.npz", 54, 1e-5), ("transformers-sdpa.safetensors", 43, 1e-5),
      ("onnxruntime-all-nodes.npz", 52, 1e-5), ("openvino-f32-output.npy", 1, 1e-5),
      ("openvino-default-output.npy", 1, 1e-2),
    ])
  func engines(file: String, numTaps: Int, tolerance: Double) throws {
    let golden = try openTensorSource(dataFolder + "/goldens/digits-3.safetensors")
    var samples = ReferenceSamples()
    for tap in Self.spokenDigits.tapNames { samples.add(tap, try golden.tensor(tap)) }
    let aligner = DumpAligner(program: Self.spokenDigits, reference: samples)
    let dump = try aligner.align(try openTensorSource("\(dataFolder)/foreign/\(file)"))
    #expect(dump.alignments.count == numTaps)
    #expect(dump.ambiguities.isEmpty)
    for alignment in dump.alignments {
      let found = try #require(try dump.tensor(alignment.tap)).float64Array
      let truth = try golden.tensor(alignment.tap).float64Array
      var difference = 0.0
      var norm = 0.0
      for (a, b) in zip(found, truth) {
        difference += (a - b) * (a - b)
        norm += b * b
      }
      #expect((difference / norm).squareRoot() < tolerance, "\(alignment.tap): \(alignment.text)")
    }
    if ProcessInfo.processInfo.environment["SHOW_ALIGNMENTS"] != nil {
      for alignment in dump.alignments { print(alignment.tap, alignment.text) }
      for tensor in dump.unmappedTensors { print("unmapped", tensor.name, tensor.reason) }
    }
  }
}
