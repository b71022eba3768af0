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
  }

  /// Layer outputs differ little from block to block: what values cannot tell apart has to be
  /// reported, and nothing may be taken for another tap.
  @Test(
    "the same dumps without their names",
    arguments: [
      ("pytorch-float32.npz", 54), ("transformers-sdpa.safetensors", 43),
      ("onnxruntime-all-nodes.npz", 52),
    ])
  func nameless(file: String, numTaps: Int) throws {
    let golden = try openTensorSource(dataFolder + "/goldens/digits-3.safetensors")
    var samples = ReferenceSamples()
    for tap in Self.spokenDigits.tapNames { samples.add(tap, try golden.tensor(tap)) }
    let aligner = DumpAligner(program: Self.spokenDigits, reference: samples)
    let source = try openTensorSource("\(dataFolder)/foreign/\(file)")
    let named = try aligner.align(source)
    var tensors: [String: Tensor] = [:]
    var originals: [String: String] = [:]
    for (index, name) in source.names.enumerated() {
      tensors["value \(index)"] = try source.tensor(name)
      originals["value \(index)"] = name
    }
    let nameless = try aligner.align(MemorySource(tensors))
    for alignment in nameless.alignments {
      let original = originals[alignment.tensor] ?? ""
      #expect(
        named.alignment(of: alignment.tap)?.tensor == original, "\(alignment.tap): \(original)")
      #expect(alignment.means == .values)
    }
    #expect(nameless.alignments.count == numTaps, "\(nameless.ambiguities.map(\.text))")
  }
}
