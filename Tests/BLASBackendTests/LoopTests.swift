import BLASArithmetic
import EncoderModel
import Foundation
import Processor
import Testing

@testable import BLASBackend

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite("Loops between the products", .serialized)
struct LoopTests {
  /// Every instruction set that runs here.
  static let names = BLASArithmetic.all.map(\.name)

  private func arithmetic(_ name: String) throws -> BLASArithmetic {
    try #require(BLASArithmetic.all.first { $0.name == name })
  }

  @Test("GELU stays within 4 units of its own rounding over the whole range", arguments: names)
  func gelu(_ name: String) throws {
    let loops = try arithmetic(name)
    let xs = stride(from: Float(-20), through: 20, by: 0.00037).map { $0 }
    var ys = [Float](repeating: 0, count: xs.count)
    loops.geluRow(xs, &ys, xs.count)
    var worst = 0.0
    for (x, y) in zip(xs, ys) {
      let exact = 0.5 * Double(x) * erfc(-Double(x) / 2.squareRoot())
      worst = max(
        worst, abs(Double(y) - exact) / (0x1p-24 * (abs(Double(x)) / 2 + abs(exact)) + 1e-40))
    }
    #expect(worst < 4)
    let special: [Float] = [0, -0.0, .infinity, -.infinity, .nan]
    var results = [Float](repeating: 1, count: special.count)
    loops.geluRow(special, &results, special.count)
    #expect(results[0] == 0 && results[1] == 0 && results[2] == .infinity)
    #expect(results[3].isNaN && results[4].isNaN)
  }

  @Test("softmax sums to one, hides −∞ and spreads NaN", arguments: names)
  func softmax(_ name: String) throws {
    let loops = try arithmetic(name)
    for count in [1, 5, 16, 17, 100, 1500] {
      var row = (0..<count).map { index in
        Float(20 * CounterHash.uniform(seed: 1, stream: 2, counter: UInt64(index)) - 10)
      }
      if count > 5 { row[3] = -.infinity }
      let largest = Double(row.max() ?? 0)
      let powers = row.map { exp(Double($0) - largest) }
      let total = powers.reduce(0, +) + 2 * exp(-largest)
      // Two keys of score zero beside those of the row; the maximum is above zero but for one key.
      let isPositive = largest >= 0
      loops.softmaxRow(&row, count, isPositive ? 2 : 0)
      let sum = isPositive ? total : powers.reduce(0, +)
      // s − max is rounded before the exponential: |s − max|·u of relative error; e^x, the sum
      // and the division add 4u, 8u where multiply and add are rounded separately.
      for (value, power) in zip(row, powers) {
        let relative = 0x1p-24 * ((name == "portable" ? 8 : 4) + abs(power > 0 ? log(power) : 0))
        #expect(abs(Double(value) - power / sum) <= relative * (power / sum) + 1e-37)
      }
    }
    var broken: [Float] = [1, .nan, 2]
    loops.softmaxRow(&broken, 3, 0)
    #expect(broken.allSatisfy { $0.isNaN })
  }

  @Test("layer norm survives a mean far above the spread", arguments: names)
  func layerNorm(_ name: String) throws {
    let loops = try arithmetic(name)
    for (mean, count) in [(0.0, 48), (1000.0, 384), (-3e4, 1280), (5.0, 7)] {
      let x = (0..<count).map { index in
        Float(mean + CounterHash.uniform(seed: 9, stream: 1, counter: UInt64(index)))
      }
      var y = [Float](repeating: 0, count: count)
      let ones = [Float](repeating: 1, count: count)
      let zeros = [Float](repeating: 0, count: count)
      loops.layerNormRow(x, &y, count, 1e-5, ones, zeros)
      let exactMean = x.reduce(0) { $0 + Double($1) } / Double(count)
      let variance =
        x.reduce(0) { $0 + (Double($1) - exactMean) * (Double($1) - exactMean) } / Double(count)
      let scale = 1 / (variance + 1e-5).squareRoot()
      // The mean's rounding is corrected; what is left is that of deviations and sums.
      for (value, result) in zip(x, y) {
        #expect(abs(Double(result) - (Double(value) - exactMean) * scale) < 4e-6)
      }
    }
  }
}

@Suite("The choice of OpenBLAS's kernels")
struct CoreTests {
  @Test("the widest vectors decide, unless the user has")
  func wanted() {
    #expect(OpenBLASCore.wanted(vectors: .avx512, environment: nil) == "SKYLAKEX")
    #expect(OpenBLASCore.wanted(vectors: .avx2, environment: "") == "HASWELL")
    #expect(OpenBLASCore.wanted(vectors: .baseline, environment: nil) == nil)
    #expect(OpenBLASCore.wanted(vectors: .avx512, environment: "ZEN") == nil)
  }

  @Test("the library runs what it was told, and the environment is as before")
  func loaded() throws {
    let library = try #require(OpenBLASLibrary.shared)
    let environment = ProcessInfo.processInfo.environment
    // What the process was started with, where the system tells.
    if let start = try? String(contentsOfFile: "/proc/self/environ", encoding: .utf8) {
      let given = start.split(separator: "\0").first { $0.hasPrefix("OPENBLAS_NUM_THREADS=") }
      #expect(
        environment["OPENBLAS_NUM_THREADS"].map { "OPENBLAS_NUM_THREADS=\($0)" }
          == given.map(String.init))
    }
    guard environment[OpenBLASCore.variable] == nil,
      let wanted = OpenBLASCore.wanted(vectors: .ofThisProcessor, environment: nil)
    else { return }
    #expect(library.coreName.uppercased() == wanted)
  }
}
