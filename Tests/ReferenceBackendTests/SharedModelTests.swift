/// Every tap of a trained model against PyTorch in Float64, where those files are at hand.
import EncoderModel
import Foundation
import ReferenceBackend
import TensorCore
import TensorIO
import Testing

/// Files that lie beside the package on some machines.
private let sharedData = packageRoot.deletingLastPathComponent().appendingPathComponent(
  "shared/data")

@Suite(
  "A trained model against PyTorch",
  .enabled(if: FileManager.default.fileExists(atPath: sharedData.path)))
struct SharedModelTests {
  /// Float64 on both sides, 4 layers deep.
  static let tolerance = 1e-12

  @Test(arguments: ["digits-3", "digits-17", "digits-42"])
  func taps(_ name: String) throws {
    let model = try ModelLoader.load(
      sharedData.appendingPathComponent("models/spoken-digits-openai.safetensors").path)
    let goldens = try SafetensorsFile(
      sharedData.appendingPathComponent("goldens/\(name).safetensors").path)
    let backend = ReferenceBackend(program: model.program, weights: model.weights)
    let taps = goldens.names.filter { $0.hasPrefix("encoder.") }
    #expect(!taps.isEmpty)
    var seen = 0
    _ = try backend.encode(mel: goldens.tensor("mel"), observing: Set(taps)) { tap, value in
      let golden = try goldens.tensor(tap)
      // Attention maps are stored in Float32 there.
      let limit = golden.scalarType == .float32 ? 1e-7 : Self.tolerance
      #expect(relativeDistance(value, golden) <= limit, "\(tap)")
      seen += 1
    }
    #expect(seen == taps.count)
  }
}
