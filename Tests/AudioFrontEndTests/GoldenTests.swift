/// Right and faulty features against librosa, torch, transformers, numpy and soxr.
import AudioFrontEnd
import Foundation
import TensorCore
import Testing

/// `Fixtures/goldens/frontend/features.json`, made by Scripts/frontend_goldens.py.
struct FeatureGoldens: Decodable {
  struct Signal: Decodable {
    let samples: Int
    let sum: Int
    let sumOfSquares: Int
  }
  struct Entry: Decodable, CustomTestStringConvertible {
    let faults: [String]
    let audio: String
    let shape: [Int]
    let mean: Double
    let rootMeanSquare: Double
    let maximum: Double
    let values: [Double]
    var testDescription: String { faults.joined(separator: "+") + " on " + audio }
  }
  let signal: Signal
  let contextFrames: Int
  let shortSamples: Int
  let entries: [Entry]

  static func load() throws -> FeatureGoldens {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Fixtures/goldens/frontend/features.json").standardizedFileURL
    return try JSONDecoder().decode(FeatureGoldens.self, from: Data(contentsOf: file))
  }

  /// Float64 against Float64: only the order of sums in FFT and filterbank differs. Measured
  /// 1.5e-14; Whisper's own Float32 is at 4e-5.
  static let tolerance = 1e-12

  /// libsoxr rounds to Float32, and its builds for other processors may round a sample the other
  /// way: 6e-8 of a sample, a hundred times that in the logarithm of a weak band.
  static let resampledTolerance = 1e-5

  /// In units of the features' own size, which is thousands without scaling.
  func tolerance(_ entry: Entry) -> Double {
    let isResampled = entry.faults.contains { $0.hasPrefix("pcm-rate") }
    return (isResampled ? Self.resampledTolerance : Self.tolerance)
      * max(1, entry.rootMeanSquare)
  }
}

@Suite("Features against other libraries")
struct GoldenTests {
  @Test("the signal is the one of the script")
  func signal() throws {
    let golden = try FeatureGoldens.load().signal
    let integers = goldenIntegers().map(Int.init)
    #expect(integers.count == golden.samples)
    #expect(integers.reduce(0, +) == golden.sum)
    #expect(integers.reduce(0) { $0 + $1 * $1 } == golden.sumOfSquares)
  }

  @Test("agree", arguments: try FeatureGoldens.load().entries)
  func agrees(entry: FeatureGoldens.Entry) throws {
    let goldens = try FeatureGoldens.load()
    var options = FrontEndOptions.whisper
    for slug in entry.faults where !slug.hasPrefix("whisper") {
      options = try #require(FrontEndOptions.fault(named: slug)).applied(to: options)
    }
    let mel = try runner(entry, goldens).mel(options)
    #expect(mel.shape == entry.shape)
    let values = mel.float64Array
    let samples = entry.values.indices.map { values[($0 * 7919 + 11) % values.count] }
    let tolerance = goldens.tolerance(entry)
    let difference = maximumDifference(samples, entry.values)
    #expect(difference <= tolerance, "sampled values differ by \(difference)")
    let count = Double(values.count)
    #expect(abs(values.reduce(0, +) / count - entry.mean) <= tolerance)
    let energy = values.reduce(0) { $0 + $1 * $1 } / count
    #expect(abs(energy.squareRoot() - entry.rootMeanSquare) <= tolerance)
    #expect(abs((values.max() ?? .nan) - entry.maximum) <= tolerance)
  }

  private func runner(_ entry: FeatureGoldens.Entry, _ goldens: FeatureGoldens) -> FrontEndRunner {
    let all = goldenSamples()
    let context = FrontEndContext(numFrames: goldens.contextFrames, numMels: entry.shape[1])
    switch entry.audio {
    case "short":
      return FrontEndRunner(
        Waveform(samples: Array(all[..<goldens.shortSamples])), context: context)
    case "window-1": return FrontEndRunner(Waveform(samples: all), windowIndex: 1, context: context)
    case "window-2": return FrontEndRunner(Waveform(samples: all), windowIndex: 2, context: context)
    default: return FrontEndRunner(Waveform(samples: all), context: context)
    }
  }
}
