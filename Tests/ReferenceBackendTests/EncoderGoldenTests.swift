/// Whole encoders, every tap, against OpenAI's module in Float64 (Scripts/goldens.py).
import EncoderModel
import Foundation
import ReferenceBackend
import TensorCore
import TensorIO
import Testing

private let folder = packageRoot.appendingPathComponent("Fixtures/goldens/encoder")

@Suite("Whole encoders against PyTorch in Float64")
struct EncoderGoldenTests {
  /// Of the tap's root mean square: Float64's unit roundoff, 1e-16, over some 20 operations in a
  /// row that sum up to 1536 products each.
  static let tolerance = 1e-12

  @Test(
    arguments: [
      ("spoken-digits-digits", "spoken-digits"), ("spoken-digits-digits-noisy", "spoken-digits"),
      ("spoken-digits-silence", "spoken-digits"), ("synthetic-tiny-digits-us", "synthetic:tiny"),
    ])
  func taps(_ golden: String, _ name: String) throws {
    let file = try SafetensorsFile(folder.appendingPathComponent("\(golden).safetensors").path)
    let model = try ModelLoader.load(
      name.hasPrefix("synthetic:")
        ? name : packageRoot.appendingPathComponent("Fixtures/models/\(name)").path)
    let backend = ReferenceBackend(program: model.program, weights: model.weights)
    let taps = model.program.tapNames.filter { $0 != "mel" }
    #expect(Set(file.names.compactMap(tapName)) == Set(taps))
    var seen = 0
    _ = try backend.encode(mel: paddedMel(file), observing: Set(taps)) { tap, value in
      seen += 1
      try compare(value, tap, file)
    }
    #expect(seen == taps.count)
  }

  private func tapName(_ tensor: String) -> String? {
    tensor.hasPrefix("samples/") ? String(tensor.dropFirst("samples/".count)) : nil
  }

  /// The golden's mel, padded to the window.
  private func paddedMel(_ file: SafetensorsFile) throws -> Tensor {
    let mel = try file.tensor("mel").float64Array
    let numFrames = try #require(file.metadata["frames"].flatMap { Int($0) })
    let padding = try #require(file.metadata["padding"].flatMap { Double($0) })
    let rest = [Double](repeating: padding, count: numFrames * 80 - mel.count)
    return Tensor(mel + rest, shape: [numFrames, 80])
  }

  private func compare(_ value: Tensor, _ tap: String, _ file: SafetensorsFile) throws {
    let shape = value.shape.map(String.init).joined(separator: "x")
    let places = try file.tensor("places/\(shape)").float64Array.map { Int($0) }
    let expected = try file.tensor("samples/\(tap)").float64Array
    let golden = try file.tensor("moments/\(tap)").float64Array
    let values = value.float64Array
    let rms = golden[2] / Double(values.count).squareRoot()
    #expect(rms > 0)
    var worst = 0.0
    for (place, sample) in zip(places, expected) where !(abs(values[place] - sample) <= worst) {
      worst = abs(values[place] - sample)
    }
    #expect(worst <= Self.tolerance * rms, "\(tap): \(worst / rms) of its rms")
    // Attention maps of 1500 × 1500 are judged by their samples alone: sums over them take seconds.
    guard values.count <= 4_000_000 else { return }
    for (moment, pair) in zip(
      ["mean", "deviation", "L2", "minimum", "maximum"], zip(moments(values), golden))
    {
      let scale = moment == "L2" ? golden[2] : rms
      #expect(abs(pair.0 - pair.1) <= Self.tolerance * scale, "\(tap): \(moment)")
    }
  }

  /// Mean, standard deviation, L2 norm, minimum, maximum.
  private func moments(_ values: [Double]) -> [Double] {
    values.withUnsafeBufferPointer { values in
      var (sum, squares, low, high) = (0.0, 0.0, Double.infinity, -Double.infinity)
      // By rows of 1024, so that rounding does not grow with the number of values.
      for start in stride(from: 0, to: values.count, by: 1024) {
        var (rowSum, rowSquares) = (0.0, 0.0)
        for index in start..<min(start + 1024, values.count) {
          let value = values[index]
          rowSum += value
          rowSquares += value * value
          low = min(low, value)
          high = max(high, value)
        }
        sum += rowSum
        squares += rowSquares
      }
      let mean = sum / Double(values.count)
      var variance = 0.0
      for value in values { variance += (value - mean) * (value - mean) }
      return [
        mean, (variance / Double(values.count)).squareRoot(), squares.squareRoot(), low, high,
      ]
    }
  }
}
