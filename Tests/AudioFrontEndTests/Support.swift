/// Signals, files and data for the tests of this module.
import AudioFrontEnd
import Foundation
import TensorCore
import TensorIO

/// Reproducible noise in [−1, 1) from a linear congruential generator.
func noise(count: Int, seed: UInt64) -> [Float] {
  var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
  return (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Float(Int32(truncatingIfNeeded: state >> 32)) * 0x1p-31
  }
}

/// A sine of `hertz` with the given amplitude.
func sine(_ hertz: Double, rateHz: Int, count: Int, amplitude: Double = 0.5) -> [Float] {
  (0..<count).map { Float(amplitude * sin(2 * .pi * hertz * Double($0) / Double(rateHz))) }
}

/// Recordings and mels made elsewhere, beside the package; absent on most machines.
enum SharedData {
  static let folder: String = {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let candidates = ["../../../shared/data", "../../../../shared/data"].map {
      tests.appending(path: $0).standardizedFileURL.path
    }
    return candidates.first { FileManager.default.fileExists(atPath: $0) } ?? candidates[0]
  }()
  static var isThere: Bool { FileManager.default.fileExists(atPath: folder + "/mel") }

  /// A `[mels, frames]` array turned into rows of frames.
  static func mel(_ name: String) throws -> [Double] {
    let source = try openTensorSource(folder + "/mel/" + name)
    let tensor = try source.tensor(source.names[0])
    let (mels, frames) = (tensor.shape[0], tensor.shape[1])
    let values = tensor.float64Array
    return (0..<(mels * frames)).map { values[($0 % mels) * frames + $0 / mels] }
  }
}

/// The largest difference between two lists of the same length; NaN where one has NaN.
func maximumDifference(_ a: [Double], _ b: [Double]) -> Double {
  guard a.count == b.count else { return .infinity }
  var worst = 0.0
  for (x, y) in zip(a, b) where !(abs(x - y) <= worst) { worst = abs(x - y) }
  return worst
}

/// The samples that Scripts/frontend_goldens.py makes: a chirp, a tone, noise and pauses.
func goldenIntegers(count: Int = 100_000) -> [Int16] {
  let turn = 2 * Double.pi / 4_294_967_296
  let tonePhase = UInt64(440 * 4_294_967_296 / 16_000)
  var state: UInt64 = 7
  return (0..<UInt64(count)).map { n in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    let noise = Double(Int(state >> 48) - 32768)
    if n % 20_000 > 17_000 { return 0 }
    let chirp = Double((n * n * 3000 + n * 40_000_000) % 4_294_967_296)
    let tone = Double((n * tonePhase) % 4_294_967_296)
    let value = 9000 * sin(chirp * turn) + 4000 * sin(tone * turn) + noise / 64
    return Int16(value.rounded(.toNearestOrEven))
  }
}

/// The same as samples in [−1, 1).
func goldenSamples() -> [Float] { goldenIntegers().map { Float($0) / 32768 } }
